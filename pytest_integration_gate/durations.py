"""Lengths of time as YAML files write them (SPEC section 10, "Numbers"): whole numbers are milliseconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*")


def refuse_duration(value: Any) -> str | None:
    """Say why a value is no length of time, None when it is one."""
    if type(value) is int and value > 0:
        return None
    if isinstance(value, str) and (found := _WRITTEN.fullmatch(value)) and float(found[1]) > 0:
        return None
    return 'write milliseconds as a whole number above 0, or a text with its unit, like `"250ms"`, `"4s"` or `"2m"`.'


def seconds(value: int | str) -> float:
    """Return a length of time in seconds; `refuse_duration` has accepted it."""
    if isinstance(value, int):
        return value / 1000
    found = _WRITTEN.fullmatch(value)
    if found is None:
        raise ValueError(f"{value!r} is no length of time: {refuse_duration(value)}")
    return float(found[1]) * _UNITS[found[2]]


def milliseconds(expected: Any) -> Any:
    """Return an expectation of a time with numbers for what has a unit: ``{lt: 4s}`` becomes ``{lt: 4000}``."""
    if isinstance(expected, Mapping):
        return {key: milliseconds(value) for key, value in expected.items()}
    if isinstance(expected, list):
        return list(map(milliseconds, expected))
    if isinstance(expected, str) and _WRITTEN.fullmatch(expected):
        length = round(seconds(expected) * 1000, 6)
        return int(length) if length.is_integer() else length
    return expected


def shown(length: float) -> str:
    """Write a length of time for people: ``12 ms``, ``1.5 s``."""
    return f"{length * 1000:.0f} ms" if length < 1 else f"{length:.1f}".removesuffix(".0") + " s"
