"""Gives the templates of a step their values, and holds what came of them against the rules of the step.

Loading has checked everything that is written out; a template may still give a list where a text is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_integration_gate.suites.seen import StepFailed
from pytest_integration_gate.suites.templates import as_text, render
from pytest_integration_gate.yaml_rules import Either, ListOf, MapOf, Rule, Table, Text, Value, describe

NOT_FILLED = frozenset(("when", "skip_if", "until", "fail_if", "foreach", "capture"))
"""Keys that are expressions, or names, in themselves."""


def fill(data: Mapping[str, Any], keys: Mapping[str, Rule], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step with values for its templates; `keys` are the rules of what may stand in it.

    Raises TemplateError when a variable has no value, StepFailed when a value cannot stand where it is used.
    """
    return {
        key: value if key in NOT_FILLED or key not in keys else _fitting(render(value, variables), keys[key], key)
        for key, value in data.items()
    }


def _fitting(value: Any, rule: Rule, name: str) -> Any:
    """Return the value as its rule wants it: numbers and such become text where text is needed."""
    match rule:
        case Text(refuse):
            if value is None or isinstance(value, list | tuple | dict):
                raise _refused(name, value, "write a text.")
            text = as_text(value)
            if refuse is not None and (reason := refuse(text)):
                raise _refused(name, value, reason)
            return text
        case Value(refuse_value):
            if refuse_value is not None and (reason := refuse_value(value)):
                raise _refused(name, value, reason)
        case Table(keys=keys):
            return {
                key: _fitting(inner, keys[key], f"{name}.{key}") if key in keys else inner
                for key, inner in _as(dict, value, name).items()
            }
        case MapOf(element):
            return {key: _fitting(inner, element, f"{name}.{key}") for key, inner in _as(dict, value, name).items()}
        case ListOf(element):
            return [
                _fitting(inner, element, f"{name}[{number}]") for number, inner in enumerate(_as(list, value, name))
            ]
        case Either(rules):
            return _fitting_one(value, rules, name)
    return value


def _fitting_one(value: Any, rules: Sequence[Rule], name: str) -> Any:
    problems = []
    for rule in rules:
        try:
            return _fitting(value, rule, name)
        except StepFailed as problem:
            problems.append(problem)
    raise problems[-1 if isinstance(value, list) else 0]


def _as(kind: type, value: Any, name: str) -> Any:
    if not isinstance(value, kind):
        raise _refused(name, value, f"write a {'list' if kind is list else 'mapping'}.")
    return value


def _refused(name: str, value: Any, reason: str) -> StepFailed:
    return StepFailed(f"`{name}` is {describe(value)}: {reason}", is_final=True)
