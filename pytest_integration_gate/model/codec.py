"""Values of the model as plain data for JSON, and back.

Defaults are left out, so that what is written stays small. Reading is strict: what does not belong raises `ValueError`
with the place. How a class is written is worked out once from its annotations.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache, lru_cache
from typing import Any, TypeVar, cast

from pytest_integration_gate.model import shape as shapes
from pytest_integration_gate.model.interaction import Outcome, Site
from pytest_integration_gate.model.shape import ANYTHING, Anything, Field, Scalar

Data = Any
Encode = Callable[[Any], Data]
Decode = Callable[[Data], Any]
Value = TypeVar("Value")

_SHAPES: dict[str, type] = {cls.__name__: cls for cls in typing.get_args(shapes.Shape)}
_TAG = "is"
_POSITIONAL = frozenset({Field})  # so common that their names would fill the files
_SHARED = frozenset({Outcome, Site})  # so often equal that a large store would be full of copies
_REMEMBERED = 4096  # distinct ones of each class


class _Misfit(ValueError):
    """Data that does not belong; the place is put together on the way out."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.place = ""

    def inside(self, step: str) -> _Misfit:
        self.place = step + self.place
        return self


def to_data(value: object) -> Data:
    """A value of the model as dicts, lists and scalars."""
    cls: Any = type(value)
    return _encode_shape(value) if _SHAPES.get(cls.__name__) is cls else _class_codec(cls)[0](value)


def from_data(cls: type[Value], data: Data) -> Value:
    """The value of a class of the model that `to_data` turned into this data.

    Raises `ValueError`, naming the place, when the data are not those of such a value.
    """
    shape = _SHAPES.get(cls.__name__) is cls
    try:
        value = _decode_shape(data) if shape else _class_codec(cast(Any, cls))[1](data)
        if type(value) is not cls:
            raise _Misfit(f"a {type(value).__name__} stands where a {cls.__name__} belongs")
    except _Misfit as misfit:
        raise ValueError(f"{cls.__name__}{misfit.place}: {misfit.message}") from None
    return value


@cache
def _class_codec(cls: Any) -> tuple[Encode, Decode]:
    """How a dataclass is written and read."""
    hints = typing.get_type_hints(cls)
    plan = [(field.name, _default(field), *_codec(hints[field.name])) for field in fields(cls)]
    if cls in _POSITIONAL:
        return _positional_codec(cls, plan)
    known = {name: decode for name, _, _, decode in plan}
    make = lru_cache(_REMEMBERED)(cls) if cls in _SHARED else cls
    needed = [name for name, default, _, _ in plan if default is MISSING]
    steps = [(name, default, encode) for name, default, encode, _ in plan]

    def encode_fields(value: Any) -> Data:
        data = {}
        for name, default, encode in steps:
            item = getattr(value, name)
            if item is not default and item != default:
                data[name] = encode(item)
        return data

    def decode_fields(data: Data) -> Any:
        if type(data) is not dict:
            raise _Misfit(f"{_kind(data)} stands where a {cls.__name__} belongs")
        values = {}
        for name, item in data.items():
            decode = known.get(name)
            if decode is None:
                raise _Misfit(f"{name!r} is not a part of a {cls.__name__}")
            try:
                values[name] = decode(item)
            except _Misfit as misfit:
                raise misfit.inside(f".{name}") from None
        for name in needed:
            if name not in values:
                raise _Misfit(f"{name!r} is missing")
        return make(**values)

    return encode_fields, decode_fields


def _positional_codec(cls: type, plan: list[tuple[str, Any, Encode, Decode]]) -> tuple[Encode, Decode]:
    """As a list of the values in order, without the defaults at the end."""
    least = sum(default is MISSING for _, default, _, _ in plan)

    def encode_list(value: Any) -> Data:
        items = [(getattr(value, name), default, encode) for name, default, encode, _ in plan]
        while len(items) > least and items[-1][0] == items[-1][1]:
            items.pop()
        return [encode(item) for item, _, encode in items]

    def decode_list(data: Data) -> Any:
        if type(data) is not list or not least <= len(data) <= len(plan):
            raise _Misfit(f"{_kind(data)} stands where the list of a {cls.__name__} belongs")
        values = []
        for (name, _, _, decode), item in zip(plan, data, strict=False):
            try:
                values.append(decode(item))
            except _Misfit as misfit:
                raise misfit.inside(f".{name}") from None
        return cls(*values)

    return encode_list, decode_list


