"""Checkpoints: commands that must succeed before a stage of a pipeline goes on (SPEC section 10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from pytest_integration_gate.durations import seconds
from pytest_integration_gate.durations import shown as length
from pytest_integration_gate.isolation import perf_counter
from pytest_integration_gate.strict_yaml import Node
from pytest_integration_gate.suites.commands import CommandError, Commands, Finished, Line, last_lines, shown
from pytest_integration_gate.suites.expectations import problems_of_output
from pytest_integration_gate.suites.extras import needs
from pytest_integration_gate.suites.failure import in_words
from pytest_integration_gate.suites.kinds import ANY, COMMAND, DURATION, NAME, SCALAR
from pytest_integration_gate.suites.matchers import Difference, differences
from pytest_integration_gate.suites.shell import compare_output
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.yaml_rules import Check, Choice, Flag, ListOf, MapOf, Table, Text, Whole

Action = Literal["stop", "warn", "continue"]

DEFAULT_TIMEOUT = "60s"
DEFAULT_BACKOFF = "200ms"
DEFAULT_RETRIES = 3
LONGEST_PAUSE = 5.0
"""Seconds that the pauses between attempts grow to; each is twice the one before."""

RULE = ListOf(
    Table(
        keys={
            "name": NAME,
            "stage": NAME,
            "description": Text(),
            "tests": ListOf(
                Table(
                    keys={
                        "name": NAME,
                        "command": COMMAND,
                        "expected_output": ANY,
                        "exit_code": ANY,
                        "timeout": DURATION,
                        "retryable": Flag(),
                        "retries": Whole(0),
                        "backoff": DURATION,
                        "deadline": DURATION,
                        "env": MapOf(SCALAR),
                        "cwd": NAME,
                    },
                    required=("command",),
                    other_names={"expectedOutput": "expected_output", "exitCode": "exit_code"},
                )
            ),
            "failure_action": Choice(("stop", "warn", "continue")),
        },
        required=("name", "tests"),
        other_names={"failureAction": "failure_action"},
    )
)
"""What may stand under ``checkpoints:``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTest:
    """One command of a checkpoint. `output` is None when nothing is expected of what it writes; times are in seconds.

    It is tried `retries` times more while it fails, with pauses that grow from `backoff` on, until `deadline`.
    """

    name: str
    command: Line
    output: Any = None
    exit_code: Any = 0
    timeout: float = 60.0
    retries: int = 0
    backoff: float = 0.2
    deadline: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A gate between the stages of a pipeline. `at` is where its name is written, which changes nothing about it."""

    name: str
    stage: str = ""
    tests: tuple[CheckpointTest, ...]
    failure_action: Action = "stop"
    at: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a checkpoint ended. `reason` is empty when it passed; `seconds` and `attempts` are those of all its tests."""

    checkpoint: Checkpoint
    reason: str = ""
    output: str = ""
    attempts: int = 0
    seconds: float = 0.0

    @property
    def has_passed(self) -> bool:
        """Whether every test of it passed."""
        return not self.reason


def check_checkpoints(node: Node, check: Check) -> None:
    """Note everything that is wrong with a list of checkpoints."""
    check.follow(node, RULE, "checkpoints")
    names: dict[Any, str] = {}
    for number, item in enumerate(node.items):
        where = f"checkpoints[{number}]"
        check.problems += _problems(item, where)
        name = item.entries.get("name")
        if name is not None and isinstance(name.value.data, str):
            first = names.setdefault(name.value.data, name.value.place)
            if first != name.value.place:
                check.problems.append(second_name(name.value.place, name.value.data, first))


def second_name(place: str, name: str, first: str) -> str:
    """Say that a name is taken."""
    return f"{place}: a second checkpoint `{name}`, the first at {first}."


def read_checkpoints(node: Node) -> tuple[Checkpoint, ...]:
    """Make checkpoints of a list that was checked."""
    return tuple(_checkpoint(item.data, item.entries["name"].value.place) for item in node.items)


def _checkpoint(data: Any, at: str) -> Checkpoint:
    return Checkpoint(
        name=data["name"],
        stage=data.get("stage", ""),
        tests=tuple(map(_test, data["tests"])),
        failure_action=data.get("failure_action", data.get("failureAction", "stop")),
        at=at,
    )


