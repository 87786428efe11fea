"""What the terminal shows of a judged run: pure functions from the report to lines.

A line is its text and its markup, as pytest's ``TerminalReporter.write_line`` takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike

from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.run_report import ClaimCounts, Mismatch, RunReport, Stale, Status
from pytest_integration_gate.reports.boundary_table import table_lines
from pytest_integration_gate.reports.context_text import context_lines, counts_lines
from pytest_integration_gate.reports.layout import BOLD, PLAIN, YELLOW, Line, Markup, separator, wrapped
from pytest_integration_gate.reports.mismatch_text import SourceReader, mismatch_in_one_line, mismatch_lines
from pytest_integration_gate.reports.target_lines import target_lines

_COLOURS: Mapping[Status, Markup] = {
    "PASSED": {"green": True},
    "PARTIAL": {"yellow": True},
    "FAILED": {"red": True},
}


def header_line(boundaries: Sequence[str], store: str, notes: Sequence[str] = ()) -> str:
    """Return the line below pytest's own header; `notes` are short remarks, such as what is not available."""
    names = (
        [f"{counted(len(boundaries), 'boundary', 'boundaries')} ({', '.join(sorted(boundaries))})"]
        if boundaries
        else []
    )
    return f"integration-gate: {', '.join([*names, f'store {store}', *notes])}"


def summary_lines(
    report: RunReport,
    *,
    path: str | PathLike[str],
    source: SourceReader,
    width: int = 80,
    verbosity: int = 0,
    tb: str = "auto",
    findings: Iterable[Finding] = (),
) -> list[Line]:
    """Return what stands at the end of the run. `path` is where the report was written, empty when it was not.

    `verbosity` is pytest's: below 0 only a run that is not PASSED has a line; above 0 every target of `findings`, every
    one without evidence and every untidiness is listed. `tb` is how much pytest shows of a failure (``--tb``), and as
    much is shown of a mismatch.
    """
    if verbosity < 0:
        return [] if report.test_run.status == "PASSED" else [_status_line(report, str(path))]
    lines = [(separator("=", "integration gate", width), _COLOURS[report.test_run.status])]
    lines += _mismatches(report.mismatches, source, width, tb)
    if report.contexts is not None:
        lines += context_lines(report.contexts, width)
    table = table_lines(report, width)
    if table:
        lines += [*table, ("", PLAIN)]
    lines += wrapped(_counts_text(report), width)
    if verbosity > 0:
        lines += target_lines(findings, width)
    if report.acceptance or report.requirements or report.plan:
        from pytest_integration_gate.reports.acceptance_text import acceptance_lines

        lines += acceptance_lines(report, width, is_verbose=verbosity > 0)
    if report.repetition is not None:
        from pytest_integration_gate.reports.repetition_text import repetition_lines

        lines += repetition_lines(report, width)
    lines += counts_lines(report, width)
    lines += _lists(report, width, is_verbose=verbosity > 0)
    for warning in report.warnings:
        lines += wrapped(f"warning: {warning}", width, hanging="    ", markup=YELLOW)
    if str(path):
        lines.append((f"report: {path}", PLAIN))
    lines.append(_status_line(report))
    return lines


def _mismatches(mismatches: Sequence[Mismatch], source: SourceReader, width: int, tb: str) -> Iterator[Line]:
    if tb == "no":
        return
    for mismatch in mismatches:
        if tb == "line":
            yield mismatch_in_one_line(mismatch)
        else:
            yield from mismatch_lines(mismatch, source=source, width=width, is_short=tb == "short")
            yield "", PLAIN
    if mismatches and tb == "line":
        yield "", PLAIN


def _status_line(report: RunReport, path: str = "") -> Line:
    """Say what became of the run, and of the gate when that is not the same: when tests alone failed."""
    status = report.test_run.status
    reasons = f": {', '.join(report.gate.reasons)}" if report.gate.reasons else ""
    apart = f"; the gate itself: {report.gate.status}" if report.gate.status != status else ""
    where = f" ({path})" if path else ""
    return f"integration-gate: {status}{reasons}{apart}{where}", {**_COLOURS[status], **BOLD}


def _counts_text(report: RunReport) -> str:
    gate = report.gate
    if not gate.claims.total:
        return "no claims: no test used a double whose real counterpart is known"
    named = (("evidence", gate.evidence), ("agreement", gate.agreement))
    shares = [f"{name} {share:.0%}" for name, share in named if share is not None]
    return f"{counted(gate.claims.total, 'claim')}: {', '.join(_verdicts(gate.claims))}; {', '.join(shares)}"


def _verdicts(claims: ClaimCounts) -> Iterator[str]:
    for name in ("verified", "contradicted", "suspect", "unverified", "stale", "waived"):
        number = getattr(claims, name)
        if number:
            yield f"{number} {name}"


def _lists(report: RunReport, width: int, *, is_verbose: bool) -> Iterator[Line]:
    """Say what is stale, unverified, unbound and untidy: in one line each, or with every entry."""
    claims = counted(sum(group.claims for group in report.unverified), "claim")
    untidy = [f"{entry.at}: {entry.kind}{f' ({entry.detail})' if entry.detail else ''}" for entry in report.hygiene]
    lists = (
        (
            f"{counted(sum(one.claims for one in report.stale), 'claim')} met only stale evidence",
            [f"{one.target}: {_places(one.claims, one.at)}{_outdated(one)}" for one in report.stale],
        ),
        (
            f"{claims} on {counted(len(report.unverified), 'target')} met no evidence",
            [f"{group.target}: {_places(group.claims, group.at)}" for group in report.unverified],
        ),
        (
            counted(len(report.unbound_doubles), "unbound double"),
            [f"{double.at}{_used(double.names)}" for double in report.unbound_doubles],
        ),
        (counted(len(untidy), "untidy place"), untidy),
    )
    for title, entries in lists:
        if entries and is_verbose:
            yield f"{title}:", PLAIN
            for entry in entries:
                yield from wrapped(f"  {entry}", width, hanging="      ")
        elif entries:
            yield f"{title} (-v lists them)", PLAIN


def _places(claims: int, at: Sequence[str]) -> str:
    return f"{counted(claims, 'claim')} at {', '.join(at)}"


def _outdated(one: Stale) -> str:
    said = one.reality
    return f"; {one.would_be} by what was seen on {said.date}, but {said.stale}" if said is not None else ""


def _used(names: Sequence[str]) -> str:
    return f" (used: {', '.join(names)})" if names else ""
