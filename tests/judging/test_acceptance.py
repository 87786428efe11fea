"""The states of criteria and requirements."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.judging.acceptance import Assessment, LastMet, Proof, mocked_tests
from pytest_integration_gate.model.acceptance import Criterion, Links, Story, concerning
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord

CLAIM = Claim(root="shop:Repo", action="call", at="tests/test_a.py:1")


def state(*proofs: Proof, before: LastMet | None = None, text: str = "It works", digest: str = "1") -> str:
    """The state of one requirement whose tests came to these proofs."""
    tests = {f"t::{number}": proof for number, proof in enumerate(proofs)}
    links = {nodeid: Links(requirements=("FR-01",), digest=digest) for nodeid in tests}
    assessment = Assessment(links, tests, {"FR-01": before} if before else {})
    (requirement,) = assessment.requirements({"FR-01": text})
    assert ("FR-01" in assessment.met) is (requirement.state == "met")
    return requirement.state


@pytest.mark.parametrize(
    ("proofs", "expected"),
    [
        ([], "gap"),
        (["idle"], "not_run"),
        (["passed"], "met"),
        (["passed", "idle"], "met"),
        (["passed", "mocked"], "met"),
        (["mocked", "idle"], "mock_only"),
        (["failed"], "failed"),
        (["failed", "passed"], "failed"),
        (["failed", "idle", "mocked"], "failed"),
    ],
)
def test_only_tests_that_ran_and_passed_prove_something(proofs: list[Proof], expected: str) -> None:
    """One failure outweighs every pass, one real pass outweighs tests that prove less."""
    assert state(*proofs) == expected


@pytest.mark.parametrize(
    ("text", "digest", "expected"),
    [
        ("It works", "1", "met"),
        ("It  works\n", "1", "met"),
        ("It works always", "1", "changed"),
        ("It works always", "2", "met"),
    ],
)
def test_a_new_text_needs_a_look_at_its_tests(text: str, digest: str, expected: str) -> None:
    """While text changed and tests did not, what they proved is another thing; spaces do not count."""
    assert state("passed", before=LastMet(text="It works", digest="1"), text=text, digest=digest) == expected


def test_a_change_hides_no_failure() -> None:
    """What failed or did not run says so, whatever happened to the text."""
    before = LastMet(text="It worked", digest="1")
    assert [state(proof, before=before) for proof in ("failed", "idle", "mocked")] == ["failed", "not_run", "mock_only"]


def test_a_test_that_exists_elsewhere_is_no_gap() -> None:
    """When only a part of the tests was asked for, those that proved something before did not run."""
    before = {"FR-01": LastMet(text="", digest="", tests=("t::far", "t::gone"))}
    (requirement,) = Assessment({}, {}, before, absent={"t::far"}).requirements({"FR-01": "It works"})
    assert (requirement.state, requirement.tests) == ("not_run", ("t::far",))


def test_criteria_of_stories() -> None:
    """Each criterion has a row with its tests; a story without criteria is judged by its title."""
    stories = (Story(id="US-7", criteria={"AC-1": "One", "AC-2": "Two"}), Story(id="US-8", title="Eight"))
    links = {"t::a": Links(criteria=(("US-7", "AC-1"),)), "t::b": Links(criteria=(("US-7", "AC-1"), ("US-8", "")))}
    assessment = Assessment(links, {"t::a": "passed", "t::b": "passed"}, {})
    assert [(one.story, one.criterion, one.text, one.state, one.tests) for one in assessment.criteria(stories)] == [
        ("US-7", "AC-1", "One", "met", ("t::a", "t::b")),
        ("US-7", "AC-2", "Two", "gap", ()),
        ("US-8", "", "Eight", "met", ("t::b",)),
    ]
    assert sorted(assessment.met) == ["US-7/AC-1", "US-8"]


def test_stories_count_in_their_context_and_those_without_one_everywhere() -> None:
    """The workflow of a context asks for its own stories and the common ones."""
    stories = (Story(id="A", context="orders"), Story(id="B", context="stock"), Story(id="C"))
    criteria = [Criterion(story=one, criterion="", text="", state="met", tests=()) for one in "ABC"]
    assert [one.story for one in concerning("orders", stories, criteria)] == ["A", "C"]


@pytest.mark.parametrize(
    ("verdict", "record", "is_mocked"),
    [
        ("unverified", {"claims": (CLAIM,)}, True),
        ("suspect", {"claims": (CLAIM,)}, True),
        ("verified", {"claims": (CLAIM,)}, False),
        ("waived", {"claims": (CLAIM,)}, False),
        ("unverified", {"claims": (CLAIM,), "boundaries": ("database",)}, False),
        ("unverified", {}, False),
    ],
)
def test_claims_without_evidence_prove_nothing(verdict: Any, record: dict[str, Any], is_mocked: bool) -> None:
    """A test is mocked when it makes claims, none has support, and it observes no boundary."""
    findings = [Finding(claim=CLAIM, target="shop:Repo", verdict=verdict, tests=("t::a",))]
    assert mocked_tests(findings, [TestRecord(nodeid="t::a", **record)]) == ({"t::a"} if is_mocked else set())
