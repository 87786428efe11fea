"""The JSON Schemas that are shipped with the package."""

from __future__ import annotations

from importlib.resources import files

SCHEMAS = ("report",)


def schema_text(name: str) -> str:
    """Return a shipped JSON Schema as it stands in its file."""
    return files(__package__).joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
