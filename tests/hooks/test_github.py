"""Runs as a step of GitHub Actions."""

from __future__ import annotations

from typing import Any

import pytest

BROKEN = """
import pytest

@pytest.fixture
def no_setup():
    raise LookupError("no database")

@pytest.fixture
def no_teardown():
    yield
    raise OSError("100% full")

def test_needs(no_setup): pass

def test_leaves(no_teardown):
    assert 1 == 2
"""


@pytest.fixture
def step(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project that runs as a step of a workflow, in a folder of the repository."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.root.parent))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.root / "summary.md"))
    project.write("summary.md", "what another step said\n")
    return project


def commands(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if line.startswith("::")]


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n2")])
def test_failures_of_every_phase_and_mismatches_are_annotated(step: Any, workers: tuple[str, ...]) -> None:
    """Setup, call and teardown, a file that cannot be collected, and the lie, by the place in the repository."""
    step.write("tests/unit/test_broken.py", BROKEN)
    step.write("tests/unit/test_absent.py", "import nothing_of_this_name\n")
    lines = commands(step.run("--continue-on-collection-errors", *workers))
    start = f"::error file={step.root.name}/tests/unit"
    for line in (
        f"{start}/test_broken.py,line=6,title=test_needs failed in setup::LookupError: no database",
        f"{start}/test_broken.py,line=16,title=test_leaves failed::assert 1 == 2",
        f"{start}/test_broken.py,line=11,title=test_leaves failed in teardown::OSError: 100%25 full",
    ):
        assert line in lines
    assert any(line.startswith(f"{start}/test_absent.py") and "could not be collected" in line for line in lines)
    assert any(line.startswith(f"{start}/test_greet.py,line=5,title=Repo.get%3A return shape::") for line in lines)


def test_the_summary_is_added_to_what_is_there(step: Any) -> None:
    """Other commands of the step write into the same file."""
    step.run()
    text = (step.root / "summary.md").read_text()
    assert text.startswith("what another step said\n## Integration gate: FAILED")
    assert "Repo.get" in text


def test_a_summary_that_cannot_be_written_loses_nothing(step: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says so, and the run ends as it would."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step.root))
    result = step.run()
    assert result.ret == 1
    assert any("GitHub was not told" in line for line in result.outlines)
    assert commands(result)


def test_elsewhere_nothing_is_written(project: Any) -> None:
    """No command stands in the output of a run at home."""
    assert not commands(project.run())
