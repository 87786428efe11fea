"""Imports what other runs have exported, and exports what this one has: ``--gate-import`` and ``--gate-export``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.carrying import (
    CarriedEnd,
    CarriedRun,
    CarriedTest,
    adopt,
    carried,
    merge,
    of_store,
    without_gone,
)
from pytest_integration_gate.evidence.export import read_export, write_export
from pytest_integration_gate.evidence.export_merging import merge_exports
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import TestOutcome, TestRun
from pytest_integration_gate.verdicts.target_waivers import TargetWaiver


class Carrying:
    """What one run imports and exports."""

    def __init__(self, settings: Settings, *, is_worker: bool = False) -> None:
        """Read what is imported; raise StoreError when it cannot be used.

        A worker of xdist on another machine may not have the files: it then watches what its tests name.
        """
        files = [file for file in settings.imports if not is_worker or file.exists()]
        self._imported = merge(map(read_export, files))
        self._settings = settings

    def adopted(self, store: Store) -> Store:
        """Return a store with what was imported, as far as that is newer."""
        return adopt(store, self._imported)

    def export(
        self,
        run: TestRun,
        *,
        records: Mapping[str, TestRecord],
        outcomes: Mapping[str, TestOutcome],
        waivers: Iterable[TargetWaiver],
        warnings: Iterable[str],
        collected: Mapping[str, Collection[str]],
        files: Iterable[str],
        today: str,
        moment: str,
        seconds: float,
    ) -> str:
        """Write the store, what was imported and this run, whole; say why that was not possible, if so.

        `collected` has the tests of the files that were collected as a whole, `files` are those whose tests all ran.
        `moment` is the end of the run, which took `seconds`.
        """
        path = self._settings.export
        if path is None:
            return ""
        skipped = {nodeid for nodeid, outcome in outcomes.items() if outcome.outcome == "skipped"}
        tests = (
            CarriedTest(
                record=record,
                date=today,
                commit=run.commit,
                moment=moment,
                python=run.python,
                is_whole=True,
                is_skipped=nodeid in skipped,
            )
            for nodeid, record in records.items()
        )
        marked = [one for one in waivers if one.test]
        ends = (
            CarriedEnd(
                outcome=replace(outcome, duration=0.0),
                moment=moment,
                waivers=tuple(one for one in marked if one.test == nodeid),
            )
            for nodeid, outcome in outcomes.items()
        )
        this = CarriedRun(
            moment=moment,
            started=run.timestamp,
            seconds=seconds,
            commit=run.commit,
            python=run.python,
            pytest=run.pytest,
            workers=run.workers,
            seed=run.seed,
            warnings=tuple(sorted({*warnings})),
            files=tuple(sorted(files)),
        )
        store, _ = load(str(self._settings.store))
        others = without_gone(merge((of_store(store), self._imported)), collected)
        try:
            write_export(path, merge((others, carried(tests, ends, (this,)))))
        except OSError as error:
            return f"The evidence was not exported: {path} cannot be written ({error.strerror or error})."
        return ""


def merge_files(files: Iterable[Path], output: Path) -> None:
    """Merge exported files into one; raises StoreError."""
    try:
        merge_exports(files, output)
    except OSError as error:
        raise StoreError(f"{output} cannot be written: {error.strerror or error}.") from None
