"""How a test ended: its three phases put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_integration_gate.hooks.keys import QUARANTINED
from pytest_integration_gate.model.secrecy import mask
from pytest_integration_gate.values import dataclass

if TYPE_CHECKING:  # every run needs this module, few run in several orders
    from pytest_integration_gate.judging.orders import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEnd:
    """How a test ended, the first line that says why, and the failure as pytest shows it."""

    __test__ = False

    outcome: Outcome
    reason: str = ""
    text: str = ""


class Phases:
    """Puts the reports of each test together."""

    def __init__(self) -> None:
        self._ends: dict[str, TestEnd] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take one phase. What failed in quarantine failed."""
        known = self._ends.get(report.nodeid)
        if report.failed or getattr(report, QUARANTINED, False):
            if known is None or known.outcome != "failed":
                self._ends[report.nodeid] = TestEnd(
                    outcome="failed", reason=reason_of(report), text=report.longreprtext
                )
        elif report.skipped:
            self._ends[report.nodeid] = TestEnd(outcome="skipped")
        elif known is None:
            self._ends[report.nodeid] = TestEnd(outcome="passed")

    def end(self, nodeid: str) -> TestEnd:
        """Return how a test ended, and forget it."""
        return self._ends.pop(nodeid, TestEnd(outcome="skipped"))


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the first line that says why something failed, without secrets: it goes into files."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return mask(next((line for line in text.splitlines() if line.strip()), ""))
