"""Sends requests to an application in this process, through WSGI (PEP 3333) or ASGI 3, without a socket."""

from __future__ import annotations

import asyncio
import inspect
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPMessage, responses
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

Answer = tuple[int, str, list[tuple[str, str]], bytes]


def adapter_for(app: Any) -> BaseAdapter:
    """Return the transport to an application; it is ASGI when calling it gives a coroutine."""
    is_async = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)
    return _Adapter(_asgi if is_async else _wsgi, app)


class _Adapter(BaseAdapter):
    """A transport of `requests` that calls a function."""

    def __init__(self, call: Callable[[Any, requests.PreparedRequest, bytes], Answer], app: Any) -> None:
        super().__init__()
        self._call = call
        self._app = app

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body or b""
        status, reason, headers, content = self._call(
            self._app, request, body.encode() if isinstance(body, str) else body
        )
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
        """Nothing is open between requests."""


def _message(headers: list[tuple[str, str]]) -> HTTPMessage:
    message = HTTPMessage()
    for name, value in headers:
        message[name] = value
    return message


def _wsgi(app: Any, request: requests.PreparedRequest, body: bytes) -> Answer:
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

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return written.append

    result: Iterable[bytes] = app(environ, start_response)
    try:
        written.extend(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    code, _, reason = started[0][0].partition(" ")
    return int(code), reason, list(started[0][1]), b"".join(written)


def _asgi(app: Any, request: requests.PreparedRequest, body: bytes) -> Answer:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_ask(app, request, body))
    with ThreadPoolExecutor(1) as thread:  # a loop runs in this thread already
        return thread.submit(lambda: asyncio.run(_ask(app, request, body))).result()


async def _ask(app: Any, request: requests.PreparedRequest, body: bytes) -> Answer:
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
        "state": {},
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
            fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
        elif message["type"] == "http.response.body":
            content.extend(message.get("body", b""))
            if not message.get("more_body", False):
                done.set()

    await app(scope, receive, send)
    return status, responses.get(status, ""), fields, bytes(content)
