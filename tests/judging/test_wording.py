"""The words for claims and targets."""

from __future__ import annotations

import pytest

from pytest_integration_gate.judging.wording import claim_text, counted, target_name
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Kind
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome
from pytest_integration_gate.model.shape import Scalar

INT = Scalar("int")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shop.repository:UserRepo.get", "UserRepo.get"),
        ("shop.prices:fetch", "prices.fetch"),
        ("shop.prices:Client", "prices.Client"),
        ("sqlite3:connect().cursor().fetchone()", "sqlite3.connect().cursor().fetchone()"),
        ("GET https://api.example.com:8000/users/{}", "GET https://api.example.com:8000/users/{}"),
        ("requests", "requests"),
    ],
)
def test_target_names_are_what_people_say(target: str, name: str) -> None:
    """A class tells enough without its module, a function does not."""
    assert target_name(target) == name


@pytest.mark.parametrize(
    ("outcome", "kind", "text"),
    [
        (Outcome(kind="returned", shape=INT), "return_shape", "returns int"),
        (Outcome(kind="returned", shape=INT, text="3"), "return_shape", "returns int"),
        (Outcome(kind="returned", shape=INT, text="3"), "return_value", "returns 3"),
        (Outcome(kind="awaited", shape=INT), "return_shape", "returns (awaited) int"),
        (Outcome(kind="yielded", shape=INT), "return_shape", "yields int"),
        (Outcome(kind="raised", shape=INT, awaiting=True), "exception", "raises int (awaited)"),
        (Outcome(kind="unconfigured"), "protocol", "returns a mock that nobody configured"),
        (Outcome(kind="returned", shape=INT), "missing_attribute", "exists"),
        (Outcome(kind="returned", shape=INT), "signature", "is called with (42, name=str)"),
    ],
)
def test_a_claim_is_told_by_what_is_wrong_with_it(outcome: Outcome, kind: Kind, text: str) -> None:
    """A wrong result shows the result, a wrong call its arguments, a phantom only that it was believed in."""
    arguments = Arguments(
        positional=(Argument(shape=INT, text="42"),), keywords=(("name", Argument(shape=Scalar("str"))),)
    )
    claim = Claim(root="m:f", action="call", arguments=arguments, outcome=outcome, at="t.py:1")
    assert claim_text(claim, kind) == text


def test_attributes_and_patched_names_are_claims_too() -> None:
    """A set attribute has a value; a read or replaced name claims that it exists."""
    valued = Claim(root="m:C", path=(".x",), action="read", outcome=Outcome(kind="returned", shape=INT), at="t.py:1")
    replaced = Claim(root="m:f", action="replace", at="t.py:1")
    assert claim_text(valued, "attribute_shape") == "is int"
    assert claim_text(replaced, "missing_attribute") == "exists"


def test_numbers_and_nouns_agree() -> None:
    """One is singular, everything else plural."""
    assert [counted(0, "claim"), counted(1, "mismatch"), counted(2, "mismatch", "mismatches")] == [
        "0 claims",
        "1 mismatch",
        "2 mismatches",
    ]
