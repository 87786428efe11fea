"""What a step saw, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.suites.matchers import Difference
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a step sent and what came back.

    `data` is what expectations, captures and expressions look at. `sent` and `received` are the lines that a failure
    shows; `again` is a command that repeats the step in a terminal. `figures` go into the report.
    """

    data: Mapping[str, Any]
    sent: str = ""
    received: str = ""
    again: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


class StepFailed(GateError):
    """A step that did not go as expected.

    `reason` says it in one sentence. A failure that `is_final` is not tried again. `seen` is None when nothing came
    back; then `sent` and `again` say what was tried.
    """

    slug = "step"

    def __init__(
        self,
        reason: str,
        *,
        differences: tuple[Difference, ...] = (),
        seen: Seen | None = None,
        sent: str = "",
        again: str = "",
        suggestion: str = "",
        is_final: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.differences = differences
        self.seen = seen
        self.sent = sent or (seen.sent if seen else "")
        self.again = again or (seen.again if seen else "")
        self.suggestion = suggestion
        self.is_final = is_final


class SuiteFailed(GateError):
    """A test, the setup or the teardown of a suite failed.

    The message is the whole text, its first line the `reason`; `details` holds the expected and the actual values.
    """

    slug = "suite"

    def __init__(
        self, reason: str, text: str, *, details: Mapping[str, Any] | None = None, suggestion: str = ""
    ) -> None:
        super().__init__(text)
        self.reason = reason
        self.details = dict(details or {})
        self.suggestion = suggestion

    def __str__(self) -> str:
        return self.message


class SkipTest(Exception):
    """Nothing of a test was to be done. The message says why."""
