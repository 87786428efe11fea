"""Joining shapes: the smallest shape that several shapes fit.

Every shape belongs to one slot (its kind and what names it: ``int``, a record of that class, a list …). Two shapes of
a slot melt into one of the same slot; a union holds at most one shape for each slot. That alone makes the join
commutative, associative and idempotent.
"""

from __future__ import annotations

from builtins import isinstance
from collections.abc import Iterable

from pytest_integration_gate.model.shape import (
    ANYTHING,
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
from pytest_integration_gate.model.text import text_of

OPTIONS = 8
"""A union of more options than this says nothing any more and becomes `Anything`."""

_TEXT = Scalar("str")


def join(a: Shape, b: Shape) -> Shape:
    """The smallest shape that both fit. `Never` is neutral, `Anything` absorbs."""
    return a if a is b else join_all((a, b))


def join_all(shapes: Iterable[Shape]) -> Shape:
    """The smallest shape that all fit; `Never` when there are none."""
    slots: dict[tuple[object, ...], Shape] = {}
    for shape in shapes:
        for option in options_of(shape):
            if isinstance(option, Anything):
                return ANYTHING
            slot = _slot(option)
            known = slots.get(slot)
            slots[slot] = option if known is None or known == option else _melt(known, option)
    if len(slots) > OPTIONS:
        return ANYTHING
    if len(slots) > 1:
        ordered = sorted((text_of(option), tuple(map(str, slot)), option) for slot, option in slots.items())
        return Union(tuple(option for _, _, option in ordered))
    return next(iter(slots.values()), NEVER)


def options_of(shape: Shape) -> tuple[Shape, ...]:
    """The options of a union; a shape that is none is its own only option, and `Never` has none."""
    if isinstance(shape, Union):
        return shape.options
    return () if isinstance(shape, Never) else (shape,)


def is_empty_mapping(shape: Shape) -> bool:
    """Whether a shape is that of ``{}``, which fits both records and dictionaries."""
    return isinstance(shape, Dictionary) and isinstance(shape.key, Never) and isinstance(shape.value, Never)


def as_dictionary(record: Record) -> Dictionary:
    """A record seen as a dictionary: its names are data after all."""
    if not record.complete:
        return Dictionary(_TEXT, ANYTHING, record.cls)
    key = _TEXT if record.fields else NEVER
    return Dictionary(key, join_all(field.shape for field in record.fields), record.cls)


def _slot(shape: Shape) -> tuple[object, ...]:
    match shape:
        case Scalar(name, _):
            return ("scalar", name)
        case Record(_, cls) | Dictionary(_, _, cls):
            return ("mapping", cls)
        case Tuple():
            return ("sequence", "tuple")
        case Sequence(kind, _):
            return ("sequence", kind)
        case Object(cls, _):
            return ("object", cls)
        case Double(spec, _):
            return ("double", spec)
        case Awaitable(_, cls):
            return ("awaitable", cls)
        case Array(cls, dtype, rank):
            return ("array", cls, dtype, rank)
        case _:
            return (type(shape).__name__,)


def _melt(a: Shape, b: Shape) -> Shape:
    """Join two different shapes of one slot."""
    match a, b:
        case Scalar(name, left), Scalar(_, right):
            # No values means every value is allowed.
            return Scalar(name, tuple(sorted({*left, *right})) if left and right else ())
        case Record() | Dictionary(), Record() | Dictionary():
            return _melt_mappings(a, b)
        case Tuple(left_elements), Tuple(right_elements) if len(left_elements) == len(right_elements):
            return Tuple(tuple(map(join, left_elements, right_elements)))
        case Sequence() | Tuple(), Sequence() | Tuple():
            kind = a.kind if isinstance(a, Sequence) else "tuple"
            return Sequence(kind, join(element_of(a), element_of(b)))
        case Object(), Object():
            return Object(
                cls=a.cls,
                bases=max(a.bases, b.bases, key=lambda bases: (len(bases), bases)),
                fields=_melt_fields(a, b),
                supports=tuple(sorted({*a.supports} & {*b.supports})),
                complete=a.complete and b.complete,
                duck=a.duck and b.duck,
                members=tuple(sorted({*a.members, *b.members})),
            )
        case Double(), Double():
            return Double(a.spec, _melt_fields(a, b))
        case Awaitable(), Awaitable():
            return Awaitable(join(a.result, b.result), a.cls)
        case _:
            return ANYTHING


def element_of(shape: Sequence | Tuple) -> Shape:
    """What all elements of a sequence have in common."""
    return join_all(shape.elements) if isinstance(shape, Tuple) else shape.element


def _melt_mappings(a: Record | Dictionary, b: Record | Dictionary) -> Shape:
    if is_empty_mapping(a):
        return b
    if is_empty_mapping(b):
        return a
    if isinstance(a, Record) and isinstance(b, Record):
        return Record(_melt_fields(a, b), a.cls, a.complete and b.complete)
    left = as_dictionary(a) if isinstance(a, Record) else a
    right = as_dictionary(b) if isinstance(b, Record) else b
    return Dictionary(join(left.key, right.key), join(left.value, right.value), a.cls)


def _melt_fields(a: Record | Object | Double, b: Record | Object | Double) -> tuple[Field, ...]:
    """All fields of both, required where both require them."""
    left = {field.name: field for field in a.fields}
    right = {field.name: field for field in b.fields}
    return tuple(_melt_field(name, left.get(name), right.get(name), a, b) for name in sorted({*left, *right}))


def _melt_field(
    name: str, left: Field | None, right: Field | None, a: Record | Object | Double, b: Record | Object | Double
) -> Field:
    if left is not None and right is not None:
        return Field(name, join(left.shape, right.shape), left.required and right.required)
    field, other = (left, b) if left is not None else (right, a)
    # A picture that was cut may have had the field, of any shape.
    may_have = not isinstance(other, Double) and not other.complete
    return Field(name, ANYTHING if may_have or field is None else field.shape, False)
