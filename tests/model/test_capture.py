"""Shapes of values of every kind, taken without running their code."""

from __future__ import annotations

import argparse
import asyncio
import builtins
import collections
import csv
import dataclasses
import datetime
import decimal
import enum
import functools
import gc
import itertools
import pathlib
import sqlite3
import threading
import time
import types
import uuid
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple
from unittest.mock import AsyncMock, MagicMock, Mock, PropertyMock, create_autospec

import pytest

from pytest_integration_gate.model.capture import KEYS, picture, shape_of
from pytest_integration_gate.model.classes import canonical, is_double
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NEVER,
    NONE,
    Awaitable,
    Dictionary,
    Double,
    Field,
    Object,
    Record,
    Scalar,
    Sequence,
    Tuple,
)
from pytest_integration_gate.model.text import text_of

INT, STR = Scalar("int"), Scalar("str")


class Point(NamedTuple):
    x: int
    y: int


class Color(enum.Enum):
    RED = 1


class Status(enum.StrEnum):
    OPEN = "open"


@dataclasses.dataclass
class User:
    id: int
    name: str = "ada"
    _secret: str = "s"

    @property
    def loud(self) -> str:
        raise AssertionError("a property was read")


@dataclasses.dataclass(slots=True)
class Slotted:
    id: int


class Deep:
    def __init__(self, inner: object) -> None:
        self.inner = inner


def words() -> Iterator[str]:
    yield "a"


async def later() -> int:
    return 1


async def stream() -> AsyncIterator[int]:
    yield 1


