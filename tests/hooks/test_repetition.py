"""Whole runs in several random orders."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from pytest_integration_gate.repeating.order_process import Launcher
from pytest_integration_gate.repeating.trials import ProcessTrials, trials

STATE = "dirty = False\nready = False\n"
FIRST = """
import os
import pytest
import state

def test_spoils():
    state.dirty = True

class TestReady:
    @pytest.mark.parametrize("how", ["a::b"])
    def test_makes_ready(self, how):
        os.environ["READY"] = how

def test_steady():
    pass

def test_broken():
    assert 1 == 2

def test_skipped():
    pytest.skip("no")

@pytest.mark.xfail(reason="known")
def test_expected():
    assert False
"""
SECOND = """
import os
import pytest
import state

@pytest.mark.boundary("database")
def test_spoilt():
    assert not state.dirty, "it is dirty"

def test_needs_ready():
    os.environ["READY"]

def test_every_fourth():
    with open("runs.txt", "a+") as stream:
        stream.write("x")
        stream.seek(0)
        assert len(stream.read()) % 4
"""

COUNTED = """
import pytest

@pytest.fixture(scope="session")
def session():
    with open("sessions.txt", "a") as stream:
        stream.write("x")

def test_counted(session):
    with open("steady.txt", "a") as stream:
        stream.write("x")
"""


@pytest.fixture
def suite(project: Any) -> Any:
    """A suite with a polluted test, one that needs another, a flaky one, a broken one and steady ones."""
    for name in ("unit/test_greet.py", "integration/test_repo.py"):
        project.write(f"tests/{name}", "")
    project.write("state.py", STATE)
    project.write("tests/test_first.py", FIRST)
    project.write("tests/test_second.py", SECOND)
    return project


def told(project: Any, *options: str) -> dict[str, Any]:
    """Run with options and give the report without its times; forget what the tests have left."""
    for name in ("runs.txt", "steady.txt", "sessions.txt"):
        (project.root / name).unlink(missing_ok=True)
    project.result = project.run(*options)
    report: dict[str, Any] = project.report
    report["test_run"] = {**report["test_run"], "timestamp": "then", "duration": "0s"}
    return report


def test_what_hangs_on_order_is_reduced_to_two_tests(suite: Any) -> None:
    """Both ways to hang on another test are found, told from mere flakes, plain and side by side alike."""
    report = told(suite, "--gate-repeat=6")
    assert suite.result.ret == pytest.ExitCode.TESTS_FAILED
    schema = files("pytest_integration_gate.reports").joinpath("schemas/report.schema.json").read_text()
    jsonschema.validate(report, json.loads(schema))
    first, second = "tests/test_first.py", "tests/test_second.py"
    assert report["order_dependence"] == [
        {"victim": f"{second}::test_needs_ready", "polluter": f"{first}::TestReady::test_makes_ready[a::b]"},
        {"victim": f"{second}::test_spoilt", "polluter": f"{first}::test_spoils"},
    ]
    assert report["summary"] == {"total_tests": 9, "passed": 3, "failed": 1, "skipped": 2, "errors": 0, "flaky": 3}
    assert report["gate"]["reasons"] == ["3 flaky tests", "1 failed test"]
    assert report["repetition"] == {"orders": 6, "seed": 0, "upper_bound": 0.393}
    (fourth,) = (one for one in report["flaky"] if one["nodeid"].endswith("test_every_fourth"))
    assert (fourth["passed"], fourth["failed"], fourth["rate"]) == (5, 1, 0.167)
    assert {one["nodeid"]: one["category"] for one in report["failed_tests"]} == {
        f"{first}::test_broken": "unclassified",
        f"{second}::test_every_fourth": "flaky",
        f"{second}::test_needs_ready": "flaky",
        f"{second}::test_spoilt": "flaky",
    }
    assert f"{second}::test_spoilt fails after {first}::test_spoils." in report["warnings"]
    out = suite.result.stdout.str()
    suite.result.assert_outcomes(passed=3, failed=1, skipped=1, xfailed=1)
    assert "3 flaky" in out.splitlines()[-1]
    assert "E       AssertionError: it is dirty" in out
    assert told(suite, "--gate-repeat=6", "-p", "xdist", "-n2") == report


POLLUTERS = """
import state

def test_fills_cache():
    state.cache.append(1)

def test_opens():
    state.config["url"] = "http://x"

def test_debug_on():
    state.flags.add("debug")
"""
CLEANERS = """
import state

def test_clears_cache():
    state.cache.clear()

def test_closes():
    state.config.clear()

def test_trace_on():
    state.flags.add("trace")
"""
VICTIMS = """
import state

def test_cache_is_empty():
    assert state.cache == []

def test_has_a_url():
    assert state.config["url"]

