"""Runs the integration tests of the context that is worked on first; the others only when these pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from pytest_integration_gate.hooks.keys import OWN
from pytest_integration_gate.model.context import Context


class Stages:
    """Orders the tests of one process, and holds back the later ones when an own integration test failed.

    `own` are the node ids of the first stage, `selected` all that are to run; both are there after collection.
    """

    def __init__(self, active: Sequence[Context], output: dict[str, Any] | None = None) -> None:
        self._active = active
        self._output = output
        self._own_failed = False
        self._last: pytest.Item | None = None
        self.own: frozenset[str] = frozenset()
        self.selected: tuple[str, ...] = ()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the own integration tests first, each group in the order that it has."""
        own = set(own_tests(items, self._active))
        items.sort(key=lambda item: item not in own)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know what will run."""
        self.own = frozenset(item.nodeid for item in own_tests(session.items, self._active))
        self.selected = tuple(item.nodeid for item in session.items)
        if self._output is not None:
            self._output[OWN] = sorted(self.own)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Leave out what is not to run: a test of the second stage when the first one failed."""
        if not self._is_left_out(item):
            self._last = item
            return None
        self._tear_down(item, nextitem)
        return True

    def _is_left_out(self, item: pytest.Item) -> bool:
        return self._own_failed and item.nodeid not in self.own

    def _tear_down(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """End the fixtures that the test before has left for the one that is left out; its report tells what fails."""
        state: Any = item.session._setupstate
        over = (KeyboardInterrupt, pytest.exit.Exception)
        call = pytest.CallInfo.from_call(lambda: state.teardown_exact(nextitem), when="teardown", reraise=over)
        if call.excinfo is not None:
            last = self._last or item
            report = last.ihook.pytest_runtest_makereport(item=last, call=call)
            last.ihook.pytest_runtest_logreport(report=report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See whether the first stage fails."""
        self._own_failed = self._own_failed or (report.failed and report.nodeid in self.own)


def own_tests(items: Iterable[pytest.Item], active: Iterable[Context]) -> list[pytest.Item]:
    """Return the boundary tests among the tests of each context, all of its tests if none is marked."""
    items, own = list(items), []
    for context in active:
        tests = [item for item in items if context.has_test(item.nodeid)]
        own += [item for item in tests if item.get_closest_marker("boundary")] or tests
    return own
