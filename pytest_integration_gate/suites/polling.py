"""Waiting for something to become true, as `gate_eventually` does it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from pytest_integration_gate.isolation import perf_counter, sleep


class Eventually:
    """Polls a check until it holds.

    A check holds when it returns something true. `AssertionError` and what `catching` names mean "not yet"; any other
    exception ends the waiting. Give an ``async def`` function to get something to await.
    """

    def __call__(
        self,
        check: Callable[[], Any],
        timeout: float = 5.0,
        *,
        interval: float = 0.05,
        catching: tuple[type[Exception], ...] = (),
    ) -> Any:
        """Return what `check` returns as soon as that is true.

        `timeout` and `interval` are seconds. Raises AssertionError when the time is over: it says what was seen last.
        The check is tried at least once, and once more when the time is over.
        """
        __tracebackhide__ = True
        tries = _Tries(check, timeout)
        not_yet: tuple[type[Exception], ...] = (AssertionError, *catching)
        if inspect.iscoroutinefunction(check):
            return _wait(tries, check, interval, not_yet)
        while True:
            value, error = None, None
            try:
                value = check()
            except not_yet as caught:
                error = caught
            if value:
                return value
            tries.failed(value, error)
            sleep(min(interval, tries.left))


async def _wait(tries: _Tries, check: Callable[[], Any], interval: float, not_yet: tuple[type[Exception], ...]) -> Any:
    __tracebackhide__ = True
    while True:
        value, error = None, None
        try:
            value = await check()
        except not_yet as caught:
            error = caught
        if value:
            return value
        tries.failed(value, error)
        await asyncio.sleep(min(interval, tries.left))


class _Tries:
    """How often and how long a check was tried."""

    def __init__(self, check: Callable[[], Any], timeout: float) -> None:
        self._name = getattr(check, "__name__", "") or repr(check)
        self._timeout = timeout
        self._until = perf_counter() + timeout
        self._number = 0
        self._is_last = False

    @property
    def left(self) -> float:
        return max(0.0, self._until - perf_counter())

    def failed(self, value: Any, error: Exception | None) -> None:
        """Note a try; raise when it was the one after the time was over."""
        __tracebackhide__ = True
        self._number += 1
        if self._is_last:
            last = f"it returned {value!r}" if error is None else f"{type(error).__name__}: {error}"
            tries = f"{self._number} {'try' if self._number == 1 else 'tries'}"
            raise AssertionError(
                f"{self._name} did not hold within {self._timeout:g} s ({tries}); last: {last}"
            ) from error
        self._is_last = not self.left
