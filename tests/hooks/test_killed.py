"""What a run that was killed could not judge, and whom it could not tell: its event log makes up for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

GATE = """
project: shop
contexts:
  orders:
    modules: [shop.orders]
    uses: [shop.kernel]
    tests: [tests/orders]
  billing:
    modules: [shop.billing]
    tests: [tests/billing]
"""
SHOP = {
    "gate.yaml": GATE,
    ".gitignore": "__pycache__\nevents.jsonl\nstdout\nstderr\n",
    "shop/__init__.py": "",
    "shop/kernel.py": "def total(n):\n    return n * 2\n",
    "shop/orders.py": "from shop import kernel\n\n\ndef place(n):\n    return kernel.total(n)\n",
    "shop/billing.py": "from shop.kernel import total\n\n\ndef invoice(n):\n    return total(n) + 1\n",
    "tests/orders/test_orders.py": "from shop.orders import place\n\n\ndef test_place():\n    assert place(1) > 0\n",
    "tests/billing/test_billing.py": (
        "from shop.billing import invoice\n\n\ndef test_invoice():\n    assert invoice(1) == 3\n\n\n"
        "def test_old():\n    assert repr(object()) == ''\n"
    ),
}
DEADLY = """
import os, time

def test_is_deadly():
    time.sleep({wait})
    os._exit(3)

def test_never_runs():
    pass
"""
REPORT = "integration-gate.report.yaml"
EVENTS = ("--gate-events=events.jsonl", "-p", "no:randomly")


def die(project: Any, *options: str) -> None:
    """Run the project, which kills itself in its last file."""
    project.write("tests/unit/test_zz.py", DEADLY.format(wait=0))
    project.run(*EVENTS, *options)
    assert not (project.root / REPORT).exists()


def rebuild(project: Any, *options: str) -> pytest.RunResult:
    """Write the report from the log."""
    result: pytest.RunResult = project.pytester.run(
        sys.executable, "-m", "pytest_integration_gate.cli", "report", "--from=events.jsonl", *options
    )
    assert result.ret == 1
    assert "Traceback" not in str(result.stderr)
    return result


PROVING = """
import pytest

@pytest.mark.story("US-1", criterion="AC-1")
def test_is_kind(): pass

@pytest.mark.story("US-1", criterion="AC-2")
def test_is_short():
    assert not "so short"

@pytest.mark.xfail(strict=True)
@pytest.mark.requirement("FR-2")
def test_is_expected_to_fail():
    assert 0

@pytest.mark.requirement("FR-1")
@pytest.mark.seam("shop → database", path="hit")
def test_is_true(): pass
"""
ASKED = """
format: 1
stories: {US-1: {title: Greet, criteria: {AC-1: kind, AC-2: short, AC-3: late, AC-4: forgotten}}}
requirements: {FR-1: It works, FR-2: It fails}
plan: PLAN.md
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n1")], ids=["plain", "xdist"])
def test_what_was_asked_is_judged_as_far_as_the_run_came(project: Any, workers: tuple[str, ...]) -> None:
    """Met by what passed, failed by what failed, not run by what lay behind, and a gap where nothing proves it."""
    project.write("gate.yaml", ASKED)
    project.write("PLAN.md", "## Seam: shop → database\n\n- hit\n- miss\n")
    project.write("tests/unit/test_proving.py", PROVING)
    late = "\nimport pytest\n\n@pytest.mark.story('US-1', criterion='AC-3')\ndef test_late(): pass\n"
    if workers:  # the controller is killed while the worker is busy
        project.write("tests/unit/test_zz.py", DEADLY.format(wait=60) + late)
        command = ("pytest", "-p", "pytest_integration_gate.plugin", "--integration-gate", *EVENTS, *workers)
        run = subprocess.Popen([sys.executable, "-m", *command], cwd=project.root, stdout=subprocess.DEVNULL)
        log = project.root / "events.jsonl"
        begun = '"test":"tests/unit/test_zz.py::test_is_deadly"'
        while run.poll() is None and not (log.exists() and begun in log.read_text()):
            time.sleep(0.01)
        run.kill()
        run.wait()
    else:
        project.write("tests/unit/test_zz.py", DEADLY.format(wait=0) + late)
        project.run(*EVENTS)
    rebuild(project)
    report = project.report
    states = {f"{one['story']}/{one['criterion']}": one["state"] for one in report["acceptance"]}
    assert states == {"US-1/AC-1": "met", "US-1/AC-2": "failed", "US-1/AC-3": "not_run", "US-1/AC-4": "gap"}
    assert {one["id"]: one["state"] for one in report["requirements"]} == {"FR-1": "met", "FR-2": "failed"}
    assert {one["path"]: one["state"] for one in report["plan"]} == {"hit": "covered", "miss": "gap"}
    assert "3 criteria not met" in report["gate"]["reasons"]
    assert not [warning for warning in report["warnings"] if warning.startswith("Not judged")]


