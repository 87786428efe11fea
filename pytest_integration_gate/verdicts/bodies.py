"""Comparing the body of a request or an answer with what a schema allows."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Uses
from pytest_integration_gate.model.shape import Shape
from pytest_integration_gate.model.spelling import spelled

_FORMAT = re.compile(r"Literal\[<([a-z-]+)>\]")
_ONE_VALUE = re.compile(r"Literal\[('[^']*'|[^,\[\]']+)\]")


def fit_body(body: Argument, shape: Shape, uses: Uses = EVERYTHING) -> tuple[Difference, ...]:
    """Compare a body and the values that are known of it with a shape; say by the types where already those differ."""
    found = fit(spelled(body), shape, uses)
    plain = {difference.path: difference for difference in fit(body.shape, shape, uses)} if found else {}
    return tuple(_reworded(plain.get(difference.path, difference)) for difference in found)


def readable(text: str) -> str:
    """Write the formats of texts by their names: ``date`` for ``Literal[<date>]``."""
    return _FORMAT.sub(r"\1", text)


def _reworded(difference: Difference) -> Difference:
    claim = readable(difference.claim)
    value = _ONE_VALUE.fullmatch(claim)
    return replace(difference, claim=value[1] if value else claim, reality=readable(difference.reality))
