"""The formats for machines: JSON, SARIF and CTRF, each against its schema.

The schemas of SARIF and CTRF are written here, after the specifications, as narrow as what is emitted: unknown keys are
errors.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.model.run_report import Measured, RunReport, TestOutcome, Untidy
from pytest_integration_gate.reports.ctrf import ctrf, write_ctrf
from pytest_integration_gate.reports.document import document
from pytest_integration_gate.reports.json_file import json_text, write_report_json
from pytest_integration_gate.reports.places import file_and_line
from pytest_integration_gate.reports.sarif import sarif, write_sarif
from pytest_integration_gate.reports.schema import schema_text


def exactly(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of an object with these keys and no other."""
    properties = required | (optional or {})
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def some(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT = {"type": "string", "minLength": 1}
MESSAGE = exactly({"text": TEXT})
ARTIFACT = exactly({"uri": {"type": "string", "pattern": r"^[\x21-\x7e]+$"}}, {"uriBaseId": {"const": "%SRCROOT%"}})
PLACE = exactly({"artifactLocation": ARTIFACT}, {"region": exactly({"startLine": {"type": "integer", "minimum": 1}})})
# SARIF 2.1.0, sections 3.13 (log), 3.14 (run), 3.27 (result), 3.28 (location), 3.49 (rule).
SARIF = exactly(
    {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": some(
            exactly(
                {
                    "tool": exactly(
                        {
                            "driver": exactly(
                                {
                                    "name": TEXT,
                                    "version": TEXT,
                                    "rules": {
                                        **some(exactly({"id": TEXT, "shortDescription": MESSAGE})),
                                        "uniqueItems": True,
                                    },
                                }
                            )
                        }
                    ),
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": some(
                        exactly(
                            {
                                "ruleId": TEXT,
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": MESSAGE,
                                "locations": some(exactly({"physicalLocation": PLACE})),
                                "partialFingerprints": {"type": "object", "additionalProperties": TEXT},
                            },
                            {
                                "relatedLocations": some(exactly({"physicalLocation": PLACE, "message": MESSAGE})),
                                "properties": {"type": "object"},
                            },
                        )
                    ),
                }
            )
        ),
    }
)
COUNT = {"type": "integer", "minimum": 0}
CTRF = exactly(
    {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
        "results": exactly(
            {
                "tool": exactly({"name": TEXT}, {"version": TEXT}),
                "summary": exactly(
                    dict.fromkeys(("tests", "passed", "failed", "pending", "skipped", "other", "start", "stop"), COUNT)
                ),
                "tests": some(
                    exactly(
                        {
                            "name": TEXT,
                            "status": {"enum": ["passed", "failed", "skipped", "pending", "other"]},
                            "duration": COUNT,
                        },
                        {
                            "rawStatus": TEXT,
                            "filePath": TEXT,
                            "message": {"type": "string"},
                            "flaky": {"type": "boolean"},
                            "extra": {"type": "object"},
                        },
                    )
                ),
            },
            {"environment": exactly({}, {"commit": TEXT}), "extra": {"type": "object"}},
        ),
    },
    {"timestamp": {"type": "string", "format": "date-time"}, "generatedBy": TEXT},
)
RUNS = ["failed_run", "run_by_contexts", "quiet_run"]
OUTCOMES = (
    TestOutcome(nodeid="tests/unit/test_signup.py::test_greets", outcome="passed", duration=0.0123),
    TestOutcome(nodeid="tests/unit/test_pay.py::test_pays", outcome="failed", reason="assert 1 == 2"),
    TestOutcome(nodeid="tests/unit/test_broken.py", outcome="error", reason="SyntaxError"),
    TestOutcome(nodeid="tests/unit/test_pay.py::TestMore::test_skips", outcome="skipped"),
    TestOutcome(nodeid="tests/unit/test_pay.py::test_wavers", outcome="flaky", reason="now and then"),
)


