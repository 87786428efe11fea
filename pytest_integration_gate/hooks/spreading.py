"""Spreads tests over the workers of xdist as it does itself, but never the tests of one YAML suite.

``loadfile`` and ``loadscope`` keep a file together anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from xdist.scheduler import (  # type: ignore[import-untyped]
    LoadGroupScheduling,
    LoadScheduling,
    WorkStealingScheduling,
)

from pytest_integration_gate.configuration.suite_names import is_suite

MIN_PENDING = 2
"""So many tests wait at each worker: one that runs, and the next, which its fixtures are kept for."""


class SuiteScheduling(LoadScheduling):  # type: ignore[misc]
    """Sends chunks of tests as its parent does; a chunk that would cut a suite takes the rest of the suite with it."""

    def _send_tests(self, node: Any, num: int) -> None:
        super()._send_tests(node, _uncut(self.pending, num, self.collection or ()))


class SuiteStealing(WorkStealingScheduling):  # type: ignore[misc]
    """Sends chunks of tests and moves them to idle workers later; neither cuts a suite.

    A worker gives back all that it is asked for or nothing, so that a suite of which a test has begun stays.
    """

    steal_requested_from_node: Any

    def _send_tests(self, node: Any, num: int) -> None:
        super()._send_tests(node, _uncut(self.pending, num, self.collection or ()))

    def check_schedule(self) -> None:
        """Give what waits to idle workers; when nothing does, take it from the worker with the longest queue."""
        up = [node for node in self.nodes if not node.shutting_down]
        idle = [node for node in up if len(self.node2pending[node]) < MIN_PENDING]
        for number, node in enumerate(idle):
            self._send_tests(node, -(-len(self.pending) // (len(idle) - number)))
        idle = [node for node in idle if len(self.node2pending[node]) < MIN_PENDING]
        if not idle or self.steal_requested_from_node is not None:
            return
        queue, longest = max(((self._movable(node), node) for node in up), key=lambda one: len(one[0]))
        if queue:
            longest.send_steal(queue)
            self.steal_requested_from_node = longest
            return
        for node in idle:
            node.shutdown()  # it runs the last test, which waits for a next one

    def _movable(self, node: Any) -> list[int]:
        """Return about half of a worker's queue, from its end; the tests at its beginning stay, and suites whole."""
        queue, collection = self.node2pending[node], self.collection or ()
        half = max(MIN_PENDING, -(-len(queue) // 2))
        cut = _uncut(queue, half, collection)
        if cut >= len(queue):  # one suite is all that there is behind the middle
            cut = next((n for n in range(half, MIN_PENDING - 1, -1) if _uncut(queue, n, collection) == n), len(queue))
        return list(queue[cut:])


class SuiteGroupScheduling(LoadGroupScheduling):  # type: ignore[misc]
    """Sends groups of tests as its parent does; a suite is a group."""

    def _split_scope(self, nodeid: str) -> str:
        suite = _suite_of(nodeid)
        scope: str = suite if suite is not None else super()._split_scope(nodeid)
        return scope


SCHEDULERS = {"load": SuiteScheduling, "loadgroup": SuiteGroupScheduling, "worksteal": SuiteStealing}
"""The schedulers by the word for ``--dist``."""


def _uncut(queue: Sequence[int], number: int, collection: Sequence[str]) -> int:
    """Return where to cut a queue of tests at `number` or behind it, so that no suite is cut."""
    while 0 < number < len(queue):
        suite = _suite_of(collection[queue[number - 1]])
        if suite is None or suite != _suite_of(collection[queue[number]]):
            break
        number += 1
    return number


def _suite_of(nodeid: str) -> str | None:
    """Return the file of a test when it is a suite."""
    file = nodeid.partition("::")[0]
    return file if is_suite(PurePath(file).name) else None
