"""What the gate has to say about single tests, as properties for JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.layout import printable


def properties(report: RunReport) -> Mapping[str, list[tuple[str, str]]]:
    """Return names and values by the node id of the test concerned; a name can stand there more than once."""
    found: dict[str, list[tuple[str, str]]] = {}
    for nodeid, name, value in _told(report):
        found.setdefault(nodeid, []).append((f"integration_gate.{name}", printable(value)))
    return found


def _told(report: RunReport) -> Iterator[tuple[str, str, str]]:
    for mismatch in report.mismatches:
        kind = f"{mismatch.kind}, {mismatch.verdict}" if mismatch.kind else mismatch.verdict
        for nodeid in mismatch.claim.tests:
            yield nodeid, "mismatch", f"{mismatch.target} ({kind}) at {mismatch.claim.at}"
    for test in report.failed_tests:
        if test.category != "unclassified":
            yield test.nodeid, "category", test.category
    for failure in report.contexts.out_of_context if report.contexts else ():
        if failure.culprit:
            yield failure.nodeid, "culprit", failure.culprit
    for flaky in report.flaky:
        yield flaky.nodeid, "flaky", f"failed {flaky.failed} of {flaky.failed + flaky.passed}"
    for criterion in report.acceptance:
        for nodeid in criterion.tests:
            yield nodeid, "criterion", f"{criterion.story} {criterion.criterion}".rstrip() + f": {criterion.state}"
    for requirement in report.requirements:
        for nodeid in requirement.tests:
            yield nodeid, "requirement", f"{requirement.id}: {requirement.state}"
    for path in report.plan:
        for nodeid in path.tests:
            yield nodeid, "path", f"{path.seam}: {path.path}"