def test_is_quiet():
    assert state.flags != {"debug", "trace"}
"""


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=" ".join)
def test_what_hangs_on_three_tests(suite: Any, options: tuple[str, ...]) -> None:
    """Polluter, cleaner and victim; what a brittle test needs and what takes it away; two that do it together."""
    suite.write("state.py", "cache = []\nconfig = {}\nflags = set()\n")
    for name, text in (("first", POLLUTERS), ("second", CLEANERS), ("third", VICTIMS)):
        suite.write(f"tests/test_{name}.py", text)
    report = told(suite, "--gate-repeat=8", *options)
    first, second, third = "tests/test_first.py::", "tests/test_second.py::", "tests/test_third.py::"
    assert report["order_dependence"] == [
        {
            "victim": f"{third}test_cache_is_empty",
            "polluter": f"{first}test_fills_cache",
            "undone_by": f"{second}test_clears_cache",
        },
        {
            "victim": f"{third}test_has_a_url",
            "polluter": f"{first}test_opens",
            "undone_by": f"{second}test_closes",
        },
        {
            "victim": f"{third}test_is_quiet",
            "polluter": f"{second}test_trace_on",
            "also": [f"{first}test_debug_on"],
        },
    ]
    schema = files("pytest_integration_gate.reports").joinpath("schemas/report.schema.json").read_text()
    jsonschema.validate(report, json.loads(schema))
    assert [text for text in report["warnings"] if "quiet" in text] == [
        f"{third}test_is_quiet fails after {second}test_trace_on and {first}test_debug_on together."
    ]


YAML_SUITE = """
stage: backend
boundary: [http]
setup: [{command: "echo setup >> log"}]
teardown: [{command: "echo teardown >> log"}]
checkpoints:
  - {name: late, stage: deploy, tests: [{command: "echo late >> log; exit $LATE"}]}
tests:
  - {name: a, type: command, command: "echo a >> log"}
  - {name: b, type: command, command: "echo b >> log"}
"""
STAGED = """
import pytest
import state

@pytest.mark.stage("deploy")
def test_deployed():
    assert not state.dirty

@pytest.mark.boundary("http")
def test_dirties():
    state.dirty = True
"""
GATE = """
contexts:
  shop: {modules: [shop], tests: [tests/test_shop_gate.yaml, tests/test_staged.py]}
checkpoints:
  - {name: early, stage: backend, tests: [{command: "echo early >> log"}]}