def stages(checkpoints: Sequence[Checkpoint]) -> tuple[str, ...]:
    """Return the stages in the order in which the checkpoints name them."""
    return tuple(dict.fromkeys(checkpoint.stage for checkpoint in checkpoints if checkpoint.stage))


def run_checkpoint(checkpoint: Checkpoint, commands: Commands) -> Result:
    """Run the tests of a checkpoint, one after the other, up to the first that fails."""
    started = perf_counter()
    attempts = 0
    output = ""
    for test in checkpoint.tests:
        tried, reason, output = _until_it_passes(test, commands)
        attempts += tried
        if reason:
            name = f"{test.name}: " if test.name else ""
            times = f" (after {tried} attempts)" if tried > 1 else ""
            return Result(
                checkpoint=checkpoint,
                reason=f"{name}{reason}{times}",
                output=output,
                attempts=attempts,
                seconds=perf_counter() - started,
            )
    return Result(checkpoint=checkpoint, output=output, attempts=attempts, seconds=perf_counter() - started)


def _until_it_passes(test: CheckpointTest, commands: Commands) -> tuple[int, str, str]:
    with needs("suites", "trying a checkpoint again"):
        import tenacity
    until = perf_counter() + test.deadline if test.deadline else None
    stop: Any = tenacity.stop_after_attempt(test.retries + 1)
    if test.deadline:
        stop = stop | tenacity.stop_before_delay(test.deadline)
    tries = 0

    def attempt() -> tuple[str, str]:
        nonlocal tries
        tries += 1
        timeout = test.timeout if until is None else max(0.001, min(test.timeout, until - perf_counter()))
        return _once(test, commands, timeout)

    retrying = tenacity.Retrying(
        stop=stop,
        wait=tenacity.wait_exponential(multiplier=test.backoff, max=LONGEST_PAUSE),
        retry=tenacity.retry_if_result(lambda ended: bool(ended[0])),
        retry_error_callback=lambda state: state.outcome.result(),  # type: ignore[union-attr]
    )
    reason, output = retrying(attempt)
    return tries, reason, output


def _once(test: CheckpointTest, commands: Commands, timeout: float) -> tuple[str, str]:
    """Run the command of a test one time; return why it failed, empty when it did not, and what it wrote."""
    try:
        done = commands.run(test.command, timeout=timeout, env=test.env, cwd=test.cwd)
    except CommandError as error:
        return error.message, ""
    written = last_lines("\n".join(part.rstrip() for part in (done.stdout, done.stderr) if part.strip()))
    if done.exit_code is None:
        return f"`{shown(test.command)}` did not end within {length(timeout)} and was ended", written
    found = _found(test, done)
    return (f"`{shown(test.command)}`: {in_words(found[0])}" if found else ""), written


def _found(test: CheckpointTest, done: Finished) -> tuple[Difference, ...]:
    found = differences(test.exit_code, done.exit_code, path="$.exit_code")
    return found or (compare_output(test.output, done.stdout) if test.output is not None else ())


def _test(data: Mapping[str, Any]) -> CheckpointTest:
    retries = data.get("retries", DEFAULT_RETRIES if data.get("retryable") else 0)
    command = data["command"]
    return CheckpointTest(
        name=data.get("name", ""),
        command=tuple(command) if isinstance(command, list) else command,
        output=data.get("expected_output", data.get("expectedOutput")),
        exit_code=data.get("exit_code", data.get("exitCode", 0)),
        timeout=seconds(data.get("timeout", DEFAULT_TIMEOUT)),
        retries=retries if data.get("retryable", True) else 0,
        backoff=seconds(data.get("backoff", DEFAULT_BACKOFF)),
        deadline=seconds(data["deadline"]) if "deadline" in data else None,
        env={name: str(value) for name, value in data.get("env", {}).items()},
        cwd=data.get("cwd", ""),
    )


def _problems(item: Node, where: str) -> Iterator[str]:
    tests = item.entries.get("tests")
    if tests is None:
        return
    if tests.value.data == []:
        yield f"{tests.value.place}: `{where}.tests` is empty, so that nothing is checked."
    for number, test in enumerate(tests.value.items):
        for key in ("expected_output", "expectedOutput"):
            if key in test.entries:
                yield from problems_of_output(test.entries[key].value, f"{where}.tests[{number}].expected_output")
