"""`integration-gate doctor`: what is installed, what can be observed, what is configured and why."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.cli import main
from pytest_integration_gate.commands import doctor
from pytest_integration_gate.commands.trial import Shown, try_everything

FINE = (
    Shown(what="unittest.mock", is_double=True, answer="yes"),
    Shown(what="respx", is_double=True, answer="not installed"),
    Shown(what="C functions", is_double=False, answer="yes"),
)


class Package:
    """An installed distribution with extras."""

    requires = (
        "pytest>=8.4",
        "filelock>=1; extra == 'old'",
        "filelock>=1; extra == 'all'",
        "filelock>9999; extra == 'new'",
        "no-such-library>=1; extra == 'new'",
    )
    metadata = type("Metadata", (), {"get_all": lambda self, name: ["old", "new", "all"]})()


@pytest.fixture
def examined(project: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Examine the project in this process, with a trial that showed what is given; return the status and sections."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(doctor, "distribution", lambda name: Package())
    monkeypatch.setattr(doctor, "version", lambda name: "1.2" if name == "filelock" else missing(name))

    def examine(*options: str, shown: tuple[Shown, ...] = FINE) -> tuple[int, dict[str, list[str]]]:
        monkeypatch.setattr(doctor, "try_everything", lambda: shown)
        capsys.readouterr()
        status = main(["doctor", "--", "-p", "no:cacheprovider", *options])
        first, *parts = capsys.readouterr().out.split("\n\n")
        assert first.startswith("pytest-integration-gate ")
        return status, {part.splitlines()[0]: part.splitlines()[1:] for part in parts}

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    return examine


def test_a_project_in_order(project: Any, examined: Any) -> None:
    """Every part of the answer, and nothing to do."""
    project.write(
        "pytest.ini",
        "[pytest]\npythonpath = .\ntestpaths = tests\nintegration_gate = true\ngate_mode = audit\n"
        "gate_boundaries =\n    database: shop\n",
    )
    status, said = examined()
    plugins = said.pop("plugins of pytest")
    assert plugins[0].startswith("  here  ")
    assert said == {
        "extras": [
            "  new  filelock 1.2 does not fit >9999, no-such-library is missing; pip install",
            "       'pytest-integration-gate[new]'",
            "  old  filelock 1.2",
        ],
        "doubles, in a trial run": ["  yes            unittest.mock", "  not installed  respx"],
        "reality, in a trial run": ["  yes  C functions"],
        f"configured in {project.root / 'pytest.ini'}": [
            "  gate_boundaries    database: shop (pytest.ini)",
            "  gate_mode          audit (pytest.ini)",
            "  integration_gate   true (pytest.ini)",
            "  report             integration-gate.report.yaml",
            "  store              .integration_gate",
            "  the run fails for  nothing: gate_fail_on is `none`, or gate_mode is `audit`",
            "  boundaries         database (shop)",
        ],
        "evidence": [
            "  store       nothing yet",
            "  test files  2, of which 1 use the `boundary` marker",
        ],
        "to do": ["  nothing"],
    }
    assert status == 0
    assert not (project.root / ".integration_gate").exists()


def test_why_something_is_configured(project: Any, examined: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options come from the command line, the environment or `addopts`; what fails the run has its reason."""
    project.write("gate.yaml", "format: 1\nproject: shop\nrequirements: {FR-01: It greets}\nplan: PLAN.md\n")
    project.write("PLAN.md", "## Seam: a -> b\n\n- it works\n")
    project.write(
        "pytest.ini", "[pytest]\naddopts = --integration-gate\ntestpaths = tests\ngate_reprot = x\ngate_store = kept\n"
    )
    monkeypatch.setenv("PYTEST_ADDOPTS", "--gate-repeat=2")
    status, said = examined("--gate-report=out.yaml", "-o", "gate_store=elsewhere")
    assert said[f"configured in {project.root / 'pytest.ini'}"] == [
        "  --gate-repeat       2 (PYTEST_ADDOPTS)",
        "  --gate-report       out.yaml (command line)",
        "  --integration-gate  true (addopts in pytest.ini)",
        "  gate_reprot         no setting that this version knows (pytest.ini)",
        "  gate_store          elsewhere (-o)",
        "  gate.yaml           gate.yaml: 1 requirement, 1 path of the plan",
        "  report              out.yaml",
        "  store               elsewhere",
        "  the run fails for   acceptance (stories or requirements are configured), flaky (--gate-repeat was",
        "                      given), mismatch (always), plan (a plan is configured)",
        "  boundaries          those that markers name",
    ]
    assert status == 0


def test_what_is_left_to_do(project: Any, examined: Any) -> None:
    """What is not observed, a gate that is off, and a project without evidence."""
    (project.root / "tests/integration/test_repo.py").unlink()
    broken = Shown(what="respx", is_double=True, answer="no", why="TypeError: moved")
    status, said = examined(shown=(broken,))
    assert said["doubles, in a trial run"] == ["  no  respx (TypeError: moved)"]
    assert said["to do"] == [
        "  1.  Not observed on this installation: respx.",
        "  2.  The gate is off: run pytest with --integration-gate, or set `integration_gate = true`.",
        "  3.  No test uses the `boundary` marker: doubles are compared with signatures and annotations only.",
        "      Mark an integration test with @pytest.mark.boundary.",
    ]
    assert status == 1


@pytest.mark.parametrize("wrong", ["gate_fail_on=nonsense", "gate_mode=maybe"])
def test_wrong_settings_are_told_with_the_rest(examined: Any, wrong: str) -> None:
    """Status 4, as the run would have it, and everything else is there."""
    status, said = examined("-o", wrong)
    assert status == 4
    assert said["configured"][0].startswith(f"  wrong  {wrong.partition('=')[0]} in pytest.ini: `")
    assert said["to do"] == ["  1.  Mend what is wrong: a run would end with exit code 4 before its first test."]


def test_the_store_is_looked_at(project: Any, examined: Any) -> None:
    """How many tests have observed something, and when."""
    project.run()
    _, said = examined()
    assert said["evidence"][0].startswith("  store       observations of 1 test, the newest of 2")


def test_the_trial_shows_what_this_installation_can() -> None:
    """What is always there is observed; what a broken library hinders is told with its reason."""
    shown = {one.what: one for one in try_everything()}
    always = ("unittest.mock", "monkeypatch", "responses", "Python functions", "coroutines", "generators")
    always += ("C functions", "rows of sqlite3", "requests", "urllib3", "urllib.request")
    assert {what: shown[what].answer for what in always} == dict.fromkeys(always, "yes")
    assert not [one for one in shown.values() if one.answer == "no" and not one.why]


def test_a_trial_without_result_is_told(
    examined: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Python in which pytest does not start: the end of what it said, and status 1."""
    monkeypatch.setattr(sys, "executable", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "pytest.py").write_text("raise SystemExit('no pytest today')\n")
    monkeypatch.setattr(doctor, "try_everything", try_everything)
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "The trial run gave no result (exit status 1): no pytest today" in " ".join(said.split())
    assert "The trial run failed" in said
