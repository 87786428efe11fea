"""The tests of a run in the Common Test Report Format, https://ctrf.io (``--gate-ctrf``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from os import PathLike
from typing import Any

from pytest_integration_gate import __version__
from pytest_integration_gate.model.run_report import Mismatch, RunReport, TestOutcome
from pytest_integration_gate.reports.json_file import write_json

_STATUSES: Mapping[str, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "skipped",
    "flaky": "other",  # neither passed nor failed; `flaky` says it
}


def ctrf(report: RunReport, outcomes: Iterable[TestOutcome]) -> dict[str, Any]:
    """Return the run in CTRF; the gate's verdict is under ``extra``, mismatches are with the tests that claim them."""
    run, gate = report.test_run, report.gate
    claimed: dict[str, list[Mismatch]] = {}
    for mismatch in report.mismatches:
        for nodeid in mismatch.claim.tests:
            claimed.setdefault(nodeid, []).append(mismatch)
    ordered = sorted(outcomes, key=lambda one: one.nodeid)
    tests = [_test(one, claimed.get(one.nodeid, ())) for one in ordered]
    counts = Counter(test["status"] for test in tests)
    start = round(datetime.fromisoformat(run.timestamp).timestamp() * 1000)
    summary = {
        "tests": len(tests),
        **{status: counts[status] for status in ("passed", "failed", "pending", "skipped", "other")},
        "start": start,
        "stop": start + round(float(run.duration.removesuffix("s")) * 1000),
    }
    results: dict[str, Any] = {"tool": {"name": "pytest", "version": run.pytest}, "summary": summary, "tests": tests}
    if run.commit:
        results["environment"] = {"commit": run.commit}
    results["extra"] = {
        "gate": {"status": gate.status, "run": run.status, "reasons": gate.reasons, "warnings": report.warnings}
    }
    return {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "timestamp": run.timestamp,
        "generatedBy": f"pytest-integration-gate {__version__}",
        "results": results,
    }


def write_ctrf(report: RunReport, path: str | PathLike[str], outcomes: Iterable[TestOutcome]) -> None:
    """Write the report to a file; raise `ReportError` when that is not possible."""
    write_json(ctrf(report, outcomes), path, "--gate-ctrf")


def _test(outcome: TestOutcome, mismatches: Iterable[Mismatch]) -> dict[str, Any]:
    file, _, name = outcome.nodeid.partition("::")
    test: dict[str, Any] = {
        "name": name or file or "collection",
        "status": _STATUSES[outcome.outcome],
        "duration": round(outcome.duration * 1000),
        "rawStatus": outcome.outcome,
    }
    if file:
        test["filePath"] = file
    if outcome.reason:
        test["message"] = outcome.reason
    if outcome.outcome == "flaky":
        test["flaky"] = True
    extra: dict[str, Any] = {"nodeid": outcome.nodeid}
    if told := [
        {"target": one.target, "kind": one.kind, "verdict": one.verdict, "at": one.claim.at} for one in mismatches
    ]:
        extra["mismatches"] = told
    return {**test, "extra": extra}
