"""Bare doubles that stand for the class that boundary tests hand to the same parameter (SPEC section 4, bare mocks).

This is weaker than an annotation: code without one may work with several classes. So the class speaks only when all
that was seen there is of that class, and when it has everything that is used of the double. A double that uses a name
which the class lacks may stand for something else, and stays unbound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pytest_integration_gate.model.claim import Claim, Unbound
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.joining import options_of
from pytest_integration_gate.model.shape import NONE, Object
from pytest_integration_gate.verdicts.evidence import EvidenceIndex


def bind(
    unbound: Iterable[Unbound], evidence: EvidenceIndex, facts: Mapping[str, Fact]
) -> tuple[tuple[Claim, ...], tuple[Unbound, ...]]:
    """Return the claims of the doubles of which observations tell the class, and the doubles that are left."""
    claims: list[Claim] = []
    left: list[Unbound] = []
    for double in unbound:
        found = {(cls, *place) for place in double.received for cls in _classes_at(place, evidence)}
        if len({cls for cls, *_ in found}) == 1:
            cls, function, parameter = min(found)
            if all(_has(facts, cls, claim.path) for claim in double.claims):
                reason = f"boundary tests hand one to `{parameter}` of {function}"
                claims += [
                    replace(claim, root=cls, path=("()", *claim.path), inferred=reason) for claim in double.claims
                ]
                continue
        left.append(double)
    return tuple(claims), tuple(left)


def _classes_at(place: tuple[str, str], evidence: EvidenceIndex) -> set[str]:
    """The classes of what was seen at a parameter; an empty name for what is of no class that could be told."""
    options = [option for shape in evidence.received(*place) for option in options_of(shape) if option != NONE]
    return {option.cls if isinstance(option, Object) and not option.duck else "" for option in options}


def _has(facts: Mapping[str, Fact], cls: str, path: tuple[str, ...]) -> bool:
    """Whether instances of a class certainly have what stands first in a path."""
    name = path[0][1:] if path and path[0] != "()" else "__call__"
    member = facts.get(f"{cls}.{name}")
    return member is not None and member.kind not in ("missing", "unknown")
