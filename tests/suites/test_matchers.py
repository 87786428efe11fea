"""What fits an expectation, and what differs from it on which path."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.strict_yaml import load
from pytest_integration_gate.suites.expectations import problems_of
from pytest_integration_gate.suites.matchers import ABSENT, MATCHERS, TYPES, differences, equal

DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(text: str) -> Any:
    return load(text, "x").data


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("'ada'", "ada"),
        ("1", 1.0),
        ("1.1", Decimal("1.1")),
        ("null", None),
        ("string", ""),
        ("integer", 7),
        ("number", Decimal(1)),
        ("boolean", False),
        ("'null'", None),
        ("array", []),
        ("object", {}),
        ("uuid", "36ea8dc2-bc18-475f-a31d-c1edd5a6340e"),
        ("uuid", UUID(int=7)),
        ("datetime", "2026-11-20T10:30:00Z"),
        ("datetime", datetime(2026, 11, 20, tzinfo=UTC)),
        ("email", "ada@example.com"),
        ("url", "https://example.com/a?b"),
        ("{id: integer}", {"id": 1, "more": 2}),
        ("{1: string}", {"1": "one"}),
        ("[1, string]", [1, "x"]),
        ("{eq: string}", "string"),
        ("{eq: {gte: 1}}", {"gte": 1}),
        ("{ne: 1}", True),
        ("{gt: 1, lte: 2}", 2),
        ("{gte: 1.1}", Decimal("1.1")),
        ("{lt: '2026-12-01'}", "2026-11-20"),
        ("{in: [1, 2]}", 2),
        ("{not_in: [1, 2]}", 3),
        ("{contains: da}", "ada"),
        ("{contains: {id: integer}}", [{"name": 1}, {"id": 1}]),
        ("{contains: {id: integer}}", {"id": 1, "more": 2}),
        ("{contains: id}", {"id": 1}),
        ("{matches: '^a.a$'}", "ada"),
        ("{length: 2}", [1, 2]),
        ("{length: {gt: 2}}", "ada"),
        ("{each: {price: number}}", [{"price": 1}, {"price": 2.5}]),
        ("{each: integer}", []),
        ("{any: {gt: 2}}", [1, 3]),
        ("{absent: false}", None),
        ("{type: integer}", 1),
        ("{type: [integer, null]}", None),
        ("{a: {absent: true}}", {"b": 1}),
        ("{a: {optional: integer}}", {}),
        ("{a: {optional: integer}}", {"a": 1}),
        ("{exact: {a: {b: 1}}}", {"a": {"b": 1}}),
    ],
)
def test_what_fits(expected: str, actual: Any) -> None:
    """A value that is as expected has no differences."""
    assert differences(read(expected), actual) == ()


@pytest.mark.parametrize(
    ("expected", "actual", "paths"),
    [
        ("'1'", 1, ["$"]),
        ("1", True, ["$"]),
        ("true", 1, ["$"]),
        ("integer", True, ["$"]),
        ("integer", 1.5, ["$"]),
        ("number", "1", ["$"]),
        ("string", None, ["$"]),
        ("uuid", "1234", ["$"]),
        ("datetime", "2026-11-20", ["$"]),
        ("datetime", "2026-13-20T10:30:00", ["$"]),
        ("email", "ada@example", ["$"]),
        ("url", "/path", ["$"]),
        ("object", [], ["$"]),
        ("{id: integer}", [], ["$"]),
        ("{items: [{price: 1}, {price: 2}]}", {"items": [{"price": 1}, {"price": 3}]}, ["$.items[1].price"]),
        ("[1]", [1, 2], ["$[1]"]),
        ("[1, 2]", [1], ["$[1]"]),
        ("[1, 2]", [2, 1], ["$[0]", "$[1]"]),
        ("{'first name': ada}", {}, ['$["first name"]']),
        ("{eq: {a: 1}}", {"a": 1, "b": 2}, ["$.b"]),
        ("{eq: string}", "ada", ["$"]),
        ("{ne: 1}", 1.0, ["$"]),
        ("{gt: 1}", "2", ["$"]),
        ("{gt: 1}", None, ["$"]),
        ("{gt: 1}", True, ["$"]),
        ("{gt: 1, lt: 5}", 7, ["$"]),
        ("{in: [1, 2]}", True, ["$"]),
        ("{not_in: [1]}", 1, ["$"]),
        ("{contains: x}", "ada", ["$"]),
        ("{contains: 1}", [2], ["$"]),
        ("{contains: {id: 1}}", {"id": 2}, ["$.id"]),
        ("{contains: 1}", None, ["$"]),
        ("{matches: '^b'}", "ada", ["$"]),
        ("{matches: '1'}", 1, ["$"]),
        ("{length: 2}", [1], ["$"]),
        ("{length: 1}", 1, ["$"]),
        ("{each: integer}", [1, "2"], ["$[1]"]),
        ("{each: integer}", {"a": 1}, ["$"]),
        ("{any: integer}", [], ["$"]),
        ("{absent: true}", None, ["$"]),
        ("{type: [integer, null]}", "1", ["$"]),
        ("{a: {optional: integer}}", {"a": None}, ["$.a"]),
        ("{exact: {a: {b: 1}}}", {"a": {"b": 1, "c": 2}}, ["$.a.c"]),
        ("{exact: [{a: 1}]}", [{"a": 1, "b": 2}], ["$[0].b"]),
    ],
)
def test_what_does_not_fit(expected: str, actual: Any, paths: list[str]) -> None:
    """A value that is not as expected differs on exactly these paths."""
    assert sorted({difference.path for difference in differences(read(expected), actual)}) == paths


def test_exact_reaches_everything_below() -> None:
    """Forbidden keys are found at every depth, and absent ones stay absent."""
    found = differences({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}, exact=True)
    assert [(one.path, one.expected, one.actual) for one in found] == [("$.a.c", ABSENT, 2), ("$.d", ABSENT, 3)]


def test_nearest_key() -> None:
    """A missing key names the one that was probably meant."""
    (difference,) = differences({"token": "string"}, {"access_token": "x", "kind": "y"})
    assert difference.actual is ABSENT
    assert difference.hint == "nearest: access_token"


@pytest.mark.parametrize("name", [name for name in MATCHERS if name not in ("absent", "optional")])
def test_what_is_absent_fits_no_matcher(name: str) -> None:
    """A missing key differs whatever the matcher wants, unless it says that the key may be missing."""
    operand: Any = {"in": [1], "not_in": [1], "type": "integer", "length": 1, "matches": "x"}.get(name, 1)
    assert differences({"key": {name: operand}}, {})


def test_data_with_a_key_of_a_matcher() -> None:
    """A mapping below `type` is no type, so the key is one of the data; what stands beside it stays open."""
    assert differences({"type": {"eq": "joined"}}, {"type": "joined", "nick": "eve"}) == ()
    (found,) = differences({"type": {"eq": "joined"}}, {"type": "left"})
    assert (found.path, found.expected) == ("$.type", "joined")


@given(DATA)
def test_literals_fit_themselves(data: Any) -> None:
    """Every value equals itself, and fits `eq` of itself."""
    assert equal(data, data)
    assert differences({"eq": data}, data) == ()


@given(DATA, DATA)
def test_equality_agrees_with_eq(one: Any, other: Any) -> None:
    """`eq` finds a difference exactly where the values are not equal, in both directions alike."""
    assert equal(one, other) == (differences({"eq": one}, other) == ()) == equal(other, one)


@given(DATA)
def test_hostile_data_is_compared(data: Any) -> None:
    """Whatever a service answers, every matcher gives an answer and raises nothing."""
    operands: dict[str, Any] = {"in": [1], "not_in": [1], "length": {"gte": 1}, "matches": "x", "type": "integer"}
    for name in MATCHERS:
        differences({name: operands.get(name, {"a": [1]})}, data)
    for word in TYPES:
        differences(word, data)


@given(DATA, DATA)
def test_hostile_operands_are_compared(operand: Any, data: Any) -> None:
    """Whatever a template gives a matcher, it gives an answer and raises nothing."""
    for name in MATCHERS:
        differences({name: operand}, data)


@pytest.mark.parametrize("name", ["in", "not_in", "type"])
def test_operands_that_make_no_sense(name: str) -> None:
    """What only turns out when a test runs is a difference that says so."""
    (found,) = differences({name: "odd"}, 5)
    assert found.hint == ("'odd' is no type" if name == "type" else "a list is needed, a string was given")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("{gte: 1, le: 3}", "x:1:10: `le` is no matcher. Did you mean `lte`?"),
        ("{length: {gte: 0}}", "x:1:16: `expect.length.gte: 0` always holds"),
        ("{length: {gt: -1}}", "always holds"),
        ("{length: {lt: 0}}", "never holds"),
        ("{length: x}", "must be a whole number"),
        ("{length: -1}", "must be a whole number"),
        ("{type: admin}", "Data with a key `type` are expected by `{type: {eq: admin}}`."),
        ("{type: [[1]]}", "a list is no type"),
        ("{type: []}", "never holds"),
        ("{a: [{b: {}}]}", "x:1:10: `expect.a[0].b` is `{}`"),
        ("{matches: '('}", "no regular expression"),
        ("{matches: 1}", "must be a regular expression"),
        ("{matches: '.*'}", "fits every text"),
        ("{in: []}", "never holds"),
        ("{not_in: []}", "always holds"),
        ("{in: 1}", "must be a list"),
        ("{contains: ''}", "always holds"),
        ("{absent: maybe}", "must be `true` or `false`"),
        ("{lt: [1]}", "must be a number or a text"),
        ("{each: {gte: 1, x: 2}}", "`x` is no matcher"),
        ("{optional: {type: nul}}", "Did you mean `null`?"),
    ],
)
def test_expectations_that_are_refused(text: str, fragment: str) -> None:
    """A matcher that cannot be meant, or that always or never holds, is refused with its place."""
    (problem,) = problems_of(load(text, "x"), "expect")
    assert fragment in problem


@pytest.mark.parametrize(
    "text",
    [
        "{type: x, name: y}",
        "{eq: {}}",
        "{exact: {}}",
        "{gte: 0}",
        "{matches: '{{pattern}}'}",
        "{gte: '{{least}}'}",
        "{type: {eq: admin}}",
        "{in: '{{known}}'}",
        "{not_in: '{{known}}', length: '{{n}}'}",
        "{type: '{{kind}}', absent: '{{is_gone}}', each: '{{element}}'}",
        "{length: {gte: 1}}",
        "{in: [1], contains: 2}",
        "[]",
    ],
)
def test_expectations_that_are_accepted(text: str) -> None:
    """What can both hold and fail is accepted."""
    assert list(problems_of(load(text, "x"), "expect")) == []


def test_least_of_a_quantity() -> None:
    """A bound that every value of a quantity meets is refused, also below other matchers."""
    assert len(list(problems_of(load("{gte: 0}", "x"), "expect.success_rate", least=0))) == 1
    assert list(problems_of(load("{gte: 0.5}", "x"), "expect.success_rate", least=0)) == []
