"""Requests that are sent with ``requests``: `Session.send` sees each hop, also those that a stub answers."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import bytes, type
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.traffic.listening import (
    SendCall,
    Undo,
    after_reading,
    header_reading,
    listen,
    parsing,
    tell,
    together,
)
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.traffic.wire import Wire


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to ``Session.send`` and to those who read a ``Response``; return the undoing."""
    session, models = module.sessions.Session, module.models

    def sends(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        request = values[1]
        if models.PreparedRequest not in type(request).__mro__:
            return None  # a mock would notice that it is looked at
        caller = wire.caller(frame)
        sending = wire.send(
            "requests", request.method, request.url, request.headers.lower_items(), request.body, caller
        )
        return None if sending is None else SendCall(wire, sending, answered)

    def answered(sending: Sending, value: Any) -> None:
        if sending.status is None and models.Response in type(value).__mro__:
            wire.answer(sending, value, value.status_code, value.headers, value.headers.lower_items(), _body)

    def hops(_: Any, value: Any) -> None:
        # Asked of each response, before a redirect may lead to another one or to an exception.
        if wire.under_way is not None and wire.under_way.client == "requests":
            answered(wire.under_way, value)

    yield listen(session.send, wire, sends)
    yield tell(session.get_redirect_target, wire, hops)
    yield parsing(models.Response.json, wire)
    yield header_reading(module.structures.CaseInsensitiveDict.__getitem__, wire)
    yield after_reading(models.Response.content.fget, wire)  # of a stream, later


def _body(response: Any) -> bytes | None:
    content = response._content
    return content if type(content) is bytes else None  # False: a stream that nobody has read
