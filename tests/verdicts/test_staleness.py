"""When stale evidence speaks, and when it is silent."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Finding, Reality
from pytest_integration_gate.verdicts.staleness import with_stale

CLAIM = Claim(root="shop:Repo", action="call", at="t.py:1")
OLD = Reality(outcome="returns int", source="observed", stale="its source has changed")
FRESH = Reality(outcome="returns int", source="observed")
FACT = Reality(outcome="method", source="declared")


def finding(verdict: Any, reality: Reality | None = None) -> Finding:
    return Finding(claim=CLAIM, target="shop:Repo", boundary="", verdict=verdict, reality=reality)


@pytest.mark.parametrize("old", ["verified", "contradicted", "suspect"])
def test_stale_evidence_speaks_where_nothing_else_does(old: str) -> None:
    """The verdict is stale, whatever it would be; it is no mismatch, so it has no kind."""
    judged = with_stale(finding("unverified"), lambda: finding(old, OLD))
    assert (judged.verdict, judged.would_be, judged.kind, judged.reality) == ("stale", old, None, OLD)


@pytest.mark.parametrize("verdict", ["verified", "contradicted", "suspect"])
def test_fresh_evidence_wins(verdict: str) -> None:
    """What this run saw decides; stale evidence is not even asked."""
    fresh = finding(verdict, FRESH)
    assert with_stale(fresh, lambda: pytest.fail("asked")) is fresh


def test_a_fact_wins() -> None:
    """What is declared contradicts, whether the stale evidence agrees with the claim by its own facts or not."""
    fresh = finding("contradicted", FACT)
    assert with_stale(fresh, lambda: finding("contradicted", FACT)) is fresh


def test_an_annotation_that_was_disproved_stays_so() -> None:
    """A fact that observations had shown to be wrong does not become right when they grow old."""
    fresh = finding("contradicted", FACT)
    assert with_stale(fresh, lambda: finding("verified", OLD)).verdict == "stale"
    assert with_stale(fresh, lambda: finding("unverified", OLD)).verdict == "unverified"


def test_nothing_stale_changes_nothing() -> None:
    """Claims that no evidence at all speaks about stay unverified."""
    fresh = finding("unverified")
    assert with_stale(fresh, lambda: finding("unverified")) is fresh
    assert with_stale(fresh, lambda: finding("contradicted", FACT)) is fresh
