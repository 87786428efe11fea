"""The table of boundaries in the terminal."""

from __future__ import annotations

from dataclasses import fields

from pytest_integration_gate.model.run_report import ClaimCounts, RunReport
from pytest_integration_gate.reports.layout import BOLD, PLAIN, Line, printable

_COLUMNS = ("boundary", "fidelity", "tests", "targets", "observations", "claims")
_VERDICTS = ("verified", "contradicted", "suspect", "unverified", "stale", "waived")
_TEXTS = ("boundary", "fidelity")
# What a narrow terminal can do without, the least telling first.
_DISPENSABLE = ("targets", "fidelity", "observations", "tests", "waived", "stale")


def table_lines(report: RunReport, width: int) -> list[Line]:
    """Return the table: no verdict that nobody got, and no more columns than fit."""
    rows = [
        {
            "boundary": printable(boundary.name),
            "fidelity": boundary.fidelity,
            "tests": str(boundary.tests),
            "targets": str(boundary.targets),
            "observations": str(boundary.observations),
            **_claims(boundary.claims),
        }
        for boundary in report.boundaries
    ]
    if not rows:
        return []
    elsewhere = _outside(report)
    if elsewhere.total:
        rows.append({**dict.fromkeys(_COLUMNS, ""), "boundary": "(none)", **_claims(elsewhere)})
    columns = [*_COLUMNS, *(verdict for verdict in _VERDICTS if any(row[verdict] != "0" for row in rows))]
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in columns}
    for name in _DISPENSABLE:
        if sum(widths[column] + 2 for column in columns) - 2 > width and name in columns:
            columns.remove(name)
    head = _row({name: name for name in columns}, widths, columns)
    return [(head, BOLD), *((_row(row, widths, columns), PLAIN) for row in rows)]


def _row(cells: dict[str, str], widths: dict[str, int], columns: list[str]) -> str:
    aligned = (
        cells[name].ljust(widths[name]) if name in _TEXTS else cells[name].rjust(widths[name]) for name in columns
    )
    return "  ".join(aligned).rstrip()


def _claims(counts: ClaimCounts) -> dict[str, str]:
    return {"claims": str(counts.total), **{verdict: str(getattr(counts, verdict)) for verdict in _VERDICTS}}


def _outside(report: RunReport) -> ClaimCounts:
    """Count the claims that belong to no boundary."""
    names = [field.name for field in fields(ClaimCounts)]
    filed = {name: sum(getattr(boundary.claims, name) for boundary in report.boundaries) for name in names}
    return ClaimCounts(**{name: getattr(report.gate.claims, name) - filed[name] for name in names})
