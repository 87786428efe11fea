"""What the gate has to say about single tests, as properties for JUnit XML; and the file of a run without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike, fspath
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # nothing is parsed

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.files import write_text
from pytest_integration_gate.model.run_report import RunReport, TestOutcome
from pytest_integration_gate.reports.layout import printable

_ELEMENTS = {"failed": "failure", "flaky": "failure", "error": "error", "skipped": "skipped"}


def properties(report: RunReport) -> Mapping[str, list[tuple[str, str]]]:
    """Return names and values by the node id of the test concerned; a name can stand there more than once."""
    found: dict[str, list[tuple[str, str]]] = {}
    for nodeid, name, value in _told(report):
        found.setdefault(nodeid, []).append((f"integration_gate.{name}", printable(value)))
    return found


def write_junit(report: RunReport, path: str | PathLike[str], outcomes: Iterable[TestOutcome]) -> None:
    """Write the tests as pytest's ``--junitxml`` does, as far as outcomes tell; raise `ReportError` when that fails."""
    ended = sorted(outcomes, key=lambda one: one.nodeid)
    ends = [_ELEMENTS.get(one.outcome) for one in ended]
    suites = Element("testsuites", name="pytest tests")
    suite = SubElement(
        suites,
        "testsuite",
        name="pytest",
        errors=str(ends.count("error")),
        failures=str(ends.count("failure")),
        skipped=str(ends.count("skipped")),
        tests=str(len(ends)),
        time=report.test_run.duration.removesuffix("s"),
        timestamp=report.test_run.timestamp,
    )
    found = properties(report)
    for outcome, end in zip(ended, ends, strict=True):
        classname, name = _address(outcome.nodeid)
        case = SubElement(suite, "testcase", classname=classname, name=name, time=f"{outcome.duration:.3f}")
        if outcome.nodeid in found:
            parent = SubElement(case, "properties")
            for key, value in found[outcome.nodeid]:
                SubElement(parent, "property", name=key, value=value)
        if end is not None:
            SubElement(case, end, message=printable(outcome.reason))
    indent(suites)
    try:
        write_text(path, tostring(suites, encoding="unicode", xml_declaration=True) + "\n")
    except OSError as error:
        raise ReportError(f"The JUnit XML cannot be written to {fspath(path)}: {error.strerror or error}.") from None


def _address(nodeid: str) -> tuple[str, str]:
    """Return class name and name of a test as pytest's file has them; parameters may hold what separates others."""
    path, bracket, parameters = nodeid.partition("[")
    file, *names = path.split("::")
    parts = [file.removesuffix(".py").replace("/", "."), *names]
    return printable(".".join(parts[:-1])), printable(parts[-1] + bracket + parameters)


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
