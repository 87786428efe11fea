"""Writes a failed step so that nobody needs a debugger: what was sent, what came back, what differs and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pytest_integration_gate.suites.commands import Background, shown
from pytest_integration_gate.suites.matchers import ABSENT, Difference, is_matcher, is_type_word
from pytest_integration_gate.suites.seen import StepFailed, SuiteFailed
from pytest_integration_gate.suites.suite import Step, Suite, SuiteTest
from pytest_integration_gate.suites.world import World

_WIDEST = 160
_MAX_LINES = 16
_MAX_VARIABLES = 20
_MAX_DIFFERENCES = 10
_MAX_DETAILS = 30
_LOG_LINES = 10


def failed_step(
    error: StepFailed, *, suite: Suite, test: SuiteTest, step: Step, world: World, attempts: int = 1
) -> SuiteFailed:
    """Return the failure of a test with everything that is known about it, without secrets."""
    reason = world.secrets.text(reason_of(error, step))
    number = next((number for number, one in enumerate(test.steps, 1) if one is step), 0)
    counted = f"{number} of {len(test.steps)}, " if len(test.steps) > 1 else ""
    tried = f", tried {attempts} times" if attempts > 1 else ""
    lines = [reason, ""]
    lines += [f"suite  {suite.title}", f"test   {test.name}", f"step   {counted}{world.secrets.text(step.name)}{tried}"]
    lines += _section("differences", _differences(error.differences, world))
    lines += _section("sent", world.secrets.text(error.sent).splitlines())
    lines += _section("received", world.secrets.text(error.seen.received).splitlines() if error.seen else ())
    lines += _section("variables", _variables(world))
    lines += _section(f"{suite.name}:{step.line}", _excerpt(suite, step.line, world))
    lines += _section("to repeat it", world.secrets.text(error.again).splitlines())
    lines += _logs(world)
    suggestion = world.secrets.text(error.suggestion or _suggestion(error.differences))
    lines += ["", suggestion] if suggestion else []
    return SuiteFailed(reason, "\n".join(lines), details=_details(error.differences, world), suggestion=suggestion)


def failed_command(
    reason: str, *, suite: Suite, line: int, world: World, output: str = "", suggestion: str = ""
) -> SuiteFailed:
    """Return the failure of a command of `setup` or `teardown`."""
    reason = world.secrets.text(reason)
    lines = [reason, "", f"suite  {suite.title}"]
    lines += _section("its last output", world.secrets.text(output).splitlines())
    lines += _section(f"{suite.name}:{line}", _excerpt(suite, line, world))
    lines += _logs(world)
    lines += ["", suggestion] if suggestion else []
    return SuiteFailed(reason, "\n".join(lines), suggestion=suggestion)


def reason_of(error: StepFailed, step: Step) -> str:
    """Say in one sentence what is wrong with a step."""
    if error.reason:
        return f"{step.name}: {error.reason}" if step.is_named else error.reason
    first, *others = error.differences
    more = f" (and {len(others)} more)" if others else ""
    return f"{step.name}: {in_words(first)}{more}"


def in_words(difference: Difference) -> str:
    """Write a difference as part of a sentence."""
    path, expected, actual = difference.path, printed(difference.expected), printed(difference.actual)
    hint = f" ({difference.hint})" if difference.hint else ""
    if difference.actual is ABSENT:
        return f"{path} is absent, expected {expected}{hint}"
    if difference.expected is ABSENT:
        return f"{path} is {actual} and must be absent{hint}"
    return f"{path} is {actual}, expected {expected}{hint}"


def printed(value: Any, width: int = _WIDEST) -> str:
    """Print a value on one line, as YAML writes it in a line."""
    text = _printed(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def _printed(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value.translate(_ESCAPES)}"' if value not in _PLAIN else value
        case Mapping():
            return "{" + ", ".join(f"{key}: {_printed(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_printed, value)) + "]"
        case _:
            return str(value)


_ESCAPES = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})
_PLAIN = frozenset(("string", "integer", "number", "boolean", "array", "object", "uuid", "datetime", "email", "url"))


def _section(title: str, lines: Any) -> list[str]:
    lines = list(lines)
    return ["", title, *(f"  {line}".rstrip() for line in lines)] if lines else []


def _differences(differences: tuple[Difference, ...], world: World) -> Iterator[str]:
    listed = differences[:_MAX_DIFFERENCES]
    width = max((len(one.path) for one in listed), default=0)
    for one in listed:
        name = one.path.rpartition(".")[2]
        expected, actual = (printed(_without_secrets(side, name, world)) for side in (one.expected, one.actual))
        hint = f"   ({one.hint})" if one.hint else ""
        yield f"{one.path.ljust(width)}   expected {expected}"
        yield f"{' ' * width}   actual   {actual}{hint}"
    if len(differences) > _MAX_DIFFERENCES:
        yield f"… {len(differences)} in all"


def _without_secrets(value: Any, name: str, world: World) -> Any:
    """Hide a side of a difference; a type word, a matcher's name and an absence give nothing away."""
    if value is ABSENT or is_type_word(value):
        return value
    if is_matcher(value):
        return {key: _without_secrets(operand, name, world) for key, operand in value.items()}
    return world.secrets.hide(value, name)


