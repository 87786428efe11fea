"""Compares what doubles claim with the evidence, as the settings ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.hooks.settings import Settings
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
    they give evidence and facts, but what `witnessed` says of a fact is fresher.
    """
    facts: dict[str, Fact] = {}
    for one in (*stored, *witnessed):
        facts.update((fact.target, fact) for fact in one.record.facts)
    evidence = EvidenceIndex((*stored, *witnessed))
    claims: dict[Claim, set[str]] = defaultdict(set)
    records = []
    for one in witnessed:
        told, unbound = bind(one.record.unbound, evidence, facts)
        records.append(replace(one.record, unbound=unbound))
        for claim in (*one.record.claims, *told):
            claims[claim].add(one.record.nodeid)
    filing: Any = {
        "boundary_of": lambda target: boundaries.boundary_of(target, {target: evidence.boundaries_of(target)}),
        "compares_values": lambda boundary: _compares_values(settings, boundary),
    }
    http = None
    if any(claim.exchange is not None for claim in claims):
        from pytest_integration_gate.verdicts.http import HttpMatcher

        origins = {stub: real for one in settings.boundaries for stub, real in one.urls.items()}
        http = HttpMatcher(
            evidence, claims, origins=origins, apis=_apis(settings), configured=boundaries.configured, **filing
        )
    matcher = Matcher(facts, evidence, http=http, **filing)
    findings = [matcher.judge(claim, tuple(sorted(tests))) for claim, tests in claims.items()]
    findings = [one for one in findings if not one.claim.is_told or one.verdict == "contradicted"]
    selected = settings.selected
    return [finding for finding in findings if not selected or finding.boundary in selected], records


def _apis(settings: Settings) -> Mapping[str, Api]:
    if not any(boundary.openapi for boundary in settings.boundaries):
        return {}
    from pytest_integration_gate.hooks.descriptions import read_apis

    return read_apis(settings)


def _compares_values(settings: Settings, boundary: str) -> bool:
    return any(one.name == boundary and one.compare == "value" for one in settings.boundaries)
