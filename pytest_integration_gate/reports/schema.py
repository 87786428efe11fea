"""The JSON Schema of the report, which is shipped with the package."""

from __future__ import annotations

from importlib.resources import files


def schema_text() -> str:
    """Return the schema as it stands in its file."""
    return files(__package__).joinpath("schemas", "report.schema.json").read_text(encoding="utf-8")
