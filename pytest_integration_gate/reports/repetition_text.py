"""What repetition brought to light, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.layout import PLAIN, YELLOW, Line, wrapped


def repetition_lines(report: RunReport, width: int) -> Iterator[Line]:
    """Say in how many orders everything ran, what that shows of steady tests, and which tests were not steady."""
    repetition = report.repetition
    if repetition is None:
        return
    steady = report.summary.total_tests - report.summary.flaky
    yield from wrapped(
        f"{repetition.orders} orders (seed {repetition.seed}): {counted(steady, 'steady test')}, "
        f"{counted(len(report.flaky), 'flaky test')}, {len(report.order_dependence)} of them by order; "
        f"a test that never failed fails in at most {repetition.upper_bound:.0%} of its runs (95 % confidence)",
        width,
        hanging="    ",
        markup=YELLOW if report.flaky else PLAIN,
    )
    polluters = {one.victim: " and ".join((one.polluter, *one.also)) for one in report.order_dependence}
    for one in report.flaky:
        runs = one.passed + one.failed
        text = f"{one.nodeid}: failed {one.failed} of {runs} ({one.rate:.0%}, at most {one.upper_bound:.0%})"
        yield from wrapped(text, width, indent="  ", hanging="      ")
        if one.nodeid in polluters:
            yield from wrapped(f"hangs on {polluters[one.nodeid]}", width, indent="      ", hanging="          ")
