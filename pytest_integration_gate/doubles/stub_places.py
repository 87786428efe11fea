"""Where stubs were written: a stub keeps its place in its own ``__dict__``, where no library looks."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import vars
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from pytest_integration_gate.traffic.callers import Place
from pytest_integration_gate.traffic.listening import listen
from pytest_integration_gate.traffic.wire import Wire

_PLACE = "_gate_place"


def place_of(stub: Any) -> Place | None:
    """Return where a stub was written, None when it is not the project's."""
    place: Place | None = vars(stub).get(_PLACE)
    return place


def births(function: Any, wire: Wire) -> Callable[[], None]:
    """Note where the stubs come from that a constructor (or what configures one later) gets as first argument."""

    def born(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        before = place_of(values[0])
        place = vars(values[0])[_PLACE] = wire.born(frame)
        if before != place:
            wire.hit(before)  # configured later: the line to mend is another one

    return listen(function, wire, born, always=True)  # also those of modules and lasting fixtures
