"""The limits of the ini file: rules for boundary tests, the run's budget, floors of coverage, the age of evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pytest_integration_gate.judging.rules import LEVELS, RULES
from pytest_integration_gate.yaml_rules import listing, nearest

_RULE = re.compile(r"(\w+)\s*(?:[:=]\s*(\w*))?")
_TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_AGE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([hdw])")
_AGE_SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_SAME_LEVEL = {"warn": "warning"}
_MISSING = "pip install 'pytest-integration-gate[coverage]'"

Problem = tuple[str, str]


def read_limits(
    rules: Iterable[str], budget: str, floors: Iterable[str], max_age: str = ""
) -> tuple[dict[str, Any], list[Problem]]:
    """Read the four settings. Return what `Settings` calls them, and what is wrong, by the name of the setting."""
    problems: list[Problem] = []
    limits = {
        "rules": _rules(rules, problems),
        "budget": _budget(budget, problems),
        "floors": _floors(floors, problems),
        "evidence_max_age": _age(max_age, problems),
    }
    return limits, problems


def _rules(lines: Iterable[str], problems: list[Problem]) -> dict[str, str]:
    """Read ``name: level``; a name alone is an error when it is broken."""
    rules: dict[str, str] = {}
    for line in lines:
        for name, level in _RULE.findall(line):
            level = _SAME_LEVEL.get(level, level) or "error"
            if name not in RULES:
                problems.append(("gate_rules", f"`{name}` is no rule.{nearest(name, RULES)}"))
            elif level not in LEVELS:
                problems.append(("gate_rules", f"`{name}` must be {listing(LEVELS, 'or')}, not `{level}`."))
            rules[name] = level
    return rules


def _budget(text: str, problems: list[Problem]) -> float | None:
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if not found or not float(found[1]):
        problems.append(
            ("gate_budget", f"`{text}` is no time. Write seconds, or a unit behind them, like `90s` or `5m`.")
        )
        return None
    return float(found[1]) * _SECONDS[found[2] or "s"]


def _age(text: str, problems: list[Problem]) -> float | None:
    if not text:
        return None
    found = _AGE.fullmatch(text)
    if not found or not float(found[1]):
        problems.append(
            ("gate_evidence_max_age", f"`{text}` is no age. Write hours, days or weeks: `12h`, `30d`, `2w`.")
        )
        return None
    return float(found[1]) * _AGE_SECONDS[found[2]]


def _floors(lines: Iterable[str], problems: list[Problem]) -> dict[str, float]:
    floors: dict[str, float] = {}
    for line in lines:
        what, colon, number = (part.strip() for part in line.rpartition(":"))
        percent = number.removesuffix("%").strip()
        if not colon or not what or not re.fullmatch(r"\d+(\.\d+)?", percent) or not 0 < float(percent) <= 100:
            problems.append(
                ("gate_coverage", f"`{line}` is no floor. Write `shop/orders: 90`, percent above 0 up to 100.")
            )
        elif what in floors:
            problems.append(("gate_coverage", f"`{what}` stands twice. Remove one."))
        else:
            floors[what] = float(percent)
    if floors and not _has_coverage():
        problems.append(("gate_coverage", f"the coverage library is not installed. Type: {_MISSING}"))
    return floors


def _has_coverage() -> bool:
    from importlib.util import find_spec

    return find_spec("coverage") is not None
