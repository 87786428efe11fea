"""YAML suites in a run of pytest: they are tests like any other."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from pytest_integration_gate.suites.life import free_port

PATIENCE = 30
"""Seconds to wait for what must happen: a machine may be busy."""

ASSETS = Path(__file__).parent.parent / "assets"

CONFTEST = """
import pytest
from flask import Flask, jsonify, request

@pytest.fixture(autouse=True)
def always(request):
    with open("always", "a") as file:
        file.write(request.node.name + "\\n")

@pytest.fixture
def app():
    app = Flask("shop")
    app.add_url_rule("/users/<int:key>", "user", lambda key: {"id": key, "email": "ada@example.com"})
    app.add_url_rule("/echo", "echo", lambda: (jsonify(request.get_json()), 201), methods=["POST"])
    return app

@pytest.fixture
def user():
    return {"id": 7}

@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def backend(request):
    return request.param
"""


class Suites:
    """A project with one conftest. `write` adds a suite, `run` runs everything."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.root = pytester.path
        pytester.makeini("[pytest]\nmarkers = slow\n")
        pytester.makeconftest(CONFTEST)

    def write(self, text: str, name: str = "test_shop.gate.yaml") -> None:
        (self.root / name).write_text(textwrap.dedent(text))

    def run(self, *options: str) -> pytest.RunResult:
        """Run in this process."""
        return self.pytester.runpytest_inprocess(*self.options, *options)

    def run_apart(self, *options: str) -> pytest.RunResult:
        """Run in a process of its own, or in several."""
        return self.pytester.runpytest_subprocess(*self.options, *options)

    @property
    def options(self) -> list[str]:
        return ["-p", "pytest_integration_gate.plugin", "--integration-gate", "-p", "no:cacheprovider"]

    @property
    def report(self) -> dict[str, Any]:
        data: dict[str, Any] = yaml.safe_load((self.root / "integration-gate.report.yaml").read_text())
        return data

    def lines(self, name: str) -> list[str]:
        path = self.root / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def suites(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suites:
    """An empty project in which suites can be written."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Suites(pytester)


def logged(number: int, names: str = "abc", more: str = "") -> str:
    """Write a suite whose every command leaves a line in the file `log`."""
    tests = "".join(
        f"  - name: {name}\n    type: command\n    command: 'echo {number} {name} $PYTEST_XDIST_WORKER >> log'\n"
        for name in names
    )
    return (
        f"setup: [{{command: 'echo {number} setup $PYTEST_XDIST_WORKER >> log'}}]\n"
        f"teardown: [{{command: 'echo {number} teardown $PYTEST_XDIST_WORKER >> log'}}]\n"
        f"{more}tests:\n{tests}"
    )


FLOW = """
    test_suite: Shop
    app: app
    tests:
      - name: Reads a user
        type: flow
        fixtures: [user]
        marks: [slow]
        steps:
          - endpoint: "GET /users/{{user.id}}"
            expect: {status: 200, body: {id: 7, email: email}}
            capture: {email: body.email}
      - name: Echoes
        type: flow
        steps:
          - endpoint: POST /echo
            data: {to: "{{email}}", count: 3}
            expect: {status: 201, body: {exact: {to: ada@example.com, count: integer}}}
    """


def test_ordinary_tests(suites: Suites) -> None:
    """Tests of a suite have names, lines, project fixtures, autouse fixtures and captures for later tests."""
    suites.write(FLOW)
    result = suites.run("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["test_shop.gate.yaml::Reads a user PASSED*", "test_shop.gate.yaml::Echoes PASSED*"])
    assert suites.lines("always") == ["Reads a user", "Echoes"]


def test_both_patterns(suites: Suites) -> None:
    """Files of both patterns are suites; other YAML files and the gate's own are left alone."""
    for name in ("test_a.gate.yaml", "b_gate.yaml", "c.yaml", "test_d.yaml"):
        suites.write("tests: [{name: x, type: command, command: 'true'}]", name)
    suites.write("format: 1", "own_gate.yaml")
    suites.run("--gate-config=own_gate.yaml").assert_outcomes(passed=2)


def test_gate_off(suites: Suites) -> None:
    """Without the gate suites are files like any other."""
    suites.write(FLOW)
    suites.pytester.runpytest_inprocess("-p", "pytest_integration_gate.plugin").assert_outcomes()


@pytest.mark.parametrize(
    ("options", "passed"),
    [(["-k", "Echoes"], 0), (["-k", "reads"], 1), (["-m", "slow"], 1), (["test_shop.gate.yaml::Reads a user"], 1)],
)
def test_selection(suites: Suites, options: list[str], passed: int) -> None:
    """-k, -m and node ids select; a test whose capture did not run says so."""
    suites.write(FLOW)
    result = suites.run(*options)
    result.assert_outcomes(passed=passed, failed=1 - passed, deselected=1 if options[0].startswith("-") else 0)
    if not passed:
        result.stdout.fnmatch_lines(["*`email` has no value. The step that captures it did not run, or failed."])


def test_collection_only(suites: Suites) -> None:
    """Collecting runs nothing."""
    suites.write(logged(1))
    suites.run("--collect-only", "-q").stdout.fnmatch_lines(["test_shop.gate.yaml::a"])
    assert suites.lines("log") == []


def test_parameters(suites: Suites) -> None:
    """`parametrize` repeats a test; a fixture with parameters repeats the suite."""
    suites.write(
        """
        fixtures: [backend]
        tests:
          - {name: first, type: command, command: "echo {{backend}} >> log"}
          - {name: second, type: command, command: "echo {{backend}} {{n}} >> log", parametrize: {n: [1, 2]}}
        """
    )
    suites.run().assert_outcomes(passed=6)
    assert suites.lines("log") == ["sqlite", "sqlite 1", "sqlite 2", "postgres", "postgres 1", "postgres 2"]


def test_fixtures_of_the_suite_itself(suites: Suites) -> None:
    """A fixture that outlives a test has its value in `env`, `variables`, setup and teardown, too."""
    suites.write(
        """
        fixtures: [backend]
        env: {BACKEND: "{{backend}}"}
        variables: {twice: "{{backend * 2}}"}
        setup: [{command: "echo setup $BACKEND >> log"}]
        teardown: [{command: "echo teardown {{backend}} >> log"}]
        tests: [{name: x, type: command, command: "echo {{twice}} >> log"}]
        """
    )
    suites.run().assert_outcomes(passed=2)
    runs = [[f"setup {name}", name * 2, f"teardown {name}"] for name in ("sqlite", "postgres")]
    assert suites.lines("log") == [line for run in runs for line in run]


def test_a_short_fixture_in_the_setup(suites: Suites) -> None:
    """What is made for each test cannot be used outside of the tests, and pytest says so."""
    suites.write(
        """
        fixtures: [user]
        setup: [{command: "echo {{user.id}} >> log"}]
        tests: [{name: x, type: command, command: "true"}]
        """
    )
    result = suites.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["ScopeMismatch: You tried to access the function scoped fixture user*"])


