"""What values of a shape can be used for: their special methods and attributes, as far as the shape tells."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import pathlib
import types
import uuid
from functools import lru_cache

from pytest_integration_gate.model.classes import profile_of
from pytest_integration_gate.model.shape import (
    Dictionary,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
)
from pytest_integration_gate.model.text import short_name
from pytest_integration_gate.values import dataclass

ROW = "sqlite3:Row"

WORDS = {
    "__len__": "len()",
    "__getitem__": "indexing",
    "__iter__": "iteration",
    "__next__": "next()",
    "__contains__": "in",
    "__reversed__": "reversed()",
    "__setitem__": "item assignment",
    "__delitem__": "item deletion",
    "__enter__": "with",
    "__exit__": "with",
    "__aenter__": "async with",
    "__aexit__": "async with",
    "__aiter__": "async for",
    "__anext__": "anext()",
    "__call__": "being called",
    "keys": "**",
}
"""The operations that a shape can prove to be impossible, as people call them."""

ASYNCHRONOUS = frozenset({"async generator", "async iterator"})
ABSTRACT = frozenset({"iterable", "sequence", "collection"})

_KINDS: dict[str, type] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": collections.deque,
    "range": range,
    "generator": types.GeneratorType,
    "iterator": type(iter([])),
    "async generator": types.AsyncGeneratorType,
}
_SCALARS: dict[str, type] = {
    "None": type(None),
    **{cls.__name__: cls for cls in (bool, int, float, complex, str, bytes, bytearray, memoryview, slice)},
    **{cls.__name__: cls for cls in (decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.Path)},
    **{cls.__name__: cls for cls in (datetime.date, datetime.time, datetime.timedelta)},
    "aware datetime": datetime.datetime,
    "naive datetime": datetime.datetime,
}
_SCALAR_NAMES = {f"{cls.__module__}:{cls.__qualname__}": name for name, cls in _SCALARS.items() if " " not in name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What a kind of value can do. `attributes` is None when it may have any; `keyed` says that texts are keys."""

    name: str
    operations: frozenset[str]
    attributes: frozenset[str] | None
    keyed: bool = False


def ability_of(shape: Shape) -> Ability | None:
    """What values of a shape can do, None when the shape does not tell."""
    match shape:
        case Tuple():
            return _of_class("tuple", tuple)
        case Sequence(kind, _) if kind in _KINDS:
            return _of_class(kind, _KINDS[kind])
        case Scalar(name, _) if name in _SCALARS:
            return _of_class(name, _SCALARS[name])
        case Record(_, cls) | Dictionary(_, _, cls):
            return _of_mapping(cls)
        case Object() if shape.complete or shape.supports:
            return _of_object(shape)
    return None


def scalar_bases(shape: Object) -> frozenset[str]:
    """The scalars that a class inherits from: ``str`` for a member of a ``StrEnum``."""
    return frozenset(_SCALAR_NAMES[base] for base in (shape.cls, *shape.bases) if base in _SCALAR_NAMES)


def is_scalar_class(canonical: str, name: str) -> bool:
    """Whether a class is that of a scalar or an ancestor of it (``datetime:datetime`` of ``aware datetime``)."""
    if name == "Path":
        return canonical.startswith("pathlib")
    return name in _SCALARS and canonical in profile_of(_SCALARS[name]).names


def is_tuple(shape: Object) -> bool:
    """Whether an object is a tuple with names."""
    return "builtins:tuple" in shape.bases


@lru_cache(maxsize=64)
def _of_class(name: str, cls: type) -> Ability:
    profile = profile_of(cls)
    attributes = frozenset(profile.members) | {name for name, _ in profile.slots}
    return Ability(name=name, operations=frozenset(profile.supports), attributes=attributes)


def _of_mapping(cls: str) -> Ability:
    if cls == ROW:
        operations = frozenset({"__len__", "__getitem__", "__iter__", "__contains__", "keys"})
        return Ability(name="sqlite3.Row", operations=operations, attributes=frozenset({"keys"}), keyed=True)
    plain = _of_class("dict", dict)
    return Ability(
        name=short_name(cls) or "dict",
        operations=plain.operations | {"keys"},
        attributes=None if cls else plain.attributes,
        keyed=True,
    )


def _of_object(shape: Object) -> Ability:
    attributes = frozenset(field.name for field in shape.fields) | frozenset(shape.members)
    operations = frozenset(shape.supports)
    if "keys" in attributes or not shape.complete:
        operations |= {"keys"}
    # The items of a tuple, list or text have numbers.
    numbered = not {"builtins:tuple", "builtins:list", "builtins:str"}.isdisjoint(shape.bases)
    return Ability(
        name=short_name(shape.cls),
        operations=operations,
        attributes=attributes if shape.complete else None,
        keyed="__getitem__" in operations and not numbered,
    )
