"""The test clients of WSGI frameworks: Flask's (of Werkzeug) and Django's hand a request to the application itself.

An exception that the application lets through is no answer of a service, and not noted.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import dict, isinstance, str, type
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from types import FrameType, ModuleType
from typing import Any
from wsgiref.util import request_uri

from pytest_integration_gate.traffic.callers import Caller
from pytest_integration_gate.traffic.listening import Undo, Unheard, after, guarded, listen, together
from pytest_integration_gate.traffic.wire import Wire

_CALLER = Caller((), False, "test")


@together
def hook_werkzeug(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to ``werkzeug.test.Client``; return the undoing."""

    def opened(_: Any, value: Any) -> None:
        response = value.history[0] if value.history else value  # the later ones were opened in between
        environ = response.request.environ
        stream = environ["wsgi.input"]
        body = stream.getvalue() if type(stream) is BytesIO and not stream.closed else stream
        _answered(wire, environ, body, response, lambda _: None)

    def read(response: Any, value: Any) -> None:
        wire.read(response, value.encode() if isinstance(value, str) else value)

    yield after(module.Client.open, wire, opened)
    yield after(module.TestResponse.get_data, wire, read)


@together
def hook_django(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to ``django.test.client.Client``; return the undoing."""

    def makes(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> Unheard | None:
        return _DjangoCall(wire, values[3]) if isinstance(values[0], module.Client) else None

    yield listen(module.RequestFactory.generic, wire, makes)


class _DjangoCall(Unheard):
    """One request of Django's client."""

    def __init__(self, wire: Wire, body: Any) -> None:
        self._wire = wire
        self._body = body

    def returned(self, value: Any) -> None:
        """The application gave a response."""
        guarded(self._wire, lambda: _answered(self._wire, value.wsgi_request.environ, self._body, value, _content))


def _answered(
    wire: Wire, environ: Mapping[str, Any], body: Any, response: Any, read: Callable[[Any], bytes | None]
) -> None:
    method, url = environ["REQUEST_METHOD"], request_uri(dict(environ))
    sending = wire.send("wsgi", method, url, _headers(environ), body, _CALLER)
    if sending is not None:
        sending.is_emulated = True
        wire.answer(sending, response, response.status_code, response.headers, response.headers.items(), read)
        wire.look(sending)


def _content(response: Any) -> bytes | None:
    return None if response.streaming else response.content


def _headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name.removeprefix("HTTP_").replace("_", "-"), value
        elif name == "CONTENT_TYPE":
            yield "content-type", value