"""


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=" ".join)
def test_suites_and_stages_in_all_orders(suite: Any, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]) -> None:
    """Checkpoints run once and before the first order, a suite runs whole in each, and contexts are judged as ever."""
    monkeypatch.setenv("LATE", "0")
    for name, text in (("test_shop_gate.yaml", YAML_SUITE), ("test_staged.py", STAGED)):
        suite.write(f"tests/{name}", text)
    suite.write("gate.yaml", GATE)
    suite.write("tests/test_first.py", "")
    suite.write("tests/test_second.py", "")
    report = told(suite, "--gate-repeat=5", "--gate-context=shop", *options)
    log = (suite.root / "log").read_text().split()
    assert log[:2] == ["early", "late"]
    assert sorted(log[2:]) == sorted(["setup", "a", "b", "teardown"] * 5)
    assert report["summary"] == {"total_tests": 4, "passed": 3, "failed": 0, "skipped": 0, "errors": 0, "flaky": 1}
    assert report["order_dependence"] == [
        {"victim": "tests/test_staged.py::test_deployed", "polluter": "tests/test_staged.py::test_dirties"}
    ]
    assert [(one["tests"], one["passed"]) for one in report["suites"]] == [(2, 2)]
    assert [(one["name"], one["status"]) for one in report["checkpoints"]] == [("early", "passed"), ("late", "passed")]
    assert report["workflow"]["step"] == "run_test_suite"

    (suite.root / "log").unlink()
    monkeypatch.setenv("LATE", "1")
    assert told(suite, "--gate-repeat=5", *options)["summary"]["total_tests"] == 0
    assert suite.result.ret == pytest.ExitCode.TESTS_FAILED
    assert (suite.root / "log").read_text().split() == ["early", "late"]


def test_flaky_fails_only_where_it_is_a_cause(suite: Any) -> None:
    """Without the word the run is partial; with random seeds by pytest-randomly the same pairs are found."""
    suite.write("tests/test_first.py", FIRST.replace("assert 1 == 2", "pass"))
    randomly = ("-p", "pytest_randomly", "-p", "xdist", "-n2", "--randomly-seed=3")
    report = told(suite, "--gate-repeat=3", "--gate-fail-on=mismatch", *randomly)
    assert suite.result.ret == pytest.ExitCode.OK
    assert report["test_run"]["status"] == "PARTIAL"
    assert (report["test_run"]["seed"], report["repetition"]["seed"]) == (3, 3)
    assert len(report["order_dependence"]) == 2


def test_steady_tests_pass_and_are_counted_once(project: Any) -> None:
    """Claims and observations are those of one run; four passes are no proof, and the output says how much of one."""
    project.write("tests/test_first.py", COUNTED)
    report = told(project, "--gate-repeat=4", "--gate-fail-on=flaky")
    assert project.result.ret == pytest.ExitCode.OK
    assert report["summary"]["passed"] == report["summary"]["total_tests"] == 3
    assert (project.root / "steady.txt").read_text() == "x" * 4
    assert (project.root / "sessions.txt").read_text() == "x" * 4  # fixtures begin anew with each order
    assert len(report["mismatches"]) == 1
    assert report["boundaries"][0]["observations"] == 3
    assert (report["flaky"], report["order_dependence"]) == ([], [])
    assert "3 steady tests" in project.result.stdout.str()
    assert "at most 53% of" in project.result.stdout.str()
    project.result.assert_outcomes(passed=3)


def test_a_crash_in_another_process_is_told(project: Any) -> None:
    """A test that ends the process of an order failed there; what stood behind it has fewer runs."""
    project.write(
        "tests/test_crash.py",
        "import os\n\ndef test_crashes():\n"
        "    if os.getppid() != int(os.environ.get('FIRST', os.getppid())):\n        os._exit(7)\n",
    )
    project.write(
        "conftest.py",
        "import os\n\ndef pytest_configure():\n    os.environ.setdefault('FIRST', str(os.getppid()))\n",
    )
    report = told(project, "--gate-repeat=3", "tests/test_crash.py", "tests/integration")
    assert project.result.ret == pytest.ExitCode.TESTS_FAILED
    (flaky,) = report["flaky"]
    assert (flaky["nodeid"], flaky["passed"], flaky["failed"]) == ("tests/test_crash.py::test_crashes", 2, 1)
    assert any("ended early, with exit code 7" in warning for warning in report["warnings"])


@pytest.mark.parametrize("number", ["0", "-1"])
def test_orders_are_counted_from_one(project: Any, number: str) -> None:
    """No order at all is a usage error; a word is argparse's."""
    result = project.run(f"--gate-repeat={number}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--gate-repeat: {number} is no number of orders. Write 2 or more." in result.stderr.str()


def test_one_order_is_an_ordinary_run(project: Any) -> None:
    """Nothing is repeated, and nothing is said about it."""
    report = told(project, "--gate-repeat=1")
    assert "repetition" not in report


def test_the_seed_of_randomly_is_the_seed_of_the_orders(project: Any) -> None:
    """Also when nobody has named one."""
    report = told(project, "--gate-repeat=2", "-p", "pytest_randomly")
    assert report["repetition"]["seed"] == report["test_run"]["seed"] != 0


def test_a_file_may_keep_its_order(project: Any) -> None:
    """A collector that asks for it has its tests run one after the other in every order, backwards too."""
    project.write(
        "conftest.py",
        "import pytest\n\ndef pytest_pycollect_makemodule(module_path, parent):\n"
        "    module = pytest.Module.from_parent(parent, path=module_path)\n"
        "    module.integration_gate_keeps_order = module_path.name == 'test_story.py'\n    return module\n",
    )
    steps = "".join(
        f"def test_{name}():\n    done.append({number})\n    assert done[-{number + 1}:] == {[*range(number + 1)]}\n\n"
        for number, name in enumerate("zyxw")
    )
    project.write("tests/test_story.py", f"done = []\n\n{steps}")
    summary = told(project, "--gate-repeat=4")["summary"]
    assert (summary["passed"], summary["failed"], summary["flaky"]) == (6, 0, 0)


def test_without_fork_each_trial_is_a_process(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processes cannot fork the outcome of the last test is the same, and a lost process is no outcome."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delattr("os.fork")
    tests = "def test_spoils():\n    done.append(1)\n\ndef test_spoilt():\n    assert not done\n"
    path = pytester.makepyfile(test_it=f"done = []\n\n{tests}")
    config = pytester.parseconfig("-p", "pytest_integration_gate.plugin", "--integration-gate")
    tried = trials(Launcher(config, [str(path)]), seed=0, beside=2, seconds=1)
    assert isinstance(tried, ProcessTrials)
    spoils, spoilt = "test_it.py::test_spoils", "test_it.py::test_spoilt"
    started = [tried.add(order) for order in ([spoilt], [spoils, spoilt], ["test_it.py::test_gone"])]
    assert [tried.outcome(trial) for trial in started] == ["passed", "failed", "skipped"]
    tried.stop()