def check(data: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Validate data as a reader of the file sees it, and return that."""
    read: dict[str, Any] = json.loads(json_text(data))
    jsonschema.Draft202012Validator(schema).validate(read)
    return read


@pytest.mark.parametrize("run", RUNS)
def test_sarif_fits_its_schema(run: str, request: pytest.FixtureRequest) -> None:
    """With findings of every kind, and with none."""
    check(sarif(request.getfixturevalue(run)), SARIF)


@pytest.mark.parametrize("run", RUNS)
def test_ctrf_fits_its_schema(run: str, request: pytest.FixtureRequest) -> None:
    """With tests of every outcome, and with none."""
    check(ctrf(request.getfixturevalue(run), OUTCOMES), CTRF)
    check(ctrf(request.getfixturevalue(run), ()), CTRF)


@pytest.mark.parametrize("run", RUNS)
def test_json_is_the_report(run: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """It has the content of the YAML file and fits the shipped schema."""
    report = request.getfixturevalue(run)
    write_report_json(report, tmp_path / "report.json")
    data = json.loads((tmp_path / "report.json").read_text())
    assert data == document(report)
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(data)


def test_what_json_does_not_know_becomes_text(failed_run: RunReport) -> None:
    """Endless numbers, keys that are none and lone surrogates can be read by everybody."""
    figures = {"p95": float("inf"), "odd": {1: float("nan"), "x": object}, "lone": "\ud800"}
    suite = replace(failed_run.suites[0], measured=(Measured(test="x", figures=figures),))
    text = json_text(document(replace(failed_run, suites=(suite,))))
    assert text.isascii()
    read = json.loads(text, parse_constant=pytest.fail)["suites"][0]["measured"][0]["figures"]
    assert read["p95"] == "inf"
    assert read["odd"]["1"] == "nan"


def test_sarif_points_at_the_line_to_mend_and_at_reality(failed_run: RunReport) -> None:
    """A contradicted claim is an error, a suspect one a warning."""
    first, second, *_ = check(sarif(failed_run), SARIF)["runs"][0]["results"]
    assert (first["ruleId"], first["level"]) == ("return_shape", "error")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "tests/unit/test_signup.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 6},
    }
    assert first["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 31}
    assert "$.mail: str, in reality absent" in first["message"]["text"]
    assert second["level"] == "warning"


def test_rules_of_sarif_are_found_by_their_index(run_by_contexts: RunReport) -> None:
    """Each result's `ruleIndex` leads to the rule with its `ruleId`."""
    run = check(sarif(run_by_contexts), SARIF)["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [one["ruleId"] for one in run["results"]]
    assert {"return_shape", "sync_async", "coordination_border", "dead_double", "unbound_double"} == set(rules)


def test_fingerprints_outlive_a_move_and_tell_findings_apart(failed_run: RunReport) -> None:
    """A line more above the mock changes nothing; two equal findings of one file stay two."""

    def fingerprints(report: RunReport) -> list[str]:
        return [one["partialFingerprints"]["integrationGate/v1"] for one in sarif(report)["runs"][0]["results"]]

    first = failed_run.mismatches[0]
    moved = replace(first, claim=replace(first.claim, at="tests/unit/test_signup.py:7"))
    before = fingerprints(failed_run)
    assert fingerprints(replace(failed_run, mismatches=(moved, *failed_run.mismatches[1:]))) == before
    twice = fingerprints(replace(failed_run, mismatches=(first, moved)))
    assert twice[0] == before[0]
    assert len(set(twice)) == len(twice)


@pytest.mark.parametrize(
    ("at", "uri"),
    [
        ("tests/a b#1.py:3", "tests/a%20b%231.py"),
        ("tests/ü.py:3", "tests/%C3%BC.py"),
        ("tests/\ud800.py", "tests/%3F.py"),
        ("/else where/x.py:3", "file:///else%20where/x.py"),
    ],
)
def test_places_are_addresses(quiet_run: RunReport, at: str, uri: str) -> None:
    """Blanks, other letters, surrogates, and files outside of the project."""
    report = replace(quiet_run, hygiene=(Untidy(kind="dead_double", at=at, test="t"),))
    result = check(sarif(report), SARIF)["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_finding_without_a_place_has_no_location(quiet_run: RunReport) -> None:
    """An empty place is none."""
    report = replace(quiet_run, hygiene=(Untidy(kind="dead_double", at="", test="t"),))
    assert check(sarif(report), SARIF)["runs"][0]["results"][0]["locations"] == []


def test_ctrf_counts_every_test_once(failed_run: RunReport) -> None:
    """Errors are failures; a flaky test is neither passed nor failed, and marked."""
    results = check(ctrf(failed_run, OUTCOMES), CTRF)["results"]
    assert results["summary"] == {
        "tests": 5,
        "passed": 1,
        "failed": 2,
        "pending": 0,
        "skipped": 1,
        "other": 1,
        "start": 1795170600000,
        "stop": 1795170645200,
    }
    assert [test["name"] for test in results["tests"] if test.get("flaky")] == ["test_wavers"]


def test_ctrf_tells_mismatches_beside_the_tests_that_claim_them(failed_run: RunReport) -> None:
    """A test can pass and lie."""
    tests = {test["name"]: test for test in check(ctrf(failed_run, OUTCOMES), CTRF)["results"]["tests"]}
    assert tests["test_greets"]["status"] == "passed"
    assert tests["test_greets"]["duration"] == 12
    assert tests["test_greets"]["extra"]["mismatches"][0]["target"] == "shop.repository:UserRepo.get"
    assert "mismatches" not in tests["test_pays"]["extra"]


def test_a_place_that_cannot_be_written_is_a_report_error(quiet_run: RunReport, tmp_path: Path) -> None:
    """The error names the option."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "x"
    with pytest.raises(ReportError, match="--gate-json"):
        write_report_json(quiet_run, path)
    with pytest.raises(ReportError, match="--gate-sarif"):
        write_sarif(quiet_run, path)
    with pytest.raises(ReportError, match="--gate-ctrf"):
        write_ctrf(quiet_run, path, OUTCOMES)


@pytest.mark.parametrize(
    ("at", "place"),
    [("a.py:3", ("a.py", 3)), ("a.py", ("a.py", None)), ("C:/a.py", ("C:/a.py", None)), ("a:0", ("a:0", None))],
)
def test_places_are_taken_apart(at: str, place: tuple[str, int | None]) -> None:
    """A place without a line is a file."""
    assert file_and_line(at) == place
