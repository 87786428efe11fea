"""The fixture ``gate_expect``: the matchers of YAML suites in Python tests."""

from __future__ import annotations

from typing import Any

from pytest_integration_gate.suites.failure import in_words
from pytest_integration_gate.suites.matchers import differences


def expect(value: Any, expected: Any, *, exact: bool = False) -> None:
    """Fail with every path on which `value` is not as `expected`; `exact` forbids keys that are not named."""
    __tracebackhide__ = True
    found = differences(expected, value, exact=exact)
    if found:
        raise AssertionError("\n".join(map(in_words, found)))
