"""A proxy that knows nothing of what is said through it: for databases, caches and brokers."""

from __future__ import annotations

import asyncio

from pytest_integration_gate.suites.attempts import End
from pytest_integration_gate.suites.faults import Fault, Kind
from pytest_integration_gate.suites.proxy import GARBAGE, PIECE, PIECES, Caller, Proxy

_FIRST_WORD = 0.2
"""Seconds for which a caller that speaks first is listened to before garbage answers it."""


class TcpProxy(Proxy):
    """Each connection takes one fault from the script and is one attempt."""

    refuses: frozenset[Kind] = frozenset(("status",))

    async def serve(self, caller: Caller) -> None:
        """Do with one connection what the script says."""
        fault = await self.next_fault()
        ticket = self.begin(fault=fault.name, connection=caller.number)
        shape = fault
        while fault.kind == "latency" and fault.then is not None and fault.then.kind != "ok":
            if not await caller.stays(self.delay(fault)):
                return self.end(ticket, "hung up")
            shape = fault = fault.then
        match fault.kind:
            case "reset" | "refused":
                self.end(ticket, "cut" if fault.kind == "reset" else "refused")
                caller.reset()
            case "timeout":
                await self.wait_silently(caller, fault, ticket)
            case "garbage":
                await caller.speaks(_FIRST_WORD)
                self.end(ticket, "spoiled")
                await caller.write(GARBAGE)
            case _:
                await self._relay(caller, shape, ticket)
        return None

    async def _relay(self, caller: Caller, shape: Fault, ticket: tuple[int, int]) -> None:
        try:
            reader, writer = await asyncio.wait_for(self._connect(), self._patience)
        except OSError:  # also TimeoutError
            self.end(ticket, "no server")
            return caller.reset()
        there = asyncio.create_task(_pass_on(caller, writer))
        back = asyncio.create_task(self._bring_back(reader, caller, shape))
        try:
            done, _ = await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            if there in done and not there.exception():
                await asyncio.wait(
                    (back,), timeout=self._patience
                )  # the caller has said all it wants to say, the server has not
            self.end(ticket, _ending(back))
        finally:
            writer.close()
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
        return None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._upstream
        if host.startswith("/"):
            return await asyncio.open_unix_connection(host)
        return await asyncio.open_connection(host, port)

    async def _bring_back(self, reader: asyncio.StreamReader, caller: Caller, shape: Fault) -> End:
        left = shape.after
        while data := await reader.read(PIECE):
            match shape.kind:
                case "latency":
                    await asyncio.sleep(self.delay(shape))
                    await caller.write(data)
                case "slow_body":
                    size = -(-len(data) // PIECES)
                    for start in range(0, len(data), size):
                        await asyncio.sleep((shape.seconds or 0.0) / PIECES)
                        await caller.write(data[start : start + size])
                case "truncated_body":
                    left = len(data) // 2 if left is None else left
                    await caller.write(data[:left])
                    left -= len(data)
                    if left <= 0:
                        return "spoiled"
                case _:
                    await caller.write(data)
        caller.end()
        return "answered"


async def _pass_on(caller: Caller, writer: asyncio.StreamWriter) -> None:
    while data := await caller.read():
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _ending(back: asyncio.Task[End]) -> End:
    """Return how the way back ended; it may not have, when the way there broke."""
    if not back.done() or back.cancelled() or back.exception():
        return "hung up"
    return back.result()
