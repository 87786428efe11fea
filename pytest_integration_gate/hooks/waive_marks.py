"""Reads ``@pytest.mark.gate_waive`` and lets it ride on the reports of its test."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import date
from typing import Any

import pytest

from pytest_integration_gate.hooks.keys import WAIVERS
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.verdicts.target_waivers import TargetWaiver, faults

MARK = "gate_waive"
_EXAMPLE = '@pytest.mark.gate_waive("shop:Repo.get", kind="return_shape", reason="#12", until="2027-01-31")'


def problems(items: Iterable[pytest.Item]) -> list[str]:
    """Say which markers cannot be read."""
    return list(dict.fromkeys(problem for item in items for problem in _read(item)[1]))


def waivers_on(report: pytest.TestReport) -> tuple[TargetWaiver, ...]:
    """Return the waivers that ride on a report."""
    return tuple(from_data(TargetWaiver, data) for data in getattr(report, WAIVERS, ()))


class WaiveMarks:
    """Puts the waivers of a test on its reports, as plain data."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """They ride beside the record, on the report of the teardown."""
        report = yield
        if report.when == "teardown" and (waivers := _read(item)[0]):
            setattr(report, WAIVERS, [to_data(waiver) for waiver in waivers])
        return report


def _read(item: pytest.Item) -> tuple[list[TargetWaiver], list[str]]:
    waivers, wrong = [], []
    for node, mark in item.iter_markers_with_node(MARK):
        where = node.nodeid.partition("[")[0]
        given = {**dict(zip(("target",), mark.args, strict=False)), **mark.kwargs}
        kind, until = given.get("kind", ()), given.get("until")
        kinds = tuple(kind) if isinstance(kind, list | tuple) else (kind,)
        until = until.isoformat() if isinstance(until, date) else until
        found = faults(given.get("target"), kinds, given.get("reason"), until)
        if len(mark.args) > 1 or (mark.args and "target" in mark.kwargs):
            found.append("only the target stands without its name")
        if unknown := sorted(set(mark.kwargs) - {"target", "kind", "reason", "until"}):
            found.append(f"it does not know `{unknown[0]}`")
        if found:
            wrong.append(f"{where}: @pytest.mark.{MARK}: {'; '.join(found)}. For example: {_EXAMPLE}.")
        else:
            one = TargetWaiver(
                where=where,
                target=given["target"],
                kinds=kinds,
                reason=given["reason"],
                until=str(until),
                test=item.nodeid,
            )
            waivers.append(one)
    return waivers, wrong
