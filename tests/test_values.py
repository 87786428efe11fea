"""The gate's own make of dataclasses behaves like the standard one, where it matters to values."""

from __future__ import annotations

import copy
import pickle
from dataclasses import field, fields, replace

import pytest

from pytest_integration_gate.model.shape import Field, Record, Scalar
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value."""

    x: int
    y: int = 0


@dataclass()
class Counter:
    """A thing with a state."""

    count: int = 0


def test_values_are_equal_by_their_fields() -> None:
    """Equal fields, equal values and hashes; another class is never equal."""
    assert Point(x=1) == Point(x=1, y=0)
    assert hash(Point(x=1)) == hash(Point(x=1, y=0))
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != (1, 0)
    assert len({Point(x=1), Point(x=1), Point(x=2)}) == 2


def test_a_changed_copy_has_a_hash_of_its_own() -> None:
    """A hash that was worked out once is not taken along."""
    point = Point(x=1)
    assert hash(replace(point, x=2)) == hash(Point(x=2)) != hash(point)


def test_values_are_copied_and_pickled_without_their_hash() -> None:
    """A hash of texts is good in one process only."""
    record = Record((Field("a", Scalar("int")),))
    before = hash(record)
    for twin in (copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert twin == record
        assert hash(twin) == before
    assert b"_hash" not in pickle.dumps(record)


def test_the_text_and_the_fields_are_those_of_a_dataclass() -> None:
    """`repr` and `dataclasses.fields` work, and there is no room for other attributes."""
    assert repr(Point(x=1)) == "Point(x=1, y=0)"
    assert [field.name for field in fields(Point)] == ["x", "y"]
    with pytest.raises(AttributeError):
        object.__setattr__(Point(x=1), "z", 3)


def test_things_with_a_state_have_no_hash() -> None:
    """What may change must not be a key."""
    assert Counter(1) == Counter(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Counter())


@dataclass(slots=True)
class Basket:
    """A thing with defaults of every sort."""

    owner: str
    things: list[str] = field(default_factory=list)
    size: int = field(default=3, kw_only=True)


def test_what_is_handed_over_when_a_value_is_made() -> None:
    """The first value of a class is made as every other: positions, names, defaults, and errors for what is wrong."""
    with pytest.raises(TypeError, match="owner"):
        Basket()  # type: ignore[call-arg]
    first, second = Basket("ada"), Basket("eve", ["shoe"], size=4)
    assert (first.owner, first.things, first.size) == ("ada", [], 3)
    assert (second.owner, second.things, second.size) == ("eve", ["shoe"], 4)
    assert Basket("bob").things is not first.things
    with pytest.raises(TypeError, match="positional"):
        Basket("bob", [], 4)  # type: ignore[misc]
