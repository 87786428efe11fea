"""A line in the terminal while something takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from pytest_integration_gate.isolation import clock

_FIRST, _NEXT = 2.0, 15.0
"""Seconds until something counts as long, and between lines about it."""


def notice_in(config: pytest.Config) -> Callable[[str], None] | None:
    """Return what shows a line at once, captured output or not; None where there is no terminal, as in a worker."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or config.get_verbosity() < 0:
        return None

    def notice(text: str) -> None:
        if capture is None:
            reporter.write_line(text)
            return
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(text)

    return notice


@contextmanager
def saying(config: pytest.Config, work: str) -> Iterator[None]:
    """Show a line about what the gate does in this block when it takes long, and from time to time another one.

    Without a text nothing is shown. Not for blocks in which tests run.
    """
    notice = notice_in(config) if work else None
    if notice is None:
        yield
        return
    began, is_over = clock(), Event()

    def tell() -> None:
        pause = _FIRST
        while not is_over.wait(pause):
            notice(f"integration-gate: {work} ({clock() - began:.0f} s)")
            pause = _NEXT

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()
