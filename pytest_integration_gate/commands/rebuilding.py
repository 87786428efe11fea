"""Writes the report of a run from its event log: ``integration-gate report --from``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pytest_integration_gate.commands.deferred import configured, tell
from pytest_integration_gate.commands.killed import judge_killed, tell_of_killed
from pytest_integration_gate.configuration.settings import Settings, check_report
from pytest_integration_gate.controller.events import keep
from pytest_integration_gate.controller.formats import Formats
from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.events import LoggedRun, read_events
from pytest_integration_gate.hooks.extending import published
from pytest_integration_gate.model.run_report import RunReport, TestOutcome
from pytest_integration_gate.reports.layout import printable
from pytest_integration_gate.reports.yaml_file import write_report

_SHOWN = {"failed": "FAILED", "error": "ERROR"}


def rebuild(log: Path, paths: Mapping[str, str | None], *, junit: Path | None = None) -> int:
    """Write the report of a run, and what else is asked for; print the summary and return the exit status.

    `paths` says where each format goes, the report as ``report``; None is the place that is configured for the report,
    and no file for all others. `junit` is where the JUnit XML goes, which a run leaves to pytest. What a run that was
    killed could tell nobody (GitHub, receivers of notifications, where checkpoints are published) is told now. Raises
    GateError.
    """
    logged = read_events(log)
    if not logged.what.runs:
        raise StoreError(f"The event log {log} has no run: it was killed as it began.", remedy="Run pytest again.")
    options = [f"--gate-{name}={path}" for name, path in paths.items() if path is not None]
    with configured([*logged.options, *options]) as (config, settings):
        check_report(settings)
        outcomes = logged.outcomes
        report = logged.report
        warnings: list[str] = []
        if report is None:
            lost = _lost(logged)
            outcomes += lost
            report = judge_killed(logged, lost, settings, config)
            warnings += filter(None, (keep(settings, logged),))
        config.pluginmanager.register(Formats(settings.formats))
        warnings += published(config, report, outcomes)
        if logged.exit_status is None:
            warnings += tell_of_killed(logged, report, settings, config)
        report = replace(report, warnings=(*report.warnings, *warnings))
        if junit is not None:
            from pytest_integration_gate.reports.junit import write_junit

            write_junit(report, junit, outcomes)
        write_report(report, settings.report)
    for outcome in outcomes:
        if outcome.outcome in _SHOWN:
            sys.stdout.write(printable(f"{_SHOWN[outcome.outcome]} {outcome.nodeid} - {outcome.reason}") + "\n")
    status = tell(report, settings)
    _tell_github(logged, report, settings)
    return status


def _lost(logged: LoggedRun) -> tuple[TestOutcome, ...]:
    """Say that a test that was running ended with its run: that may well be what ended it."""
    reason = "The run ended while this test was running"
    return tuple(TestOutcome(nodeid=nodeid, outcome="error", reason=reason) for nodeid in logged.running)


def _tell_github(logged: LoggedRun, report: RunReport, settings: Settings) -> None:
    """Write annotations and summary of the step, unless the run has told the same job."""
    from pytest_integration_gate.controller.github import Step, job
    from pytest_integration_gate.reports.annotations import annotate

    if not job() or logged.told == job():
        return
    step = Step(settings.root)
    try:
        for line in step.commands(annotate(report, logged.places)):
            sys.stdout.write(f"{line}\n")
        step.summarise(report)
    except OSError as error:
        sys.stdout.write(f"integration-gate: GitHub was not told: {error.strerror or error}\n")
