"""What scaffolded tests assert of a value: as much of its shape as the code reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_integration_gate.model.interaction import EVERYTHING, Uses
from pytest_integration_gate.model.shape import (
    NONE,
    Anything,
    Awaitable,
    Dictionary,
    Double,
    Field,
    Never,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
    Union,
)

_BUILTIN = frozenset({"bool", "bytearray", "bytes", "complex", "int", "str"})
_NAMED = frozenset({"Decimal", "Fraction", "UUID", "date", "time", "timedelta"})
_DEEPEST = 4
_INDENT = "    "


def assertions(shape: Shape, value: str, uses: Uses = EVERYTHING, depth: int = 0) -> list[str]:
    """Write assertions about the expression `value`, one line each; none where nothing is known.

    A value may have more than is claimed, another kind of sequence, and a subclass: no mismatch, so not asserted.
    """
    match shape:
        case Anything() | Never() | Awaitable():
            return []
        case Union(options) if NONE in options:
            return []
        case Scalar(name):
            return [f"assert {_is_scalar(name, value)}"]
    lines = list(_parts(shape, value, uses, depth)) if depth < _DEEPEST else []
    return lines or [f"assert {value} is not None"]


def _parts(shape: Shape, value: str, uses: Uses, depth: int) -> Iterator[str]:
    match shape:
        case Record(fields):
            read = [field for field in _known(fields) if uses.of(f"[{field.name!r}]") is not None]
            if read:
                keys = ", ".join(_quoted(field.name) for field in read)
                yield f"assert {{{keys}}} <= set({value}.keys())"
            for field in read:
                inner = uses.of(f"[{field.name!r}]") or EVERYTHING
                yield from assertions(field.shape, f"{value}[{_quoted(field.name)}]", inner, depth + 1)
        case Object(fields=fields) | Double(fields=fields):
            for field in _known(fields):
                inner_uses = uses.of(f".{field.name}")
                if inner_uses is not None and field.name.isidentifier() and not field.name.startswith("_"):
                    yield from assertions(field.shape, f"{value}.{field.name}", inner_uses, depth + 1)
        case Tuple(elements):
            yield f"assert len({value}) == {len(elements)}"
            for index, element in enumerate(elements):
                inner_uses = uses.of(f"[{index}]")
                if inner_uses is not None:
                    yield from assertions(element, f"{value}[{index}]", inner_uses, depth + 1)
        case Sequence(element=element):
            yield from _each(element, value, uses, depth)
        case Dictionary(value=element):
            yield from _each(element, f"{value}.values()", uses, depth)


def _each(element: Shape, values: str, uses: Uses, depth: int) -> Iterator[str]:
    name = "each" if not depth else f"each_{depth + 1}"
    lines = assertions(element, name, uses.of("[*]") or EVERYTHING, depth + 1)
    if lines:
        yield f"for {name} in {values}:"
        for line in lines:
            yield f"{_INDENT}{line}"


def _known(fields: Iterable[Field]) -> Iterator[Field]:
    return (field for field in fields if field.required)


def _is_scalar(name: str, value: str) -> str:
    if name == "None":
        return f"{value} is None"
    if name == "float":
        return f"isinstance({value}, (int, float))"
    if name in _BUILTIN:
        return f"isinstance({value}, {name})"
    if name in _NAMED or name.endswith(" datetime"):
        return f"type({value}).__name__ == {_quoted(name.rpartition(' ')[2])}"
    return f"{value} is not None"


def _quoted(text: str) -> str:
    """Write a text with double quotes where that is possible."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in written and "\\" not in written else written
