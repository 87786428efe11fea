"""`--gate-fix`: the diff, the files that are written, and what is left alone."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("libcst")

TEST = "tests/unit/test_greet.py"
MENDED = '@patch.object(shop.Repo, "get", return_value={"id": 1, "email": "ada@example.com"})'


def test_the_preview_changes_nothing(project: Any) -> None:
    """The diff is shown; the file stays as it is."""
    before = (project.root / TEST).read_text()
    result = project.run("--gate-fix")
    result.stdout.fnmatch_lines(
        [
            "*integration gate: fixes*",
            f"--- a/{TEST}",
            f"+++ b/{TEST}",
            f"+{MENDED.replace('[', '[[]')}",
            "can be mended: 1 place in 1 file; nothing is written. --gate-fix=write writes it.",
        ]
    )
    assert (project.root / TEST).read_text() == before
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_writing_ends_the_mismatch(project: Any) -> None:
    """After it the gate has nothing to say of the mock, and the test fails for what the lie had hidden."""
    path = project.root / TEST
    path.chmod(0o755)
    project.run("--gate-fix=write").stdout.fnmatch_lines(["mended: 1 place in 1 file. Run the tests again."])
    assert MENDED in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o755
    again = project.run("--gate-fix=write")
    again.stdout.fnmatch_lines(["E*KeyError: 'mail'", "nothing to mend"])
    assert not project.report["mismatches"]


def test_the_workers_leave_it_to_the_controller(project: Any) -> None:
    """With pytest-xdist every place is mended once."""
    pytest.importorskip("xdist")
    project.run("-p", "xdist", "-n2", "--gate-fix=write").stdout.fnmatch_lines(["mended: 1 place in 1 file*"])
    assert (project.root / TEST).read_text().count('"email"') == 1


def test_audit_mode_mends_and_passes(project: Any) -> None:
    """Mending does not depend on what fails the run."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\ngate_mode = audit\n")
    result = project.run("--gate-fix=write")
    assert result.ret == pytest.ExitCode.OK
    assert MENDED in (project.root / TEST).read_text()


def test_without_a_terminal_the_files_are_written(project: Any) -> None:
    """`-p no:terminal` takes the words away, not the work."""
    project.run("-p", "no:terminal", "--gate-fix=write")
    assert MENDED in (project.root / TEST).read_text()


def test_stored_evidence_mends_too(project: Any) -> None:
    """Unit tests alone are mended by what an earlier run observed."""
    project.run("tests/integration")
    project.run("tests/unit", "--gate-fix=write")
    assert MENDED in (project.root / TEST).read_text()


def test_what_is_waived_is_left_alone(project: Any) -> None:
    """A mismatch that somebody accepts is no reason to change a test, nor to speak of it."""
    line = "# gate: ignore[return_shape] known until=2099-01-01\n@patch.object("
    path = project.root / TEST
    text = path.read_text().replace("@patch.object(", line)
    path.write_text(text)
    project.run("--gate-fix=write").stdout.fnmatch_lines(["nothing to mend"])
    assert path.read_text() == text


def test_a_place_that_is_left_alone_says_why(project: Any) -> None:
    """The line, the target and the reason are printed."""
    path = project.root / TEST
    path.write_text(path.read_text().replace('return_value={"id": 1, "mail": "ada@example.com"}', "**GIVEN").replace(
        "import shop\n", "import shop\n\nGIVEN = {'return_value': {'id': 1, 'mail': 'ada@example.com'}}\n"
    ))  # fmt: skip
    result = project.run("--gate-fix")
    result.stdout.fnmatch_lines(
        [
            f"{TEST}:*: left alone: shop:Repo.get: the line does not say what the double gives",
            "nothing that can be mended for certain",
        ]
    )


def test_a_file_that_changes_under_the_run_is_left_alone(project: Any) -> None:
    """Lines of a file that somebody has saved since may be others."""
    path = project.root / TEST
    path.write_text(path.read_text() + "    import os, time\n    os.utime(__file__, (time.time() + 60,) * 2)\n")
    text = path.read_text()
    project.run("--gate-fix=write").stdout.fnmatch_lines(["*left alone*the file was changed while the tests ran"])
    assert path.read_text() == text


@pytest.mark.skipif(sys.platform == "win32", reason="needs permissions of files")
def test_a_file_that_cannot_be_written_is_a_warning(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is judged as always, and says what could not be written."""
    project.write(
        "conftest.py",
        "import pytest_integration_gate.controller.fixing as fixing\n\n"
        "def refuse(path, text):\n    raise OSError(28, 'No space left on device')\n\n"
        "def pytest_runtestloop():\n    fixing.write_text = refuse\n",
    )
    before = (project.root / TEST).read_text()
    result = project.run("--gate-fix=write")
    result.stdout.fnmatch_lines([f"{TEST} could not be written: No space left on device", "mended: 0 of 1 file"])
    assert (project.root / TEST).read_text() == before
    assert project.report["mismatches"]


def test_the_missing_library_is_named(project: Any) -> None:
    """Without libcst the option is a usage error with what to install."""
    project.write("hidden.py", "import sys\nsys.modules['libcst'] = None\n")
    project.pytester.syspathinsert()
    result = project.run("-p", "hidden", "--gate-fix")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*`libcst`, which is not installed. pip install 'pytest-integration-gate[[]fix]'*"])


def test_nothing_is_imported_without_the_option(project: Any) -> None:
    """A run that does not ask for it never sees libcst."""
    project.write("conftest.py", "import sys\n\ndef pytest_unconfigure():\n    assert 'libcst' not in sys.modules\n")
    assert "AssertionError" not in project.run().stdout.str() + project.run().stderr.str()


def test_the_benchmark_sees_that_a_case_is_mended(
    project: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one case it says that the lie is mended and that the honest variant is untouched."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    files = {name: (project.root / name).read_text() for name in ("pytest.ini", "shop.py", TEST)}
    boundary = (project.root / "tests/integration/test_repo.py").read_text()
    head = 'id = "x"\n\n'
    common = "".join(f"-- {name} --\n{text}\n" for name, text in files.items() if name != TEST)
    common += f"-- tests/integration/test_repo.py --\n{boundary}\n"
    honest = files[TEST].replace('"mail"', '"email"').replace("shop.greet(1) ==", "shop.Repo().get(1)['email'] in")
    variants = f"-- {TEST} [drift] --\n{files[TEST]}\n-- {TEST} [faithful] --\n{honest}"
    project.write("cases/mail.txtar", f"{head}{common}{variants}")
    script = request.config.rootpath / "benchmarks/fixing.py"
    done = subprocess.run([sys.executable, script, project.root], text=True, capture_output=True, check=True)
    assert done.stdout.splitlines() == ["drift: 1 cases, {'mended': 1}", "faithful: 1 cases, {'untouched': 1}"]
