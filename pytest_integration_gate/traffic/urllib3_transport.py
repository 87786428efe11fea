"""The transport of ``requests`` and many others: a request that reaches it leaves the process."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_integration_gate.traffic.listening import tell
from pytest_integration_gate.traffic.wire import Wire


def hook(module: ModuleType, wire: Wire) -> Callable[[], None]:
    """Listen to ``urllib3.connectionpool.HTTPConnectionPool.urlopen``; return the undoing."""

    def opens(*_: Any) -> None:
        wire.went_out()

    return tell(module.connectionpool.HTTPConnectionPool.urlopen, wire, opens)
