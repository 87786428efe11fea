"""Comparing the body of a request or an answer with what a schema allows."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Uses
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import Dictionary, Record, Sequence, Shape, Union
from pytest_integration_gate.model.spelling import spelled, without_fractions

_FORMAT = re.compile(r"Literal\[<([a-z-]+)>\]")
_ONE_VALUE = re.compile(r"Literal\[('[^']*'|[^,\[\]']+)\]")


def fit_body(body: Argument, shape: Shape, uses: Uses = EVERYTHING) -> tuple[Difference, ...]:
    """Compare a body and the values that are known of it with a shape; say by the types where already those differ."""
    claim, reality = comparable(body, shape)
    found = fit(claim, reality, uses)
    plain = {difference.path: difference for difference in fit(body.shape, reality, uses)} if found else {}
    return tuple(_reworded(plain.get(difference.path, difference)) for difference in found)


def comparable(body: Argument, shape: Shape) -> tuple[Shape, Shape]:
    """Give body and schema in forms that can be compared.

    Of a body whose values are not known the elements of lists are joined, so that nobody can tell which fields they
    had together: the schema is then joined as well.
    """
    claim = spelled(body)
    return (claim, shape) if claim is not None else (without_fractions(body.shape), _joined(shape))


@lru_cache(maxsize=256)
def _joined(shape: Shape) -> Shape:
    match shape:
        case Union(options):
            return join_all(map(_joined, options))
        case Record(fields):
            return replace(shape, fields=tuple(replace(field, shape=_joined(field.shape)) for field in fields))
        case Dictionary(value=value):
            return replace(shape, value=_joined(value))
        case Sequence(element=element):
            return replace(shape, element=_joined(element))
    return shape


def readable(text: str) -> str:
    """Write the formats of texts by their names: ``date`` for ``Literal[<date>]``."""
    return _FORMAT.sub(r"\1", text)


def _reworded(difference: Difference) -> Difference:
    claim = readable(difference.claim)
    value = _ONE_VALUE.fullmatch(claim)
    return replace(difference, claim=value[1] if value else claim, reality=readable(difference.reality))
