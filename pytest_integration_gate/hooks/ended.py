"""What a run came to, as the features see it that judge something else than claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pytest_integration_gate.judging.gate import Contribution
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import TestOutcome
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that has ended: outcomes and records by node id, the verdicts on claims, the day and the commit.

    `stored` are the records of tests that did not run.
    """

    outcomes: Mapping[str, TestOutcome]
    records: Mapping[str, TestRecord]
    stored: Sequence[TestRecord]
    findings: Sequence[Finding]
    today: str
    commit: str


class Judge(Protocol):
    """A feature that has something to say about the run."""

    def judge(self, ended: Ended) -> Contribution:
        """Judge the run; called once, on the controller, after the last test."""
