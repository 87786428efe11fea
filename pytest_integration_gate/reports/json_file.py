"""The report as JSON (``--gate-json``), and the way in which every format of this kind is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from os import PathLike, fspath
from typing import Any

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.files import write_text
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.document import document


def json_text(data: Any) -> str:
    """Write data as JSON that every reader understands: what RFC 8259 does not know becomes text."""
    return json.dumps(_known(data), indent=2, allow_nan=False) + "\n"


def write_json(data: Any, path: str | PathLike[str], option: str) -> None:
    """Write a file of JSON; raise `ReportError` when that is not possible."""
    try:
        write_text(path, json_text(data))
    except OSError as error:
        why = f"{fspath(path)} cannot be written: {error.strerror or error}."
        raise ReportError(why, remedy=f"Name another file with {option}.") from error


def write_report_json(report: RunReport, path: str | PathLike[str]) -> None:
    """Write the report with the content of the YAML file; raise `ReportError` when that is not possible."""
    write_json(document(report), path, "--gate-json")


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _known(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_known(one) for one in value]
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return str(value)