def test_unknown_mark(suites: Suites) -> None:
    """A mark that strict markers refuse is refused in a suite as in Python."""
    suites.write("tests: [{name: x, type: command, command: 'true', marks: [slwo]}]")
    result = suites.run("--strict-markers")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*'slwo' not found in `markers`*"])


def test_markers_of_the_gate(suites: Suites) -> None:
    """Boundary, requirement, story and stage become markers, on the suite and on the test."""
    suites.write(
        """
        boundary: [http, shop]
        fidelity: emulated
        requirement: FR-1
        app: app
        tests:
          - name: x
            type: flow
            story: {id: US-7, criterion: AC-2}
            stage: post-backend
            steps: [{endpoint: /users/1}]
        """
    )
    suites.pytester.makeconftest(
        CONFTEST
        + """
def pytest_runtest_call(item):
    marks = [(mark.name, mark.args, mark.kwargs) for mark in item.iter_markers()]
    assert ("story", ("US-7",), {"criterion": "AC-2"}) in marks
    assert ("stage", ("post-backend",), {}) in marks
    assert ("requirement", ("FR-1",), {}) in marks
    assert ("boundary", ("http", "shop"), {"fidelity": "emulated"}) in marks
"""
    )
    suites.run("--strict-markers").assert_outcomes(passed=1)
    assert [(one["name"], one["fidelity"]) for one in suites.report["boundaries"]] == [
        ("http", "emulated"),
        ("shop", "emulated"),
    ]


