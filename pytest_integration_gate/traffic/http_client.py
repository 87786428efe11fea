"""Requests that are sent with the standard library: ``http.client``, and ``urllib.request`` on top of it.

Bodies are collected as they are read, and count when they have been read to the end.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import hasattr, len, map, str, sum
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from pytest_integration_gate.traffic.listening import SendCall, Undo, Unheard, guarded, listen, together
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.traffic.wire import LARGEST, Wire


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to ``http.client.HTTPConnection`` and ``HTTPResponse``; return the undoing."""
    connection, response = module.HTTPConnection, module.HTTPResponse
    # Most of what is asked and read here is asked and read by clients that are listened to themselves.
    of_answers = wire.ears()
    asked: WeakKeyDictionary[Any, Sending] = WeakKeyDictionary()
    pieces: WeakKeyDictionary[Any, list[bytes]] = WeakKeyDictionary()

    def requests(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        if wire.went_out("requests", "urllib3", "urllib"):
            return None
        sender, method, path, body, headers = values[:5]
        sending = wire.send("http.client", method, _url(sender, path), headers.items(), body, wire.caller(frame))
        if sending is None:
            return None
        sending.is_real = True
        asked[sender] = sending
        of_answers.wake()
        return SendCall(wire, sending, lambda *_: None)

    def answers(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        sending = asked.pop(values[0], None)
        return None if sending is None else SendCall(wire, sending, lambda *got: answered(wire, *got))

    def reads(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> Unheard | None:
        return _ReadCall(wire, values[0], pieces.setdefault(values[0], []))

    def reads_line(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> Unheard | None:
        return None if values[0].chunked else reads(values, kwargs, frame)  # a line of chunks is made of reads

    yield listen(connection.request, wire, requests)
    yield listen(connection.getresponse, wire, answers, among=of_answers)
    for function, hear in ((response.read, reads), (response.read1, reads), (response.readline, reads_line)):
        yield listen(function, wire, hear, of=wire.is_awaiting, among=wire.of_bodies)


@together
def hook_urllib(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to each hop of ``urllib.request``; return the undoing."""

    def opens(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        request = values[2]
        headers = {**request.headers, **request.unredirected_hdrs}
        caller = wire.caller(frame)
        sending = wire.send("urllib", request.get_method(), request.full_url, headers.items(), request.data, caller)
        return None if sending is None else SendCall(wire, sending, lambda *got: answered(wire, *got))

    yield listen(module.AbstractHTTPHandler.do_open, wire, opens)


class _ReadCall(Unheard):
    """A call that reads some of a body."""

    def __init__(self, wire: Wire, response: Any, pieces: list[bytes]) -> None:
        self._wire = wire
        self._response = response
        self._pieces = pieces

    def returned(self, value: Any) -> None:
        """Keep a copy of what the code got."""
        guarded(self._wire, lambda: self._keep(value))

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        size = sum(map(len, self._pieces))
        if size > LARGEST:
            self._wire.forget(self._response)
        elif self._response.isclosed() or self._response.length == 0:
            said = self._response.headers.get("content-length")
            if said in (None, str(size)) or self._response._method == "HEAD":  # else some was read in another way
                self._wire.read(self._response, b"".join(self._pieces))


def answered(wire: Wire, sending: Sending, value: Any) -> None:
    """A response has come; nothing of its body has been read, if there is any."""
    if sending.status is None:
        wire.answer(
            sending,
            value,
            value.status,
            value.headers,
            value.headers.raw_items(),
            lambda got: b"" if got.isclosed() else None,
        )


def _url(connection: Any, path: str) -> str:
    if "://" in path:  # through a proxy
        return path
    scheme = "https" if hasattr(connection, "_context") else "http"
    host, port = connection._tunnel_host or connection.host, connection._tunnel_port or connection.port
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port}{path}"
