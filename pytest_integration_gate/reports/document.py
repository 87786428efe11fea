"""The report as plain data, the same for every format that it is written in."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from pytest_integration_gate.model.run_report import ClaimCounts, RunReport

FORMAT = 1
_EMPTY = (None, "", ())


def document(report: RunReport) -> dict[str, Any]:
    """Return the report as dictionaries, lists, strings and numbers, in the order of SPEC section 12."""
    data: dict[str, Any] = {"format": FORMAT, **_plain(report)}
    data["boundaries"] = [
        {**_plain(boundary), "claims": _counts_that_matter(boundary.claims)} for boundary in report.boundaries
    ]
    for use, one in zip(data.get("uses", ()), report.uses, strict=False):
        use["claims"] = _counts_that_matter(one.claims)
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not is_dataclass(value):
        return value
    plain = {}
    for field in fields(value):
        content = getattr(value, field.name)
        is_left_out = field.default is not MISSING and field.default in _EMPTY and content == field.default
        if not is_left_out:
            plain[field.name] = _plain(content)
    return plain


def _counts_that_matter(counts: ClaimCounts) -> dict[str, int]:
    """Leave out the zeros: a row per boundary is read side by side with others."""
    return {name: number for name, number in _plain(counts).items() if number or name == "total"}
