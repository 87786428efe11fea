"""Writes the event log of a run (``gate_events``), so that a kill loses no more than the tests that were running."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.gatekeeper import Gatekeeper, moment_of, seed_of
from pytest_integration_gate.controller.github import job, place_of
from pytest_integration_gate.evidence.carrying import adopt
from pytest_integration_gate.evidence.event_log import EventLog
from pytest_integration_gate.evidence.events import DamagedLog, LoggedRun, read_events
from pytest_integration_gate.evidence.lines import set_aside
from pytest_integration_gate.evidence.store import update
from pytest_integration_gate.hooks.failures import failure_of
from pytest_integration_gate.hooks.keys import CHECKPOINTS, LINKS, RECORD, WAIVERS
from pytest_integration_gate.isolation import at_work, clock
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.codec import to_data
from pytest_integration_gate.model.run_report import CheckpointResult
from pytest_integration_gate.model.secrecy import mask

_REPLAYED = (
    *("gate_fail_on", "gate_store", "gate_config", "gate_baseline", "gate_base", "gate_repeat"),
    "rootdir",
)
_PYTESTS = ("testpaths", "python_files", "pythonpath")
"""Options and ini names of pytest that a judgement hangs on."""


class Events:
    """Hears what happens on the process that judges, and appends it to the log."""

    def __init__(self, config: pytest.Config, path: Path, gatekeeper: Gatekeeper) -> None:
        self._config = config
        self._path = path
        self._gatekeeper = gatekeeper
        self._log: EventLog | None = None
        self._known = gatekeeper.noted
        self._collected: set[str] = set()
        self._checkpoints: list[CheckpointResult] = []
        self._told = 0

    @pytest.hookimpl(trylast=True)  # pytest-randomly has its seed by then
    def pytest_sessionstart(self) -> None:
        """Begin the log with what judging the run needs."""
        if self._config.getoption("collectonly", False):
            return
        self._log = EventLog(self._path)
        self._log.add(
            "run",
            at=_now(),
            commit=self._gatekeeper.commit,
            python=platform.python_version(),
            pytest=pytest.__version__,
            seed=seed_of(self._config),
            options=_options(self._config),
        )
        self._guarded(self._warn)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say what is to run."""
        self._collect([item.nodeid for item in session.items])
        self._guarded(self._check)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Say what the workers are to run."""
        self._collect(ids)
        self._guarded(self._check)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins; if it ends the process, the log must say so."""
        if self._log is not None:
            self._guarded(self._check)
            self._log.add("began", at=_now(), test=nodeid)
            self._log.flush()

    def left(self, nodeid: str) -> None:
        """A test has run in one of several orders: what it came to is told when all of them have."""
        if self._log is not None:
            self._log.add("left", test=nodeid)
            self._log.flush()

    @pytest.hookimpl(trylast=True)  # when the gatekeeper has noted the outcome
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected."""

        def write(log: EventLog) -> None:
            self._note(log)
            if report.failed:
                log.add("failed", test=report.nodeid, **_failure(report))

        self._guarded(write)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the outcome when it is known, and the record when the test is over."""

        def write(log: EventLog) -> None:
            self._note(log)
            if hasattr(report, LINKS):
                log.add("links", **getattr(report, LINKS))
            if report.outcome in ("failed", "rerun"):
                log.add("failed", test=report.nodeid, **_failure(report))
            elif report.skipped and hasattr(report, "wasxfail"):
                log.add("expected", test=report.nodeid)
            is_over = report.when not in ("setup", "call")  # the end of a test, or of a worker
            if is_over and self._gatekeeper.has_outcome(report.nodeid):
                record = getattr(report, RECORD, None)
                if record is not None and record.observations:
                    record = self._gatekeeper.staleness.dated(record)  # the code may change before a killed run is read
                log.ended(report.nodeid, record, at=_now(), **_of_worker(report))
                self._warn(log)

        self._guarded(write)

    @pytest.hookimpl(trylast=True)  # when the run has been judged
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End the log with what the run came to."""
        report = self._gatekeeper.report

        def write(log: EventLog) -> None:
            self._warn(log)
            if report is not None:
                log.judged(report)
            log.add("finished", at=_now(), exit_status=int(session.exitstatus), told=job())
            log.close()

        self._guarded(write)
        failure = self._log.failure if self._log is not None else ""
        if failure and report is not None and failure not in report.warnings:
            self._gatekeeper.warn(failure)

    def _guarded(self, write: Callable[[EventLog], None]) -> None:
        """Write; whatever goes wrong ends the log and not the run, which is told."""
        if self._log is None:
            return
        with at_work():
            try:
                write(self._log)
            except Exception as error:
                self._log.fail(error)
        warnings = self._gatekeeper.warnings
        if self._log.failure and self._log.failure not in warnings:
            warnings.append(self._log.failure)

    def _collect(self, tests: Sequence[str]) -> None:
        new = [nodeid for nodeid in tests if nodeid not in self._collected]
        self._collected.update(new)
        if self._log is not None and new:
            self._log.collected(new)
            self._log.flush()

    def _note(self, log: EventLog) -> None:
        noted = self._gatekeeper.noted
        if noted is not None and noted is not self._known:
            self._known = noted
            log.outcome(noted)

    def _check(self, log: EventLog) -> None:
        """Write what is new of the checkpoints; at first that they have not run."""
        plugin: Any = self._config.pluginmanager.get_plugin(CHECKPOINTS)
        results = plugin.results if plugin is not None else []
        new = [one for one in results if one not in self._checkpoints]
        if new and not self._checkpoints:
            log.add("checkpoints", definitions=plugin.definitions)
        for one in new:
            log.add("checkpoint", result=to_data(one))
        self._checkpoints = results

    def _warn(self, log: EventLog) -> None:
        """Write what was added, and what the run has been warned of."""
        warnings = self._gatekeeper.warnings
        for text in warnings[self._told :]:
            log.add("warning", text=text)
        self._told = len(warnings)
        log.flush()


def adopt_left_over(settings: Settings) -> str:
    """Keep the evidence of a run that was killed before its log is replaced, and say so.

    Raises StoreError when the file that would be replaced is no event log.
    """
    path = settings.events
    if path is None or not path.is_file():
        return ""
    try:
        left = read_events(path)
    except DamagedLog as damage:
        return set_aside(str(path), damage.message)
    if left.exit_status is not None or not left.what.tests:
        return ""
    if warning := keep(settings, left):
        return warning
    return f"The run before this one was killed; the evidence of {counted(len(left.what.tests), 'test')} was kept."


def keep(settings: Settings, logged: LoggedRun) -> str:
    """Put the evidence of a run that was killed into the store; say why that was not possible, if so."""
    return update(str(settings.store), lambda store: adopt(store, logged.what))


def _of_worker(report: pytest.TestReport) -> dict[str, Any]:
    """Return what a teardown report says besides: its worker of xdist, and the waivers that markers give."""
    told = {"worker": getattr(report, "worker_id", None), "waivers": getattr(report, WAIVERS, None)}
    return {name: value for name, value in told.items() if value is not None}


def _failure(report: pytest.TestReport | pytest.CollectReport) -> dict[str, Any]:
    """Return what a report of a failure says besides its outcome: by what it is known, and where it is."""
    failure, place = failure_of(report), place_of(report)
    known = replace(failure, message=mask(failure.message), known_as=failure.fingerprint)
    told = {"failure": to_data(known), "place": to_data(place)}
    return {**told, "again": True} if str(report.outcome) == "rerun" else told  # pytest-rerunfailures says so


def _options(config: pytest.Config) -> list[str]:
    """Return the options of this run that another judgement needs as well."""
    given = [f"--boundary={name}" for name in config.getoption("gate_boundary") or ()]
    given += [f"--gate-context={name}" for name in config.getoption("gate_context") or ()]
    # A URL may be a secret, as receivers of notifications may.
    given += [f"--gate-publish={place}" for place in config.getoption("gate_publish") or () if "://" not in place]
    for name in _REPLAYED:
        value = config.getoption(name)
        if value is not None:
            given.append(f"--{name.replace('_', '-')}={value}")
    for one in config.getoption("override_ini") or ():
        name = one.partition("=")[0].strip()
        # Others may hold what must not be written down, as receivers of notifications do.
        if name in _PYTESTS or (name.startswith("gate_") and name != "gate_notify"):
            given.append(f"--override-ini={one}")
    if config.getoption("inifilename"):
        given.append(f"-c{config.getoption('inifilename')}")
    return given


def _now() -> str:
    return moment_of(clock())
