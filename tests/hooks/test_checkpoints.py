"""Checkpoints in runs of a project: what runs, what stops, what is remembered, and what the report says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

TESTS = """
import pytest

def log(name):
    with open("log", "a") as file:
        file.write(name + " ")

def test_plain(): log("plain")

@pytest.mark.stage("backend")
def test_backend(): log("backend-test")

@pytest.mark.stage("deploy")
def test_deploy(): log("deploy-test")
"""


def point(name: str, stage: str = "", command: str = "true", action: str = "stop") -> dict[str, Any]:
    tests = [{"command": f"printf '{name} ' >> log; {command}", "retries": 0}]
    return {"name": name, "tests": tests, "failure_action": action} | ({"stage": stage} if stage else {})


class Pipeline:
    """A project with checkpoints and tests that write into one log what ran."""

    def __init__(self, project: Any) -> None:
        self.project = project
        for path in ("tests/unit/test_greet.py", "tests/integration/test_repo.py"):
            (project.root / path).unlink()
        project.write("tests/test_stages.py", TESTS)
        project.write(".gitignore", "log\n.integration_gate\nintegration-gate.report.yaml\nrunpytest*\nstd*\n")

    def run(self, points: list[dict[str, Any]], *options: str) -> pytest.RunResult:
        self.project.write("gate.yaml", yaml.safe_dump({"checkpoints": points}, sort_keys=False))
        (self.project.root / "log").write_text("")
        result: pytest.RunResult = self.project.run(*options)
        return result

    @property
    def log(self) -> str:
        return (self.project.root / "log").read_text().strip()

    @property
    def entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.project.report["checkpoints"]
        return entries

    @property
    def statuses(self) -> list[str]:
        return [entry["status"] for entry in self.entries]

    def commit(self) -> None:
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
            identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
            subprocess.run(["git", *identity, *command], cwd=self.project.root, check=True, capture_output=True)


@pytest.fixture
def pipeline(project: Any) -> Pipeline:
    return Pipeline(project)


POINTS = [point("ready"), point("api", "backend"), point("live", "deploy"), point("other", "nobody")]


def test_checkpoints_run_before_what_they_gate(pipeline: Pipeline) -> None:
    """Those that no test names come before all tests, those of a stage before its first test, each one once."""
    result = pipeline.run(POINTS)
    result.assert_outcomes(passed=3)
    assert result.ret == 0
    assert pipeline.log == "ready other plain api backend-test live deploy-test"
    assert pipeline.statuses == ["passed"] * 4
    assert pipeline.project.report["test_run"]["status"] == "PASSED"
    assert pipeline.entries[1] == {
        "name": "api",
        "stage": "backend",
        "status": "passed",
        "attempts": 1,
        "duration": pipeline.entries[1]["duration"],
        "failure_action": "stop",
    }
    result.stdout.fnmatch_lines(["*checkpoint api (backend): passed, *s"])


def test_a_later_stage_waits_for_the_ones_before(pipeline: Pipeline) -> None:
    """A test of the last stage that runs alone still needs the stages before its own."""
    pipeline.run([point("api", "backend"), point("live", "deploy")], "-k", "test_deploy")
    assert pipeline.log == "api live deploy-test"


def test_under_xdist_all_run_once_before_the_tests(pipeline: Pipeline) -> None:
    """Whatever the workers do, each checkpoint runs once, and the report has them in the order of the file."""
    result = pipeline.run(POINTS, "-p", "xdist", "-n2")
    result.assert_outcomes(passed=3)
    assert pipeline.log.startswith("ready api live other ")
    assert pipeline.log.count("api") == 1
    assert [entry["name"] for entry in pipeline.entries] == ["ready", "api", "live", "other"]


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=" ".join)
def test_stop_ends_the_run(pipeline: Pipeline, options: tuple[str, ...]) -> None:
    """Exit 1, no test runs, what was to come is not run, and the terminal shows what the command wrote."""
    result = pipeline.run([point("ready", command="echo nothing there; false"), *POINTS[1:]], *options)
    assert result.ret == 1
    assert pipeline.log == "ready"
    assert pipeline.statuses == ["failed", "not_run", "not_run", "not_run"]
    assert pipeline.entries[0]["output"] == "nothing there"
    assert pipeline.project.report["gate"]["reasons"] == ["checkpoint ready failed"]
    result.stdout.fnmatch_lines(["checkpoint ready: failed, *", "    nothing there", "*checkpoint ready failed*"])


def test_stop_in_the_middle(pipeline: Pipeline) -> None:
    """Tests before the stage have run, those of the stage and behind have not."""
    result = pipeline.run([*POINTS[:1], point("api", "backend", "false"), *POINTS[2:]])
    assert result.ret == 1
    assert pipeline.log == "ready other plain api"
    assert pipeline.statuses == ["passed", "failed", "not_run", "passed"]


@pytest.mark.parametrize("action", ["warn", "continue"])
def test_going_on_leaves_the_run_partial(pipeline: Pipeline, action: str) -> None:
    """Exit 0 and PARTIAL, with a warning if so wished; `gate_fail_on: checkpoint` makes it fail."""
    points = [point("ready", command="false", action=action), *POINTS[1:]]
    result = pipeline.run(points)
    result.assert_outcomes(passed=3)
    assert (result.ret, pipeline.project.report["test_run"]["status"]) == (0, "PARTIAL")
    assert pipeline.statuses == ["failed", "passed", "passed", "passed"]
    warned = [text for text in pipeline.project.report["warnings"] if "Checkpoint `ready` failed" in text]
    assert bool(warned) == (action == "warn")
    result = pipeline.run(points, "--gate-fail-on", "checkpoint")
    assert (result.ret, pipeline.project.report["gate"]["reasons"]) == (1, ["1 failed checkpoint"])


def test_one_stage_alone(pipeline: Pipeline) -> None:
    """`--gate-checkpoint` runs the checkpoints of a stage and collects no test, also none that is broken."""
    pipeline.project.write("tests/test_broken.py", "import nothing_like_this\n")
    result = pipeline.run(POINTS, "--gate-checkpoint", "backend")
    assert (result.ret, pipeline.log, pipeline.statuses) == (0, "api", ["passed"])
    result = pipeline.run([point("api", "backend", "false")], "--gate-checkpoint", "backend")
    assert (result.ret, pipeline.statuses) == (1, ["failed"])


def test_a_stage_alone_proves_nothing_and_owes_nothing(pipeline: Pipeline) -> None:
    """Requirements, a test plan and floors of coverage are judged by runs with tests."""
    pipeline.project.write("PLAN.md", "## Seam: api -> database\n\n- it works\n")
    asked = {"checkpoints": POINTS, "requirements": {"FR-01": "It works"}, "plan": "PLAN.md"}
    pipeline.project.write("gate.yaml", yaml.safe_dump(asked))
    result = pipeline.project.run("--gate-checkpoint", "backend", "-o", "gate_coverage=shop.py: 80")
    assert (result.ret, pipeline.project.report["test_run"]["status"]) == (0, "PASSED")
    assert pipeline.statuses == ["passed"]


def test_mistakes_are_usage_errors(pipeline: Pipeline) -> None:
    """An unknown stage lists the known ones; wrong checkpoints and targets are told together."""
    result = pipeline.run(POINTS, "--gate-checkpoint", "backed", "--gate-publish", "gihub:a/b#1")
    assert result.ret == 4
    text = result.stderr.str()
    assert "there is no stage `backed`. Did you mean `backend`? Known: backend, deploy, nobody" in text
    assert "`gihub:a/b#1` is nowhere to publish to. Known: file:PATH" in text
    assert pipeline.run([{"name": "a"}]).ret == 4
    result = pipeline.run(POINTS, "-o", "gate_allow_commands=false")
    assert result.ret == 4
    assert "false forbids the commands of `checkpoints`" in result.stderr.str()


def test_resuming(pipeline: Pipeline) -> None:
    """What passed in the same tree is left out up to the first that did not; a change makes all run again."""
    points = [point("a"), point("b", command="test -e ../fixed || test -e fixed"), point("c")]
    pipeline.run(points)
    pipeline.commit()
    assert (pipeline.run(points).ret, pipeline.log) == (1, "a b")
    pipeline.project.write(".git/info/exclude", "fixed\n")
    pipeline.project.write("fixed", "")
    assert pipeline.run(points, "--gate-resume").ret == 0
    assert pipeline.log.startswith("b c ")
    assert [entry["attempts"] for entry in pipeline.entries] == [0, 1, 1]
    assert pipeline.entries[0]["output"] == "passed before; nothing has changed"
    pipeline.run(points, "--gate-resume")
    assert pipeline.log == "plain backend-test deploy-test"
    pipeline.project.write("shop.py", "changed = 1\n")
    pipeline.run(points, "--gate-resume")
    assert pipeline.log.startswith("a b c ")


def test_what_a_run_writes_itself_is_no_change(pipeline: Pipeline) -> None:
    """Checkpoints and tests that leave files behind are remembered all the same; a damaged memory is a warning."""
    points = [point("a", command="date +%N >> left"), point("b", command="date +%N >> left")]
    pipeline.commit()
    pipeline.run(points)
    pipeline.run(points, "--gate-resume")
    assert pipeline.log == "plain backend-test deploy-test"
    (pipeline.project.root / ".integration_gate/checkpoints.json").write_text("[")
    pipeline.run(points, "--gate-resume")
    assert pipeline.log.startswith("a b ")
    assert any("checkpoints.json cannot be understood" in text for text in pipeline.project.report["warnings"])


def test_resuming_without_git_runs_everything(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say whether something changed, and a warning says so."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(pipeline.project.root.parent))
    pipeline.run([point("a")], "--gate-resume")
    assert pipeline.log.startswith("a ")
    assert any("--gate-resume needs git" in text for text in pipeline.project.report["warnings"])


def test_publishing_never_loses_a_run(pipeline: Pipeline, tmp_path: Path) -> None:
    """A file is written; a receiver that is not there is a warning, and its document is kept."""
    secret = "ghp_" + "a1B2" * 9
    points = [point("ready", command=f"echo token={secret}; false", action="continue")]
    options = ("--gate-publish", "file:out/points.json", "--gate-publish", f"http://127.0.0.1:1/hook/{secret}")
    result = pipeline.run(points, *options)
    assert result.ret == 0
    published = json.loads((pipeline.project.root / "out/points.json").read_text())
    assert published["definitions"][0]["name"] == "ready"
    assert published["checkpoints"][0]["status"] == "failed"
    kept = pipeline.project.root / ".integration_gate/unpublished/webhook-1.json"
    assert json.loads(kept.read_text()) == published
    assert any("http://127.0.0.1:1/…: no answer from" in text for text in pipeline.project.report["warnings"])
    assert secret not in json.dumps(published)
    assert secret not in pipeline.project.report_text


SUITE = """
stage: backend
checkpoints:
  - {name: "db", stage: backend, tests: [{command: "printf 'db ' >> log"}]}
  - {name: "late", stage: deploy, tests: [{command: "printf 'late ' >> log"}]}
