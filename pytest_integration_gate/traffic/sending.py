"""One request and what came of it, as it was seen on the wire."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import bytes, str, type
from collections.abc import Callable
from typing import Any

from pytest_integration_gate.model.shape import Shape
from pytest_integration_gate.traffic.callers import Caller, Place

_NOTHING: dict[Any, Any] = {}  # never written to


class Sending:
    """One request and what came of it. `stub` is where the stub that answered was written.

    `client` is the library that sends. Headers are kept as it writes them, of those that come twice the last.
    `is_real` says that the request left the process, `is_emulated` that the application answered inside of it.
    """

    __slots__ = (
        "body",
        "body_read",
        "caller",
        "client",
        "content",
        "error",
        "headers",
        "headers_read",
        "is_emulated",
        "is_real",
        "method",
        "outer",
        "readers",
        "response",
        "response_headers",
        "status",
        "stub",
        "url",
    )

    def __init__(self, client: str, caller: Caller) -> None:
        self.client = client
        self.caller = caller
        self.method = self.url = ""
        self.headers: dict[Any, Any] = _NOTHING
        self.body: bytes | None = None
        self.status: int | None = None
        self.response_headers: dict[Any, Any] = _NOTHING
        self.content: bytes | None = None
        self.error: Shape | None = None
        self.stub: Place | None = None
        self.is_real = False
        self.is_emulated = False
        self.readers: tuple[Caller, ...] = ()  # who asked for the parsed body
        self.headers_read: tuple[str, ...] = ()
        self.response: Callable[[], Any] | None = None  # gives it while it is alive
        self.body_read: Callable[[Any], bytes | None] | None = None  # gives what has been read of it
        self.outer: Sending | None = None


def text_of(value: Any) -> str:
    """Return text or bytes as text; anything else may be a mock, and is not asked."""
    if type(value) is bytes:
        return value.decode("latin-1")
    return str.__str__(value) if str in type(value).__mro__ else ""


def bytes_of(body: Any) -> bytes | None:
    """Give a body that is there as a whole; streams and files are left alone."""
    if body is None:
        return b""
    if type(body) is str:
        body = body.encode("utf-8", "surrogatepass")
    return bytes(body) if type(body) in (bytes, bytearray) else None
