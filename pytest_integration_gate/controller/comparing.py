"""Compares what doubles claim with the evidence, as the settings ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.verdicts.evidence import EvidenceIndex, Witnessed
from pytest_integration_gate.verdicts.matching import Matcher
from pytest_integration_gate.verdicts.siblings import bind

if TYPE_CHECKING:  # only runs with documents need them
    from pytest_integration_gate.model.api import Api


def compare(
    settings: Settings, boundaries: Boundaries, stored: Sequence[Witnessed], witnessed: Sequence[Witnessed]
) -> tuple[list[Finding], list[TestRecord]]:
    """Return the verdicts on the claims of the tests that are judged, and their records.

    In these records only doubles are left unbound of which no observation tells the class. `stored` are other tests:
    they give evidence and facts, but what `witnessed` says of a fact is fresher. Stale evidence speaks where nothing
    else does, and then the verdict is ``stale``.
    """
    everything = (*stored, *witnessed)
    facts: dict[str, Fact] = {}
    for one in everything:
        facts.update((fact.target, fact) for fact in one.record.facts)
    evidence = EvidenceIndex(one for one in everything if not one.stale)
    stale = EvidenceIndex(one for one in everything if one.stale)
    claims: dict[Claim, set[str]] = defaultdict(set)
    records = []
    for one in witnessed:
        told, unbound = bind(one.record.unbound, evidence, facts)
        records.append(replace(one.record, unbound=unbound))
        for claim in (*one.record.claims, *told):
            claims[claim].add(one.record.nodeid)

    def observed_in(target: str) -> tuple[str, ...]:
        return evidence.boundaries_of(target) or stale.boundaries_of(target)

    filing: Any = {
        "boundary_of": lambda target: boundaries.boundary_of(target, {target: observed_in(target)}),
        "compares_values": lambda boundary: _compares_values(settings, boundary),
    }
    matcher = _matcher(settings, boundaries, facts, evidence, claims, filing)
    findings = [matcher.judge(claim, tuple(sorted(tests))) for claim, tests in claims.items()]
    findings = [one for one in findings if not one.claim.is_told or one.verdict == "contradicted"]
    if not stale.is_empty:
        from pytest_integration_gate.verdicts.staleness import with_stale

        older = _matcher(settings, boundaries, facts, stale, claims, filing)
        findings = [with_stale(one, partial(older.judge, one.claim, one.tests)) for one in findings]
    selected = settings.selected
    return [finding for finding in findings if not selected or finding.boundary in selected], records


def _matcher(
    settings: Settings,
    boundaries: Boundaries,
    facts: Mapping[str, Fact],
    evidence: EvidenceIndex,
    claims: Iterable[Claim],
    filing: Any,
) -> Matcher:
    http = None
    if any(claim.exchange is not None for claim in claims):
        from pytest_integration_gate.verdicts.http import HttpMatcher

        origins = {stub: real for one in settings.boundaries for stub, real in one.urls.items()}
        http = HttpMatcher(
            evidence, claims, origins=origins, apis=_apis(settings), configured=boundaries.configured, **filing
        )
    return Matcher(facts, evidence, http=http, **filing)


def _apis(settings: Settings) -> Mapping[str, Api]:
    if not any(boundary.openapi for boundary in settings.boundaries):
        return {}
    from pytest_integration_gate.controller.descriptions import read_apis

    return read_apis(settings)


def _compares_values(settings: Settings, boundary: str) -> bool:
    return any(one.name == boundary and one.compare == "value" for one in settings.boundaries)
