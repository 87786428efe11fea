"""Annotations as shapes. What cannot be resolved, or may be met by unknown classes, is `Anything`."""

from __future__ import annotations

import abc
import collections
import collections.abc as collection_types
import datetime
import decimal
import enum
import fractions
import pathlib
import re
import types
import typing
import uuid
from collections.abc import Mapping
from functools import partial

from pytest_integration_gate.model.capture import picture, shape_of
from pytest_integration_gate.model.classes import MEMBERS, canonical, mro_of, namespace_of
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Anything,
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
from pytest_integration_gate.reality.attributes import (
    is_protocol,
    is_python_class,
    is_tractable,
    members_of,
    per_class,
    supports_of,
)
from pytest_integration_gate.reality.hints import annotations_of, names_for

Namespace = Mapping[str, object]
_DEPTH = 2
_FIELDS = 64
_MOMENTS = (Scalar("aware datetime"), Scalar("naive datetime"))
_STRINGS = (Scalar("str"), Scalar("bytes"))
_SCALARS: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    complex: "complex",
    str: "str",
    bytes: "bytes",
    bytearray: "bytearray",
    decimal.Decimal: "Decimal",
    fractions.Fraction: "Fraction",
    datetime.time: "time",
    datetime.timedelta: "timedelta",
    uuid.UUID: "UUID",
    type(None): "None",
    type: "class",
    types.ModuleType: "module",
}
_SEQUENCES: dict[type, str] = {
    list: "list",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    collections.deque: "deque",
    collection_types.Generator: "generator",
    collection_types.Iterator: "iterator",
    collection_types.AsyncGenerator: "async generator",
    collection_types.AsyncIterator: "async iterator",
    collection_types.AsyncIterable: "async iterator",
    collection_types.Iterable: "iterable",
    collection_types.Collection: "collection",
    collection_types.Container: "collection",
    collection_types.Set: "collection",
    collection_types.MutableSet: "collection",
    collection_types.KeysView: "collection",
    collection_types.ValuesView: "collection",
    collection_types.Reversible: "iterable",
    collection_types.Sequence: "sequence",
    collection_types.MutableSequence: "sequence",
}
_DICTIONARIES: frozenset[type] = frozenset(
    {
        dict,
        collections.OrderedDict,
        collections.defaultdict,
        collections.ChainMap,
        collection_types.Mapping,
        collection_types.MutableMapping,
    }
)
_AWAITABLES: frozenset[type] = frozenset({collection_types.Awaitable, collection_types.Coroutine})


def shape_of_annotation(
    annotation: object, *, owner: type | None = None, namespace: Namespace | None = None, depth: int = _DEPTH
) -> Shape:
    """Turn an annotation into the shape of the values that it allows.

    `owner` is the class through which a member was reached (what ``Self`` means), `namespace` is where names in string
    annotations are looked up, `depth` bounds the fields of nested classes.
    """
    try:
        return _shape(annotation, owner, namespace or {}, depth)
    except Exception:  # evaluating a string annotation can raise anything
        return ANYTHING


def _shape(annotation: object, owner: type | None, names: Namespace, depth: int) -> Shape:
    if annotation is None:
        return NONE
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        return _shape(eval(annotation, dict(names)), owner, names, depth)  # noqa: S307  # as get_type_hints does
    if annotation is typing.Self:
        return ANYTHING if owner is None else class_shape(owner, depth=depth)
    if isinstance(annotation, typing.TypeVar):
        return _of_variable(annotation, owner, names, depth)
    if isinstance(annotation, typing.NewType):
        return _shape(annotation.__supertype__, owner, names, depth)
    if type(annotation).__name__ == "TypeAliasType":
        return _shape(annotation.__value__, owner, names, depth) if depth else ANYTHING  # type: ignore[attr-defined]
    origin = typing.get_origin(annotation)
    if origin is not None:
        return _of_generic(origin, typing.get_args(annotation), owner, names, depth)
    if issubclass(type(annotation), type):
        return class_shape(typing.cast(type, annotation), depth=depth)
    return ANYTHING


def _of_variable(variable: typing.TypeVar, owner: type | None, names: Namespace, depth: int) -> Shape:
    if variable.__constraints__:
        return join_all([_shape(option, owner, names, depth) for option in variable.__constraints__])
    return ANYTHING if variable.__bound__ is None else _shape(variable.__bound__, owner, names, depth)


