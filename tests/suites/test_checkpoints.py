"""What a checkpoint runs, how often, and what it accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from pytest_integration_gate.strict_yaml import load
from pytest_integration_gate.suites.checkpoints import (
    Checkpoint,
    Result,
    check_checkpoints,
    read_checkpoints,
    run_checkpoint,
    stages,
)
from pytest_integration_gate.suites.commands import Commands
from pytest_integration_gate.yaml_rules import Check

COUNT = "echo x >> tries; test $(wc -l < tries) -ge {0} && echo '{{\"tries\": {0}}}'"


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    with Commands(tmp_path) as commands:
        yield commands


def made(tests: list[dict[str, Any]]) -> Checkpoint:
    return read_checkpoints(load(json.dumps([{"name": "one", "tests": tests}]), "gate.yaml"))[0]


def checkpoint(**test: Any) -> Checkpoint:
    return made([{"backoff": 1, **test}])


def problems(text: str) -> list[str]:
    check = Check()
    check_checkpoints(load(text, "gate.yaml"), check)
    return check.problems


@pytest.mark.parametrize(
    "test",
    [
        {"command": "echo hello"},
        {"command": ["echo", "hello"], "expected_output": "hello"},
        {"command": "echo hello", "expectedOutput": {"matches": "^hel"}},
        {"command": """echo '{"b": [1], "a": 2}'""", "expected_output": '{"a":2, "b":[1]}'},
        {"command": """echo '{"status": "healthy", "more": 1}'""", "expected_output": {"json": {"status": "healthy"}}},
        {"command": "exit 3", "exit_code": 3},
        {"command": "exit 4", "exitCode": {"in": [3, 4]}},
    ],
)
def test_what_passes(commands: Commands, test: dict[str, Any]) -> None:
    """Exit code, literal output after stripping or as JSON, and matchers; both spellings of keys."""
    result = run_checkpoint(checkpoint(**test), commands)
    assert (result.has_passed, result.attempts) == (True, 1), result.reason


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ({"command": "echo out; exit 3"}, r"`echo out; exit 3`: .*exit_code.*3"),
        ({"command": "echo hello", "expected_output": "hell"}, r"output.*hell"),
        ({"command": "echo no", "expected_output": {"json": {"a": 1}}}, r"not JSON"),
        ({"command": "sleep 5", "timeout": 50}, r"`sleep 5` did not end within 50 ms and was ended"),
        ({"command": ["no-such-command"]}, r"`no-such-command` cannot be started"),
        ({"name": "Says", "command": "false"}, r"^Says: `false`"),
    ],
)
def test_what_fails(commands: Commands, test: dict[str, Any], reason: str) -> None:
    """The reason names the command and what was otherwise; what it wrote is kept."""
    result = run_checkpoint(checkpoint(**test), commands)
    assert not result.has_passed
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(result.reason)
    assert "out" not in test["command"] or result.output == "out"


def test_retries(commands: Commands) -> None:
    """`retries: 3` are up to three more attempts; what passes at the third passes."""
    result = run_checkpoint(checkpoint(command=COUNT.format(3), retries=3), commands)
    assert (result.has_passed, result.attempts, result.output) == (True, 3, '{"tries": 3}')
    result = run_checkpoint(checkpoint(command="false", retries=2), commands)
    assert (result.attempts, result.reason.endswith("(after 3 attempts)")) == (3, True)


def test_retryable_alone(commands: Commands) -> None:
    """`retryable: true` tries three times more, `retryable: false` never, whatever `retries` says."""
    assert run_checkpoint(checkpoint(command="false", retryable=True), commands).attempts == 4
    assert run_checkpoint(checkpoint(command="false", retryable=False, retries=5), commands).attempts == 1


def test_a_deadline_bounds_all_attempts(commands: Commands) -> None:
    """Neither a slow command nor pauses between attempts pass it."""
    started = perf_counter()
    result = run_checkpoint(checkpoint(command="sleep 30", retries=1000, deadline=300), commands)
    assert result.attempts == 1
    assert run_checkpoint(checkpoint(command="false", retries=1000, backoff=100, deadline=300), commands).attempts < 5
    assert perf_counter() - started < 20


def test_the_first_failure_ends_a_checkpoint(commands: Commands, tmp_path: Path) -> None:
    """Tests behind one that failed do not run."""
    tests = [{"command": "true"}, {"command": "false"}, {"command": "touch behind"}]
    result = run_checkpoint(made(tests), commands)
    assert (result.attempts, (tmp_path / "behind").exists()) == (2, False)


def test_the_example_of_the_specification() -> None:
    """It is read whole, in its own spelling and in the one of JavaScript."""
    text = """
- name: "API Ready"
  stage: post-backend
  tests:
    - name: "Server responds to health check"
      command: "curl -fsS http://127.0.0.1:8010/health"
      expected_output: '{"status":"healthy"}'
      timeout: 5000
      retryable: true
      retries: 3
  failure_action: continue
"""
    camel = text.replace("expected_output", "expectedOutput").replace("failure_action", "failureAction")
    assert problems(text) == problems(camel) == []
    (one,), (other,) = (read_checkpoints(load(written, "g")) for written in (text, camel))
    assert one == other
    assert (one.stage, one.failure_action, one.tests[0].timeout, one.tests[0].retries) == (
        "post-backend",
        "continue",
        5.0,
        3,
    )
    assert stages((one, one)) == ("post-backend",)
    assert Result(checkpoint=one).has_passed


def test_all_mistakes_at_once() -> None:
    """Unknown and missing keys, empty lists, names that stand twice, expectations that cannot fail."""
    found = problems(
        "- {name: a, tests: [], failureActoin: stop}\n"
        "- {name: a, tests: [{comand: x}]}\n"
        "- {name: b, tests: [{command: x, expected_output: {matches: '.*'}, timeout: soon}], failure_action: panic}\n"
    )
    for part in (
        "gate.yaml:1:24: `failureActoin` is not a key of `checkpoints[0]`. Did you mean `failure_action`?",
        "`checkpoints[0].tests` is empty",
        "`comand` is not a key of `checkpoints[1].tests[0]`. Did you mean `command`?",
        "`checkpoints[1].tests[0]` lacks `command`",
        "a second checkpoint `a`, the first at gate.yaml:1:10",
        "fits every text",
        "`checkpoints[2].tests[0].timeout`",
        "`checkpoints[2].failure_action` must be `stop`, `warn` or `continue`",
    ):
        assert any(part in problem for problem in found), (part, found)
