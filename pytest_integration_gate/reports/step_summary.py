"""The summary of a step of GitHub Actions, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_integration_gate.judging.wording import counted, target_name
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.markdown import cell, table

_MOST = 50  # rows; GitHub refuses a summary of more than 1 MiB
_LONGEST = 300


def step_summary(report: RunReport) -> str:
    """Return verdict, boundaries, mismatches, failed tests and what is not proven."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: RunReport) -> Iterator[str]:
    gate, summary = report.gate, report.summary
    project = f" · {cell(report.test_run.project)}" if report.test_run.project else ""
    yield f"## Integration gate: {report.test_run.status}{project}"
    yield (
        f"{summary.passed} of {counted(summary.total_tests, 'test')} passed, "
        f"{gate.claims.verified} of {counted(gate.claims.total, 'claim')} verified."
    )
    if gate.reasons:
        yield "\n".join(f"- {cell(reason)}" for reason in gate.reasons)
    verdicts = ["verified", "contradicted", "suspect", "unverified", *(["stale"] if report.stale else [])]
    boundaries = [
        (cell(one.name), one.fidelity, *(str(getattr(one.claims, name)) for name in verdicts))
        for one in report.boundaries
    ]
    columns = ("Boundary", "Evidence", *(name.capitalize() for name in verdicts))
    yield from _section("Boundaries", columns, boundaries)
    mismatches = [
        (
            f"{_short(target_name(one.target))}<br>{cell(one.claim.at)}",
            _short(one.claim.outcome),
            _short(one.reality.outcome) if one.reality else "",
            "<br>".join(_short(f"{d.path}: {d.claim}, in reality {d.reality}") for d in one.differences[:5]),
        )
        for one in report.mismatches[:_MOST]
    ]
    head = ("Mismatch", "The double", "Reality", "Differences")
    yield from _section("Mismatches", head, mismatches, len(report.mismatches))
    failed = [
        (_short(test.nodeid), cell(test.category.replace("_", " ")), _short(test.reason))
        for test in report.failed_tests[:_MOST]
    ]
    yield from _section("Failed tests", ("Test", "Category", "Reason"), failed, len(report.failed_tests))
    asked = [
        *((f"{one.story} {one.criterion}".rstrip(), one.text, one.state) for one in report.acceptance),
        *((one.id, one.text, one.state) for one in report.requirements),
        *((one.seam, one.path, one.state) for one in report.plan),
    ]
    unproven = [one for one in asked if one[2] not in ("met", "covered")]
    rows = [tuple(map(_short, one)) for one in unproven[:_MOST]]
    yield from _section("Asked for and not proven", ("Id", "Text", "State"), rows, len(unproven))


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], total: int | None = None) -> Iterator[str]:
    if not rows:
        return
    yield f"### {title}"
    yield table(head, rows)
    if total is not None and total > len(rows):
        yield f"… and {total - len(rows)} more."


def _short(text: str) -> str:
    return cell(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
