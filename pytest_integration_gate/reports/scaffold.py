"""Integration tests to begin with, for what no evidence bears on (SPEC section 8, ``--gate-scaffold``).

Every test takes what it needs from one fixture, which skips with what it shall give until somebody has filled it in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from pytest_integration_gate.judging.plan import ends
from pytest_integration_gate.model.acceptance import PlannedPath
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.reports.scaffold_claims import of_claim, says
from pytest_integration_gate.reports.scaffold_text import Draft, draft, snake, string

_SERVER_ERROR = 500


def drafts(
    findings: Iterable[Finding],
    plan: Sequence[PlannedPath],
    boundaries: Sequence[str],
    states: Mapping[str, Sequence[str]],
) -> dict[str, list[Draft]]:
    """Return tests for unverified and stale claims and for the gaps of a plan, by boundary.

    Claims of one target that read the same share a test. A planned path belongs to the one of the `boundaries` that its
    seam names, else to one with the name of its last end. `states` are those of the markers ``given``, by node id.
    """
    claims = {
        (one.boundary, one.target, says(one)): one
        for one in sorted(findings, key=_order, reverse=True)
        if _is_open(one)
    }
    written = [of_claim(claims[key], plan, states) for key in sorted(claims)]
    written += [_of_path(path, boundaries) for path in plan if path.state == "gap"]
    found: dict[str, list[Draft]] = {}
    fixtures: dict[tuple[str, str], str] = {}
    names: set[tuple[str, str]] = set()
    for one in filter(_is_python, written):
        free = one
        for number in count(2):
            known = fixtures.setdefault((free.boundary, free.fixture), free.fixture_source)
            if known == free.fixture_source:
                break
            free = _renamed(one, one.fixture, f"{one.fixture}_{number}")
        one = free
        for number in count(2):
            if (free.boundary, free.name) not in names:
                break
            free = _renamed(one, one.name, f"{one.name}_{number}")
        names.add((free.boundary, free.name))
        found.setdefault(free.boundary, []).append(free)
    return found


def _renamed(one: Draft, name: str, new: str) -> Draft:
    """Call the test or its fixture otherwise."""

    def told(text: str) -> str:
        return re.sub(rf"\b{name}\b", new, text)

    return replace(
        one,
        name=told(one.name),
        source=told(one.source),
        fixture=told(one.fixture),
        fixture_source=told(one.fixture_source),
    )


def _order(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.claim.at, finding.tests


def _is_open(finding: Finding) -> bool:
    """Whether nobody has seen what is claimed, and a test could."""
    claim = finding.claim
    if finding.verdict not in ("unverified", "stale") or claim.action == "replace":
        return False
    if claim.exchange is not None:
        answer = claim.exchange.answer  # trouble is simulated because it cannot be had
        return answer is not None and (answer.status or 0) < _SERVER_ERROR
    if ":" not in finding.target:
        return False
    return claim.action == "read" or (claim.outcome is not None and claim.outcome.kind != "real")


def _is_python(one: Draft) -> bool:
    """Whether what was made of other people's names is a program."""
    try:
        ast.parse(one.source)
        ast.parse(one.fixture_source)
    except (SyntaxError, ValueError):
        return False
    return True


def _of_path(path: PlannedPath, boundaries: Sequence[str]) -> Draft:
    joined = ends(path.seam)
    boundary = next((end for end in reversed(joined) if end in boundaries), snake(joined[-1]))
    fixture = f"take_{snake(path.path)}"
    return draft(
        boundary=boundary,
        name=f"{snake(path.path)}_reaches_{snake(joined[-1])}",
        about=f"{path.seam}: {path.path}.",
        details=f"Priority: {path.priority}." if path.priority else "",
        marks=[f"seam({string(path.seam)}, path={string(path.path)})"],
        fixture=fixture,
        gives=f"a function that goes the path '{path.path}' and returns what came of it",
        given="everything real that the seam joins",
        when=path.path,
        act=[f"outcome = {fixture}()"],
        then="what came of it is what the plan wants",
        check=["assert outcome"],
    )
