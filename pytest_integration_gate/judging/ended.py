"""What a run came to, as features and plugins see it that judge something else than claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import TestOutcome
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that has ended: outcomes and records by node id, the verdicts on claims, the day and the commit.

    `stored` are the records of tests that did not run, where doubles are to be mended by them.
    """

    outcomes: Mapping[str, TestOutcome]
    records: Mapping[str, TestRecord]
    findings: Sequence[Finding]
    today: str
    commit: str
    stored: Sequence[TestRecord] = ()