def test_order(suites: Suites) -> None:
    """pytest-randomly shuffles suites, not their inside, unless a suite allows it; each stays whole."""
    for number in range(4):
        suites.write(logged(number, "abcdef", "order: any\n" if number == 3 else ""), f"test_{number}.gate.yaml")
    orders = set()
    for seed in range(3):
        suites.run_apart("-p", "pytest_randomly", f"--randomly-seed={seed}").assert_outcomes(passed=24)
        done = [line.split()[:2] for line in suites.lines("log")]
        (suites.root / "log").unlink()
        for number in "012":
            assert [name for suite, name in done if suite == number] == ["setup", *"abcdef", "teardown"]
        orders.add(tuple(name for suite, name in done if suite == "3"))
        suites_in_order = [suite for suite, name in done if name == "setup"]
        assert len(suites_in_order) == 4
    assert len(orders) > 1


@pytest.mark.parametrize("dist", ["load", "loadgroup", "worksteal"])
def test_one_worker(suites: Suites, dist: str) -> None:
    """A suite stays on one worker of xdist, in order, with one setup and one teardown, beside plain tests."""
    pytest.importorskip("xdist")
    for number in range(3):
        suites.write(logged(number, "abcdefgh"), f"test_{number}.gate.yaml")
    suites.pytester.makepyfile("import pytest\n\n@pytest.mark.parametrize('n', range(20))\ndef test_x(n): pass\n")
    suites.run_apart("-p", "xdist", "-n2", f"--dist={dist}").assert_outcomes(passed=44)
    for number in "012":
        lines = [line.split() for line in suites.lines("log") if line.startswith(number)]
        assert [line[1] for line in lines] == ["setup", *"abcdefgh", "teardown"]
        assert len({line[2] for line in lines}) == 1
    assert suites.report["summary"]["passed"] == 44


def test_failed_setup(suites: Suites) -> None:
    """A failed setup makes every test of the suite an error; the teardown still runs, once."""
    suites.write(
        """
        setup: [{command: "echo so it is; exit 3"}]
        tests:
          - {name: a, type: command, command: "true"}
          - {name: b, type: command, command: "true"}
        teardown: [{command: "echo x >> log"}]
        """
    )
    result = suites.run()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["setup: `echo so it is; exit 3` ended with exit code 3, expected 0.", "*so it is", "*test_shop.gate.yaml:2"]
    )
    assert suites.lines("log") == ["x"]
    assert suites.report["summary"]["errors"] == 2


def test_failed_setup_and_teardown(suites: Suites) -> None:
    """When both fail, both are shown, and the teardown is a warning of the run besides."""
    suites.write(
        """
        setup: [{command: "exit 3"}]
        tests: [{name: a, type: command, command: "true"}]
        teardown: [{command: "exit 4"}]
        """
    )
    result = suites.run_apart()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["setup: `exit 3` ended with exit code 3*", "teardown: `exit 4` ended with exit code 4*"]
    )
    assert "teardown: `exit 4` ended with exit code 4, expected 0." in suites.report["warnings"]


