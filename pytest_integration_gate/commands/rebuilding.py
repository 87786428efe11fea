"""Writes the report of a run from its event log: ``integration-gate report --from``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_integration_gate.commands.deferred import configured, judge_carried, tell
from pytest_integration_gate.configuration.settings import Settings, check_report
from pytest_integration_gate.controller.events import keep
from pytest_integration_gate.controller.formats import Formats
from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.carrying import CarriedEnd, carried, merge, of_store
from pytest_integration_gate.evidence.events import LoggedRun, read_events
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.run_report import RunReport, TestOutcome
from pytest_integration_gate.reports.layout import printable
from pytest_integration_gate.reports.yaml_file import write_report

_NAMED = 10
"""So many of the tests that did not run are named."""
_SHOWN = {"failed": "FAILED", "error": "ERROR"}


def rebuild(log: Path, paths: Mapping[str, str | None], *, junit: Path | None = None) -> int:
    """Write the report of a run, and what else is asked for; print the summary and return the exit status.

    `paths` says where each format goes, the report as ``report``; None is the place that is configured for the report,
    and no file for all others. `junit` is where the JUnit XML goes, which a run leaves to pytest. Raises GateError.
    """
    logged = read_events(log)
    if not logged.what.runs:
        raise StoreError(f"The event log {log} has no run: it was killed as it began.", remedy="Run pytest again.")
    options = [f"--gate-{name}={path}" for name, path in paths.items() if path is not None]
    with configured([*logged.options, *options]) as (config, settings):
        check_report(settings)
        outcomes = logged.outcomes
        report = logged.report
        if report is None:
            lost = _lost(logged)
            outcomes += lost
            report = _judged(logged, lost, settings, config)
            warning = keep(settings, logged)
            report = replace(report, warnings=(*report.warnings, warning)) if warning else report
        warnings = Formats(settings.formats).pytest_integration_gate_publish(report=report, outcomes=outcomes)
        report = replace(report, warnings=(*report.warnings, *warnings))
        if junit is not None:
            from pytest_integration_gate.reports.junit import write_junit

            write_junit(report, junit, outcomes)
        write_report(report, settings.report)
    for outcome in outcomes:
        if outcome.outcome in _SHOWN:
            sys.stdout.write(printable(f"{_SHOWN[outcome.outcome]} {outcome.nodeid} - {outcome.reason}") + "\n")
    return tell(report, settings)


def _lost(logged: LoggedRun) -> tuple[TestOutcome, ...]:
    """Say that a test that was running ended with its run: that may well be what ended it."""
    reason = "The run ended while this test was running"
    return tuple(TestOutcome(nodeid=nodeid, outcome="error", reason=reason) for nodeid in logged.running)


def _judged(logged: LoggedRun, lost: tuple[TestOutcome, ...], settings: Settings, config: pytest.Config) -> RunReport:
    """Judge what a run that was killed has left behind, with the evidence that was stored before."""
    store, damage = load(str(settings.store))
    own = {nodeid for nodeid, _ in logged.what.tests}
    stored = Store({nodeid: test for nodeid, test in store.tests.items() if nodeid not in own})
    ends = (CarriedEnd(outcome=outcome, moment="") for outcome in lost)
    was_killed = logged.exit_status is None
    why = "the run was killed" if was_killed else f"the run was not judged (exit status {logged.exit_status})"
    return judge_carried(
        merge((of_store(stored), logged.what, carried(ends=ends))),
        settings,
        config,
        contributions=(Contribution(causes=(Cause(reason=why, always=True),)),),
        warnings=[*filter(None, (damage,)), *_not_run(logged.not_run)],
        not_run=len(logged.not_run),
        left_out=f"Not judged, because {why}",
    )


def _not_run(tests: tuple[str, ...]) -> list[str]:
    if not tests:
        return []
    more = f" and {len(tests) - _NAMED} more" if len(tests) > _NAMED else ""
    return [f"The run ended before {counted(len(tests), 'test')}: {', '.join(tests[:_NAMED])}{more}."]
