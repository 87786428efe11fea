"""Libraries that answer HTTP requests with stubs, and what listens to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

from pytest_integration_gate.doubles import responses_stubs
from pytest_integration_gate.traffic.wire import Wire

STUBS: Mapping[str, Callable[[ModuleType, Wire], Callable[[], None]]] = {
    "responses": responses_stubs.hook,
}
"""By the name of the module; each hooks it and returns the undoing, or raises AttributeError when it has moved."""
