"""What tests say about themselves: how long they may take, that they are in quarantine, that they come first."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.hooks.keys import NOTES, QUARANTINED
from pytest_integration_gate.isolation import clock, perf_counter
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.values import dataclass

_NEAR = 0.8
_SPENT = pytest.StashKey[dict[str, float]]()
_FORM = {
    "budget": "must have one number of seconds above 0, for example @pytest.mark.budget(2.5)",
    "quarantine": 'must have a reason and a last day, for example @pytest.mark.quarantine("#12", until="2027-01-31")',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Until the end of the day `until`, failures of a test are reported and fail nothing."""

    reason: str
    until: str


def critical_first(items: list[pytest.Item], keeps_order: Callable[[pytest.Item], bool]) -> None:
    """Move critical tests to the front, all else stays; a file whose tests keep their order moves as a whole."""
    files = {_file(item) for item in items if keeps_order(item) and item.get_closest_marker("critical")}
    items.sort(key=lambda item: _file(item) not in files and item.get_closest_marker("critical") is None)


def problems(items: Iterable[pytest.Item]) -> list[str]:
    """Say which markers cannot be read."""
    found = []
    for item in items:
        for name, read in (("budget", budget_of), ("quarantine", quarantine_of)):
            mark = item.get_closest_marker(name)
            if mark is not None and read(item) is None:
                arguments = [repr(one) for one in mark.args] + [
                    f"{key}={value!r}" for key, value in mark.kwargs.items()
                ]
                found.append(f"{item.nodeid}: @pytest.mark.{name}({', '.join(arguments)}) {_FORM[name]}.")
    return found


def budget_of(item: pytest.Item) -> float | None:
    """Return how long a test may take, in seconds; None when it says nothing that can be read."""
    mark = item.get_closest_marker("budget")
    seconds = mark.args[0] if mark is not None and len(mark.args) == 1 and not mark.kwargs else None
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0
    return float(seconds) if seconds is not None and is_number else None


def quarantine_of(item: pytest.Item) -> Quarantine | None:
    """Return the quarantine of a test, None when it says nothing that can be read."""
    mark = item.get_closest_marker("quarantine")
    if mark is None or len(mark.args) > 1 or set(mark.kwargs) - {"reason", "until"}:
        return None
    reason = mark.args[0] if mark.args else mark.kwargs.get("reason")
    until = mark.kwargs.get("until")
    try:
        day = until if isinstance(until, date) else date.fromisoformat(str(until))
    except ValueError:
        return None
    if not isinstance(reason, str) or not reason.strip():
        return None
    return Quarantine(reason=" ".join(reason.split()), until=day.strftime("%Y-%m-%d"))


class Bounds:
    """Holds tests to what they say. Under ``gate_fail_on = none`` no test fails that would not fail without it."""

    def __init__(self, settings: Settings) -> None:
        self._fails = bool(settings.fail_on)
        self._today = datetime.fromtimestamp(clock(), UTC).strftime("%Y-%m-%d")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Change what a phase came to when the test has asked for it, after everybody else has."""
        report = yield
        budget = budget_of(item)
        if budget is not None:
            self._charge(item, report, budget, call.duration)
        quarantine = quarantine_of(item)
        if quarantine is not None:
            self._isolate(report, quarantine)
        return report

    def _charge(self, item: pytest.Item, report: pytest.TestReport, budget: float, seconds: float) -> None:
        """Count every phase; a test that took too long fails after it has ended."""
        if report.when == "setup":
            item.stash[_SPENT] = {}
        phases = item.stash[_SPENT]
        was_over = sum(phases.values()) > budget
        phases[report.when] = seconds
        spent = sum(phases.values())
        took = ", ".join(f"{phase} {part:.2f} s" for phase, part in phases.items())
        if spent > budget and report.passed and report.when != "setup" and not (was_over and report.when == "teardown"):
            told = f"It took {spent:.2f} s, and its budget is {budget:g} s ({took})"
            if self._fails:
                report.outcome, report.longrepr = "failed", told
            else:
                _add_note(report, f"{item.nodeid}: {told}.")
        elif report.when == "teardown" and _NEAR * budget <= spent <= budget:
            _add_note(report, f"{item.nodeid} took {spent:.2f} s of its budget of {budget:g} s ({took}).")

    def _isolate(self, report: pytest.TestReport, quarantine: Quarantine) -> None:
        """Make a failure an expected one until the last day; after it the test fails, also when it would pass."""
        if quarantine.until < self._today:
            if report.when == "call" and report.passed and self._fails:
                why = f"The quarantine ended on {quarantine.until} ({quarantine.reason})"
                report.outcome, report.longrepr = "failed", f"{why}. Remove the marker, or renew the date."
        elif report.failed:
            report.outcome = "skipped"
            report.wasxfail = f"quarantine until {quarantine.until}: {quarantine.reason}"
            setattr(report, QUARANTINED, True)
            _add_note(report, f"{report.nodeid} failed in quarantine until {quarantine.until}: {quarantine.reason}.")


class RunBudget:
    """Holds the whole run to ``gate_budget``, from its start to the judgement."""

    def __init__(self, settings: Settings) -> None:
        self._budget = settings.budget or 0.0
        self._orders = settings.repeat
        self._started = perf_counter()

    def pytest_integration_gate_judge(self, ended: Ended) -> Contribution:
        """Judge how long the run took."""
        spent, budget = perf_counter() - self._started, self._budget
        if self._orders > 1:
            return Contribution(warnings=("The budget of the run is not judged: everything ran in several orders.",))
        if spent > budget:
            return Contribution(causes=(Cause(reason=f"the run took {spent:.1f} s, its budget is {budget:g} s"),))
        if spent >= _NEAR * budget:
            return Contribution(warnings=(f"The run took {spent:.1f} s of its budget of {budget:g} s.",))
        return Contribution()


def _add_note(report: pytest.TestReport, text: str) -> None:
    setattr(report, NOTES, [*getattr(report, NOTES, ()), text])


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
