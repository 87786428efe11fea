"""The mismatches as static findings: SARIF 2.1.0 (OASIS), for code scanning (``--gate-sarif``).

Mismatches, imports across borders and what is untidy have a place in the source; failed tests have none and are left to
the formats for tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from os import PathLike
from os.path import isabs
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pytest_integration_gate import __version__
from pytest_integration_gate.model.run_report import Mismatch, RunReport
from pytest_integration_gate.reports.json_file import write_json
from pytest_integration_gate.reports.places import file_and_line

_FINGERPRINT = "integrationGate/v1"


def sarif(report: RunReport) -> dict[str, Any]:
    """Return the SARIF log of a run."""
    results = _distinct(_results(report))
    rules = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    driver = {
        "name": "pytest-integration-gate",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": rule.replace("_", " ")}} for rule in rules],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def write_sarif(report: RunReport, path: str | PathLike[str]) -> None:
    """Write the log to a file; raise `ReportError` when that is not possible."""
    write_json(sarif(report), path, "--gate-sarif")


def _results(report: RunReport) -> Iterator[dict[str, Any]]:
    for mismatch in report.mismatches:
        yield _mismatch(mismatch)
    for border in report.contexts.violations if report.contexts else ():
        text = f"{border.importer} imports {border.imported} across a border of contexts."
        yield _result(border.kind, "warning", text, border.at, (border.importer, border.imported))
    for entry in report.hygiene:
        text = f"{entry.kind.replace('_', ' ').capitalize()} in {entry.test}. {entry.detail}".rstrip()
        yield _result(entry.kind, "note", text, entry.at, (entry.test, entry.detail))
    for double in report.unbound_doubles:
        text = "Nobody knows what this double stands for."
        yield _result("unbound_double", "note", text, double.at, double.names)


def _mismatch(mismatch: Mismatch) -> dict[str, Any]:
    reality = mismatch.reality
    parts = [f"{mismatch.target}: the double {mismatch.claim.outcome}"]
    if reality is not None:
        parts.append(f", in reality it {reality.outcome}")
    parts += [f"\n{one.path}: {one.claim}, in reality {one.reality}" for one in mismatch.differences]
    if mismatch.suggestion:
        parts.append(f"\n{mismatch.suggestion}")
    result = _result(
        mismatch.kind or mismatch.verdict,
        "error" if mismatch.verdict == "contradicted" else "warning",
        "".join(parts),
        mismatch.claim.at,
        (mismatch.target, mismatch.boundary, *(one.path for one in mismatch.differences)),
    )
    if reality is not None and reality.at:
        related = {**_location(reality.at), "message": {"text": f"Reality, {reality.source}: {reality.outcome}"}}
        result["relatedLocations"] = [related]
    result["properties"] = {"verdict": mismatch.verdict, "boundary": mismatch.boundary, "tests": mismatch.claim.tests}
    return result


def _result(rule: str, level: str, text: str, at: str, identity: Iterable[str]) -> dict[str, Any]:
    file, _ = file_and_line(at)
    digest = sha256("\0".join((rule, file, *identity)).encode("utf-8", "surrogatepass")).hexdigest()
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [_location(at)] if at else [],
        "partialFingerprints": {_FINGERPRINT: digest},
    }


def _location(at: str) -> dict[str, Any]:
    file, line = file_and_line(at)
    if isabs(file):
        artifact = {"uri": Path(file).as_uri()}
    else:
        artifact = {"uri": quote(file.replace("\\", "/"), errors="replace"), "uriBaseId": "%SRCROOT%"}
    place: dict[str, Any] = {"artifactLocation": artifact}
    if line is not None:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place}


def _distinct(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number equal fingerprints: a reader takes results with the same one for the same finding."""
    seen: Counter[str] = Counter()
    told = []
    for result in results:
        digest = result["partialFingerprints"][_FINGERPRINT]
        seen[digest] += 1
        told.append({**result, "partialFingerprints": {_FINGERPRINT: f"{digest}:{seen[digest]}"}})
    return told
