"""Shapes of plain JSON data that also spell the values, so that enumerations and formats are compared inside too.

A claim keeps the literal of a body, a document lists the values of an enumeration: both become scalars with `values`,
and `pytest_integration_gate.model.comparison.fit` does the rest.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterable
from typing import Any

from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.joining import options_of
from pytest_integration_gate.model.keys import read_as_names
from pytest_integration_gate.model.literal import normal
from pytest_integration_gate.model.secrecy import SECRET
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NEVER,
    NONE,
    Dictionary,
    Field,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
    Union,
)

DATE, DATE_TIME = "<date>", "<date-time>"
"""Stand among the values of a text for all texts of that format."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MARKERS = {"<datetime>": DATE_TIME}


def spelled(argument: Argument) -> Shape | None:
    """Give the shape of JSON data with the values that are known; None where the literal is not kept.

    Here the elements of a list stay apart: each has to fit by itself.
    """
    if argument.text is None:
        return None
    try:
        return spell(literal_eval(argument.text.replace(f": {SECRET}", f": '{SECRET}'")))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def spell(value: Any) -> Shape:
    """Give the shape of plain data with its values. What was masked or normalised has none."""
    match value:
        case None:
            return NONE
        case bool():
            return Scalar("bool", (repr(value),))
        case int():
            return Scalar("int", (repr(value),))
        case float():
            return Scalar("int", (repr(int(value)),)) if value.is_integer() else Scalar("float")
        case str():
            return _spell_text(value)
        case list() | tuple():
            return Sequence("list", _any_of(value))
        case dict():
            if not value:
                return Dictionary(NEVER, NEVER)
            if all(isinstance(key, str) for key in value) and read_as_names([*value]):
                return Record(tuple(Field(key, spell(value[key])) for key in sorted(value)))
            return Dictionary(_any_of(value), _any_of(value.values()))
    return ANYTHING


def _any_of(values: Iterable[Any]) -> Shape:
    options = tuple(dict.fromkeys(flat for value in values for flat in options_of(spell(value))))
    return Union(options) if len(options) > 1 else next(iter(options), NEVER)


def _spell_text(value: str) -> Scalar:
    if _DATE.fullmatch(value):
        return Scalar("str", (DATE,))
    value = normal(value)
    if value in _MARKERS:
        return Scalar("str", (_MARKERS[value],))
    return Scalar("str") if "<" in value else Scalar("str", (repr(value),))


def without_fractions(shape: Shape) -> Shape:
    """Give a shape whose every ``float`` is an ``int``: ``1.0`` is an integer to JSON Schema, and any may be such."""
    match shape:
        case Scalar("float"):
            return Scalar("int")
        case Record(fields, cls, complete):
            inner = tuple(Field(each.name, without_fractions(each.shape), each.required) for each in fields)
            return Record(inner, cls, complete)
        case Dictionary(key, value, cls):
            return Dictionary(key, without_fractions(value), cls)
        case Sequence(kind, element):
            return Sequence(kind, without_fractions(element))
        case Tuple(elements):
            return Tuple(tuple(map(without_fractions, elements)))
        case Union(options):
            return Union(tuple(map(without_fractions, options)))
    return shape
