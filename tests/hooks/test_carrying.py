"""Evidence carried from run to run, merged, and judged without running tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_integration_gate.cli import main

QUICKSTART = Path(__file__).parents[2] / "examples/quickstart"
PLAIN = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate"]


def timeless(path: Path) -> dict[str, Any]:
    """A report without its times."""
    report: dict[str, Any] = yaml.safe_load(path.read_text())
    for name in ("timestamp", "duration", "workers"):
        report["test_run"].pop(name, None)
    return report


def command(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the `integration-gate` command in the folder of the test."""
    return pytester.run(sys.executable, "-m", "pytest_integration_gate.cli", *arguments)


@pytest.fixture(autouse=True)
def plain_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load no plugins but those that are named."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


def run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module in a folder, in a process of its own."""
    return subprocess.run(
        (sys.executable, "-m", module, *arguments), cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_two_jobs_and_a_judge_give_the_report_of_one_run(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The unit job and the boundary job of the quickstart export; the judge says what one run says, but for times."""
    whole, unit, boundary, judge = folders = [tmp_path / job / "quickstart" for job in ("one", "two", "three", "four")]
    for folder in folders:
        shutil.copytree(QUICKSTART, folder, ignore=shutil.ignore_patterns("__pycache__", ".integration_gate"))
    assert run(whole, "pytest", *PLAIN, *options).returncode == 1
    for folder, tests in ((unit, "tests/unit"), (boundary, "tests/integration")):
        run(folder, "pytest", *PLAIN, *options, tests, f"--gate-export={tmp_path}/{folder.parent.name}.jsonl")
    files = [f"{tmp_path}/{job}.jsonl" for job in ("three", "two")]
    judged = run(judge, "pytest_integration_gate.cli", "judge", *files, "--report", "judged.yaml")
    assert (judged.returncode, judged.stderr) == (1, "")
    assert judged.stdout.endswith("report: judged.yaml\nintegration-gate: FAILED: 2 mismatches\n")
    assert timeless(judge / "judged.yaml") == timeless(whole / "integration-gate.report.yaml")
    merged = run(judge, "pytest_integration_gate.cli", "merge", *files, "-o", "all.jsonl")
    assert (merged.returncode, merged.stdout, merged.stderr) == (0, "", "")
    again = run(judge, "pytest_integration_gate.cli", "judge", "all.jsonl", "--report=again.yaml", "--fail-on=none")
    assert again.returncode == 0
    assert timeless(judge / "again.yaml")["mismatches"] == timeless(judge / "judged.yaml")["mismatches"]


def test_imported_evidence_judges_a_unit_run(project: Any) -> None:
    """What the boundary job exported contradicts the mock in a job without boundary tests, and stays in its store."""
    project.run("tests/integration", "--gate-export=night.jsonl", "--gate-store=night")
    assert project.run("tests/unit", "--gate-import=night.jsonl").ret == pytest.ExitCode.TESTS_FAILED
    assert [one["target"] for one in project.report["mismatches"]] == ["shop:Repo.get"]
    assert project.run("tests/unit").ret == pytest.ExitCode.TESTS_FAILED


def test_an_export_has_what_was_imported_and_stored(project: Any) -> None:
    """From job to job nothing is lost: the last file of a chain judges as all of them together."""
    project.run("tests/unit", "--gate-export=a.jsonl", "--gate-store=one")
    project.run("tests/integration", "--gate-import=a.jsonl", "--gate-export=b.jsonl", "--gate-store=two")
    assert command(project.pytester, "judge", "b.jsonl").ret == 1
    assert project.report["summary"]["total_tests"] == 2
    assert [one["target"] for one in project.report["mismatches"]] == ["shop:Repo.get"]


def test_the_judge_knows_failures_waivers_and_the_baseline(project: Any) -> None:
    """Failed tests fail, waivers by marker hold, the baseline of the ini file excuses."""
    project.write(
        "tests/unit/test_greet.py",
        "from unittest.mock import patch\nimport pytest\nimport shop\n\n"
        "@pytest.mark.gate_waive('shop:Repo.get', reason='#12', until='2999-01-31')\n"
        "@patch.object(shop.Repo, 'get', return_value={'id': 1, 'mail': 'a'})\n"
        "def test_greets(get):\n    assert shop.greet(1) == 'Dear a'\n",
    )
    project.run("--gate-export=a.jsonl")
    assert command(project.pytester, "judge", "a.jsonl").ret == 0
    assert project.report["gate"]["claims"]["waived"] == 1
    project.write("tests/unit/test_other.py", "def test_fails():\n    assert not 'this'\n")
    project.run("--gate-export=b.jsonl")
    assert command(project.pytester, "judge", "b.jsonl").ret == 1
    assert [one["nodeid"] for one in project.report["failed_tests"]] == ["tests/unit/test_other.py::test_fails"]


@pytest.mark.parametrize("text", ["hello\n", '{"format": 9, "kind": "integration-gate export", "lines": 0}\n'])
def test_a_bad_file_ends_run_and_command_with_4(project: Any, text: str) -> None:
    """One clear error that names the file; nothing is written, and the file stays as it is."""
    path = project.write("bad.jsonl", text)
    said = [project.run("--gate-import=bad.jsonl").stderr]
    for arguments in (["judge", "bad.jsonl"], ["merge", "bad.jsonl", "-o", "out.jsonl"]):
        result = command(project.pytester, *arguments)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        said.append(result.stderr)
    for stream in said:
        stream.fnmatch_lines(["*bad.jsonl*"])
        assert "Traceback" not in str(stream)
    assert path.read_text() == text
    assert not (project.root / "out.jsonl").exists()
    assert not (project.root / "integration-gate.report.yaml").exists()


def test_an_export_that_cannot_be_written_is_a_warning(project: Any) -> None:
    """The run and its report are not lost."""
    project.write("file", "")
    project.run("--gate-export=file/below.jsonl")
    assert [one for one in project.report["warnings"] if one.startswith("The evidence was not exported: ")]


def test_settings_that_are_wrong_end_the_judge_with_4(project: Any) -> None:
    """It reads the ini file of the folder, and says all that is wrong with it."""
    project.run("--gate-export=a.jsonl")
    project.write("pytest.ini", "[pytest]\ngate_fail_on = nonsense\n")
    result = command(project.pytester, "judge", "a.jsonl")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*gate_fail_on in pytest.ini: `nonsense`*"])


def test_an_output_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says so and ends with 4."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text('{"format": 1, "kind": "integration-gate export", "lines": 0}\n')
    assert main(["merge", str(empty), "-o", str(empty / "out")]) == pytest.ExitCode.USAGE_ERROR
    assert "cannot be written" in capsys.readouterr().err
