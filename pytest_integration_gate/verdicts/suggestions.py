"""One sentence that says how to mend a mismatch."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Difference, Kind, Reality

_LAST_NAME = re.compile(r"\.([\w-]+)$|\['([^']+)'\]$")
_NEAREST = re.compile(r"\(nearest: (.+)\)$")


def suggestion(
    claim: Claim, target: str, kind: Kind, differences: tuple[Difference, ...], reality: Reality | None
) -> str:
    """Say in one sentence what to change, and where."""
    where = f"the double at {claim.at}" if claim.at else "the double"
    first = differences[0] if differences else Difference(path="$", claim="", reality="")
    write = _SENTENCES.get(kind, _say_shape)
    return write(where, target.partition(":")[2] or target, first, reality)


def _say_shape(where: str, name: str, first: Difference, reality: Reality | None) -> str:
    field, nearest = _LAST_NAME.search(first.path), _NEAREST.search(first.reality)
    if field and nearest:
        old, new = field[1] or field[2], nearest[1]
        return f"Rename `{old}` to `{new}` in {where} and in the code that reads it."
    if field and first.reality.startswith("absent"):
        return f"Drop `{field[1] or field[2]}` from {where}: what `{name}` really gives has no such part."
    if field:
        return f"Let {where} give `{first.reality}` for `{field[1] or field[2]}`, as `{name}` does."
    return f"Let {where} give what `{name}` really gives: {first.reality}."


def _say_missing(where: str, name: str, first: Difference, reality: Reality | None) -> str:
    nearest = _NEAREST.search(first.reality)
    if nearest:
        return f"Use `{nearest[1]}` in place of `{name}` in {where} and in the code that uses it."
    return f"Remove `{name}` from {where} and from the code that uses it: the real thing has no such attribute."


def _say_signature(where: str, name: str, first: Difference, reality: Reality | None) -> str:
    return f"Call `{name}` as its signature asks, and make {where} strict with `autospec=True`."


def _say_async(where: str, name: str, first: Difference, reality: Reality | None) -> str:
    is_async = "await" in first.reality or "coroutine" in first.reality
    return (
        f"Use an `AsyncMock` for {where} and await `{name}` in the code."
        if is_async
        else f"Use a plain `Mock` for {where}: `{name}` does not have to be awaited."
    )


def _say_protocol(where: str, name: str, first: Difference, reality: Reality | None) -> str:
    return f"Let {where} give what `{name}` really gives ({first.reality}), and mend the code that relies on more."


def _say_annotation(where: str, name: str, first: Difference, reality: Reality | None) -> str:
    return f"Let {where} give `{first.reality}`, as the annotation of `{name}` says, or correct the annotation."


def _say_exception(where: str, name: str, first: Difference, reality: Reality | None) -> str:
    return f"Let {where} do what `{name}` did for these arguments: {first.reality}."


_SENTENCES: dict[Kind, Callable[[str, str, Difference, Reality | None], str]] = {
    "missing_attribute": _say_missing,
    "signature": _say_signature,
    "sync_async": _say_async,
    "protocol": _say_protocol,
    "return_annotation": _say_annotation,
    "exception": _say_exception,
}
