"""A contradiction between a claim and a fact."""

from __future__ import annotations

from pytest_integration_gate.model.finding import Difference, Kind
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One fact that a claim contradicts. `reality` says in words what holds, `at` where that is written."""

    kind: Kind
    target: str
    differences: tuple[Difference, ...]
    reality: str
    at: str = ""
