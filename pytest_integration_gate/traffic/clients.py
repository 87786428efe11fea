"""Which modules send over HTTP, and what listens to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

from pytest_integration_gate.traffic import requests_client, urllib3_transport
from pytest_integration_gate.traffic.wire import Wire

CLIENTS: Mapping[str, Callable[[ModuleType, Wire], Callable[[], None]]] = {
    "requests": requests_client.hook,
    "urllib3": urllib3_transport.hook,
}
"""By the name of the module; each hooks it and returns the undoing, or raises AttributeError when it has moved."""