tests:
  - {name: "suite", type: command, command: "printf 'suite ' >> log"}
"""


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=" ".join)
def test_checkpoints_of_suites(pipeline: Pipeline, options: tuple[str, ...]) -> None:
    """They stand behind those of gate.yaml and gate the same stages; the report is the same with xdist."""
    pipeline.project.write("tests/a_gate.yaml", SUITE)
    pipeline.run([point("api", "backend")], *options).assert_outcomes(passed=4)
    assert [(entry["name"], entry["status"]) for entry in pipeline.entries] == [
        ("api", "passed"),
        ("db", "passed"),
        ("late", "passed"),
    ]
    ran = pipeline.log.split()
    assert sorted(ran) == sorted(["api", "db", "suite", "plain", "backend-test", "late", "deploy-test"])
    if not options:
        assert ran == ["api", "db", "suite", "plain", "backend-test", "late", "deploy-test"]


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=" ".join)
def test_a_checkpoint_of_a_suite_stops_the_run(pipeline: Pipeline, options: tuple[str, ...]) -> None:
    """Also where gate.yaml has none."""
    pipeline.project.write("tests/a_gate.yaml", SUITE.replace("'db ' >> log", "'db ' >> log; false"))
    result = pipeline.run([], *options)
    assert (result.ret, pipeline.log.split()) == (1, ["db"])
    assert pipeline.statuses == ["failed", "not_run"]
    assert pipeline.project.report["gate"]["reasons"] == ["checkpoint db failed"]
    result.stdout.fnmatch_lines(["*!!! checkpoint `db` failed !!!*"])


def test_a_suite_that_does_not_run_gates_nothing(pipeline: Pipeline) -> None:
    """Who runs other files only does not wait for its checkpoints."""
    pipeline.project.write("tests/a_gate.yaml", SUITE)
    pipeline.run([], "tests/test_stages.py").assert_outcomes(passed=3)
    assert pipeline.log == "plain backend-test deploy-test"


def test_one_stage_alone_looks_into_suites(pipeline: Pipeline) -> None:
    """Checkpoints are found in every suite below the arguments, without collecting or checking anything else there."""
    pipeline.project.write("tests/deep/a_gate.yaml", SUITE.replace("type: command", "type: nonsense"))
    pipeline.project.write("tests/deep/conftest.py", "raise RuntimeError")
    pipeline.project.write("build/b_gate.yaml", SUITE)
    result = pipeline.run([point("api", "backend")], "--gate-checkpoint", "backend")
    assert (result.ret, pipeline.log, pipeline.statuses) == (0, "api db", ["passed", "passed"])
    result = pipeline.run([], "--gate-checkpoint", "nothing")
    assert result.ret == 4
    assert "no stage `nothing`. Known: backend, deploy." in result.stderr.str()


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2"), ("--gate-checkpoint", "backend")], ids=" ".join)
def test_names_are_unique_in_a_run(pipeline: Pipeline, options: tuple[str, ...]) -> None:
    """A suite that takes a name of gate.yaml is a usage error with both places, and nothing runs."""
    pipeline.project.write("tests/a_gate.yaml", SUITE)
    result = pipeline.run([point("db", "backend")], *options)
    assert (result.ret, pipeline.log) == (4, "")
    text = result.stderr.str() + result.stdout.str()
    assert "tests/a_gate.yaml:4:12: a second checkpoint `db`, the first at gate.yaml:2:9." in text


def test_forbidden_commands_of_checkpoints(pipeline: Pipeline) -> None:
    """`gate_allow_commands = false` forbids those of suites, too."""
    pipeline.project.write("tests/a_gate.yaml", SUITE)
    result = pipeline.run([], "-o", "gate_allow_commands=false")
    result.stdout.fnmatch_lines(["*a_gate.yaml:4:*: commands are forbidden by `gate_allow_commands = false`*"])
    result = pipeline.run([], "-o", "gate_allow_commands=false", "--gate-checkpoint", "backend")
    assert result.ret == 4


def test_publishing_nothing(pipeline: Pipeline) -> None:
    """Who publishes and has no checkpoints is told so."""
    assert pipeline.run([], "--gate-publish", "file:out.json").ret == 0
    assert "--gate-publish: there are no checkpoints to publish." in pipeline.project.report["warnings"]
