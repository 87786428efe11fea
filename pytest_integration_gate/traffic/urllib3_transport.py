"""The transport of ``requests`` and many others: a request that reaches it leaves the process.

Those who use ``urllib3`` itself send from here.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import bytes, getattr, type
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.traffic.listening import SendCall, Undo, listen, together
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.traffic.wire import Wire


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to ``urllib3.connectionpool.HTTPConnectionPool.urlopen``; return the undoing."""

    def opens(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        if wire.went_out("requests", "urllib3"):  # or tries again: what counts is what the code gets
            return None
        pool, method, path, body, headers = values[:5]
        host = f"[{pool.host}]" if ":" in pool.host else pool.host
        url = path if "://" in path else f"{pool.scheme}://{host}:{pool.port}{path}"
        sent = pool.headers if headers is None else headers
        sending = wire.send("urllib3", method, url, _pairs(sent), body, wire.caller(frame))
        if sending is None:
            return None
        sending.is_real = True
        return SendCall(wire, sending, answered)

    def answered(sending: Sending, value: Any) -> None:
        wire.answer(sending, value, value.status, value.headers, _pairs(value.headers), _body)

    yield listen(module.connectionpool.HTTPConnectionPool.urlopen, wire, opens)


def _pairs(headers: Any) -> Iterable[tuple[Any, Any]]:
    """Give names and values. A list of the ``items`` of an ``HTTPHeaderDict`` reads them twice, to know how many."""
    pairs: Iterable[tuple[Any, Any]] = getattr(headers, "iteritems", headers.items)()
    return pairs


def _body(response: Any) -> bytes | None:
    content = response._body  # None or a stream while nobody has read it
    return content if type(content) is bytes else None
