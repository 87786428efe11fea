"""What the load generator itself costs: the same plan against a server that does nothing, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pytest_integration_gate.suites.generator import LoadPlan

_SECONDS = 0.5
_REQUESTS = 1000

_SERVER = """
import asyncio, sys
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(ANSWER)
async def main():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""
"""Answers at once, and ends when its standard input does: with whoever started it."""


@contextmanager
def instant_server() -> Iterator[str]:
    """Run a server that answers at once and give its URL."""
    command = [sys.executable, "-I", "-S", "-c", _SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.kill()


def floor_plan(plan: LoadPlan, url: str) -> LoadPlan:
    """Return the plan that measures the client: the same loop, short, with small requests."""
    requests = min(plan.requests or _REQUESTS, _REQUESTS) if plan.rate is None else None
    return replace(
        plan,
        url=url,
        method="GET",
        headers={},
        body=None,
        requests=requests,
        duration=_SECONDS,
        warmup=0.0,
        statuses=frozenset(),
    )
