"""The formats that the judged run is written in besides the report, each with the function that writes it.

Only what is asked for is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.model.run_report import RunReport, TestOutcome

Writer: TypeAlias = Callable[[RunReport, Path, Sequence[TestOutcome]], None]


def _trace(report: RunReport, path: Path, outcomes: Sequence[TestOutcome]) -> None:
    from pytest_integration_gate.reports.traceability import write_trace

    write_trace(report, path)


def _html(report: RunReport, path: Path, outcomes: Sequence[TestOutcome]) -> None:
    from pytest_integration_gate.reports.html import write_html

    write_html(report, path)


def _json(report: RunReport, path: Path, outcomes: Sequence[TestOutcome]) -> None:
    from pytest_integration_gate.reports.json_file import write_report_json

    write_report_json(report, path)


def _sarif(report: RunReport, path: Path, outcomes: Sequence[TestOutcome]) -> None:
    from pytest_integration_gate.reports.sarif import write_sarif

    write_sarif(report, path)


def _ctrf(report: RunReport, path: Path, outcomes: Sequence[TestOutcome]) -> None:
    from pytest_integration_gate.reports.ctrf import write_ctrf

    write_ctrf(report, path, outcomes)


WRITERS: Mapping[str, Writer] = {"trace": _trace, "html": _html, "json": _json, "sarif": _sarif, "ctrf": _ctrf}
"""By the names of `settings.FORMATS`."""


class Formats:
    """Writes the judged run in what is asked for; `paths` are by the names of the formats."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    def pytest_integration_gate_publish(self, report: RunReport, outcomes: Sequence[TestOutcome]) -> list[str]:
        """Write every file; what goes wrong with one is a warning, for a run is never lost for a file about it."""
        warnings = []
        for name, path in self._paths.items():
            try:
                WRITERS[name](report, path, outcomes)
            except ReportError as error:
                warnings.append(str(error))
            except Exception as error:
                warnings.append(f"{path} could not be written: {type(error).__name__}: {error}")
        return warnings