def _of_generic(origin: object, args: tuple[object, ...], owner: type | None, names: Namespace, depth: int) -> Shape:
    def part(arg: object, left: int) -> Shape:
        return shape_of_annotation(arg, owner=owner, namespace=names, depth=left)

    def shape(position: int) -> Shape:
        return part(args[position], depth - 1) if position < len(args) and depth > 0 else ANYTHING

    if type(origin).__name__ == "TypeAliasType" or origin is typing.Unpack:
        return ANYTHING
    if origin is typing.Union or origin is types.UnionType:
        return join_all([part(option, depth) for option in args])
    if origin is typing.Literal:
        return _of_literal(args)
    if origin in (typing.Annotated, typing.Final, typing.ClassVar, typing.Required, typing.NotRequired) or (
        getattr(origin, "__name__", getattr(origin, "_name", "")) == "ReadOnly"
    ):
        return _shape(args[0], owner, names, depth)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return Sequence("tuple", shape(0))
        if any(typing.get_origin(arg) is typing.Unpack for arg in args):
            return Sequence("tuple", ANYTHING)
        return Tuple(tuple(shape(position) for position in range(len(args))))
    if origin is type:
        return Scalar("class")
    if origin in _AWAITABLES:
        return Awaitable(part(args[-1], depth))
    if not issubclass(type(origin), type):
        return ANYTHING
    origin = typing.cast(type, origin)
    if origin in _SEQUENCES:
        return _of_sequence(origin, shape(0))
    if origin in _DICTIONARIES:
        return Dictionary(shape(0), shape(1))
    if origin is collections.Counter:
        return Dictionary(shape(0), Scalar("int"))
    return class_shape(origin, depth=depth)


def _of_sequence(origin: type, element: Shape) -> Shape:
    kind = _SEQUENCES[origin]
    if kind in ("iterable", "collection", "sequence"):
        # text is a sequence of text; what else iterates cannot be listed
        if kind != "sequence":
            return ANYTHING
        if isinstance(element, Anything):
            return join_all([Sequence(kind, element), *_STRINGS])
        if Scalar("str") in (element.options if isinstance(element, Union) else (element,)):
            return join_all([Sequence(kind, element), Scalar("str")])
    return Sequence(kind, element)


def _of_literal(values: tuple[object, ...]) -> Shape:
    texts: dict[Shape, list[str]] = {}
    for value in values:
        seen, text = picture(value)
        texts.setdefault(seen, []).append(text if text is not None else "")
    return join_all(
        [
            Scalar(seen.name, tuple(found)) if isinstance(seen, Scalar) and all(found) and seen != NONE else seen
            for seen, found in texts.items()
        ]
    )


def class_shape(cls: type, *, depth: int = _DEPTH) -> Shape:
    """Give the shape of instances of a class."""
    if not is_tractable(cls):
        return ANYTHING
    if cls in _SCALARS:
        return Scalar(_SCALARS[cls])
    if cls is datetime.datetime:
        return join_all(_MOMENTS)
    if cls is datetime.date:
        return join_all([Scalar("date"), *_MOMENTS])
    if cls in _SEQUENCES:
        return _of_sequence(cls, ANYTHING)
    if cls in _DICTIONARIES or cls is collections.Counter:
        return Dictionary(ANYTHING, ANYTHING)
    if cls in _AWAITABLES:
        return Awaitable(ANYTHING)
    if cls in (types.FunctionType, types.BuiltinFunctionType, types.MethodType):
        return ANYTHING
    if issubclass(type(cls), enum.EnumMeta):
        return _of_enum(cls)
    if pathlib.PurePath in mro_of(cls):
        return Scalar("Path")
    if typing.is_typeddict(cls):
        return _of_typed_dict(cls, depth)
    if cls is object or is_open(cls):
        return ANYTHING
    return instance_shape(cls, depth=max(depth, 0))


def _of_enum(cls: type) -> Shape:
    members = namespace_of(cls).get("_member_map_")
    if type(members) is not dict or not members or any(base in mro_of(cls) for base in (enum.Flag,)):
        return ANYTHING
    return join_all([shape_of(member) for member in members.values()])


