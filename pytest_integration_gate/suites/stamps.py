"""An HTTP client that knows when a request went out and when the last bytes of its answer came in.

A busy client resumes a coroutine long after the bytes have come; the time in between is the client's, not the server's.
aiohttp offers classes for request and response, and none for the protocol: `TCPConnector._factory` is private, and
`tests/suites/test_load.py` watches that it is still there.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest

from pytest_integration_gate.isolation import perf_counter


class _Protocol(ResponseHandler):
    """Notes when it was sent a request and when bytes came."""

    went = 0.0
    came = 0.0

    def data_received(self, data: bytes) -> None:
        self.came = perf_counter()
        super().data_received(data)


class _Request(ClientRequest):
    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        conn.protocol.went = perf_counter()
        return await super().send(conn)


class StampedResponse(aiohttp.ClientResponse):
    """A response that can say when its request went out, and when its end came once it has been read."""

    _stamps: _Protocol

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Begin with the response; the connection is let go before the caller sees its end."""
        self._stamps = connection.protocol
        return await super().start(connection)

    @property
    def went(self) -> float:
        """When the request began to be sent: the connection was there."""
        return self._stamps.went

    @property
    def came(self) -> float:
        """When the last bytes came."""
        return self._stamps.came


def session(*, connections: int, **options: Any) -> aiohttp.ClientSession:
    """Return a session with so many connections whose responses are `StampedResponse`."""
    connector = aiohttp.TCPConnector(limit=connections)
    loop = asyncio.get_running_loop()
    connector._factory = lambda: _Protocol(loop)  # type: ignore[assignment]
    return aiohttp.ClientSession(
        connector=connector,
        request_class=_Request,
        response_class=StampedResponse,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        **options,
    )
