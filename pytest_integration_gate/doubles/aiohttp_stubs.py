"""Stubs of the library ``aioresponses``: where each was written, and which request it answered.

It stands in for ``ClientSession._request``, so that what is sent is heard here.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import all, dict, int, isinstance, str, type
from collections.abc import Iterator, Mapping
from json import dumps
from types import FrameType, ModuleType
from typing import Any
from urllib.parse import urlencode

from pytest_integration_gate.doubles.stub_places import births, place_of
from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.traffic.listening import Undo, Unheard, guarded, listen, together
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.traffic.wire import Wire


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to stubs at their birth and when they answer, hop by hop; return the undoing."""
    stub = module.core.RequestMatch

    def builds(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> Unheard | None:
        stub, url = values[:2]
        headers = dict(kwargs.get("headers") or {})
        content_type, body = _sent(kwargs)
        if content_type:
            headers.setdefault("content-type", content_type)
        sending = wire.send("aioresponses", stub.method, str(url), headers.items(), body, wire.caller(frame))
        if sending is None:
            wire.hit(place_of(stub))
            return None
        wire.stubbed(place_of(stub), sending)
        return _Building(wire, sending)

    yield births(stub.__init__, wire)
    yield listen(stub.build_response, wire, builds)


def _sent(kwargs: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the content type that the client would have set, and the body."""
    if kwargs.get("json") is not None:
        try:
            return "application/json", dumps(kwargs["json"])
        except (TypeError, ValueError):  # the library never writes it out
            return "application/json", ...
    data = kwargs.get("data")
    if type(data) is dict and all(type(value) in (str, int) for value in data.values()):
        return "application/x-www-form-urlencoded", urlencode(data)
    return "", data


class _Building(Unheard):
    """A stub makes its answer: a response, or the exception that the code is going to get."""

    def __init__(self, wire: Wire, sending: Sending) -> None:
        self._wire = wire
        self._sending = sending

    def returned(self, value: Any) -> None:
        """The answer is made."""
        guarded(self._wire, lambda: self._answered(value))

    def _answered(self, value: Any) -> None:
        if isinstance(value, Exception):
            self._sending.error = shape_of(value)
        elif not isinstance(value, type):  # an exception class is made an exception later
            self._wire.answer(
                self._sending, value, value.status, value.headers, value.headers.items(), lambda got: got._body
            )
            self._wire.look(self._sending)