def _variables(world: World) -> Iterator[str]:
    built_in = [name for name in ("base_url", "port", "unique") if name == "unique" or not world.variables.get(name)]
    listed = [(name, value) for name, value in world.variables.items() if name not in built_in and _is_data(value)]
    for name, value in listed[:_MAX_VARIABLES]:
        yield f"{name} = {printed(world.secrets.hide(value, name))}"
    if len(listed) > _MAX_VARIABLES:
        yield f"… {len(listed)} in all"


def _is_data(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict | Decimal | date | datetime)


def _excerpt(suite: Suite, line: int, world: World) -> Iterator[str]:
    """Give the lines of the file that say what was to be done, with their numbers."""
    source = suite.source
    if not 0 < line <= len(source):
        return
    first = source[line - 1]
    depth = len(first) - len(first.lstrip(" -"))
    width = len(str(line + _MAX_LINES))
    for number in range(line, min(line + _MAX_LINES, len(source) + 1)):
        text = source[number - 1]
        if number > line and text.strip() and len(text) - len(text.lstrip(" ")) < depth:
            return
        if text.strip():
            yield f"{number:>{width}} | {world.secrets.known(text)}"


def _state(command: Background) -> str:
    return "" if command.exit_code is None else f", which has ended with exit code {command.exit_code}"


def _logs(world: World) -> Iterator[str]:
    for command in world.background:
        tail = command.tail.splitlines()[-_LOG_LINES:] or ["nothing"]
        title = f"log of `{shown(command.line)}`{_state(command)}"
        yield from _section(world.secrets.text(title), map(world.secrets.text, tail))


def _details(differences: tuple[Difference, ...], world: World) -> dict[str, Any]:
    if not differences:
        return {}
    details: dict[str, dict[str, Any]] = {"actual": {}, "expected": {}}
    for one in differences[:_MAX_DETAILS]:
        name = one.path.removeprefix("$").removeprefix(".") or "$"
        last = name.rpartition(".")[2]
        details["actual"][name] = plain(_without_secrets(one.actual, last, world))
        wanted, known = plain(_without_secrets(one.expected, last, world)), details["expected"].get(name)
        if isinstance(known, dict) and isinstance(wanted, dict):
            wanted = {**known, **wanted}
        details["expected"][name] = wanted
    return details


def plain(value: Any) -> Any:
    """Return a value as bounded plain data for the report."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple):
        text = _printed(value)
        if len(text) > 4 * _WIDEST:
            return printed(value, 4 * _WIDEST)
        if isinstance(value, Mapping):
            return {str(key): plain(inner) for key, inner in value.items()}
        return [plain(inner) for inner in value]
    text = str(value)
    return text if len(text) <= 4 * _WIDEST else text[: 4 * _WIDEST] + "…"


def _suggestion(differences: tuple[Difference, ...]) -> str:
    for one in differences:
        if one.hint.startswith("nearest: "):
            near = one.hint.removeprefix("nearest: ")
            return f"The answer has `{near}`: rename `{one.path}` in the suite, or mend the service."
    return ""
