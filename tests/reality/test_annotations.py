"""Annotations as shapes: what is certain is said, what is not is `Anything`."""

from __future__ import annotations

import abc
import collections
import collections.abc as c
import dataclasses
import datetime
import decimal
import enum
import numbers
import os
import pathlib
import typing as t
import uuid

import pytest

from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Awaitable,
    Object,
    Record,
    Scalar,
    Sequence,
    Tuple,
    Union,
)
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.reality.annotations import shape_of_annotation

Name = t.NewType("Name", str)
Bound = t.TypeVar("Bound", bound=int)
Choice = t.TypeVar("Choice", int, str)
Free = t.TypeVar("Free")


class Row(t.TypedDict):
    """A row."""

    id: int
    note: t.NotRequired[str]


class Point(t.NamedTuple):
    """A point."""

    x: int


class Colour(enum.Enum):
    """Plain members."""

    RED = 1


class Word(str, enum.Enum):  # noqa: UP042
    """Members that are text."""

    A = "a"


@dataclasses.dataclass
class Node:
    """Refers to itself."""

    value: int
    next: Node | None = None


class Reader(t.Protocol):
    """Anything that reads."""

    def read(self) -> str: ...


class Base(abc.ABC):
    """With a virtual subclass."""


Base.register(int)


class Duck(type):
    """Decides itself what its instances are."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


class Quacks(metaclass=Duck):
    """Anything may pass for it."""


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (None, "None"),
        (t.Optional[int], "None | int"),  # noqa: UP045
        (int | str, "int | str"),
        (list[int], "[int]"),
        (list, "[anything]"),
        (dict[str, int], "{[str]: int}"),
        (tuple[int, ...], "(int, ...)"),
        (tuple[int, str], "(int, str)"),
        (tuple[()], "()"),
        (set[str], "set[str]"),
        (t.Literal["a", "b"], "Literal['a', 'b']"),
        (t.Literal["a", 1], "Literal['a'] | Literal[1]"),
        (t.Literal["a", None], "Literal['a'] | None"),
        (type[int], "class"),
        (type, "class"),
        (c.Iterator[int], "iterator[int]"),
        (c.Generator[int, None, None], "generator[int]"),
        (c.AsyncIterator[int], "async iterator[int]"),
        (c.Mapping[str, int], "{[str]: int}"),
        (collections.Counter[str], "{[str]: int}"),
        (t.Annotated[int, "x"], "int"),
        (t.Final[int], "int"),
        (t.ClassVar[int], "int"),
        (Name, "str"),
        (Bound, "int"),
        (Choice, "int | str"),
        (datetime.datetime, "aware datetime | naive datetime"),
        (datetime.date, "aware datetime | date | naive datetime"),
        (decimal.Decimal, "Decimal"),
        (uuid.UUID, "UUID"),
        (pathlib.Path, "Path"),
        (Row, "{id: int, note?: str}"),
    ],
)
def test_forms(annotation: object, text: str) -> None:
    """Each form of annotation has its shape."""
    assert text_of(shape_of_annotation(annotation)) == text


@pytest.mark.parametrize(
    "annotation",
    [
        t.Any,
        object,
        "Ghost",
        "1 +",
        "1 / 0",
        Free,
        t.Never,
        t.NoReturn,
        Reader,
        Base,
        Quacks,
        numbers.Number,
        os.PathLike,
        os.PathLike[str],
        c.Callable,
        c.Callable[[int], int],
        c.Iterable[str],
        c.Hashable,
        t.Union[int, t.Any],  # noqa: UP007
        t.Self,
        3,
    ],
)
def test_unknown(annotation: object) -> None:
    """What cannot be resolved, or what unknown classes may satisfy, claims nothing."""
    assert shape_of_annotation(annotation) == ANYTHING


def test_unresolved_part() -> None:
    """An unknown name inside a container leaves the container."""
    assert shape_of_annotation(list["Ghost"]) == Sequence("list", ANYTHING)  # type: ignore[name-defined]  # noqa: F821
    assert shape_of_annotation("tuple[int, Ghost]", namespace={}) == ANYTHING


def test_strings_are_looked_up_in_the_namespace() -> None:
    """String annotations mean what their names mean where they were written."""
    assert shape_of_annotation("list[Thing]", namespace={"Thing": int}) == Sequence("list", Scalar("int"))


def test_awaitables() -> None:
    """A coroutine gives what its last argument says."""
    assert shape_of_annotation(c.Awaitable[int]) == Awaitable(Scalar("int"))
    assert shape_of_annotation(c.Coroutine[None, None, int]) == Awaitable(Scalar("int"))


def test_classes_that_refer_to_themselves() -> None:
    """Fields of nested classes are followed a few steps, cycles end."""
    shape = shape_of_annotation(Node)
    assert isinstance(shape, Object)
    assert [field.name for field in shape.fields] == ["next", "value"]
    assert isinstance(shape.fields[0].shape, Union)
    assert NONE in shape.fields[0].shape.options


def test_self_is_the_class_it_was_reached_through() -> None:
    """``Self`` and string names of it mean the owner."""
    shape = shape_of_annotation(t.Self, owner=Node)
    assert isinstance(shape, Object)
    assert shape.cls.endswith(":Node")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Row, {"id": 1}),
        (Row, {"id": 1, "note": "x"}),
        (Point, Point(1)),
        (Colour, Colour.RED),
        (Word, Word.A),
        (Word, "a"),
        (str, Word.A),
        (Node, Node(1, Node(2))),
        (c.Sequence[str], "ab"),
        (c.Sequence[int], (1, 2)),
        (c.Sequence, b"ab"),
        (c.Iterator[int], iter([1])),
        (datetime.date, datetime.datetime(2020, 1, 1)),
        (float, 1),
        (pathlib.Path, pathlib.PurePosixPath("/x")),
        (Exception, KeyError("x")),
        (dict, collections.OrderedDict(a=1)),
        (tuple[int, ...], ()),
        (list[list[int]], [[1], []]),
    ],
)
def test_real_values_fit(annotation: object, value: object) -> None:
    """A value that the annotation allows fits its shape."""
    assert fit(shape_of(value), shape_of_annotation(annotation)) == ()


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Colour, "red"),
        (Row, {"id": "1"}),
        (c.Mapping[str, int], [1]),
        (Point, 1),
        (datetime.datetime, datetime.date(2020, 1, 1)),
        (tuple[int, str], (1, 1)),
    ],
)
def test_other_values_do_not(annotation: object, value: object) -> None:
    """A value that it does not allow differs."""
    assert fit(shape_of(value), shape_of_annotation(annotation)) != ()


def test_kinds_of_records() -> None:
    """A TypedDict is a record, a tuple of known arity a tuple."""
    assert isinstance(shape_of_annotation(Row), Record)
    assert shape_of_annotation(tuple[int, str]) == Tuple((Scalar("int"), Scalar("str")))
