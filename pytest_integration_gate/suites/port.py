"""A port on loopback that can be open or shut."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HOST = "127.0.0.1"


class Port:
    """Listens for `serve`. All methods belong to the loop's thread.

    While it is shut the system refuses connections, and nobody but the caller knows of them; the port remains ours.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._socket = _bound(0)
        self.number: int = self._socket.getsockname()[1]

    async def open(self) -> None:
        """Listen, if nobody does yet."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, sock=self._socket)

    def shut(self) -> None:
        """Refuse from now on; connections that are there stay."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._socket = _bound(self.number)

    def close(self) -> None:
        """Give the port back."""
        if self._server is not None:
            self._server.close()
        self._socket.close()


def _bound(number: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio turns Nagle off
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, number))
    bound.setblocking(False)
    return bound
