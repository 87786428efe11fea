"""One sentence that says how to mend a mismatch."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_integration_gate.model.abilities import WORDS
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Difference, Kind

_LAST_NAME = re.compile(r"\.([\w-]+)$|\['([^']+)'\]$")
_NEAREST = re.compile(r"(?:\(nearest:|, the nearest is) ([^)]+?)\)?$")


def suggestion(claim: Claim, target: str, kind: Kind, differences: tuple[Difference, ...]) -> str:
    """Say in one sentence what to change, and where."""
    where = f"the double at {claim.at}" if claim.at else "the double"
    first = differences[0] if differences else Difference(path="$", claim="", reality="what was seen")
    name = target if " " in target else target.partition(":")[2] or target
    if claim.double == "pact":  # which side is right, only the two can say
        return f"Let `{name}` answer as the Pact at {claim.at} says, or agree with its consumer on another one."
    return _SENTENCES.get(kind, _say_shape)(where, name, first)


def _field(difference: Difference) -> str:
    """Return the part of the value that differs, empty for the whole."""
    found = _LAST_NAME.search(difference.path)
    return (found[1] or found[2]) if found else ""


def _say_shape(where: str, name: str, first: Difference) -> str:
    field, nearest = _field(first), _NEAREST.search(first.reality)
    if field and nearest:
        return f"Rename `{field}` to `{nearest[1]}` in {where} and in the code that reads it."
    if field and first.reality.startswith("absent"):
        return (
            f"Drop `{field}` from {where} and from the code that reads it: what `{name}` really gives has no such part."
        )
    if field:
        return f"Let {where} give `{first.reality}` for `{field}`, as `{name}` does."
    if first.path == "$" and first.claim == "None":  # reality has state: nobody may have asked for what is not there
        return (
            f"If `{name}` can give None, let a boundary test see it, or say so in the annotation; "
            f"else let {where} give what it really gives: {first.reality}."
        )
    verb, _, value = first.reality.partition(" ")
    if verb in ("returns", "yields"):
        return f"Let {where} do what `{name}` really does: it {verb} {value}."
    return f"Let {where} give what `{name}` really gives: {first.reality}."


def _say_value(where: str, name: str, first: Difference) -> str:
    part = f" for `{_field(first)}`" if _field(first) else ""
    return f"Let {where} give `{first.reality}`{part}, as `{name}` did for these arguments."


def _say_missing(where: str, name: str, first: Difference) -> str:
    attribute, nearest = _field(first) or name, _NEAREST.search(first.reality)
    if nearest:
        return f"Use `{nearest[1]}` in place of `{attribute}` in {where} and in the code that uses it."
    return f"Remove `{attribute}` from {where} and from the code that uses it: the real thing has no such attribute."


def _say_signature(where: str, name: str, first: Difference) -> str:
    signature = f" `{first.reality}`" if first.reality.startswith("(") else ""
    return f"Call `{name}` as its signature{signature} asks, and make {where} strict with `autospec=True`."


def _say_argument(where: str, name: str, first: Difference) -> str:
    return f"Pass `{first.reality}` as `{_field(first)}` to `{name}` where {where} gets `{first.claim}`."


def _say_async(where: str, name: str, first: Difference) -> str:
    if "asynchronous generator" in first.reality:
        return f"Let {where} give an asynchronous iterator and use `async for` in the code, as `{name}` is not awaited."
    if "await" in first.reality or "coroutine" in first.reality:
        return f"Use an `AsyncMock` for {where} and await `{name}` in the code."
    return f"Use a plain `Mock` for {where} and do not await `{name}` in the code."


def _say_protocol(where: str, name: str, first: Difference) -> str:
    reality = first.reality
    if reality.startswith("absent"):
        used = WORDS.get(_field(first), _field(first))
        return f"Do without `{used}` on what `{name}` really gives, in {where} and in the code."
    if first.claim == "called":
        return f"Read `{name}` without calling it, in {where} and in the code: it is {reality}."
    if first.claim.startswith("a value"):
        return f"Call `{name}`, and let {where} be callable: it is {reality}."
    return f"Let {where} give what `{name}` really gives, and mend the code that relies on more: {reality}."


def _say_annotation(where: str, name: str, first: Difference) -> str:
    if _field(first):
        return _say_shape(where, name, first)
    return f"Let {where} give `{first.reality}`, as the annotation of `{name}` says, or correct the annotation."


def _say_exception(where: str, name: str, first: Difference) -> str:
    if first.path != "$":
        return _say_shape(where, name, first)
    return f"Let {where} do what `{name}` did for these arguments: it {first.reality}."


def _say_fake(where: str, name: str, first: Difference) -> str:
    reality = f": {first.reality}" if first.reality else ""
    return f"Give {where} the interface of `{name}`{reality}."


def _say_route(where: str, name: str, first: Difference) -> str:
    return f"Ask for another route in the code and in {where}: `{name}` is {first.reality}."


def _say_status(where: str, name: str, first: Difference) -> str:
    return f"Let {where} answer {first.reality}, as `{name}` does, and let the code expect it."


def _say_header(where: str, name: str, first: Difference) -> str:
    return f"Drop `{_field(first)}` from {where} and from the code that reads it: `{name}` does not send it."


def _say_request(where: str, name: str, first: Difference) -> str:
    what = f"`{_field(first)}`"
    if first.claim == "absent":
        return f"Send {what} to `{name}`, which refuses requests without it, and let {where} ask for it with a matcher."
    return f"Do not send {what} to `{name}`, which refuses it, and let {where} ask for the right one with a matcher."


_SENTENCES: dict[Kind, Callable[[str, str, Difference], str]] = {
    "missing_attribute": _say_missing,
    "signature": _say_signature,
    "argument_shape": _say_argument,
    "sync_async": _say_async,
    "protocol": _say_protocol,
    "return_annotation": _say_annotation,
    "return_value": _say_value,
    "exception": _say_exception,
    "fake_interface": _say_fake,
    "http_route": _say_route,
    "http_status": _say_status,
    "http_header": _say_header,
    "http_request": _say_request,
}
