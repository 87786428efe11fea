"""A proxy that speaks HTTP/1.1: its script is followed request by request, on connections that are kept alive too."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal
from urllib.parse import urlsplit

import h11

from pytest_integration_gate.suites.attempts import End
from pytest_integration_gate.suites.faults import Fault, FaultError
from pytest_integration_gate.suites.loop import LoopThread
from pytest_integration_gate.suites.proxy import GARBAGE, PIECE, PIECES, Caller, Proxy
from pytest_integration_gate.values import dataclass

Per = Literal["request", "connection"]
Headers = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade")
)
"""Headers that concern one connection only (RFC 9110, section 7.6.1)."""
_AT_ACCEPT = ("reset", "refused", "timeout", "garbage")
"""Faults of a connection that happen before a request is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A request that was read whole."""

    method: bytes
    target: bytes
    headers: Headers
    body: bytes

    @property
    def identity(self) -> str:
        return hashlib.sha256(b"\0".join((self.method, self.target, self.body))).hexdigest()

    @property
    def key(self) -> str:
        return next((value.decode("latin-1") for name, value in self.headers if name.lower() == b"idempotency-key"), "")


class HttpProxy(Proxy):
    """Each request is one attempt and takes one fault from the script; with ``per="connection"`` each connection does.

    Upgraded connections (WebSocket) are not passed through: `gate_faults.tcp` does that.
    """

    def __init__(self, loop: LoopThread, upstream: str, *, per: Per = "request", **options: Any) -> None:
        parts = urlsplit(upstream)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise FaultError(f"{upstream!r} is no HTTP server.", remedy="Write it like http://127.0.0.1:8000.")
        if per not in ("request", "connection"):
            raise FaultError(f"per={per!r} is not known.", remedy="Write 'request' or 'connection'.")
        self._per = per
        self._path = parts.path.rstrip("/")
        self._host = parts.netloc.rpartition("@")[2].encode()
        self._origin = f"{parts.scheme}://{self._host.decode()}".encode()
        self._ssl = ssl.create_default_context() if parts.scheme == "https" else None
        super().__init__(loop, parts.hostname, parts.port or (443 if self._ssl else 80), **options)

    @property
    def url(self) -> str:
        """The base URL that the caller uses instead of the server's."""
        return f"http://{self.host}:{self.port}{self._path}"

    async def serve(self, caller: Caller) -> None:
        """Answer the requests of one connection."""
        fault: Fault | None = None
        if self._per == "connection" or self.refuses_next:  # a refusal is no matter of requests
            fault = await self.next_fault()
            if fault.kind in _AT_ACCEPT:
                ticket = self.begin(fault=fault.name, connection=caller.number)
                return await self._fail(caller, fault, ticket)
        talk = h11.Connection(h11.SERVER)
        while True:
            caller.is_idle = True
            request = await self._read(caller, talk)
            caller.is_idle = False
            if request is None:
                return None
            one = fault or await self.next_fault()
            ticket = self.begin(
                fault=one.name,
                connection=caller.number,
                method=request.method.decode(),
                target=request.target.decode("latin-1"),
                identity=request.identity,
                key=request.key,
            )
            try:
                await self._answer(_Answer(self, caller, talk, ticket, request.method), request, one)
            except OSError:
                return self.end(ticket, "hung up")
            if talk.our_state is not h11.DONE or talk.their_state is not h11.DONE:
                return None
            talk.start_next_cycle()

    async def _read(self, caller: Caller, talk: h11.Connection) -> _Request | None:
        """Read the next request, None when there is none any more."""
        head, body = None, b""
        try:
            while True:
                event = talk.next_event()
                if event is h11.NEED_DATA:
                    if talk.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        await caller.write(talk.send(go_on) or b"")
                    data = await caller.read()
                    caller.is_idle = False
                    talk.receive_data(data)
                elif isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage) and head is not None:
                    return _Request(
                        method=head.method, target=head.target, headers=head.headers.raw_items(), body=bytes(body)
                    )
                else:
                    return None
        except h11.RemoteProtocolError as error:
            reason = f"This proxy speaks HTTP/1.1; what came does not: {error}\n".encode()
            await caller.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n" + reason)
            return None

    async def _answer(self, answer: _Answer, request: _Request, fault: Fault) -> None:
        while fault.kind == "latency":
            if not await answer.caller.stays(self.delay(fault)):
                return self.end(answer.ticket, "hung up")
            assert fault.then is not None
            fault = fault.then
        if fault.kind in _AT_ACCEPT:
            return await self._fail(answer.caller, fault, answer.ticket)
        if fault.kind == "status":
            return await answer.send(fault.status, _headers(fault), fault.body)
        try:
            return await self._relay(answer, request, fault)
        except (OSError, h11.ProtocolError) as error:
            if answer.has_begun:  # the server broke off, so does the proxy
                self.end(answer.ticket, "no server")
                return answer.caller.reset()
            host, port = self._upstream
            text = f"The proxy of gate_faults got no answer from http://{host}:{port}: {error}\n"
            return await answer.send(502, [(b"Content-Type", b"text/plain")], text.encode(), end="no server")

    async def _relay(self, answer: _Answer, request: _Request, fault: Fault) -> None:
        async with aclosing(self._ask(request)) as events:
            response = await anext(events)
            headers = [(name, self._here(name, value)) for name, value in _end_to_end(response.headers.raw_items())]
            if fault.kind == "ok":
                await answer.begin(response.status_code, headers, response.reason)
                async for data in events:
                    await answer.body(data)
                return await answer.end()
            body = b"".join([data async for data in events])
        if not any(name.lower() == b"content-length" for name, _ in headers):
            headers.append((b"Content-Length", str(len(body)).encode()))
        await answer.begin(response.status_code, headers, response.reason)
        if fault.kind == "truncated_body":
            cut = len(body) // 2 if fault.after is None else fault.after
            self.end(answer.ticket, "spoiled", response.status_code)
            await answer.body(body[:cut])
            return answer.caller.close()
        size = max(1, -(-len(body) // PIECES))
        for start in range(0, len(body), size):
            if not await answer.caller.stays((fault.seconds or 0.0) / PIECES):
                return self.end(answer.ticket, "hung up", response.status_code)
            await answer.body(body[start : start + size])
        return await answer.end()

    async def _ask(self, request: _Request) -> AsyncGenerator[Any, None]:
        """Ask the real server: gives the head of its response, then the pieces of its body."""
        opening = asyncio.open_connection(*self._upstream, ssl=self._ssl)
        reader, writer = await asyncio.wait_for(opening, self._patience)
        try:
            talk = h11.Connection(h11.CLIENT)
            headers = [pair for pair in _end_to_end(request.headers) if pair[0].lower() not in _REPLACED]
            headers = [(b"Host", self._host), *headers, (b"Connection", b"close")]
            if request.body or any(name.lower() in _FRAMES for name, _ in request.headers):
                headers.append((b"Content-Length", str(len(request.body)).encode()))
            head = h11.Request(method=request.method, target=request.target, headers=headers)
            parts = [talk.send(head), talk.send(h11.Data(data=request.body)), talk.send(h11.EndOfMessage())]
            writer.write(b"".join(part for part in parts if part))
            await writer.drain()
            while not isinstance(event := talk.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    talk.receive_data(await asyncio.wait_for(reader.read(PIECE), self._patience))
                elif isinstance(event, h11.Response):
                    yield event
                elif isinstance(event, h11.Data):
                    yield bytes(event.data)
        finally:
            writer.close()

    def _here(self, name: bytes, value: bytes) -> bytes:
        """Let a redirect to the server lead to the proxy."""
        if name.lower() == b"location" and value.startswith(self._origin):
            return f"http://{self.host}:{self.port}".encode() + value.removeprefix(self._origin)
        return value

    async def _fail(self, caller: Caller, fault: Fault, ticket: tuple[int, int]) -> None:
        match fault.kind:
            case "timeout":
                await self.wait_silently(caller, fault, ticket)
                caller.close()
            case "garbage":
                self.end(ticket, "spoiled")
                await caller.write(GARBAGE)
                caller.close()
            case _:
                self.end(ticket, "refused" if fault.kind == "refused" else "cut")
                caller.reset()


class _Answer:
    """One answer on its way to the caller."""

    def __init__(
        self, proxy: HttpProxy, caller: Caller, talk: h11.Connection, ticket: tuple[int, int], method: bytes
    ) -> None:
        self.caller = caller
        self._method = method
        self.ticket = ticket
        self.has_begun = False
        self._proxy = proxy
        self._talk = talk
        self._status: int | None = None

    async def begin(self, status: int, headers: Headers, reason: bytes = b"") -> None:
        """Send the head."""
        self._status, self.has_begun = status, True
        if self._proxy.refuses_next:  # on a connection that is kept, the next request could not be refused
            headers = [*headers, (b"Connection", b"close")]
        await self.caller.write(
            self._talk.send(h11.Response(status_code=status, headers=headers, reason=reason)) or b""
        )

    async def body(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self.caller.write(self._talk.send(h11.Data(data=data)) or b"")

    async def end(self, end: End = "answered") -> None:
        """Send what ends the answer; the attempt has ended just before the caller can see it."""
        self._proxy.end(self.ticket, end, self._status)
        await self.caller.write(self._talk.send(h11.EndOfMessage()) or b"")

    async def send(self, status: int, headers: Headers, body: bytes, *, end: End = "answered") -> None:
        """Send a whole answer that does not come from the server."""
        self._proxy.end(self.ticket, end, status)
        if status not in (204, 304):
            headers = [*headers, (b"Content-Length", str(len(body)).encode())]
        await self.begin(status, headers)
        if body and self._method != b"HEAD" and status not in (204, 304):
            await self.body(body)
        await self.end(end)


_FRAMES = frozenset((b"content-length", b"transfer-encoding"))
_REPLACED = frozenset((b"host", b"content-length", b"expect"))


def _end_to_end(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def _headers(fault: Fault) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fault.headers.items()]