def test_failed_teardown(suites: Suites) -> None:
    """A failed teardown is an error of its own and fails the run; the tests that passed stay passed."""
    suites.write(
        """
        tests: [{name: a, type: command, command: "true"}]
        teardown: [{command: "exit 1"}, {command: "echo x >> log"}]
        """
    )
    result = suites.run()
    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert suites.lines("log") == ["x"]
    summary = suites.report["summary"]
    assert (summary["passed"], summary["errors"]) == (1, 1)
    (failed,) = suites.report["failed_tests"]
    assert failed["nodeid"] == "test_shop.gate.yaml::teardown"
    assert failed["reason"] == "teardown: `exit 1` ended with exit code 1, expected 0."


def test_teardown_after_first_failure(suites: Suites) -> None:
    """-x leaves the rest out; the teardown runs and is judged all the same."""
    suites.write(
        """
        tests:
          - {name: a, type: command, command: "false"}
          - {name: b, type: command, command: "true"}
        teardown: [{command: "echo x >> log; exit 1"}]
        """
    )
    result = suites.run("-x")
    result.assert_outcomes(failed=1, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert suites.lines("log") == ["x"]
    assert suites.report["summary"] == {
        "total_tests": 2,
        "failed": 1,
        "errors": 1,
        "passed": 0,
        "skipped": 0,
        "flaky": 0,
    }


def test_failure_text(suites: Suites) -> None:
    """A failure says what was sent, what came, what differs by path, where it stands and how to repeat it."""
    suites.write(
        """
        test_suite: Shop
        app: app
        tests:
          - name: Echoes
            type: flow
            steps:
              - action: send it
                endpoint: POST /echo
                headers: {Authorization: "Bearer abcdef123456"}
                data: {items: [{price: 1}], password: hunter22, id: "x-hunter22-y"}
                expect: {status: 200, body: {items: [{price: 2}], pass: string}}
        """
    )
    result = suites.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "send it: $.status is 201, expected 200 (and 2 more)",
            "suite  Shop",
            "test   Echoes",
            "step   send it",
            "  $.status                expected 200",
            "                          actual   201",
            "  $.body.items?0?.price   expected 2",
            "                          actual   1",
            "  $.body.pass             expected string",
            "                          actual   absent   (nearest: password)",
            "  POST http://app.invalid/echo",
            "  201 CREATED, after *",
            "test_shop.gate.yaml:8",
            "   8 |       - action: send it",
            "  curl -i -X POST http://app.invalid/echo *",
            "FAILED test_shop.gate.yaml::Echoes - send it: $.status is 201*",
        ]
    )
    for secret in ("hunter22", "abcdef123456"):
        result.stdout.no_fnmatch_line(f"*{secret}*")
        assert secret not in (suites.root / "integration-gate.report.yaml").read_text()
    (failed,) = suites.report["failed_tests"]
    assert failed["name"] == "Echoes"
    assert failed["reason"] == "send it: $.status is 201, expected 200 (and 2 more)"
    assert failed["details"] == {
        "actual": {"status": 201, "body.items[0].price": 1, "body.pass": "absent"},
        "expected": {"status": 200, "body.items[0].price": 2, "body.pass": "string"},
    }
    assert failed["suggestion"]


def test_redaction(suites: Suites) -> None:
    """What `gate_redact` names is hidden in the failures of suites too."""
    suites.pytester.makeini("[pytest]\ngate_redact = ssn\n")
    suites.write(
        """
        app: app
        tests:
          - {name: x, type: flow, steps: [{endpoint: POST /echo, data: {ssn: "078-05-1120"}, expect: {status: 1}}]}
        """
    )
    result = suites.run()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*078-05*")


def test_conditions(suites: Suites) -> None:
    """A test whose steps are all left out by a condition is skipped, with the condition as reason."""
    suites.write(
        """
        variables: {wanted: "no"}
        tests:
          - {name: a, type: command, command: "true", when: wanted}
          - {name: b, type: integration, skip_if: "wanted == 'no'", verify: [{command: "true"}]}
          - {name: c, type: integration, verify: [{command: "false", when: "{{wanted}} == 'yes'"}, {command: "true"}]}
        """
    )
    result = suites.run("-rs")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*test_shop.gate.yaml:*: when: wanted", "SKIPPED*skip_if: wanted == 'no'"])


