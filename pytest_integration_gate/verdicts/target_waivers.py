"""Waivers that name a target: ``@pytest.mark.gate_waive`` and ``waivers:`` in ``gate.yaml`` (SPEC section 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import get_args

from pytest_integration_gate.model.finding import Finding, Kind
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.waivers import is_date

KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWaiver:
    """Accepts mismatches of one target until the end of a day (ISO 8601).

    `kinds` is empty for every kind. `test` is the node id of the only test that it covers, empty when it covers all.
    `where` names the place where it is written; waivers of one place are one waiver.
    """

    where: str
    target: str
    kinds: tuple[str, ...] = ()
    reason: str
    until: str
    test: str = ""

    def concerns(self, finding: Finding) -> bool:
        """Whether the waiver is about what a finding found, in one of its tests at least."""
        return self.names(finding) and (not self.kinds or finding.kind in self.kinds)

    def names(self, finding: Finding) -> bool:
        """Whether the waiver is about the target of a finding, in one of its tests at least."""
        return finding.target == self.target and (not self.test or self.test in finding.tests)


def is_covered(finding: Finding, waivers: Iterable[TargetWaiver]) -> bool:
    """Whether waivers that concern a finding cover all of its tests between them."""
    tests = {waiver.test for waiver in waivers}
    return "" in tests or (bool(tests) and tests.issuperset(finding.tests))


def faults(target: object, kinds: Collection[object], reason: object, until: object) -> list[str]:
    """Say what is wrong with the parts of a waiver."""
    found = []
    if not isinstance(target, str) or not target.strip():
        found.append("it must name a target, as the report writes it")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        found.append(f"`{unknown[0]}` is no kind; known: {', '.join(KINDS)}")
    if not isinstance(reason, str) or not reason.strip():
        found.append("it must give a reason: say in a few words why the mismatch is accepted")
    if not isinstance(until, str) or not is_date(until):
        found.append("it must have an end: the last day on which it holds, until='YYYY-MM-DD'")
    return found
