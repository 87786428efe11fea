"""What a replay asks, whichever kind of collaborator it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

import pytest

from pytest_integration_gate.model.interaction import Site
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One call or request. Equal ones are asked once.

    `name` is what the item is called, `act` what it does (``call shop.prices:fetch('EUR')``), `boundary` where the
    answer is filed, `key` what tells it from others with the same name. `provided` is the class of which a registered
    object is needed, empty when none is. `refused` says why it cannot be asked. `site` is the project's call that it
    stands for; `is_trouble` that the claim simulates a failure. `states` are those of the world in which it is asked.
    `ask` returns why the answer may come from another world than the one that the claim is about, empty when nothing
    says so.
    """

    name: str
    act: str
    boundary: str
    key: object = None
    provided: str = ""
    refused: str = ""
    states: tuple[str, ...] = ()
    tests: tuple[str, ...] = field(default=(), compare=False)
    is_trouble: bool = field(default=False, compare=False)
    site: Site | None = field(default=None, compare=False)
    ask: Callable[[pytest.FixtureRequest], str] = field(default=lambda request: "", compare=False)
