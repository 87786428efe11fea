"""Waiting until something is true."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pytest_integration_gate.suites.polling import Eventually

eventually = Eventually()


def values(*given: object) -> Iterator[object]:
    return iter(given)


def test_the_value_is_returned() -> None:
    """What is true at last is what the caller gets."""
    states = values(None, "", "ready")
    assert eventually(lambda: next(states), interval=0) == "ready"


def test_assertions_mean_not_yet() -> None:
    """A failed assertion is tried again, another exception is not, unless it is named."""
    states = values(0, 0, 1)

    def check() -> bool:
        assert next(states) == 1
        return True

    assert eventually(check, interval=0)
    with pytest.raises(KeyError):
        eventually(lambda: {}["gone"])
    rows = values({}, {"gone": 2})
    assert eventually(lambda: next(rows)["gone"], interval=0, catching=(KeyError,)) == 2  # type: ignore[index]


def test_what_never_holds_says_what_was_seen_last() -> None:
    """Name, time, number of tries and the last value or assertion stand in the message."""

    def order_is_paid() -> bool:
        return False

    with pytest.raises(AssertionError, match=r"^order_is_paid did not hold within 0 s \(2 tries\); last: it returned"):
        eventually(order_is_paid, timeout=0)

    def check() -> None:
        raise AssertionError("3 rows")

    with pytest.raises(AssertionError, match=r"last: AssertionError: 3 rows"):
        eventually(check, timeout=0)


def test_asynchronous_checks_are_awaited() -> None:
    """An `async def` check leaves the loop free while it waits."""
    states = values(None, 5)

    async def check() -> object:
        return next(states)

    async def test() -> object:
        return await eventually(check, interval=0)

    assert asyncio.run(test()) == 5
