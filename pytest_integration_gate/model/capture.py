"""Taking shapes of values while a test runs.

Nothing here runs code of the value: no ``==``, ``len``, ``iter``, ``repr``, ``isinstance`` or attribute access on
anything whose exact type is not a known builtin. Lazy values are never advanced. What cannot be read is `Anything`.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import pathlib
import re
import types
import uuid
from builtins import all, isinstance, len, list, next, sorted, tuple, zip
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias

from pytest_integration_gate.model.classes import (
    FUNCTION_TYPES,
    Profile,
    canonical,
    descends,
    is_double,
    is_one_of,
    mro_of,
    namespace_of,
    profile_of,
)
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.keys import read_as_names
from pytest_integration_gate.model.literal import SCALARS as _LITERALS
from pytest_integration_gate.model.literal import literal
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NEVER,
    NONE,
    Array,
    Awaitable,
    Dictionary,
    Double,
    Field,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
)

_type_of = type  # tests patch builtins
_id_of = id
_attribute = object.__getattribute__

DEPTH = 4
"""Containers inside each other that are pictured."""
KEYS = 24
"""Keys of a mapping, or attributes of an object, that are pictured."""
ELEMENTS = 8
"""Elements of a collection that are looked at, and the largest arity of a `Tuple`."""
NODES = 64
"""Values that are looked at for one shape."""


def shape_of(value: object) -> Shape:
    """The shape of a value."""
    scalar = _SCALARS.get(_id_of(_type_of(value)))
    if scalar is not None:
        return scalar
    try:
        return _Walk().shape(value, DEPTH)
    except Exception:  # hostile, or changed by another thread meanwhile
        return ANYTHING


def picture(value: object, name: str = "") -> tuple[Shape, str | None]:
    """The shape of a value and, when it is small plain data, its normalised and masked text.

    `name` is that of the parameter which receives the value: under ``password`` and the like a text is masked.
    """
    key = _id_of(_type_of(value))
    scalar = _SCALARS.get(key)
    if scalar is not None and key in _QUICK:
        return scalar, _LITERALS[key](value)
    shape = shape_of(value)
    return shape, None if _type_of(shape) is Double else literal(value, name)


def argument_of(value: object, name: str = "") -> Argument:
    """The picture of a value that is handed over, to the parameter `name` if that is known."""
    shape, text = picture(value, name)
    return Argument(shape=shape, text=text)


class _Walk:
    """One picture being taken: `left` is the number of values that may still be looked at.

    `records` are the shapes of plain mappings by their keys and the classes of their values: rows come in many.
    """

    __slots__ = ("left", "records")

    def __init__(self) -> None:
        self.left = NODES
        self.records: dict[tuple[Any, ...], Record] = {}

    def shape(self, value: Any, depth: int) -> Shape:
        """The shape of a value inside at most `depth` more containers."""
        self.left -= 1
        cls = _type_of(value)
        key = _id_of(cls)
        scalar = _SCALARS.get(key)
        if scalar is not None:
            return scalar
        if depth <= 0 or self.left < 0:
            return ANYTHING
        reader = _READERS.get(key) or (_double if is_double(value) else _reader_of(cls))
        return reader(self, value, cls, depth)

    def common(self, elements: Iterable[Any], depth: int) -> Shape:
        """What the first elements have in common, as far as there is room to look at them."""
        shapes = []
        for element in elements:
            before = self.left
            shapes.append(self.shape(element, depth - 1))
            if before - self.left > self.left:
                break
        first = shapes[0] if shapes else NEVER
        return first if shapes.count(first) == len(shapes) else join_all(shapes)

    def fields(self, items: Iterable[tuple[Any, Any]], depth: int) -> tuple[tuple[Field, ...], bool]:
        """Fields sorted by name, and whether they are all there."""
        found = list(islice(items, KEYS + 1))
        fields = [Field(key, self.shape(item, depth - 1)) for key, item in found[:KEYS] if self.left > 0]
        return tuple(sorted(fields, key=lambda field: field.name)), len(fields) == len(found)

    def record(self, items: list[tuple[str, Any]], name: str, depth: int) -> Record:
        """A mapping whose keys read as names, by the name of its class."""
        makes = [(key, _id_of(_type_of(item))) for key, item in items]
        make = (name, *makes)
        known = self.records.get(make)
        if known is not None and self.left > len(items):
            self.left -= len(items)
            return known
        fields, complete = self.fields(items, depth)
        record = Record(fields, name, complete)
        if complete and all(cls in _SCALARS for _, cls in makes):
            self.records[make] = record
        return record


_Reader: TypeAlias = Callable[[_Walk, Any, type, int], Shape]


# Collections


def _list(walk: _Walk, value: list[Any], cls: type, depth: int) -> Shape:
    return Sequence("list", walk.common(value[:ELEMENTS], depth))


def _tuple(walk: _Walk, value: tuple[Any, ...], cls: type, depth: int) -> Shape:
    if len(value) > ELEMENTS:
        return Sequence("tuple", walk.common(value[:ELEMENTS], depth))
    return Tuple(tuple([walk.shape(each, depth - 1) for each in value]))


def _collection(kind: str) -> _Reader:
    def read(walk: _Walk, value: Any, cls: type, depth: int) -> Shape:
        return Sequence(kind, walk.common(list(islice(value, ELEMENTS)), depth))

    return read


def _constant(shape: Shape) -> _Reader:
    return lambda walk, value, cls, depth: shape


def _mapping(walk: _Walk, value: dict[Any, Any], cls: type, depth: int) -> Shape:
    name = "" if cls is dict else profile_of(cls).name
    items = list(islice(dict.items(value), KEYS + 1))
    if not items:
        return Dictionary(NEVER, NEVER, name)
    if read_as_names([key for key, _ in items]) and name != "collections:Counter":
        if dict.__contains__(value, "_mock_children"):  # ``vars()`` of a mock: nobody claims its insides
            return ANYTHING
        return walk.record(items, name, depth)
    items = items[:ELEMENTS]
    keys = walk.common([key for key, _ in items], depth)
    return Dictionary(keys, walk.common([item for _, item in items], depth), name)


def _row(walk: _Walk, value: Any, cls: type, depth: int) -> Shape:
    """A row of sqlite3; the class is recognised by its name, so that the library need not be imported."""
    row = next(each for each in mro_of(cls) if canonical(each) == "sqlite3:Row")
    names = namespace_of(row)["keys"](value)
    items = zip(names, namespace_of(row)["__iter__"](value), strict=False)
    fields, complete = walk.fields(dict(islice(items, KEYS + 1)).items(), depth)
    return Record(fields, profile_of(cls).name, complete)


# Objects


def _instance(walk: _Walk, value: Any, cls: type, depth: int) -> Shape:
    profile = profile_of(cls)
    fields, complete = walk.fields(_attributes(value, profile), depth)
    return Object(
        cls=profile.name,
        bases=profile.bases,
        fields=fields,
        supports=profile.supports,
        complete=complete and not profile.dynamic,
        duck=_is_duck(profile),
        members=profile.members,
    )


_DUCKS = frozenset({"types:SimpleNamespace", "argparse:Namespace", "pretend:stub"})
_TESTS = frozenset({"tests", "test", "conftest"})


def _is_duck(profile: Profile) -> bool:
    """Whether a value stands for nothing but its attributes: also an instance of a class that the tests define."""
    if not profile.names.isdisjoint(_DUCKS):
        return True
    parts = profile.name.partition(":")[0].split(".")
    return parts[-1].startswith("test_") or parts[-1].endswith("_test") or not _TESTS.isdisjoint(parts)


def _attributes(value: Any, profile: Profile) -> Iterator[tuple[str, Any]]:
    """The public attributes that an instance holds itself."""
    if profile.record_fields is not None:
        yield from zip(profile.record_fields, tuple.__iter__(value), strict=False)
    try:
        held = _attribute(value, "__dict__")
    except AttributeError:
        held = None
    if _type_of(held) is dict:
        for name, item in list(islice(dict.items(held), 4 * KEYS)):
            if _type_of(name) is str and not name.startswith("_"):
                yield name, item
    for name, slot in profile.slots:
        try:
            yield name, slot.__get__(value)
        except AttributeError:  # declared and never set
            continue


def _member(walk: _Walk, value: Any, cls: type, depth: int) -> Shape:
    """A member of an enumeration: the class says all but the kind of its value."""
    profile = profile_of(cls)
    held = _attribute(value, "__dict__")
    fields = (Field("value", walk.shape(held["_value_"], depth - 1)),) if "_value_" in held else ()
    return Object(profile.name, profile.bases, fields, supports=profile.supports, members=profile.members)


def _datetime(walk: _Walk, value: Any, cls: type, depth: int) -> Shape:
    return _NAIVE if datetime.datetime.tzinfo.__get__(value) is None else _AWARE


_NAIVE = Scalar("naive datetime")
_AWARE = Scalar("aware datetime")


def _array(walk: _Walk, value: Any, cls: type, depth: int) -> Shape:
    """An array of numpy or a frame of pandas, whose attributes can be trusted."""
    name = cls.__qualname__
    dtype = "" if name == "DataFrame" else str(value.dtype)
    return Array(f"{cls.__module__.partition('.')[0]}:{name}", dtype, value.ndim)


# Doubles


def _double(walk: _Walk, value: Any, cls: type, depth: int) -> Double | Scalar:
    """A mock: what the test configured on it. Only its ``__dict__`` is read; anything else is recorded as a use."""
    held = _attribute(value, "__dict__")
    spec = dict.get(held, "_spec_class")
    if is_one_of(spec, FUNCTION_TYPES):
        return _FUNCTION
    fields = sorted(islice(_configured(held, walk, depth), KEYS), key=lambda field: field.name)
    return Double(canonical(spec) if spec is not None else "", tuple(fields))


def _configured(held: dict[str, Any], walk: _Walk, depth: int) -> Iterator[Field]:
    for name, item in list(islice(dict.items(held), 8 * KEYS)):
        if name[:1] != "_" and name != "method_calls":
            yield Field(name, walk.shape(item, depth - 1))
    children = dict.get(held, "_mock_children")
    if _type_of(children) is not dict:
        return
    for name, child in list(islice(dict.items(children), 4 * KEYS)):
        if _type_of(name) is not str or name[:1] == "_" or walk.left < 0 or not is_double(child):
            continue
        walk.left -= 1
        if _is_configured_call(child, walk, depth - 1):
            yield Field(name, _FUNCTION)
        elif depth > 1:
            shape = _double(walk, child, _type_of(child), depth - 1)
            if isinstance(shape, Double) and shape.fields:
                yield Field(name, shape)


def _is_configured_call(child: Any, walk: _Walk, depth: int) -> bool:
    """Whether a test gave a child mock something to return or to do."""
    held = _attribute(child, "__dict__")
    if dict.get(held, "_mock_side_effect") is not None:
        return True
    answer = dict.get(held, "_mock_return_value")
    if answer is None:
        return "_mock_return_value" in held
    if is_double(answer):  # mostly invented by the mock itself
        return depth > 0 and next(_configured(_attribute(answer, "__dict__"), walk, depth - 1), None) is not None
    return profile_of(_type_of(answer)).name not in ("unittest.mock:_SentinelObject", "mock.mock:_SentinelObject")


# Which reader is for which class

_FUNCTION = Scalar("function")
_LAZY = Sequence("iterator", ANYTHING)

_SCALARS: dict[int, Shape] = {
    _id_of(_type_of(None)): NONE,
    **{
        _id_of(cls): Scalar(cls.__name__)
        for cls in (
            bool,
            int,
            float,
            complex,
            str,
            bytes,
            bytearray,
            memoryview,
            slice,
            decimal.Decimal,
            fractions.Fraction,
            datetime.date,
            datetime.time,
            datetime.timedelta,
            uuid.UUID,
            re.Pattern,
            re.Match,
        )
    },
    **{_id_of(cls): _FUNCTION for cls in FUNCTION_TYPES},
    _id_of(_type_of): Scalar("class"),
    _id_of(types.ModuleType): Scalar("module"),
    _id_of(_type_of(...)): Scalar("ellipsis"),
}
_QUICK = frozenset(_id_of(cls) for cls in (_type_of(None), bool, int, float))  # their texts are short and hide nothing

_VIEWS: tuple[type, ...] = (_type_of({}.keys()), _type_of({}.values()), _type_of({}.items()))

_READERS: dict[int, _Reader] = {
    _id_of(object): _constant(ANYTHING),  # a stand-in for some value
    _id_of(dict): _mapping,
    _id_of(list): _list,
    _id_of(tuple): _tuple,
    _id_of(set): _collection("set"),
    _id_of(frozenset): _collection("frozenset"),
    _id_of(collections.deque): _collection("deque"),
    _id_of(range): _constant(Sequence("range", Scalar("int"))),
    _id_of(types.GeneratorType): _constant(Sequence("generator", ANYTHING)),
    _id_of(types.AsyncGeneratorType): _constant(Sequence("async generator", ANYTHING)),
    _id_of(types.CoroutineType): _constant(Awaitable(ANYTHING)),
    _id_of(types.MappingProxyType): _constant(Dictionary(ANYTHING, ANYTHING, "builtins:mappingproxy")),
    **dict.fromkeys(map(_id_of, _VIEWS), _constant(Sequence("collection", ANYTHING))),
    _id_of(datetime.datetime): _datetime,
}

# The first ancestor found here decides.
_BY_NAME: dict[str, _Reader] = {
    "enum:Enum": _member,
    "sqlite3:Row": _row,
    "datetime:datetime": _datetime,
    "uuid:UUID": _constant(Scalar("UUID")),
    "asyncio.futures:Future": _constant(Awaitable(ANYTHING, "future")),
    "_asyncio:Future": _constant(Awaitable(ANYTHING, "future")),
    "functools:partial": _constant(_FUNCTION),
    # Stand-ins for "some value": they say nothing of it.
    "unittest.mock:_SentinelObject": _constant(ANYTHING),
    "mock.mock:_SentinelObject": _constant(ANYTHING),
    "unittest.mock:_ANY": _constant(ANYTHING),
    "mock.mock:_ANY": _constant(ANYTHING),
    "builtins:type": _constant(Scalar("class")),
    "builtins:module": _constant(Scalar("module")),
}
_BY_BASE: tuple[tuple[type, _Reader], ...] = (
    (pathlib.PurePath, _constant(Scalar("Path"))),
    (dict, _mapping),
)
_LAZY_MODULES = frozenset({"builtins", "itertools", "_csv", "_collections", "collections", "functools", "re", "_sre"})
_FRAMES = frozenset({"DataFrame", "Series", "Index"})
_NUMPY_SCALARS = ("int", "uint", "float", "complex", "bool", "str")


def _reader_of(cls: type) -> _Reader:
    """How instances of a class that is not a plain builtin are read."""
    profile = profile_of(cls)
    for name in (profile.name, *profile.bases):
        reader = _BY_NAME.get(name)
        if reader is not None:
            return reader
    for base, reader in _BY_BASE:
        if descends(cls, base):
            return reader
    module, _, name = profile.name.partition(":")
    if module in _LAZY_MODULES and "__next__" in profile.supports:
        return _constant(_LAZY)
    library = module.partition(".")[0]
    if (library == "numpy" and name == "ndarray") or (library == "pandas" and name in _FRAMES):
        return _array
    if library == "numpy" and "numpy:generic" in profile.names:
        for prefix in _NUMPY_SCALARS:
            if name.startswith(prefix):
                return _constant(Scalar(prefix.removeprefix("u")))
    return _instance
