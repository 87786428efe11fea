"""The shipped JSON Schema against the reports that are written."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import jsonschema
import pytest

from pytest_integration_gate.model.acceptance import State
from pytest_integration_gate.model.finding import Fidelity, Kind, Verdict
from pytest_integration_gate.model.run_report import FailedTest, Measured, RunReport, Status
from pytest_integration_gate.reports.document import document
from pytest_integration_gate.reports.schema import schema_text

SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    """It is valid by draft 2020-12 itself."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("run", ["failed_run", "run_by_contexts", "quiet_run"])
def test_reports_fit_the_schema(run: str, request: pytest.FixtureRequest) -> None:
    """A report with everything and one with next to nothing."""
    VALIDATOR.validate(document(request.getfixturevalue(run)))


def test_values_of_suites_fit_the_schema(failed_run: RunReport) -> None:
    """What differed in a YAML test, and what one measured, have names that the suite gives."""
    failed = FailedTest(
        name="x",
        nodeid="a.gate.yaml::x",
        reason="too slow",
        details={"actual": {"body.items[0]": 1}, "expected": {"body.items[0]": {"gte": 2}}},
        suggestion="Mend it.",
    )
    measured = replace(failed_run.suites[0], measured=(Measured(test="x", figures={"p95": 1.5}),))
    VALIDATOR.validate(document(replace(failed_run, failed_tests=(failed,), suites=(measured,))))


def test_every_key_of_the_report_is_known_and_every_other_is_refused(run_by_contexts: RunReport) -> None:
    """An unknown key at any depth is an error: the schema describes all there is."""
    data = document(run_by_contexts)
    for path in [*paths_of_mappings(data)]:
        spoiled = copy.deepcopy(data)
        part: Any = spoiled
        for step in path:
            part = part[step]
        part["unheard_of"] = 1
        assert not VALIDATOR.is_valid(spoiled), path


def paths_of_mappings(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(data, dict):
        yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from paths_of_mappings(value, (*path, key))


def test_the_schema_allows_the_words_of_the_model() -> None:
    """Kinds, fidelities and statuses are those that the code knows, no more and no fewer."""
    mismatch = SCHEMA["properties"]["mismatches"]["items"]["properties"]
    assert set(mismatch["kind"]["enum"]) == set(get_args(Kind))
    assert set(SCHEMA["$defs"]["fidelity"]["enum"]) == set(get_args(Fidelity))
    assert set(SCHEMA["$defs"]["status"]["enum"]) == set(get_args(Status))
    assert set(SCHEMA["$defs"]["state"]["enum"]) == set(get_args(State))
    assert set(SCHEMA["properties"]["gate"]["properties"]["claims"]["properties"]) == {"total", *get_args(Verdict)}
