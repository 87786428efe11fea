"""Keeps what the tests of this run have recorded until it ends, so that a kill loses only those that were running."""

from __future__ import annotations

import platform
from contextlib import suppress

import pytest

from pytest_integration_gate.controller.gatekeeper import Gatekeeper, moment_of
from pytest_integration_gate.evidence.journal import Journal, adopt_journals
from pytest_integration_gate.evidence.merging import about, lasting
from pytest_integration_gate.hooks.keys import RECORD, SETTINGS
from pytest_integration_gate.isolation import at_work, clock
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.record import TestRecord


class Journalling:
    """Writes the journal of a run in the process that judges, from the first test on that has something to keep."""

    def __init__(self, config: pytest.Config, gatekeeper: Gatekeeper) -> None:
        self._config = config
        self._gatekeeper = gatekeeper
        self._journal: Journal | None = None
        self._has_failed = False

    @pytest.hookimpl(trylast=True)  # when the gatekeeper knows whether the test was skipped
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what a test has left when it is over."""
        record = getattr(report, RECORD, None)
        if self._has_failed or not isinstance(record, TestRecord) or not self._gatekeeper.ran(report.nodeid):
            return
        with at_work():
            try:
                self._write(record)
            except OSError:  # a store that cannot be written is told at the end of the run
                self._has_failed = True
            except Exception as error:
                self._has_failed = True
                self._gatekeeper.warnings.append(f"A kill would lose what follows: {type(error).__name__}: {error}")

    def pytest_unconfigure(self) -> None:
        """The run has ended: the store has it all."""
        if self._journal is not None:
            with suppress(OSError):
                self._journal.close()

    def _write(self, record: TestRecord) -> None:
        named = about(record)
        if not named and not record.observations:
            return
        now = moment_of(clock())
        if self._journal is None:
            self._journal = Journal(
                str(self._config.stash[SETTINGS].store),
                at=now,
                commit=self._gatekeeper.commit,
                python=platform.python_version(),
            )
        if record.observations or record.boundaries:
            self._journal.add(self._gatekeeper.staleness.dated(lasting(record)), at=now)
        else:
            self._journal.add_doubles(record.nodeid, named, at=now)


def adopt_left_over(folder: str) -> tuple[str, ...]:
    """Put what killed runs have recorded into the store, and say so."""
    number, warnings = adopt_journals(folder)
    told = f"The run before this one was killed; the evidence of {counted(number, 'test')} was kept."
    return (told, *warnings) if number and not warnings else warnings
