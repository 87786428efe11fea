"""The `integration-gate` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from pytest_integration_gate.reports.schema import SCHEMAS, schema_text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; wrong arguments exit with 2 and say what is allowed."""
    parser = argparse.ArgumentParser(
        prog="integration-gate", description="What pytest --integration-gate offers outside of a test run."
    )
    parser.add_argument("--version", action="version", version=f"integration-gate {_version()}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    schema = commands.add_parser(
        "schema",
        help="print the JSON Schema of a file",
        description="Print the JSON Schema of a file that the gate writes or reads.",
    )
    schema.add_argument("file", choices=(*SCHEMAS, "suite"), help="the kind of file")
    chosen = parser.parse_args(arguments)
    sys.stdout.write(_schema(chosen.file))
    return 0


def _schema(file: str) -> str:
    if file == "suite":
        from pytest_integration_gate.suites import json_schema

        return json_schema.schema_text()
    return schema_text(file)


def _version() -> str:
    try:
        return version("pytest-integration-gate")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