def _of_typed_dict(cls: type, depth: int) -> Shape:
    required = namespace_of(cls).get("__required_keys__", frozenset())
    names = names_for(cls)
    found = annotations_of(cls)
    if depth <= 0 or type(required) is not frozenset:
        return Dictionary(Scalar("str"), ANYTHING)
    return Record(
        tuple(
            Field(
                name,
                shape_of_annotation(found[name], namespace=names, depth=depth - 1),
                _is_required(found[name], name in required),
            )
            for name in sorted(found)
        )
    )


def _is_required(annotation: object, default: bool) -> bool:
    """Whether a key must be there. Python cannot see ``NotRequired`` in annotations that are kept as strings."""
    text = getattr(annotation, "__forward_arg__", annotation)
    if not isinstance(text, str):
        return default
    spelt = re.search(r"\b(Not)?Required\[", text)
    return default if spelt is None else spelt[1] is None


def is_open(cls: type) -> bool:
    """Say whether instances of unrelated classes may pass for instances of this one, or they are builtin data."""
    if is_protocol(cls) or any("__subclasshook__" in namespace_of(owner) for owner in mro_of(cls)[:-1]):
        return True
    for owner in mro_of(type(cls)):
        if (
            owner not in (type, object, abc.ABCMeta)
            and {"__instancecheck__", "__subclasscheck__"} & namespace_of(owner).keys()
        ):
            return True
    if abc.ABCMeta in mro_of(type(cls)) and _registered(cls):
        return True
    builtin = {int, float, str, bytes, bytearray, dict, list, set, frozenset, complex, tuple, datetime.date}
    if builtin & set(mro_of(cls)):
        return not any("_fields" in namespace_of(owner) for owner in mro_of(cls))
    return False


def _registered(cls: type) -> bool:
    """Whether an abstract class has virtual subclasses; an ABC implemented in Python is taken to have some."""
    try:
        return bool(abc._get_dump(cls)[0])  # type: ignore[attr-defined]
    except Exception:
        return True


def instance_shape(cls: type, *, depth: int = _DEPTH) -> Object:
    """Give the picture of an instance that its class alone allows: ancestors, annotated attributes, special methods.

    At depth 0 only what the class is called and what it descends from.
    """
    return _pictures[depth](cls) if 0 <= depth <= _DEPTH else _picture(cls, depth)


def _picture(cls: type, depth: int) -> Object:
    bases = tuple(canonical(base) for base in mro_of(cls)[1:-1])
    if depth <= 0:
        return Object(cls=canonical(cls), bases=bases, supports=supports_of(cls) or (), complete=False)
    fields = _fields_of(cls, depth) if is_python_class(cls) else ()
    members = members_of(cls)
    names = {field.name for field in fields}
    others = sorted(name for name in members or () if not name.startswith("_") and name not in names)
    return Object(
        cls=canonical(cls),
        bases=bases,
        fields=fields,
        supports=supports_of(cls) or (),
        complete=members is not None and len(others) <= MEMBERS,
        members=tuple(others[:MEMBERS]),
    )


_pictures = [per_class(partial(_picture, depth=depth)) for depth in range(_DEPTH + 1)]


def _fields_of(cls: type, depth: int) -> tuple[Field, ...]:
    fields: dict[str, Field] = {}
    for owner in reversed(mro_of(cls)[:-1]):
        names = names_for(owner)
        for name, annotation in annotations_of(owner).items():
            if not name.startswith("_") and not _is_class_variable(annotation):
                shape = shape_of_annotation(annotation, owner=cls, namespace=names, depth=depth - 1)
                fields[name] = Field(name, ANYTHING if _gives_something_else(shape) else shape)
    return tuple(fields[name] for name in sorted(fields)[:_FIELDS])


def _gives_something_else(shape: Shape) -> bool:
    """Whether an attribute is annotated with a descriptor (``Mapped[str]``): reading it gives what that likes."""
    return isinstance(shape, Object) and "__get__" in shape.supports


def _is_class_variable(annotation: object) -> bool:
    if isinstance(annotation, str):
        return "ClassVar" in annotation or "InitVar" in annotation
    origin = typing.get_origin(annotation)
    return origin is typing.ClassVar or type(annotation).__name__ == "InitVar"
