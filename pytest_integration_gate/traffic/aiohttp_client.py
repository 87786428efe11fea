"""Requests that are sent with ``aiohttp``: each hop goes to a connector and comes back as a response that starts."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import bytes, getattr, hasattr, str, type
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.traffic.listening import SendCall, Undo, after, after_reading, listen, parsing, together
from pytest_integration_gate.traffic.wire import Wire

_CLIENT = "aiohttp"


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to ``ClientSession``, its connectors and ``ClientResponse``; return the undoing."""
    session, connector, response = module.ClientSession, module.BaseConnector, module.ClientResponse

    def sends(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        sending = wire.send(_CLIENT, values[1], _text(values[2]), (), None, wire.caller(frame))
        return None if sending is None else _Hops(wire, sending, lambda *_: None, later=True)

    def connects(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        sending, request = wire.under_way, values[1]
        if sending is None or sending.client != _CLIENT:
            return
        if sending.status is not None:  # the hop before has been answered
            following = wire.send(_CLIENT, "", "", (), None, sending.caller)
            if following is None:
                return
            wire.enter(following)
            sending = following
        wire.describe(sending, request.method, str(request.url), request.headers.items(), _sent(request.body))
        sending.is_real = True

    def started(_: Any, value: Any) -> None:
        sending = wire.under_way
        if sending is not None and sending.client == _CLIENT and value.method != "CONNECT":  # which a proxy answers
            wire.answer(sending, value, value.status, value.headers, value.headers.items(), _body)
            wire.look(sending)

    yield listen(session._request, wire, sends)
    yield listen(connector.connect, wire, connects)
    yield after(response.start, wire, started)
    yield after_reading(response.read, wire)
    yield parsing(response.json, wire)


class _Hops(SendCall):
    """One request of the code, which may be several on the wire: the last one is under way when it ends."""

    def returned(self, value: Any) -> None:
        """The client gave the response that has been noted."""
        self._leave()

    def raised(self) -> None:
        """The client raised; a hop that has been answered stays answered."""
        under_way = self._wire.under_way
        if under_way is not None and under_way.client == _CLIENT:
            self._sending = under_way
        super().raised()
        self._leave()

    def _leave(self) -> None:
        while (hop := self._wire.under_way) is not None and hop.client == _CLIENT:
            self._wire.leave(hop)


def _text(url: Any) -> str:
    return url if type(url) is str else str(url) if type(url).__module__.startswith("yarl") else ""


def _sent(body: Any) -> Any:
    """Return the body that is there as a whole, of a form in parts the heads of the parts, else the stream."""
    if hasattr(body, "boundary") and hasattr(body, "_parts"):
        heads = (head for part, *_ in body._parts for head in part.headers.items())
        return "".join(f"{name}: {value}\r\n" for name, value in heads)
    return getattr(body, "_value", body)


def _body(response: Any) -> bytes | None:
    content = response._body
    return content if type(content) is bytes else None
