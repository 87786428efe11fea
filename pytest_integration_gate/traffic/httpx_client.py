"""Requests that are sent with ``httpx``, synchronous or not, over the network or to an application in this process."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import bytes, getattr, hasattr, isinstance, str, type, vars
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.traffic.callers import Caller
from pytest_integration_gate.traffic.listening import (
    SendCall,
    Undo,
    Unheard,
    after_reading,
    header_reading,
    listen,
    parsing,
    tell,
    together,
)
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.traffic.wire import Wire

_METHODS = ("get", "options", "head", "post", "put", "patch", "delete", "request", "send")
# Who called an asynchronous client: a task that runs the request alone does not stand on its caller's stack.
_asking: ContextVar[Caller | None] = ContextVar("pytest_integration_gate_asking", default=None)


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to each hop of ``Client`` and ``AsyncClient``, their transports and ``Response``; return the undoing."""
    name = module.__name__
    client, other, response = module.Client, module.AsyncClient, module.Response

    def sends(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> SendCall | None:
        client, request = values[:2]
        if module.Request not in type(request).__mro__:
            return None  # a mock would notice that it is looked at
        caller = _asking.get() or wire.caller(frame)
        sending = wire.send(name, request.method, str(request.url), request.headers.raw, _sent(request), caller)
        later = isinstance(client, other)
        return None if sending is None else SendCall(wire, sending, answered, later=later)

    def answered(sending: Sending, value: Any) -> None:
        if response in type(value).__mro__:
            wire.answer(sending, value, value.status_code, value.headers, value.headers.raw, _body)

    def asks(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> _AskCall | None:
        return _AskCall(wire.caller(frame)) if _asking.get() is None else None

    yield listen(client._send_single_request, wire, sends)
    yield listen(other._send_single_request, wire, sends)
    for method in _METHODS:
        yield listen(getattr(other, method), wire, asks)
    yield parsing(response.json, wire)
    yield header_reading(module.Headers.__getitem__, wire)
    yield after_reading(response.read, wire)
    yield after_reading(response.aread, wire)
    yield tell(module.WSGITransport.handle_request, wire, lambda *_: wire.went_in())
    yield tell(module.ASGITransport.handle_async_request, wire, lambda *_: wire.went_in())
    with suppress(ImportError):  # every client of the network imports it
        core = import_module(name.replace("httpx", "httpcore"))
        yield tell(core.ConnectionPool.handle_request, wire, lambda *_: wire.went_out(name))
        yield tell(core.AsyncConnectionPool.handle_async_request, wire, lambda *_: wire.went_out(name))


@together
def hook_starlette(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to the transport of ``starlette.testclient``: the application answers; return the undoing."""
    yield tell(module._TestClientTransport.handle_request, wire, lambda *_: wire.went_in())


class _AskCall(Unheard):
    """A coroutine that sends for a caller when it is awaited."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def resumed(self) -> None:
        """It runs, in whichever task."""
        _asking.set(self._caller)

    def returned(self, value: Any) -> None:
        """It has ended."""
        _asking.set(None)

    def raised(self) -> None:
        """It has ended."""
        _asking.set(None)


def _sent(request: Any) -> Any:
    """Return the body that is there as a whole, of a form in parts the heads of the parts, else the stream."""
    content = vars(request).get("_content")
    if content is None and hasattr(request.stream, "fields"):
        return b"".join(field.render_headers() for field in request.stream.fields)
    return request.stream if content is None else content


def _body(response: Any) -> bytes | None:
    content = vars(response).get("_content")
    return content if type(content) is bytes else None