def _default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _codec(annotation: Any) -> tuple[Encode, Decode]:
    """How a field with this annotation is written and read."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation == shapes.Shape:
        return _encode_shape, _decode_shape
    if origin is typing.Literal:
        return _same, _one_of(args)
    if origin is typing.Union or origin is types.UnionType:
        if len(args) == 2 and args[1] is type(None):
            return _optional(*_codec(args[0]))
        if args[1:] == (types.GenericAlias(tuple, (args[0], ...)), type(None)):
            return _optional(*_one_or_several(*_codec(args[0])))
        raise TypeError(f"no codec for {annotation}")
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return _list_codec(*_codec(args[0]), tuple)
    if origin is tuple:
        return _row_codec([_codec(arg) for arg in args])
    if origin is frozenset:
        encode, decode = _list_codec(*_codec(args[0]), frozenset)
        return (lambda value: encode(sorted(value))), decode
    if origin is Mapping:  # plain data already
        return dict, _exactly(dict)
    if annotation in (str, int, bool, float):
        return _same, _exactly(annotation)
    # Classes may hold themselves (`Uses`), so that their codec is asked for when it is needed.
    return (lambda value: _class_codec(annotation)[0](value)), (lambda data: _class_codec(annotation)[1](data))


def _same(value: Any) -> Data:
    return value


def _exactly(cls: type) -> Decode:
    def decode(data: Data) -> Any:
        if type(data) is not cls:
            raise _Misfit(f"{_kind(data)} stands where {cls.__name__} belongs")
        return data

    return decode


def _one_of(values: tuple[object, ...]) -> Decode:
    def decode(data: Data) -> Any:
        if type(data) is not str or data not in values:
            raise _Misfit(f"{data!r:.60} is none of {', '.join(map(str, values))}")
        return data

    return decode


def _optional(encode: Encode, decode: Decode) -> tuple[Encode, Decode]:
    return (
        lambda value: None if value is None else encode(value),
        lambda data: None if data is None else decode(data),
    )


def _one_or_several(encode: Encode, decode: Decode) -> tuple[Encode, Decode]:
    """A value by itself, or several as a list; what is written as a list itself cannot stand here."""
    encode_list, decode_list = _list_codec(encode, decode, tuple)
    return (
        lambda value: encode_list(value) if type(value) is tuple else encode(value),
        lambda data: decode_list(data) if type(data) is list else decode(data),
    )


def _list_codec(encode: Encode, decode: Decode, collect: Callable[[list[Any]], Any]) -> tuple[Encode, Decode]:
    def encode_list(value: Any) -> Data:
        return [encode(item) for item in value]

    def decode_list(data: Data) -> Any:
        if type(data) is not list:
            raise _Misfit(f"{_kind(data)} stands where a list belongs")
        items = []
        for index, item in enumerate(data):
            try:
                items.append(decode(item))
            except _Misfit as misfit:
                raise misfit.inside(f"[{index}]") from None
        return collect(items)

    return encode_list, decode_list


def _row_codec(codecs: list[tuple[Encode, Decode]]) -> tuple[Encode, Decode]:
    """A tuple of fixed arity."""

    def encode_row(value: Any) -> Data:
        return [encode(item) for (encode, _), item in zip(codecs, value, strict=True)]

    def decode_row(data: Data) -> Any:
        if type(data) is not list or len(data) != len(codecs):
            raise _Misfit(f"{_kind(data)} stands where a list of {len(codecs)} belongs")
        items = []
        for index, ((_, decode), item) in enumerate(zip(codecs, data, strict=True)):
            try:
                items.append(decode(item))
            except _Misfit as misfit:
                raise misfit.inside(f"[{index}]") from None
        return tuple(items)

    return encode_row, decode_row


def _encode_shape(value: Any) -> Data:
    """``Anything`` as null, a plain scalar as its name, every other shape as its fields and its kind."""
    cls: Any = type(value)
    if cls is Scalar and not value.values:
        return value.name
    if cls is Anything:
        return None
    return {_TAG: cls.__name__, **_class_codec(cls)[0](value)}


def _decode_shape(data: Data) -> Any:
    if data is None:
        return ANYTHING
    if type(data) is str:
        return _scalar(data)
    if type(data) is not dict:
        raise _Misfit(f"{_kind(data)} stands where a shape belongs")
    rest = dict(data)
    tag = rest.pop(_TAG, None)
    cls: Any = _SHAPES.get(tag) if type(tag) is str else None
    if cls is None:
        raise _Misfit(f"{tag!r:.60} is no kind of shape")
    return _class_codec(cls)[1](rest)


@lru_cache(_REMEMBERED)
def _scalar(name: str) -> Scalar:
    return Scalar(name)


def _kind(data: Data) -> str:
    return f"{type(data).__name__} {data!r:.60}"
