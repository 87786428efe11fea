"""What the code is known to read of the answer to a request."""

from __future__ import annotations

from pytest_integration_gate.model.exchange import Exchange
from pytest_integration_gate.model.interaction import EVERYTHING, Uses

_UNREAD_BODY = frozenset({".text", ".content", ".data", ".raw", ".read", ".iter_content", ".iter_lines", ".iter_bytes"})


def headers_read_in(exchange: Exchange) -> frozenset[str]:
    """Return the names of the headers that the code is seen to read, in lower case."""
    members = exchange.uses.members if exchange.uses is not None else ()
    spelled = (
        part[2:-2].lower()
        for name, inner in members
        if name == ".headers"
        for part, _ in inner.members
        if part[:2] == "['"
    )
    return frozenset((*exchange.headers_read, *spelled))


def body_uses_in(exchange: Exchange) -> Uses | None:
    """Return what the code does with the body, None when it does not look at it."""
    if exchange.body_uses is not None:
        return exchange.body_uses
    uses = exchange.uses
    if uses is None or (uses.escapes and not _is_known(uses)):
        return EVERYTHING
    return EVERYTHING if any(name in _UNREAD_BODY for name, _ in uses.members) else None


def is_status_read(uses: Uses) -> bool:
    """Say whether the code is seen to compare the status with certain ones; ``< 400`` and ``.ok`` ask for less."""
    for name, inner in uses.members:
        if name in (".status_code", ".status"):
            return inner.escapes or "__eq__" in inner.operations or "__contains__" in inner.operations
    return False


def _is_known(uses: Uses) -> bool:
    return any(name == ".json" for name, _ in uses.members)
