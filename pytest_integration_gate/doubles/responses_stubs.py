"""Stubs of the library ``responses``: where each was written, and which request it answered."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from pytest_integration_gate.doubles.stub_places import births, place_of
from pytest_integration_gate.traffic.listening import Undo, after, together
from pytest_integration_gate.traffic.wire import Wire


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to stubs at their birth and when one is chosen; return the undoing."""

    def chosen(_: Any, value: Any) -> None:
        stub, _reasons = value
        if stub is None:
            wire.unmatched()
        elif stub.passthrough:
            wire.hit(place_of(stub))
        else:
            wire.stubbed(place_of(stub))

    yield births(module.BaseResponse.__init__, wire)
    yield after(module.RequestsMock._find_match, wire, chosen)
