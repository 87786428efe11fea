"""Made-up answers for ``httpx``: those of the plugin ``pytest-httpx``, and handlers of ``httpx.MockTransport``."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import getattr, id, type, vars
from collections.abc import Iterator, Mapping
from inspect import unwrap
from types import FrameType, FunctionType, ModuleType
from typing import Any

from pytest_integration_gate.doubles.stub_places import births, place_of
from pytest_integration_gate.traffic.callers import Place
from pytest_integration_gate.traffic.listening import Undo, after, listen, tell, together
from pytest_integration_gate.traffic.wire import Wire

_PLACES = "_gate_places"


@together
def hook_plugin(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to the fixture ``httpx_mock``: what is added to it, and which one it chooses; return the undoing."""
    mock = module.HTTPXMock

    def adds(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        vars(values[0]).setdefault(_PLACES, {})[id(values[1])] = wire.born(frame)

    def chosen(mock: Any, callback: Any) -> None:
        if callback is not None:
            wire.stubbed(vars(mock).get(_PLACES, {}).get(id(callback)))

    yield listen(mock.add_callback, wire, adds, always=True)  # `add_response` and `add_exception` go through it
    yield after(mock._get_callback, wire, chosen)
    yield tell(mock._request_not_matched, wire, lambda *_: wire.unmatched())


@together
def hook_transport(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to ``httpx.MockTransport``; return the undoing."""
    transport = module.MockTransport

    def handles(transport: Any, *_: Any) -> None:
        wire.stubbed(_place(transport, wire))

    yield births(transport.__init__, wire)
    yield tell(transport.handle_request, wire, handles)
    yield tell(transport.handle_async_request, wire, handles)


def _place(transport: Any, wire: Wire) -> Place | None:
    """Return where the handler is written, else where the transport was made."""
    handler = getattr(transport.handler, "__func__", transport.handler)
    handler = unwrap(handler) if type(handler) is FunctionType else handler
    if type(handler) is not FunctionType:
        return place_of(transport)
    file, line = handler.__code__.co_filename, handler.__code__.co_firstlineno
    wire.hit(place_of(transport))
    return (file, line) if wire.project.kind(file) in ("test", "first-party") else None
