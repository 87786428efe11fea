"""The JSON Schemas of the gate's files, for editors and for whoever reads reports: ``integration-gate schema``."""

from __future__ import annotations

import json
from typing import Any

SCHEMAS = ("report", "suite", "gate")


def schema_text(file: str) -> str:
    """Return the JSON Schema (2020-12) of a kind of file, one of `SCHEMAS`, as text."""
    if file == "report":
        from pytest_integration_gate.reports import schema

        return schema.schema_text()
    if file == "suite":
        from pytest_integration_gate.suites.json_schema import suite_schema

        return _written(suite_schema())
    return _written(gate_schema())


def gate_schema() -> dict[str, Any]:
    """Return the schema of ``gate.yaml``: its keys, types and words; what names refer to is left to the gate."""
    from pytest_integration_gate.configuration.gate_file import FILE
    from pytest_integration_gate.suites.checkpoints import RULE
    from pytest_integration_gate.suites.json_schema import schema_of

    schema = schema_of(FILE)
    schema["properties"]["checkpoints"] = schema_of(RULE)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pytest-integration-gate:gate:1",
        "title": "Tables of pytest --integration-gate (gate.yaml)",
        **schema,
    }


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2) + "\n"
