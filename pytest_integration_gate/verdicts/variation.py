"""How observed values of one callable vary, and what their variation leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pytest_integration_gate.model.joining import element_of, join, options_of
from pytest_integration_gate.model.shape import (
    Awaitable,
    Dictionary,
    Double,
    Never,
    Object,
    Record,
    Sequence,
    Shape,
    Tuple,
    Union,
)

_MANY = 100  # what gives more different values than this promises no shape at all
_STEP = re.compile(r"\.(\w+)|\[(\*|\d+)\]|\['(.*?)'\]|\[\"(.*?)\"\]")


def is_open(whole: Shape, claim: Shape, path: str) -> bool:
    """Whether an absent `path` may be there another time: the record that lacks it is polymorphic.

    Records are polymorphic when some keys are not always there. Even then a claim that has instead of a key which is
    always there one that reads almost like it has missed a renaming. `whole` is what the observations have in common.
    """
    *parents, name = _steps(path) or [""]
    records = list(_at(whole, parents))
    if all(field.required for record in records for field in record.fields):
        return False
    claimed = {field.name for record in _at(claim, parents) for field in record.fields}
    certain = {field.name for record in records for field in record.fields if field.required}
    return not get_close_matches(name, certain - claimed, 1, 0.6)


def without_emptier(shapes: Iterable[Shape]) -> list[Shape]:
    """Leave out the shapes that are others with empty containers: those say nothing of what the containers hold."""
    distinct = list(shapes)
    if not 1 < len(distinct) <= _MANY:
        return distinct
    return [
        shape
        for shape in distinct
        if not has_empty(shape) or all(join(shape, other) != other for other in distinct if other is not shape)
    ]


def has_empty(shape: Shape) -> bool:
    """Whether a value was or held an empty container."""
    match shape:
        case Never():
            return True
        case Record(fields=fields) | Object(fields=fields) | Double(fields=fields):
            return any(has_empty(field.shape) for field in fields)
        case Dictionary(value=inner) | Sequence(element=inner) | Awaitable(result=inner):
            return has_empty(inner)
        case Tuple(elements=parts) | Union(options=parts):
            return any(map(has_empty, parts))
    return False


def _steps(path: str) -> list[str]:
    return [next(filter(None, found.groups()), "") for found in _STEP.finditer(path)]


def _at(shape: Shape, steps: list[str]) -> Iterator[Record | Object | Double]:
    """Give the records and objects that stand at the end of a path."""
    for option in options_of(shape):
        match option:
            case Record() | Object() | Double() if not steps:
                yield option
            case Record(fields=fields) | Object(fields=fields) | Double(fields=fields):
                for field in fields:
                    if steps[0] in (field.name, "*"):
                        yield from _at(field.shape, steps[1:])
            case Awaitable(result=inner):
                yield from _at(inner, steps)
            case Sequence() | Tuple() if steps:
                yield from _at(element_of(option), steps[1:])
            case Dictionary(value=inner) if steps:
                yield from _at(inner, steps[1:])