NOW = datetime.datetime(2026, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "bool"),
        (1, "int"),
        (1.5, "float"),
        ("x", "str"),
        (b"x", "bytes"),
        (decimal.Decimal(1), "Decimal"),
        (uuid.uuid4(), "UUID"),
        (pathlib.Path("x"), "Path"),
        (pathlib.PureWindowsPath("x"), "Path"),
        (NOW, "naive datetime"),
        (NOW.astimezone(datetime.UTC), "aware datetime"),
        (NOW.date(), "date"),
        (len, "function"),
        ([].append, "function"),
        (functools.partial(len), "function"),
        (functools.lru_cache(words), "function"),
        (User, "class"),
        (Color, "class"),
        (types, "module"),
        ([], "[]"),
        ([1, "a"], "[int | str]"),
        ([{"a": 1}, {"a": 2, "b": None}], "[{a: int, b?: None}]"),
        ((), "()"),
        ((1, "a"), "(int, str)"),
        (tuple(range(20)), "(int, ...)"),
        ({1}, "set[int]"),
        (frozenset({1}), "frozenset[int]"),
        (collections.deque([1]), "deque[int]"),
        (range(3), "range[int]"),
        ({}, "{}"),
        ({"id": 1, "tags": ["x"]}, "{id: int, tags: [str]}"),
        ({"X-Frame-Options": "x", "@type": "y", "$ref": "z"}, "{'$ref': str, '@type': str, 'X-Frame-Options': str}"),
        ({1: "a"}, "{[int]: str}"),
        ({"u-17": 1}, "{[str]: int}"),
        ({"2026-01-01": 1}, "{[str]: int}"),
        ({"a@b.example": 1}, "{[str]: int}"),
        ({"/etc/x": 1}, "{[str]: int}"),
        ({"deadbeef01": 1}, "{[str]: int}"),
        ({"user1": 1, "user2": 2}, "{[str]: int}"),
        ({"line1": "a", "line2": "b", "city": "c"}, "{city: str, line1: str, line2: str}"),
        (collections.OrderedDict(a=1), "OrderedDict {a: int}"),
        (collections.Counter("ab"), "Counter {[str]: int}"),
        (Point(1, 2), "Point(x: int, y: int)"),
        (User(1), "User(id: int, name: str)"),
        (Slotted(1), "Slotted(id: int)"),
        (types.SimpleNamespace(a=1), "SimpleNamespace(a: int)"),
        (argparse.Namespace(a=1), "Namespace(a: int)"),
        (Color.RED, "Color"),
        (Status.OPEN, "Status"),
        (KeyError("x"), "KeyError"),
        (iter([]), "iterator"),
        (map(str, []), "iterator"),
        (itertools.count(), "iterator"),
        (csv.reader([]), "iterator"),
        (words(), "generator"),
        (stream(), "async generator"),
        ({}.keys(), "collection"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_shapes(value: object, text: str) -> None:
    """Each kind of value has its shape."""
    assert text_of(shape_of(value)) == text


def test_objects_tell_what_they_are() -> None:
    """An object has its ancestors, its special methods, its class's names and only its public attributes."""
    shape = shape_of(Status.OPEN)
    assert isinstance(shape, Object)
    assert {"builtins:str", "enum:Enum"} <= {*shape.bases}
    assert {"name", "value"} <= {*shape.members}
    user = shape_of(User(1))
    assert isinstance(user, Object)
    assert user.complete
    assert user.members == ("loud", "name")  # the default of a field is an attribute of the class
    assert "__eq__" in user.supports
    assert "__hash__" not in user.supports  # a dataclass with eq takes it away
    point = shape_of(Point(1, 2))
    assert isinstance(point, Object)
    assert {"__iter__", "__getitem__", "__contains__"} <= {*point.supports}


def test_items_make_iteration() -> None:
    """`for` and `in` also work through ``__getitem__``."""

    class Items:
        def __getitem__(self, index: int) -> int:
            raise IndexError

    shape = shape_of(Items())
    assert isinstance(shape, Object)
    assert shape.supports == ("__contains__", "__getitem__", "__iter__")


def test_dynamic_objects_are_incomplete() -> None:
    """What answers to any name has no provably absent attribute."""

    class Proxy:
        def __getattr__(self, name: str) -> int:
            return 1

    shape = shape_of(Proxy())
    assert isinstance(shape, Object)
    assert not shape.complete


def test_rows_of_sqlite3_are_records() -> None:
    """A row is read by the names of its columns."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row = connection.execute("select 1 as id, 'x' as name").fetchone()
    connection.close()
    assert shape_of(row) == Record((Field("id", INT), Field("name", STR)), "sqlite3:Row")


def test_nothing_is_consumed() -> None:
    """Lazy values give the same afterwards."""
    generator, iterator = words(), iter([1, 2])
    picture(generator), picture(iterator)
    assert list(generator) == ["a"]
    assert list(iterator) == [1, 2]


def test_coroutines_and_futures() -> None:
    """What has to be awaited is an awaitable of something unknown."""
    coroutine = later()
    assert shape_of(coroutine) == Awaitable(ANYTHING)
    coroutine.close()
    loop = asyncio.new_event_loop()
    assert shape_of(loop.create_future()) == Awaitable(ANYTHING, "future")
    loop.close()


# Doubles


def test_doubles_show_what_was_configured() -> None:
    """Attributes, configured methods and attributes of attributes are fields; what the mock invented is none."""
    mock = Mock(total=5)
    mock.fetch.return_value = [1]
    mock.fail.side_effect = KeyError
    mock.nothing.return_value = None
    mock.owner.name = "ada"
    mock.used_by_code().chain.more()
    assert text_of(shape_of(mock)) == (
        "mock(fail: function, fetch: function, nothing: function, owner: mock(name: str), total: int)"
    )


def test_the_insides_of_a_mock_are_no_data() -> None:
    """What `vars()` of a mock holds is nothing that a test says, as a value and inside one."""
    assert shape_of(vars(Mock(port=80))) == ANYTHING
    assert shape_of([dict(vars(MagicMock()))]) == Sequence("list", ANYTHING)


def test_specs_are_named() -> None:
    """A mock with a spec stands for that class."""
    assert shape_of(Mock(spec=User)) == Double(f"{__name__}:User")
    assert shape_of(create_autospec(User, instance=True)) == Double(f"{__name__}:User")
    assert shape_of(create_autospec(len)) == Scalar("function")
    assert shape_of(Mock(spec=len)) == Scalar("function")


@pytest.mark.parametrize("make", [Mock, MagicMock, AsyncMock, PropertyMock])
def test_looking_at_a_double_leaves_no_trace(make: Any) -> None:
    """A mock that was pictured knows of no use."""
    mock = make()
    before = set(mock.__dict__["_mock_children"])
    picture(mock), picture([mock, {"a": mock}]), canonical(mock)
    assert mock.mock_calls == []
    assert set(mock.__dict__["_mock_children"]) == before
    assert is_double(mock)
    assert not is_double(User(1))


# Hostile and huge values


class Evil:
    """Every way of looking at it raises."""

    def _refuse(self, *args: object) -> Any:
        raise AssertionError("code of the value was run")

    __eq__ = __hash__ = __len__ = __iter__ = __getitem__ = __bool__ = __str__ = __repr__ = _refuse
    __getattribute__ = __getattr__ = _refuse
    __class__ = property(_refuse)


class EvilMeta(type):
    def __hash__(cls) -> int:
        raise AssertionError

    def __eq__(cls, other: object) -> bool:
        raise AssertionError

    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError


class EvilClass(metaclass=EvilMeta):
    pass


class EvilDict(dict[str, int]):
    def items(self) -> Any:
        raise AssertionError

    __len__ = __iter__ = __getitem__ = items  # type: ignore[assignment]


def test_hostile_values_are_pictured() -> None:
    """No code of a value runs, whatever it is part of."""
    for value in (Evil(), EvilClass(), [Evil()], {"a": Evil()}, (EvilClass(),), {"e": EvilClass}, Deep(Evil())):
        assert shape_of(value) != ANYTHING
        assert picture(value)[1] is None
    assert shape_of(EvilDict(a=1)) == Record((Field("a", INT),), f"{__name__}:EvilDict")


def test_patched_builtins_do_not_matter() -> None:
    """A test may patch what it likes."""
    value = {"rows": [{"a": 1}, {"a": "x"}, User(1), Mock(total=1)], "at": NOW, "home": pathlib.Path("/x")}
    before = picture(value)

    def refuse(*args: object) -> Any:
        raise AssertionError("a patched name was used")

    names = ("isinstance", "type", "id", "open", "repr")
    kept = {name: vars(builtins)[name] for name in names}
    vars(builtins).update(dict.fromkeys(names, refuse))  # pytest's own patching needs these names
    try:
        after = picture(value)
    finally:
        vars(builtins).update(kept)
    assert after == before
    assert before[0] != ANYTHING


def test_cycles_and_depth_end() -> None:
    """A picture ends after a few levels."""
    cycle: list[object] = []
    cycle.append(cycle)
    assert text_of(shape_of(cycle)) == "[[[[anything]]]]"
    assert picture(cycle)[1] is None
    itself = Deep(None)
    itself.inner = itself
    assert isinstance(shape_of(itself), Object)


def test_records_are_cut_inside() -> None:
    """A record is not complete either when what its first keys hold leaves no room for the others."""
    inner = {f"key_{chr(97 + i)}": 1 for i in range(20)}
    shape = shape_of({f"part_{chr(97 + i)}": inner for i in range(5)})
    assert isinstance(shape, Record)
    assert len(shape.fields) < 5
    assert not shape.complete


def test_wide_values_are_cut() -> None:
    """A record with many keys is not complete; a list with many records is pictured by its first ones, whole."""
    wide = {f"key_{chr(97 + i)}{chr(97 + j)}": 1 for i in range(6) for j in range(6)}
    shape = shape_of(wide)
    assert isinstance(shape, Record)
    assert len(shape.fields) == KEYS
    assert not shape.complete
    rows = [dict.fromkeys("abcdefghij", 1)] * 8
    assert text_of(shape_of(rows)) == "[{" + ", ".join(f"{name}: int" for name in "abcdefghij") + "}]"


@pytest.mark.parametrize(
    "value",
    [[1] * 10**7, b"x" * 10**8, "x-" * 10**7, dict.fromkeys(range(10**6)), {"a": [set(range(10**6))]}],
    ids=["list", "bytes", "str", "dict", "nested set"],
)
def test_huge_values_cost_nothing(value: object) -> None:
    """Size does not matter."""
    picture(value)
    start = time.perf_counter()
    for _ in range(10):
        picture(value)
    assert time.perf_counter() - start < 0.05


def test_a_dict_that_changes_meanwhile() -> None:
    """A container that another thread changes is pictured in some state, never with an exception."""
    shared: dict[str, int] = {}
    done = threading.Event()

    def change() -> None:
        for i in range(20_000):
            shared[f"k{i % 50}"] = i
            shared.pop(f"k{(i * 7) % 50}", None)
        done.set()

    thread = threading.Thread(target=change)
    thread.start()
    while not done.is_set():
        picture(shared)
    thread.join()


def test_classes_are_not_kept_alive() -> None:
    """A class that the program has forgotten goes away."""

    class Short:
        pass

    shape_of(Short())
    alive = weakref.ref(Short)
    del Short
    gc.collect()
    assert alive() is None


# Names


def test_canonical_names() -> None:
    """Classes and functions have addresses; other things have none."""
    assert canonical(int) == "builtins:int"
    assert canonical(User) == f"{__name__}:User"
    assert canonical(vars(User)["loud"].fget) == f"{__name__}:User.loud"
    assert canonical("x".join) == canonical(str.join) == "builtins:str.join"
    assert canonical(dict.fromkeys) == "builtins:dict.fromkeys"
    assert canonical(len) == "builtins:len"
    assert canonical(staticmethod(words)) == canonical(functools.partial(words)) == f"{__name__}:words"
    assert "<locals>" in canonical(lambda: None)
    assert canonical(User(1)) == canonical(Evil()) == canonical(Mock()) == canonical(None) == ""
    assert canonical(EvilClass) == f"{__name__}:EvilClass"


def test_empty_containers() -> None:
    """The elements of an empty container are of no kind."""
    assert shape_of([]) == Sequence("list", NEVER)
    assert shape_of({}) == Dictionary(NEVER, NEVER)
    assert shape_of(()) == Tuple(())
    assert shape_of(None) is NONE
