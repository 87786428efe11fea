"""What people read of shapes, and what becomes of data that do not belong."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Outcome, Uses
from pytest_integration_gate.model.joining import OPTIONS, join, join_all
from pytest_integration_gate.model.record import TestRecord
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
from pytest_integration_gate.model.text import LIMIT, text_of, text_of_outcome

INT, STR = Scalar("int"), Scalar("str")
USER = Record((Field("email", STR), Field("id", INT), Field("tags", Sequence("list", STR))))


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (USER, "{email: str, id: int, tags: [str]}"),
        (Record((Field("manager", join(NONE, USER), False),)), "{manager?: None | {email: str, id: int, tags: [str]}}"),
        (Record((Field("a", INT),), complete=False), "{a: int, …}"),
        (Dictionary(STR, INT), "{[str]: int}"),
        (Dictionary(NEVER, NEVER), "{}"),
        (Tuple((INT,)), "(int,)"),
        (Sequence("tuple", INT), "(int, ...)"),
        (Sequence("generator", ANYTHING), "generator"),
        (Object("shop.pay:Receipt", fields=(Field("total", INT),)), "Receipt(total: int)"),
        (Double("shop.pay:Receipt"), "mock of Receipt"),
        (Double(), "mock"),
        (Awaitable(INT), "coroutine of int"),
        (Array("numpy:ndarray", "float64", 2), "ndarray[float64, 2d]"),
        (Scalar("str", ("'a'",)), "Literal['a']"),
    ],
    ids=str,
)
def test_printed_shapes(shape: Shape, text: str) -> None:
    """Shapes print as people would write them down."""
    assert text_of(shape) == text


def test_long_shapes_are_folded() -> None:
    """What does not fit is folded from the inside."""
    wide = Record(tuple(Field(f"part_{letter}", USER) for letter in "abcdefgh"))
    assert text_of(wide).startswith("{part_a: {…}, part_b: {…}")
    assert text_of(Record(tuple(Field(f"part_{i}", INT) for i in range(90)))).endswith("…")
    assert len(text_of(wide)) <= LIMIT


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome(kind="returned", shape=INT), "returns int"),
        (Outcome(kind="awaited", shape=INT), "returns (awaited) int"),
        (Outcome(kind="yielded", shape=INT), "yields int"),
        (Outcome(kind="raised", shape=Object("builtins:KeyError")), "raises KeyError"),
        (Outcome(kind="raised", shape=Object("a:B.C"), awaiting=True), "raises C (awaited)"),
        (Outcome(kind="unconfigured"), "returns a mock that nobody configured"),
    ],
)
def test_printed_outcomes(outcome: Outcome, text: str) -> None:
    """Outcomes print as half a sentence."""
    assert text_of_outcome(outcome) == text


def test_joins() -> None:
    """Records meet field by field, tuples by arity, and too many options say nothing."""
    one, other = Record((Field("a", INT),)), Record((Field("a", STR), Field("b", INT)))
    assert text_of(join(one, other)) == "{a: int | str, b?: int}"
    assert text_of(join(one, Dictionary(STR, STR))) == "{[str]: int | str}"
    assert join(one, Dictionary(NEVER, NEVER)) == one
    assert text_of(join(Tuple((INT, STR)), Tuple((INT, INT)))) == "(int, int | str)"
    assert text_of(join(Tuple((INT, STR)), Tuple((INT,)))) == "(int | str, ...)"
    assert text_of(join(INT, Scalar("float"))) == "float | int"
    assert join(Scalar("str", ("'a'",)), STR) == STR
    assert join_all(Scalar(f"s{i}") for i in range(OPTIONS + 1)) == ANYTHING
    cut = Record((), complete=False)
    assert text_of(join(cut, one)) == "{a?: anything, …}"


def test_data_are_compact() -> None:
    """Defaults are left out and plain scalars are their names."""
    claim = Claim(root="shop:Repo", action="call", outcome=Outcome(kind="returned", shape=USER), at="t.py:1")
    assert to_data(claim) == {
        "root": "shop:Repo",
        "action": "call",
        "outcome": {
            "kind": "returned",
            "shape": {
                "is": "Record",
                "fields": [
                    ["email", "str"],
                    ["id", "int"],
                    ["tags", {"is": "Sequence", "kind": "list", "element": "str"}],
                ],
            },
        },
        "at": "t.py:1",
    }


def fact(returns: Any) -> Any:
    return {"target": "t", "kind": "method", "returns": returns}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "TestRecord: list"),
        ({}, "TestRecord: 'nodeid' is missing"),
        ({"nodeid": 1}, "TestRecord.nodeid: int 1"),
        ({"nodeid": "a", "more": 1}, "TestRecord: 'more' is not a part"),
        ({"nodeid": "a", "fidelity": "fake"}, "TestRecord.fidelity: 'fake' is none of"),
        ({"nodeid": "a", "claims": {}}, "TestRecord.claims: dict"),
        ({"nodeid": "a", "claims": [{"root": "r", "action": "call"}]}, r"TestRecord.claims\[0\]: 'at' is missing"),
        ({"nodeid": "a", "facts": [fact({"is": "Blob"})]}, r"facts\[0\].returns: 'Blob'"),
        ({"nodeid": "a", "facts": [fact(5)]}, r"facts\[0\].returns: int 5"),
        ({"nodeid": "a", "facts": [fact({"is": "Record", "fields": [["a"]]})]}, r"returns.fields\[0\]: list"),
    ],
)
def test_data_that_do_not_belong(data: Any, place: str) -> None:
    """The error names the place."""
    with pytest.raises(ValueError, match=place):
        from_data(TestRecord, data)


def test_other_shapes_are_refused() -> None:
    """A class that was asked for is what comes back."""
    with pytest.raises(ValueError, match="Scalar"):
        from_data(Record, "int")
    assert from_data(Difference, to_data(Difference(path="$", claim="a", reality="b"))).path == "$"
    uses = Uses(escapes=False, operations=frozenset({"b", "a"}))
    assert to_data(uses) == {"escapes": False, "operations": ["a", "b"]}
