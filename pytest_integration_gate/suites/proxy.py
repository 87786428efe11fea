"""What both proxies share: the script, the port, the open connections, and the notes on what the caller did."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from random import Random
from typing import Any, Self

from pytest_integration_gate.isolation import perf_counter
from pytest_integration_gate.suites.attempts import Attempt, Attempts, End
from pytest_integration_gate.suites.faults import Fault, FaultError, Kind, Word, fault_of, ok
from pytest_integration_gate.suites.loop import LoopThread
from pytest_integration_gate.suites.port import HOST, Port

GARBAGE = bytes(range(128, 256)) + b"\r\n\r\n" + bytes(range(128))
PIECE = 65536
PIECES = 10
"""In how many pieces a slow answer comes."""

_SETTLING = 1.0
"""Seconds that attempts may take to end after the caller has seen the end."""
_NO_LINGER = struct.pack("ii", 1, 0)


class Caller:
    """The caller's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.number = number
        self.is_idle = False
        self._reader = reader
        self._writer = writer
        self._early = b""

    async def read(self) -> bytes:
        """Return what was sent, empty when the caller has hung up."""
        early, self._early = self._early, b""
        return early or await self._reader.read(PIECE)

    async def write(self, data: bytes) -> None:
        """Send, and wait while the caller does not take it."""
        self._writer.write(data)
        await self._writer.drain()

    def end(self) -> None:
        """Say that nothing more will be sent."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()

    async def stays(self, seconds: float) -> bool:
        """Wait; return at once and False when the caller hangs up. What it sends meanwhile is kept for `read`."""
        until = perf_counter() + seconds
        try:
            while (left := until - perf_counter()) > 0:
                data = await asyncio.wait_for(self._reader.read(PIECE), left)
                if not data:
                    return False
                self._early += data
        except TimeoutError:
            pass
        except ConnectionError:
            return False
        return True

    async def speaks(self, seconds: float) -> None:
        """Wait until the caller has said something, at most this long."""
        with suppress(TimeoutError):
            self._early += await asyncio.wait_for(self._reader.read(PIECE), seconds)

    def reset(self) -> None:
        """End the connection as a crashed peer would: with RST."""
        connection: socket.socket | None = self._writer.get_extra_info("socket")
        if connection is not None and connection.fileno() >= 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._writer.transport.abort()

    def close(self) -> None:
        """End the connection in good order."""
        self._writer.close()


class Proxy:
    """Stands in front of a server on a loopback port, follows a script of faults and notes what the caller does.

    Without a script, and behind its end, everything is passed through.
    """

    refuses: frozenset[Kind] = frozenset()
    """Kinds of faults that this proxy cannot make."""

    def __init__(self, loop: LoopThread, host: str, port: int, *, patience: float = 60.0, seed: int = 0) -> None:
        self._loop = loop
        self._upstream = (host, port)
        self._patience = patience
        self._random = Random(seed)  # noqa: S311  # jitter that is the same in every run
        self._script: deque[Fault] = deque()
        self._then = ok()
        self._is_down = False
        self._attempts: list[Attempt] = []
        self._generation = 0
        self._began = perf_counter()
        self._connections = 0
        self._callers: dict[Caller, asyncio.Task[Any]] = {}
        self._port = loop.call(lambda: Port(self._welcome))
        loop.run(self._align())

    @property
    def host(self) -> str:
        """Where the proxy listens: always 127.0.0.1."""
        return HOST

    @property
    def port(self) -> int:
        """The port that the caller connects to instead of the server's."""
        return self._port.number

    def sequence(self, *faults: Word, then: Word = ok) -> Self:
        """Begin a script: one fault for each request or connection, `then` for all that follow.

        What was seen before is forgotten.
        """
        script, after = [fault_of(word) for word in faults], fault_of(then)
        for fault in (*script, after, *(fault.then for fault in (*script, after) if fault.then)):
            if fault.kind in self.refuses:
                raise FaultError(
                    f"`{fault.name}` cannot happen at a {type(self).__name__}.", remedy="Use gate_faults.http(url)."
                )
        self._loop.run(self._begin(script, after))
        return self

    def always(self, fault: Word) -> Self:
        """Do the same with every request or connection from now on."""
        return self.sequence(then=fault)

    def cut(self) -> None:
        """Reset the connections that are open now, as a server does that crashes."""
        self._loop.call(self._cut)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Be a server that is not there for the length of the block: connections are cut, new ones refused."""
        self._loop.run(self._set_down(True))
        try:
            yield
        finally:
            self._loop.run(self._set_down(False))

    @property
    def attempts(self) -> Attempts:
        """What the caller did since the script began, as far as it can be seen."""
        seen = self._loop.run(self._settled())
        return Attempts(seen, f" at {HOST}:{self.port} in front of {self.upstream}")

    @property
    def upstream(self) -> str:
        """Where the real server is."""
        host, port = self._upstream
        return f"{host}:{port}" if port else host

    # -- in the loop's thread ---------------------------------------------------------------------------------------

    async def serve(self, caller: Caller) -> None:
        """Do with one connection what the script says."""
        raise NotImplementedError

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        caller = Caller(reader, writer, self._connections)
        task = asyncio.current_task()
        assert task is not None
        self._callers[caller] = task
        try:
            await self.serve(caller)
        except (OSError, asyncio.CancelledError):
            pass  # the caller is gone, or the proxy closes
        finally:
            del self._callers[caller]
            caller.close()

    async def next_fault(self) -> Fault:
        """Take the next fault from the script, and be ready for the one behind it."""
        fault = self._script.popleft() if self._script else self._then
        if self.refuses_next:  # no request may slip past on a connection that idles
            for caller in self._callers:
                if caller.is_idle:
                    caller.close()
        await self._align()
        return fault

    @property
    def refuses_next(self) -> bool:
        """Whether the script wants the next connection to be refused."""
        return (self._script[0] if self._script else self._then).kind == "refused"

    async def _align(self) -> None:
        """Open or shut the port as it should be now."""
        if self._is_down or (not self._script and self._then.kind == "refused"):
            self._port.shut()
        else:
            await self._port.open()

    def begin(self, **known: Any) -> tuple[int, int]:
        """Note that an attempt begins and return the ticket that `end` takes."""
        self._attempts.append(Attempt(at=self._now(), **known))
        return self._generation, len(self._attempts) - 1

    def end(self, ticket: tuple[int, int], end: End, status: int | None = None) -> None:
        """Note how an attempt ended; only the first time counts."""
        generation, index = ticket
        if generation == self._generation and not self._attempts[index].end:
            self._attempts[index] = replace(self._attempts[index], ended=self._now(), end=end, status=status)

    async def wait_silently(self, caller: Caller, fault: Fault, ticket: tuple[int, int]) -> None:
        """Never answer: until the caller gives up, the fault's time is over, or the proxy's patience is."""
        seconds = self._patience if fault.seconds is None else fault.seconds
        if await caller.stays(seconds):
            self.end(ticket, "kept waiting" if fault.seconds is None else "cut")
        else:
            self.end(ticket, "hung up")

    def delay(self, fault: Fault) -> float:
        """Return how long a latency lasts this time."""
        return (fault.seconds or 0.0) + self._random.uniform(-fault.jitter, fault.jitter)

    def close(self) -> None:
        """Cut all connections and give the port back."""
        self._cut()
        for task in self._callers.values():
            task.cancel()
        self._port.close()

    def _now(self) -> float:
        return perf_counter() - self._began

    async def _begin(self, script: list[Fault], then: Fault) -> None:
        self._script, self._then = deque(script), then
        self._attempts, self._generation, self._began = [], self._generation + 1, perf_counter()
        await self._align()

    async def _set_down(self, is_down: bool) -> None:
        self._is_down = is_down
        await self._align()
        if is_down:
            self._cut()

    def _cut(self) -> None:
        for index in range(len(self._attempts)):
            self.end((self._generation, index), "cut")
        for caller in self._callers:
            caller.reset()

    async def _settled(self) -> list[Attempt]:
        until = perf_counter() + _SETTLING
        while any(not one.end for one in self._attempts) and perf_counter() < until:
            await asyncio.sleep(0.002)
        return list(self._attempts)
