"""The formats that the judged run is written in besides the report, each with the function that writes it.

Only what is asked for is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_integration_gate.model.run_report import RunReport


def _trace(report: RunReport, path: Path) -> None:
    from pytest_integration_gate.reports.traceability import write_trace

    write_trace(report, path)


def _html(report: RunReport, path: Path) -> None:
    from pytest_integration_gate.reports.html import write_html

    write_html(report, path)


WRITERS: Mapping[str, Callable[[RunReport, Path], None]] = {"trace": _trace, "html": _html}
"""By the names of `settings.FORMATS`."""
