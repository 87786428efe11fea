"""Requests that are sent with ``requests``: `Session.send` sees each hop, also those that a stub answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.traffic.listening import SendCall, all_of, listen
from pytest_integration_gate.traffic.wire import Sending, Wire


def hook(module: ModuleType, wire: Wire) -> Callable[[], None]:
    """Listen to ``Session.send``, ``Response.json`` and the reading of headers; return the undoing."""
    models = module.models

    def sends(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        request = values[1]
        if models.PreparedRequest not in type(request).__mro__:
            return None  # a mock would notice that it is looked at
        sending = wire.send(request.method, request.url, request.headers.items(), request.body, frame)
        return None if sending is None else SendCall(wire, sending, answered)

    def answered(sending: Sending, value: Any) -> None:
        if models.Response in type(value).__mro__:
            response = value.history[0] if value.history else value  # the later ones have sendings of their own
            wire.answer(sending, response, response.status_code, response.headers, _body)

    def parses(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        wire.parsed(values[0], frame)

    def reads(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        wire.header_read(values[0], values[1], frame)

    return all_of(
        [
            listen(module.sessions.Session.send, wire, sends),
            listen(models.Response.json, wire, parses),
            listen(module.structures.CaseInsensitiveDict.__getitem__, wire, reads),
        ]
    )


def _body(response: Any) -> bytes | None:
    content = response._content
    return content if type(content) is bytes else None  # False: a stream that nobody has read
