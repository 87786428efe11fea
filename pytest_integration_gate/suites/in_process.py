"""Sends requests to an application in this process, through WSGI (PEP 3333) or ASGI 3, without a socket.

It is treated as a server treats it: what it raises is logged, and answered by 500 unless it has answered before.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.client import HTTPMessage, responses
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

_LOG = logging.getLogger(__name__)

_SHUT_DOWN = 5.0
"""Seconds that an application has to shut down."""

Answer = tuple[int, str, list[tuple[str, str]], bytes]


def adapter_for(app: Any) -> BaseAdapter:
    """Return the transport to an application; it is ASGI when calling it gives a coroutine."""
    is_async = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)
    return _Adapter(_Asgi(app) if is_async else _Wsgi(app))


class _Adapter(BaseAdapter):
    """A transport of `requests` that asks an application."""

    def __init__(self, app: _Wsgi | _Asgi) -> None:
        super().__init__()
        self._app = app

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body or b""
        status, reason, headers, content = self._app.ask(request, body.encode() if isinstance(body, str) else body)
        raw: Any = HTTPResponse(
            body=io.BytesIO(content),
            headers=HTTPHeaderDict(headers),
            status=status,
            reason=reason,
            preload_content=False,
        )
        # Where `requests` looks for cookies.
        raw._original_response = SimpleNamespace(msg=_message(headers), close=lambda: None, isclosed=lambda: True)
        response = requests.Response()
        response.status_code, response.reason, response.raw = status, reason, raw
        response.headers.update(raw.headers)
        response.url, response.request = str(request.url), request
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        return response

    def close(self) -> None:
        """Let the application shut down."""
        self._app.close()


def _message(headers: list[tuple[str, str]]) -> HTTPMessage:
    message = HTTPMessage()
    for name, value in headers:
        message[name] = value
    return message


class _Wsgi:
    """An application of PEP 3333."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def close(self) -> None:
        """Nothing is open between requests."""

    def ask(self, request: requests.PreparedRequest, body: bytes) -> Answer:
        """Call the application and read its answer to the end."""
        url = urlsplit(str(request.url))
        environ: dict[str, Any] = {
            "REQUEST_METHOD": str(request.method),
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(url.path, "latin-1"),
            "QUERY_STRING": url.query,
            "SERVER_NAME": url.hostname or "localhost",
            "SERVER_PORT": str(url.port or 80),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": url.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "HTTP_HOST": url.netloc,
        }
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], None]:
            started[:] = [(status, headers)]
            return written.append

        try:
            result: Iterable[bytes] = self._app(environ, start_response)
            try:
                written.extend(result)
            finally:
                if hasattr(result, "close"):
                    result.close()
        except Exception:
            _log(request)
            return 500, responses[500], [], b""
        code, _, reason = started[0][0].partition(" ")
        return int(code), reason, list(started[0][1]), b"".join(written)


class _Asgi:
    """An application of ASGI 3. All requests share one event loop, and its lifespan lasts from the first to `close`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._runner = asyncio.Runner()
        self._state: dict[str, Any] = {}
        self._events: asyncio.Queue[dict[str, str]] | None = None
        self._lifespan: asyncio.Task[None] | None = None

    def ask(self, request: requests.PreparedRequest, body: bytes) -> Answer:
        """Call the application and read its answer to the end."""
        return self._runner.run(self._started(request, body))

    def close(self) -> None:
        """Shut the application down."""
        if self._events is not None:
            self._runner.run(self._shut_down())
        self._runner.close()

    async def _started(self, request: requests.PreparedRequest, body: bytes) -> Answer:
        if self._events is None:
            await self._start_up()
        return await self._ask(request, body)

    async def _start_up(self) -> None:
        """Say that the application starts; one that does not want to know raises or returns."""
        events = self._events = asyncio.Queue()
        answered = asyncio.Event()

        failures: list[str] = []

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.failed":
                failures.append(message.get("message", ""))
            answered.set()

        async def live() -> None:
            # An application without a lifespan raises here; one that fails to start has said so before.
            with suppress(Exception):
                await self._app(
                    {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}, events.get, send
                )
            answered.set()

        self._lifespan = asyncio.create_task(live())
        await events.put({"type": "lifespan.startup"})
        await answered.wait()
        if failures:
            raise requests.ConnectionError(f"the application did not start: {failures[0]}")

    async def _shut_down(self) -> None:
        assert self._events is not None
        assert self._lifespan is not None
        await self._events.put({"type": "lifespan.shutdown"})
        await asyncio.wait([self._lifespan], timeout=_SHUT_DOWN)

    async def _ask(self, request: requests.PreparedRequest, body: bytes) -> Answer:
        url = urlsplit(str(request.url))
        headers = [(b"host", url.netloc.encode())]
        headers += [(name.lower().encode(), str(value).encode()) for name, value in request.headers.items()]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": str(request.method),
            "scheme": url.scheme,
            "path": unquote(url.path),
            "raw_path": url.path.encode(),
            "query_string": url.query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": (url.hostname, url.port or 80),
            "state": dict(self._state),
        }
        messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
        status, fields, content = 500, [], bytearray()
        done = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, fields
            if message["type"] == "http.response.start":
                status = message["status"]
                fields = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())
                ]
            elif message["type"] == "http.response.body":
                content.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    done.set()

        try:
            await self._app(scope, receive, send)
        except Exception:
            _log(request)
        return status, responses.get(status, ""), fields, bytes(content)


def _log(request: requests.PreparedRequest) -> None:
    _LOG.exception("The application raised at %s %s", request.method, request.path_url)