def test_invalid_suite(suites: Suites) -> None:
    """An invalid suite is an error of collection with all its mistakes; nothing runs, the exit code is 2."""
    suites.write("tests: [{name: x, type: flow, steps: []}, {name: y, typ: flow}]\nextra: 1\n")
    result = suites.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "test_shop.gate.yaml:1:38: `tests?0?.steps` is empty*",
            "test_shop.gate.yaml:1:53: `typ` is not a key*Did you mean `type`?*",
            "test_shop.gate.yaml:2:1: `extra` is not a key*",
        ]
    )


def test_commands_forbidden(suites: Suites) -> None:
    """`gate_allow_commands = false` refuses suites with commands before anything runs."""
    suites.pytester.makeini("[pytest]\ngate_allow_commands = false\n")
    suites.write(logged(1))
    result = suites.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*commands are forbidden by `gate_allow_commands = false`."])
    assert suites.lines("log") == []


def test_flag_that_is_none(suites: Suites) -> None:
    """A flag that cannot be read is a usage error."""
    suites.pytester.makeini("[pytest]\ngate_allow_commands = perhaps\n")
    result = suites.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*gate_allow_commands in tox.ini*Write true or false.*"])


def test_expect_fixture(suites: Suites) -> None:
    """`gate_expect` compares by the same matchers in Python tests."""
    suites.pytester.makepyfile(
        """
        import pytest

        def test_fits(gate_expect):
            gate_expect({"id": 1, "mail": "ada@example.com"}, {"id": "integer", "mail": {"matches": "@"}})

        def test_differs(gate_expect):
            with pytest.raises(AssertionError, match=r"\\$.id is 1, expected string"):
                gate_expect({"id": 1}, {"id": "string"})
            with pytest.raises(AssertionError, match=r"\\$.b is 2 and must be absent"):
                gate_expect({"a": 1, "b": 2}, {"a": 1}, exact=True)
        """
    )
    suites.run().assert_outcomes(passed=2)


def test_service_of_two_processes(suites: Suites) -> None:
    """The suite of the specification runs unchanged against a service of two processes, and leaves none behind."""
    shutil.copytree(ASSETS / "auth_service", suites.root, dirs_exist_ok=True)
    suites.run_apart("tests")
    assert not (suites.root / "auth.db").exists()
    assert not _processes(suites.root)
    assert [one["name"] for one in suites.report["boundaries"]] == ["database", "http"]
    assert all(one["tests"] == 4 for one in suites.report["boundaries"])
    (suite,) = suites.report["suites"]
    assert (suite["tests"], suite["errors"]) == (4, 0)
    for failed in suites.report["failed_tests"]:  # only what a busy machine may be too slow for
        assert failed["name"] == "Concurrent Load"
        assert {"avg_response_time", "p95"} >= failed["details"]["expected"].keys()
    if suite["passed"] == 4:
        (load,) = suite["measured"]
        assert (load["test"], load["figures"]["answers"], load["figures"]["success_rate"]) == ("Concurrent Load", 50, 1)


@pytest.mark.parametrize(
    ("library", "step", "said"),
    [
        (
            "psutil",
            "{endpoint: /users/1}",
            "*test_shop.gate.yaml: running commands needs the library `psutil`*gate[[]suites]*",
        ),
        ("jinja2", "{endpoint: '/{{1 + 1}}'}", "the expression `1 + 1` needs the library `jinja2`*gate[[]suites]*"),
        ("tenacity", "{endpoint: /users, retries: 1}", "*trying a step again needs the library `tenacity`*"),
        ("websockets", "{url: /, exchange: [{send: x}]}", "*needs `websockets`*gate[[]websocket]*"),
    ],
)
def test_missing_library(suites: Suites, library: str, step: str, said: str) -> None:
    """A library that is not installed is named, with what to type; the run goes on to say so."""
    suites.pytester.makeconftest("")
    suites.write(f"base_url: http://127.0.0.1:1\ntests: [{{name: t, type: flow, steps: [{step}]}}]")
    hide = f"""
import importlib.abc, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "{library}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "{library}" else found(name, *more)
"""
    suites.pytester.makepyfile(hidden=hide)
    result = suites.pytester.runpytest_subprocess("-p", "hidden", *suites.options)
    assert result.ret != 0
    result.stdout.fnmatch_lines([said])