def test_failures_are_sorted_as_the_run_would_have_done(project: Any) -> None:
    """By the log: who failed before with the same failure, and which changed module broke the tests of others."""
    for old in ("shop.py", "tests/unit/test_greet.py", "tests/integration/test_repo.py"):
        (project.root / old).unlink()
    for name, text in SHOP.items():
        project.write(name, text)
    git(project.root, "init", "-q")
    git(project.root, "add", "-A")
    git(project.root, "commit", "-qm", "a commit")
    project.run("-p", "no:randomly")
    (project.root / REPORT).unlink()
    project.write("shop/kernel.py", "def total(n):\n    return n * 3\n")
    project.write("tests/unit/test_zz.py", DEADLY.format(wait=0))
    project.run(*EVENTS, "--gate-context=orders", "--gate-base=HEAD", "tests/orders", "tests/billing", "tests/unit")
    assert not (project.root / REPORT).exists()
    rebuild(project)
    report = project.report
    categories = {one["nodeid"].rpartition("::")[2]: (one["category"], one["before"]) for one in report["failed_tests"]}
    assert categories["test_invoice"] == ("out_of_context", "passed")
    assert categories["test_old"] == ("pre_existing", "failed")
    (broken,) = [one for one in report["contexts"]["out_of_context"] if one["nodeid"].endswith("test_invoice")]
    assert (broken["culprit"], broken["chain"][-1]) == ("shop.kernel", "shop.kernel")
    assert report["contexts"]["active"] == "orders"
    assert report["summary"]["not_run"] == 1
    assert "workflow" not in report


def test_checkpoints_of_a_killed_run_are_reported_and_published(project: Any) -> None:
    """What they came to, those that did not run, and what they are."""
    passing = "{name: First, stage: a, tests: [{command: 'echo fine'}]}"
    warning = "{name: Second, stage: a, failure_action: warn, tests: [{command: 'exit 3'}]}"
    never = "{name: Third, stage: z, tests: [{command: 'echo never'}]}"
    project.write("gate.yaml", f"format: 1\ncheckpoints: [{passing}, {warning}, {never}]\n")
    marked = "import pytest\n\n@pytest.mark.stage('z')\ndef test_staged(): pass\n"
    project.write("tests/unit/test_zzz.py", marked)
    die(project, "--gate-publish=file:out.json")
    assert not (project.root / "out.json").exists()
    rebuild(project)
    found = [(one["name"], one["status"]) for one in project.report["checkpoints"]]
    assert found == [("First", "passed"), ("Second", "failed"), ("Third", "not_run")]
    assert any(one.startswith("Checkpoint `Second` failed: ") for one in project.report["warnings"])
    published = json.loads((project.root / "out.json").read_text())
    assert [one["name"] for one in published["definitions"]] == ["First", "Second", "Third"]
    assert [one["status"] for one in published["checkpoints"]] == ["passed", "failed", "not_run"]


