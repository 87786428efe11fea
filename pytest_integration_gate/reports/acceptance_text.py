"""Criteria, requirements and the test plan in the terminal: what is missing, and with ``-v`` what proves the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from pytest_integration_gate.model.acceptance import State
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.layout import PLAIN, YELLOW, Line, wrapped
from pytest_integration_gate.values import dataclass

STATES: dict[State, str] = {
    "met": "met",
    "failed": "a test of it failed",
    "not_run": "its tests did not run",
    "gap": "no test",
    "mock_only": "proven only by doubles that no evidence supports",
    "changed": "its text changed since it was met, its tests did not",
}
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a table in words. `remark` says why it is not as it should be, empty when it is."""

    name: str
    text: str
    remark: str
    tests: tuple[str, ...]


def acceptance_lines(report: RunReport, width: int, *, is_verbose: bool) -> Iterator[Line]:
    """Say of each table how much is met, and list what is not."""
    yield from _table("acceptance", "criteria met", _criteria(report), width, is_verbose=is_verbose)
    yield from _table("requirements", "met", _requirements(report), width, is_verbose=is_verbose)
    yield from _table("plan", "critical paths have a test", _paths(report), width, is_verbose=is_verbose)


def _table(title: str, verb: str, rows: Sequence[Row], width: int, *, is_verbose: bool) -> Iterator[Line]:
    if not rows:
        return
    missing = [row for row in rows if row.remark]
    yield f"{title}: {len(rows) - len(missing)} of {len(rows)} {verb}", YELLOW if missing else PLAIN
    shown = rows if is_verbose else missing[:_SHOWN]
    indent = min(max((len(row.name) for row in shown), default=0), width // 3)
    for row in shown:
        start = f"  {row.name:<{indent}}  "
        text = "; ".join(part for part in (row.text, row.remark) if part)
        yield from wrapped(text or "met", width, indent=start, hanging=" " * (indent + 4))
        for test in folded(row.tests) if is_verbose else ():
            yield from wrapped(test, width, indent=" " * (indent + 4), hanging=" " * (indent + 8))
    if not is_verbose and len(missing) > _SHOWN:
        yield f"  and {len(missing) - _SHOWN} more (-v lists them)", PLAIN


def folded(tests: Sequence[str]) -> Iterator[str]:
    """Give each test once, and how many sets of parameters it has."""
    for name, group in groupby(tests, key=lambda test: test.partition("[")[0] if test.endswith("]") else test):
        first, *others = group
        yield f"{name} ({len(others) + 1} parameter sets)" if others else first


def _criteria(report: RunReport) -> list[Row]:
    return [
        Row(
            name="/".join(part for part in (one.story, one.criterion) if part),
            text=one.text,
            remark=_remark(one.state),
            tests=one.tests,
        )
        for one in report.acceptance
    ]


def _requirements(report: RunReport) -> list[Row]:
    return [Row(name=one.id, text=one.text, remark=_remark(one.state), tests=one.tests) for one in report.requirements]


def _paths(report: RunReport) -> list[Row]:
    rows = []
    for one in report.plan:
        priority = f" (priority: {one.priority})" if one.priority else ""
        remark = "" if one.state == "covered" else "no test"
        rows.append(Row(name=one.seam, text=f"{one.path}{priority}", remark=remark, tests=one.tests))
    return rows


def _remark(state: State) -> str:
    return "" if state == "met" else f"{state}: {STATES[state]}"