def test_evidence(suites: Suites) -> None:
    """What a suite sees of a service is evidence: a stub that says something else does not stand."""
    port = free_port()
    suites.pytester.makepyfile(
        shop=f"""
        import requests

        def mail():
            return requests.get("http://127.0.0.1:{port}/file.json").json()["mail"]
        """,
        test_unit=f"""
        import responses
        import shop

        @responses.activate
        def test_mail():
            responses.get("http://127.0.0.1:{port}/file.json", json={{"mail": "x"}})
            assert shop.mail() == "x"
        """,
    )
    (suites.root / "file.json").write_text('{"email": "ada@example.com"}')
    suites.write(
        f"""
        boundary: http
        base_url: http://127.0.0.1:{port}
        setup: [{{command: python -m http.server --bind 127.0.0.1 {port}, background: true}}]
        tests:
          - {{name: up, type: health, endpoints: [/file.json]}}
          - {{name: reads, type: flow, steps: [{{endpoint: /file.json, expect: {{body: {{email: email}}}}}}]}}
        """
    )
    suites.pytester.makeini("[pytest]\npythonpath = .\n")
    suites.run_apart().assert_outcomes(passed=3)
    (mismatch,) = suites.report["mismatches"]
    assert mismatch["kind"] == "http_body"
    assert mismatch["reality"]["tests"][0].startswith("test_shop.gate.yaml::")
    (boundary,) = suites.report["boundaries"]
    assert boundary["observations"] == 2


SLOW = """
setup:
  - command: "echo up >> log; python -c 'import time; time.sleep(600)' & sleep 600"
    background: true
    ready: {command: "test -f log"}
tests: [{name: x, type: command, command: "echo running >> log; sleep 600", timeout: 5m}]
teardown: [{command: "echo down >> log"}]
"""


@pytest.fixture
def running(suites: Suites) -> Any:
    """A run of its own that is in the middle of a test, with processes in the background."""
    suites.write(SLOW)
    started = []

    def start(*options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *suites.options, *options],
            cwd=suites.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A job in the background of a shell script is started deaf to SIGINT, and so is all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        _wait(lambda: suites.lines("log")[-1:] == ["running"], 2 * PATIENCE)
        assert len(_processes(suites.root)) >= 3
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_interrupt(suites: Suites, running: Any) -> None:
    """Ctrl-C ends all processes and runs the teardown once."""
    process = running()
    process.send_signal(signal.SIGINT)
    assert process.wait(2 * PATIENCE) == pytest.ExitCode.INTERRUPTED
    assert suites.lines("log") == ["up", "running", "down"]
    assert not _processes(suites.root)


def test_kill(suites: Suites, running: Any) -> None:
    """Soon after pytest was killed nothing of a suite lives: 2 seconds on an idle machine, 5 are promised."""
    process = running()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _wait(lambda: not _processes(suites.root), PATIENCE)


def test_kill_with_workers(suites: Suites, running: Any) -> None:
    """The same holds when the controller of xdist is killed, while a worker is in the middle of a test."""
    pytest.importorskip("xdist")
    process = running("-p", "xdist", "-n2")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _wait(lambda: not _processes(suites.root, besides="pytest"), PATIENCE)


def _processes(folder: Path, besides: str = "-m pytest") -> list[psutil.Process]:
    """Find what runs in a folder, except the run itself."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.cwd() == str(folder)
                and process.pid != os.getpid()
                and besides not in " ".join(process.cmdline())
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _wait(condition: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
