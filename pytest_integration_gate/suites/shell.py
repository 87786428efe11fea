"""Steps that run a command and look at its exit code and output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.durations import seconds
from pytest_integration_gate.durations import shown as length
from pytest_integration_gate.suites.commands import CommandError, Finished, shown
from pytest_integration_gate.suites.matchers import Difference, differences, is_matcher
from pytest_integration_gate.suites.seen import Seen, StepFailed
from pytest_integration_gate.suites.templates import as_text

if TYPE_CHECKING:
    from pytest_integration_gate.suites.world import World

DEFAULT_TIMEOUT = "60s"


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Run the command of a step."""
    command = data["command"]
    timeout = seconds(data.get("timeout", DEFAULT_TIMEOUT))
    sent = f"$ {shown(command)}"
    assert world.commands is not None
    env = {name: as_text(value) for name, value in data.get("env", {}).items()}
    try:
        done = world.commands.run(command, timeout=timeout, env=env, cwd=data.get("cwd", ""))
    except CommandError as error:
        raise StepFailed(error.message, sent=sent) from None
    written = _json(done.stdout)
    seen = Seen(
        data={
            "exit_code": done.exit_code,
            "output": done.stdout,
            "stderr": done.stderr,
            "json": None if written is _NO_JSON else written,
        },
        sent=sent,
        received=f"exit code {done.exit_code}, after {length(done.seconds)}\n{_streams(done)}",
    )
    if done.exit_code is None:
        raise StepFailed(f"`{shown(command)}` did not end within {length(timeout)} and was ended.", seen=seen)
    return seen


def compare_command(data: Mapping[str, Any], seen: Seen) -> tuple[Difference, ...]:
    """Compare exit code and output of a command with what its step expects."""
    expect = dict(data.get("expect", {}))
    found = differences(expect.pop("exit_code", data.get("exit_code", 0)), seen.data["exit_code"], path="$.exit_code")
    if "expected_output" in data:
        found += _compare_stream("output", data["expected_output"], seen)
    if "json" in expect:
        found += compare_output({"json": expect.pop("json")}, seen.data["output"], path="$.json")
    for name, wanted in expect.items():
        found += _compare_stream(name, wanted, seen)
    return found


def _compare_stream(name: str, expected: Any, seen: Seen) -> tuple[Difference, ...]:
    """Compare one of the two streams; a command that wrote to the other one only is told of that."""
    found = compare_output(expected, seen.data[name], path=f"$.{name}")
    other = "stderr" if name == "output" else "output"
    if found and not seen.data[name].strip() and not compare_output(expected, seen.data[other]):
        return tuple(replace(one, hint=f"`{other}` is as expected: `expect: {{{other}: …}}`") for one in found)
    return found


def compare_output(expected: Any, output: str, path: str = "$.output") -> tuple[Difference, ...]:
    """Compare what a command wrote: a literal after stripping, as JSON where both sides are JSON; or by a matcher."""
    if isinstance(expected, Mapping) and set(expected) == {"json"}:
        data = _json(output)
        if data is _NO_JSON:
            return (Difference(path=path, expected=expected, actual=output.strip(), hint="the output is not JSON"),)
        return differences(expected["json"], data, path=path)
    if is_matcher(expected):
        return differences(expected, output.strip(), path=path)
    text = expected.strip() if isinstance(expected, str) else json.dumps(expected)
    wanted, data = _json(text), _json(output)
    if isinstance(wanted, dict | list) and data is not _NO_JSON:
        return differences({"eq": wanted}, data, path=path)
    if text == output.strip():
        return ()
    return (Difference(path=path, expected=text, actual=output.strip()),)


def _streams(done: Finished) -> str:
    errors = f"stderr\n{done.stderr.rstrip()}" if done.stderr.strip() else ""
    return "\n".join(filter(None, (done.stdout.rstrip(), errors))) or "no output"


_NO_JSON = object()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return _NO_JSON
