"""An event loop in a thread of its own, which tests can neither stop nor freeze."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from pytest_integration_gate.isolation import perf_counter, quiet

Result = TypeVar("Result")

_CLOSING = 5.0
"""Seconds that unfinished work may take to end when the loop closes."""


class _Loop(asyncio.SelectorEventLoop):
    """Keeps time by the gate's own clock: tests replace ``time.monotonic``."""

    def time(self) -> float:
        return perf_counter()


class LoopThread:
    """Runs coroutines for threads that have no loop, or that have one which must not wait."""

    def __init__(self, name: str) -> None:
        self._loop = _Loop()
        self._loop.set_debug(False)  # PYTHONASYNCIODEBUG is meant for the tests' own loops, and slow
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Wait for a coroutine and return its result; an interrupt of the waiting thread cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def call(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Call a plain function in the loop's thread and return its result."""
        future: Future[Result] = Future()

        def work() -> None:
            try:
                future.set_result(function(*arguments))
            except BaseException as error:
                future.set_exception(error)

        self._loop.call_soon_threadsafe(work)
        return future.result()

    def close(self) -> None:
        """Cancel what is still running and end the thread."""
        if self._loop.is_closed():
            return
        self.run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSING)

    def _work(self) -> None:
        quiet.busy = True  # what happens in this thread is nobody's interaction
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


async def _end_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CLOSING)
    await asyncio.get_running_loop().shutdown_asyncgens()
