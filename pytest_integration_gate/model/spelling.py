"""Shapes of plain JSON data that also spell the values, so that enumerations and formats are compared inside too.

A claim keeps the literal of a body, a document lists the values of an enumeration: both become scalars with `values`,
and `pytest_integration_gate.model.comparison.fit` does the rest.
"""

from __future__ import annotations

import re
from ast import literal_eval
from typing import Any

from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.keys import read_as_names
from pytest_integration_gate.model.literal import normal
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


def spelled(argument: Argument) -> Shape:
    """Give the shape of JSON data with the values that are known; the plain shape where its literal is not kept.

    A number like ``1.0`` is an integer to JSON Schema. Where values are not known, every ``float`` may be one.
    """
    if argument.text is not None:
        try:
            return spell(literal_eval(argument.text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    return _without_fractions(argument.shape)


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
            return Sequence("list", join_all(map(spell, value)))
        case dict():
            if not value:
                return Dictionary(NEVER, NEVER)
            if all(isinstance(key, str) for key in value) and read_as_names([*value]):
                return Record(tuple(Field(key, spell(value[key])) for key in sorted(value)))
            return Dictionary(join_all(map(spell, value)), join_all(map(spell, value.values())))
    return ANYTHING


def _spell_text(value: str) -> Scalar:
    if _DATE.fullmatch(value):
        return Scalar("str", (DATE,))
    value = normal(value)
    if value in _MARKERS:
        return Scalar("str", (_MARKERS[value],))
    return Scalar("str") if "<" in value else Scalar("str", (repr(value),))


def _without_fractions(shape: Shape) -> Shape:
    match shape:
        case Scalar("float"):
            return Scalar("int")
        case Record(fields, cls, complete):
            inner = tuple(Field(each.name, _without_fractions(each.shape), each.required) for each in fields)
            return Record(inner, cls, complete)
        case Dictionary(key, value, cls):
            return Dictionary(key, _without_fractions(value), cls)
        case Sequence(kind, element):
            return Sequence(kind, _without_fractions(element))
        case Tuple(elements):
            return Tuple(tuple(map(_without_fractions, elements)))
        case Union(options):
            return Union(tuple(map(_without_fractions, options)))
    return shape
