"""The JSON Schema of suite files for editors, made of the description that the check itself follows."""

from __future__ import annotations

from typing import Any

from pytest_integration_gate.suites.description import INNER, OF_STEPS, SUITE, TEST, step_table, test_table
from pytest_integration_gate.suites.kinds import KINDS
from pytest_integration_gate.yaml_rules import (
    Choice,
    Either,
    Flag,
    ListOf,
    MapOf,
    OrPath,
    Rule,
    Table,
    Text,
    Value,
    Whole,
)


def suite_schema() -> dict[str, Any]:
    """Return the schema of a suite file (JSON Schema 2020-12).

    It knows keys, types and words. What only the gate can say (variables, bounds that always hold, names that stand
    twice) is left to the gate.
    """
    suite = schema_of(Table(keys=SUITE, required=("tests",)))
    suite["properties"]["tests"]["items"] = {"$ref": "#/$defs/test"}
    suite["properties"]["tests"]["minItems"] = 1
    kinds = [*OF_STEPS, *(name for name in KINDS if name not in INNER)]
    definitions: dict[str, Any] = {
        "test": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "type": schema_of(TEST["type"])},
            "required": ["name", "type"],
            "allOf": [
                {"if": {"properties": {"type": {"const": kind}}}, "then": {"$ref": f"#/$defs/test-{kind}"}}
                for kind in kinds
            ],
        },
        "step": {"anyOf": [{"$ref": f"#/$defs/step-{kind}"} for kind in KINDS]},
    }
    definitions |= {f"test-{kind}": _with_steps(schema_of(test_table(kind))) for kind in kinds}
    definitions |= {f"step-{kind}": _with_steps(schema_of(step_table(kind))) for kind in KINDS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pytest-integration-gate:suite:1",
        "title": "YAML suite of pytest --integration-gate (test_*.gate.yaml, *_gate.yaml)",
        **suite,
        "$defs": definitions,
    }


def schema_of(rule: Rule) -> dict[str, Any]:
    """Return the schema of what follows a rule."""
    match rule:
        case Text():
            return {"type": "string"}
        case Choice(options):
            return {"enum": list(options)}
        case Flag():
            return {"type": "boolean"}
        case Whole(least):
            return {"type": "integer", "minimum": least}
        case ListOf(element):
            return {"type": "array", "items": schema_of(element)}
        case MapOf(value):
            return {"type": "object", "additionalProperties": schema_of(value)}
        case Value(schema=schema):
            return dict(schema)
        case Either(rules):
            return {"anyOf": [schema_of(one) for one in rules]}
        case OrPath(inner):
            return {"anyOf": [{"type": "string"}, schema_of(inner)]}
        case Table(keys=keys, required=required, other_names=others):
            properties = {name: schema_of(inner) for name, inner in keys.items()}
            properties |= {other: properties[name] for other, name in others.items() if name in properties}
            table: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
            return {**table, "required": list(required)} if required else table


def _with_steps(table: dict[str, Any]) -> dict[str, Any]:
    """Let the lists of steps in a table hold steps."""
    for key in ("steps", "verify", "then"):
        if key in table["properties"]:
            table["properties"][key] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    return table
