"""Sends requests, in a closed loop or an open one, and samples how long their answers take.

In a *closed* loop each of `concurrency` clients sends its next request when the last one is answered: a server that
freezes is asked less often while it does, and the figures hide it. In an *open* loop requests are due at a steady rate
whatever the server does, and the time of each counts from when it was due, sent late or not: what is known as
coordinated omission cannot happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import field

import aiohttp
from yarl import URL

from pytest_integration_gate.isolation import perf_counter
from pytest_integration_gate.suites.samples import Samples
from pytest_integration_gate.suites.stamps import StampedResponse, session
from pytest_integration_gate.values import dataclass

Progress = Callable[[Samples, float], None]
"""Is told, now and then, what has been sampled and how many seconds the run has lasted."""

MOST_WAITING = 10_000
"""How many requests of an open loop may wait for an answer at the same time; those beyond are not sent."""

_OFTEN = 5.0
_CONTENDED, _HURRY = 0.02, 0.25
"""Seconds without rest after which the client is taken for the bottleneck, and for how long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What is sent how often. Times are in seconds.

    With `rate`, requests a second, the loop is open. `requests` or `duration` ends the run; samples of the first
    `warmup` seconds do not count. `statuses` are those of a success, empty for all below 400.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    concurrency: int = 1
    requests: int | None = None
    rate: float | None = None
    duration: float | None = None
    warmup: float = 0.0
    timeout: float = 10.0
    statuses: frozenset[int] = frozenset()


async def generate(plan: LoadPlan, samples: Samples, progress: Progress | None = None) -> float:
    """Carry out a plan, put what is seen into `samples`, and return how many seconds were sampled."""
    limit = MOST_WAITING if plan.rate else plan.concurrency
    timeout = aiohttp.ClientTimeout(total=plan.timeout)
    async with session(connections=limit, timeout=timeout, headers=plan.headers) as opened:
        client = _Client(plan, opened, samples)
        reporting = asyncio.create_task(_report(client, progress)) if progress else None
        try:
            await (client.open_loop() if plan.rate else client.closed_loop())
        finally:
            if reporting is not None:
                reporting.cancel()
        return client.sampled


class _Client:
    """One run of a plan."""

    def __init__(self, plan: LoadPlan, session: aiohttp.ClientSession, samples: Samples) -> None:
        self.plan = plan
        self.samples = samples
        self.started = perf_counter()
        self._session = session
        self._url = URL(plan.url)
        self._counts_from = self.started + plan.warmup
        self._ends = self.started
        self._left = plan.requests
        self._turn = asyncio.Lock()
        self._in_line = 0
        self._had_time = self.started
        self._hurries_until = 0.0

    @property
    def sampled(self) -> float:
        return max(self._ends - self._counts_from, 1e-6)

    async def closed_loop(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self.plan.concurrency):
                group.create_task(self._ask_again_and_again())

    async def _ask_again_and_again(self) -> None:
        until = self._counts_from + self.plan.duration if self.plan.duration else None
        while (now := perf_counter()) < (until or now + 1):
            if self._left is not None and now >= self._counts_from:
                if not self._left:
                    return
                self._left -= 1
            await self._wait_for_turn(now)
            await self._ask(now, counts=now >= self._counts_from)

    async def _wait_for_turn(self, now: float) -> None:
        """Send one request for each look at the sockets: so answers are stamped when they come, and not when the
        requests of all other clients have been sent. A client that never catches up saves itself the trouble."""
        if now < self._hurries_until:
            return
        if not self._in_line:
            self._had_time = now
        elif now - self._had_time > _CONTENDED:
            self._hurries_until = self._had_time = now + _HURRY
            return
        self._in_line += 1
        async with self._turn:
            await asyncio.sleep(0)
        self._in_line -= 1

    async def open_loop(self) -> None:
        plan = self.plan
        assert plan.rate
        number, warming = plan.requests or round((plan.duration or 0) * plan.rate), round(plan.warmup * plan.rate)
        waiting: set[asyncio.Task[None]] = set()
        for index in range(warming + number):
            due = self.started + index / plan.rate
            while (left := due - perf_counter()) > 0:
                await asyncio.sleep(left)
            counts = index >= warming
            if counts:
                self.samples.add_lag(perf_counter() - due)
            if len(waiting) >= MOST_WAITING:
                if counts:
                    self._take(0.0, f"not sent: {MOST_WAITING} were waiting", is_answer=False)
                await asyncio.sleep(0)
                continue
            task = asyncio.create_task(self._ask(due, counts=counts))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        if waiting:
            await asyncio.wait(waiting)

    async def _ask(self, due: float, *, counts: bool) -> None:
        """Send one request and sample it: from when it was due in an open loop, else from when it was sent."""
        try:
            async with self._session.request(
                self.plan.method, self._url, data=self.plan.body, allow_redirects=False
            ) as response:
                await response.read()
        except (aiohttp.ClientError, OSError, ValueError) as caught:  # the last: a header that cannot be sent
            if counts:
                self._take(perf_counter() - due, _kind(caught), is_answer=False)
            return
        if counts:
            assert isinstance(response, StampedResponse)
            wanted = self.plan.statuses
            is_wanted = response.status in wanted if wanted else response.status < 400
            began = due if self.plan.rate else response.went
            self._take(response.came - began, "" if is_wanted else f"status {response.status}")

    def _take(self, seconds: float, error: str, *, is_answer: bool = True) -> None:
        self._ends = perf_counter()
        self.samples.add(seconds, error, is_answer=is_answer)


async def _report(client: _Client, progress: Progress) -> None:
    while True:
        await asyncio.sleep(_OFTEN)
        progress(client.samples, perf_counter() - client.started)


def _kind(error: BaseException) -> str:
    """Name an error as a report does."""
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorDNSError():
            return "unknown host"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.ClientConnectorError():
            return "refused" if isinstance(error.os_error, ConnectionRefusedError) else "not connected"
        case aiohttp.ClientPayloadError():
            return "incomplete answer"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | ConnectionError():
            return "reset"
        case aiohttp.ClientResponseError():
            return "no http"
    return type(error).__name__
