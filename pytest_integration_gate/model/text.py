"""Printing shapes for people: ``{id: int, email: str, tags: [str], manager?: None | {…}}``."""

from __future__ import annotations

from builtins import isinstance
from collections.abc import Iterable

from pytest_integration_gate.model.interaction import Outcome
from pytest_integration_gate.model.shape import (
    NEVER,
    Anything,
    Array,
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

LIMIT = 200
"""Longest text of a shape, in characters. What does not fit is folded from the inside to ``…``."""

_DEEPEST = 6  # no shape is deeper than this in practice; annotations may be


def text_of(shape: Shape) -> str:
    """Print a shape in at most `LIMIT` characters."""
    for depth in range(_DEEPEST, 0, -1):
        text = _print(shape, depth)
        if len(text) <= LIMIT:
            return text
    return text[: LIMIT - 1] + "…"


def text_of_outcome(outcome: Outcome) -> str:
    """Print what came of a call: ``returns {id: int}``, ``raises KeyError``, ``yields str`` …"""
    if outcome.kind == "unconfigured":
        return "returns a mock that nobody configured"
    if outcome.kind == "real":
        return "passes the call on"
    if outcome.kind == "raised":
        name = short_name(outcome.shape.cls) if isinstance(outcome.shape, Object) else text_of(outcome.shape)
        return f"raises {name}" + (" (awaited)" if outcome.awaiting else "")
    verb = {"returned": "returns", "awaited": "returns (awaited)", "yielded": "yields"}[outcome.kind]
    return f"{verb} {text_of(outcome.shape)}"


def short_name(canonical: str) -> str:
    """The last part of a canonical name: ``User`` of ``shop.models:User``."""
    return canonical.rpartition(":")[2].rpartition(".")[2]


def is_word(name: str) -> bool:
    """Whether a key can be printed without quotes."""
    return name.isidentifier()


def _print(shape: Shape, depth: int) -> str:
    match shape:
        case Anything():
            return "anything"
        case Never():
            return "nothing"
        case Scalar(name, values):
            return f"Literal[{', '.join(values)}]" if values else name
        case Record(fields, cls, complete):
            tail = () if complete else ("…",)
            return _prefix(cls) + "{" + _fields(fields, tail, depth) + "}"
        case Dictionary(key, value, cls):
            inner = "" if key == value == NEVER else f"[{_inner(key, depth)}]: {_inner(value, depth)}"
            return f"{_prefix(cls)}{{{inner}}}"
        case Sequence():
            return _print_sequence(shape, depth)
        case Tuple(elements):
            comma = "," if len(elements) == 1 else ""
            return "(" + ", ".join(_inner(each, depth) for each in elements) + comma + ")"
        case Object(cls, bases, fields):
            fields = () if "enum:Enum" in bases else fields
            return short_name(cls) + (f"({_fields(fields, (), depth)})" if fields else "")
        case Double(spec, fields):
            of = f" of {short_name(spec)}" if spec else ""
            return f"mock{of}" + (f"({_fields(fields, (), depth)})" if fields else "")
        case Array(cls, dtype, rank):
            return f"{short_name(cls)}[{', '.join(part for part in (dtype, f'{rank}d') if part)}]"
        case Awaitable(result, cls):
            return cls if isinstance(result, Anything) else f"{cls} of {_inner(result, depth)}"
        case Union(options):
            return " | ".join(_print(option, depth) for option in options)


def _print_sequence(shape: Sequence, depth: int) -> str:
    empty = isinstance(shape.element, Never)
    element = "" if empty else _inner(shape.element, depth)
    if shape.kind == "list":
        return f"[{element}]"
    if shape.kind == "tuple":
        return f"({element}, ...)" if element else "()"
    if isinstance(shape.element, Anything) or empty:
        return shape.kind
    return f"{shape.kind}[{element}]"


def _prefix(cls: str) -> str:
    return f"{short_name(cls)} " if cls else ""


def _inner(shape: Shape, depth: int) -> str:
    """Print a part, folded when it is a container too deep inside."""
    if depth > 1:
        return _print(shape, depth - 1)
    match shape:
        case Record() | Dictionary():
            return "{…}"
        case Sequence(kind, _):
            return "[…]" if kind == "list" else kind
        case Tuple():
            return "(…)"
        case Object(cls, _, _):
            return short_name(cls)
        case Double():
            return "mock"
        case Awaitable(_, cls):
            return cls
        case Union(options):
            return " | ".join(_inner(option, 1) for option in options)
        case _:
            return _print(shape, 1)


def _fields(fields: Iterable[Field], tail: tuple[str, ...], depth: int) -> str:
    parts = (
        f"{field.name if is_word(field.name) else f'{field.name!r}'}{'' if field.required else '?'}: "
        f"{_inner(field.shape, depth)}"
        for field in fields
    )
    return ", ".join((*parts, *tail))
