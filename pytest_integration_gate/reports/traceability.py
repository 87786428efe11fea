"""Traceability as Markdown: which test proves what (``--gate-trace``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike, fspath

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.files import write_text
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.markdown import cell, cell_of_lines, table


def traceability(report: RunReport) -> str:
    """Return the tables of stories, requirements and plan; a table without entries is left out."""
    run = report.test_run
    about = ", ".join(part for part in (run.project, run.commit and f"commit {run.commit}", run.timestamp) if part)
    parts = ["# Traceability", f"{about}: {run.status}"]
    parts += _section(
        "Acceptance criteria",
        ("Story", "Criterion", "Text", "State", "Tests"),
        [
            (*map(cell, (one.story, one.criterion, one.text, one.state)), cell_of_lines(one.tests))
            for one in report.acceptance
        ],
        sum(one.state == "met" for one in report.acceptance),
    )
    parts += _section(
        "Requirements",
        ("Requirement", "Text", "State", "Tests"),
        [(*map(cell, (one.id, one.text, one.state)), cell_of_lines(one.tests)) for one in report.requirements],
        sum(one.state == "met" for one in report.requirements),
    )
    parts += _section(
        "Test plan",
        ("Seam", "Critical path", "Priority", "State", "Tests"),
        [(*map(cell, (one.seam, one.path, one.priority, one.state)), cell_of_lines(one.tests)) for one in report.plan],
        sum(one.state == "covered" for one in report.plan),
    )
    if len(parts) == 2:
        parts.append("Neither stories nor requirements nor a plan are configured.")
    return "\n\n".join(parts) + "\n"


def write_trace(report: RunReport, path: str | PathLike[str]) -> None:
    """Write the tables to a file; raise `ReportError` when that is not possible."""
    try:
        write_text(path, traceability(report))
    except OSError as error:
        why = f"The traceability cannot be written to {fspath(path)}: {error.strerror or error}."
        raise ReportError(why, remedy="Name another file with --gate-trace.") from error


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], good: int) -> Iterator[str]:
    if not rows:
        return
    yield f"## {title}: {good} of {len(rows)}"
    yield table(head, rows)