def test_receivers_are_told_that_a_run_was_killed(project: Any) -> None:
    """The command tells what the run could not, with one id, however often it is asked to."""
    project.write("tell.py", "import sys\nopen('told.jsonl', 'ab').write(sys.stdin.buffer.read() + b'\\n')\n")
    receiver = f"gate_notify = failed: {sys.executable} tell.py"
    project.write("pytest.ini", f"[pytest]\npythonpath = .\ntestpaths = tests\n{receiver}\ngate_notify_timeout = 60s\n")
    die(project)
    assert not (project.root / "told.jsonl").exists()
    rebuild(project)
    rebuild(project)
    first, second = [json.loads(line) for line in (project.root / "told.jsonl").read_text().splitlines()]
    assert first["id"] == second["id"]
    assert (first["event"], first["testsPass"], first["boundariesTested"]) == ("failed", 2, "database")
    assert "the run was killed" in first["reason"]


def test_a_run_that_told_its_receivers_is_not_told_again(project: Any) -> None:
    """Rebuilding the report of a run that ended by itself notifies nobody."""
    project.write("tell.py", "import sys\nopen('told.jsonl', 'ab').write(sys.stdin.buffer.read() + b'\\n')\n")
    receiver = f"gate_notify = failed: {sys.executable} tell.py"
    project.write("pytest.ini", f"[pytest]\npythonpath = .\ntestpaths = tests\n{receiver}\ngate_notify_timeout = 60s\n")
    project.run(*EVENTS)
    rebuild(project)
    assert len((project.root / "told.jsonl").read_text().splitlines()) == 1


def test_in_several_orders_the_test_that_was_running_is_named(project: Any) -> None:
    """Results of tests are known when all orders have run; until then only what was running can be told."""
    die(project, "--gate-repeat=3")
    rebuild(project)
    report = project.report
    (lost,) = report["failed_tests"]
    assert (lost["name"], lost["reason"]) == ("test_is_deadly", "The run ended while this test was running")
    assert report["summary"]["not_run"] == 3
    assert "Not judged, because the run was killed: repetition." in report["warnings"]


@pytest.fixture
def step(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project that runs as a step of GitHub Actions."""
    for name, value in {"ACTIONS": "true", "WORKSPACE": str(project.root), "RUN_ID": "7", "JOB": "tests"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.root / "summary.md"))
    project.write("summary.md", "")
    return project


def annotations(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if line.startswith("::")]


def test_a_killed_run_is_annotated(step: Any) -> None:
    """Failures at their lines, the test that was running, the mismatch; and the summary is written."""
    step.write(
        "tests/unit/test_broken.py",
        "import pytest\n\n@pytest.fixture\ndef absent():\n    raise LookupError('no database')\n\n"
        "def test_needs(absent): pass\n\ndef test_fails():\n    assert 1 == 2\n",
    )
    die(step)
    lines = annotations(rebuild(step))
    assert (
        "::error file=tests/unit/test_broken.py,line=5,title=test_needs failed in setup::LookupError: no database"
        in lines
    )
    assert "::error file=tests/unit/test_broken.py,line=10,title=test_fails failed::assert 1 == 2" in lines
    assert any("test_is_deadly failed::The run ended while this test was running" in line for line in lines)
    assert any(line.startswith("::error file=tests/unit/test_greet.py,line=5,title=Repo.get%3A") for line in lines)
    assert "the run was killed" in (step.root / "summary.md").read_text()


def test_a_job_that_was_told_is_not_told_again(step: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The annotations of a run that ended by itself come once in a job, and the same ones in another."""
    told = annotations(step.run(*EVENTS))
    assert told
    assert annotations(rebuild(step)) == []
    monkeypatch.setenv("GITHUB_JOB", "report")
    assert annotations(rebuild(step)) == told


def test_plugins_publish_what_is_rebuilt(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that is there for every run has its format, too; what it warns of stands in the report."""
    project.write(
        "counting.py",
        "def pytest_integration_gate_publish(report):\n"
        "    open('count.txt', 'w').write(str(report.summary.passed))\n    return ['counted']\n",
    )
    monkeypatch.setenv("PYTEST_PLUGINS", "counting")
    monkeypatch.setenv("PYTHONPATH", str(project.root), prepend=os.pathsep)
    die(project)
    rebuild(project)
    assert (project.root / "count.txt").read_text() == "2"
    assert "counted" in project.report["warnings"]


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)
