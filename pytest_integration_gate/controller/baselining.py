"""Judges a run against a baseline, and brings the baseline up to date when that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_integration_gate.evidence.baseline import read_baseline, write_baseline
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.verdicts.baseline import entries_of, excused, vanished


class Baseline:
    """The baseline of one run. `warnings` say what is no longer in the run, and what went wrong."""

    def __init__(self, path: Path, *, is_updated: bool) -> None:
        """Read the file; raise BaselineError when it cannot be used, or when it is missing and not to be written."""
        self.warnings: list[str] = []
        self._path = path
        self._is_updated = is_updated
        self._entries = frozenset() if is_updated and not path.exists() else read_baseline(path)

    def apply(self, findings: Sequence[Finding], is_settled: Callable[[str], bool]) -> list[Finding]:
        """Return the findings, the known ones as waived; `is_settled` says of a test that it ran or is gone."""
        gone = vanished(self._entries, findings, is_settled)
        if self._is_updated:
            self._entries = self._entries.difference(gone).union(*map(entries_of, findings))
            try:
                write_baseline(self._path, self._entries)
            except OSError as error:
                self.warnings.append(f"The baseline {self._path} was not written ({error.strerror or error}).")
        else:
            self.warnings += sorted(
                f"{entry.test}: the {entry.kind or 'mismatch'} of {entry.target} is in the baseline and no longer "
                "occurs. Remove it with --gate-baseline-update."
                for entry in gone
            )
        return excused(findings, self._entries)
