"""Renew the tables of ``reference/report.md`` from the JSON Schema of the report: ``python docs/report_fields.py``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "pytest_integration_gate/reports/schemas/report.schema.json"
PAGE = ROOT / "docs/reference/report.md"
BEGIN = "<!-- the rest is made by docs/report_fields.py -->\n"

_TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "nothing"}


def renewed(page: str) -> str:
    """Return the page with tables as the schema is now."""
    head, mark, _ = page.partition(BEGIN)
    sections = _sections(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return "\n".join((f"{head}{mark}", *sections))


def _sections(schema: Any) -> Iterator[str]:
    parts = schema["$defs"]
    for name, part in schema["properties"].items():
        if name == "format":
            continue
        yield f"## `{name}`\n"
        rows = list(_rows(_resolved(part, parts), "", parts))
        if text := part.get("description"):
            yield f"{text.rstrip('.')}.\n"
        if rows:
            yield "| field | is | meaning |\n|---|---|---|"
            yield "\n".join(rows) + "\n"
        else:
            yield f"Is a {_kind(part, parts)}{', and always there' if name in schema['required'] else ''}.\n"


def _rows(part: Any, path: str, parts: Any) -> Iterator[str]:
    """Give a row for each field below a part: lists and alternatives are looked through."""
    part = _resolved(part, parts)
    for option in part.get("oneOf", ()):
        if "properties" in _resolved(option, parts):
            part = _resolved(option, parts)
    if part.get("type") == "array":
        yield from _rows(part["items"], path, parts)
    for name, field in part.get("properties", {}).items():
        is_optional = name not in part.get("required", ())
        inner = list(_rows(field, f"{path}{name}.", parts))
        text = field.get("description") or _resolved(field, parts).get("description", "")
        if not inner or text:
            yield f"| `{path}{name}` | {_kind(field, parts)}{', optional' if is_optional else ''} | {text} |"
        yield from inner


def _resolved(part: Any, parts: Any) -> Any:
    return parts[part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _kind(part: Any, parts: Any) -> str:
    part = _resolved(part, parts)
    if "enum" in part:
        return ", ".join(f"`{word}`" if word else "empty" for word in part["enum"])
    if "oneOf" in part:
        return " or ".join(_kind(option, parts) for option in part["oneOf"])
    types = part["type"] if isinstance(part["type"], list) else [part["type"]]
    if types == ["array"]:
        inner = _resolved(part["items"], parts)
        return "list" if "properties" in inner or "$ref" in inner else f"list of {_plural(_kind(inner, parts))}"
    if types == ["object"]:
        return "mapping"
    return " or ".join(_TYPES.get(word, word) for word in types)


def _plural(kind: str) -> str:
    return kind if kind.startswith("`") else f"{kind}s"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
