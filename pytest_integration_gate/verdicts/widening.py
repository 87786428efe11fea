"""What was seen, as widely as it is declared: where an annotation says ``float`` an int is one too (PEP 484).

That ``2`` came this time proves nothing against ``2.5``.
"""

from __future__ import annotations

from dataclasses import replace

from pytest_integration_gate.model.joining import options_of
from pytest_integration_gate.model.shape import (
    Awaitable,
    Dictionary,
    Field,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
    Union,
)

_FLOAT, _INT = Scalar("float"), Scalar("int")


def names_float(declared: Shape) -> bool:
    """Whether an annotation says ``float`` anywhere."""
    match declared:
        case Scalar():
            return declared == _FLOAT
        case Union(options):
            return any(map(names_float, options))
        case Sequence():
            return names_float(declared.element)
        case Tuple():
            return any(map(names_float, declared.elements))
        case Dictionary():
            return names_float(declared.value)
        case Record() | Object():
            return any(names_float(field.shape) for field in declared.fields)
        case Awaitable():
            return names_float(declared.result)
    return False


def widened(shape: Shape, declared: Shape) -> Shape:
    """Return a shape with ``float`` for ``int`` wherever that is declared."""
    for option in options_of(declared):
        match shape, option:
            case Scalar(), Scalar() if shape == _INT and option == _FLOAT:
                return _FLOAT
            case Sequence(), Sequence():
                return replace(shape, element=widened(shape.element, option.element))
            case Tuple(), Tuple() if len(shape.elements) == len(option.elements):
                pairs = zip(shape.elements, option.elements, strict=True)
                return replace(shape, elements=tuple(widened(one, other) for one, other in pairs))
            case Dictionary(), Dictionary():
                return replace(shape, value=widened(shape.value, option.value))
            case Record(), Record():
                return replace(shape, fields=_fields(shape.fields, option.fields))
            case Object(), Object() if shape.cls == option.cls:
                return replace(shape, fields=_fields(shape.fields, option.fields))
            case Awaitable(), Awaitable():
                return replace(shape, result=widened(shape.result, option.result))
    return shape


def _fields(fields: tuple[Field, ...], declared: tuple[Field, ...]) -> tuple[Field, ...]:
    known = {field.name: field.shape for field in declared}
    return tuple(
        replace(field, shape=widened(field.shape, known[field.name])) if field.name in known else field
        for field in fields
    )
