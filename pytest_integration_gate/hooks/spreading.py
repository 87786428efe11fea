"""Spreads tests over the workers of xdist as it does itself, but never the tests of one YAML suite.

``loadfile`` and ``loadscope`` keep a file together anyway; ``worksteal`` moves single tests and cannot be told not to.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from xdist.scheduler import LoadGroupScheduling, LoadScheduling  # type: ignore[import-untyped]

from pytest_integration_gate.hooks.suite_files import is_suite


class SuiteScheduling(LoadScheduling):  # type: ignore[misc]
    """Sends chunks of tests as its parent does; a chunk that would cut a suite takes the rest of the suite with it."""

    def _send_tests(self, node: Any, num: int) -> None:
        pending, collection = self.pending, self.collection or []
        while 0 < num < len(pending):
            suite = _suite_of(collection[pending[num - 1]])
            if suite is None or suite != _suite_of(collection[pending[num]]):
                break
            num += 1
        super()._send_tests(node, num)


class SuiteGroupScheduling(LoadGroupScheduling):  # type: ignore[misc]
    """Sends groups of tests as its parent does; a suite is a group."""

    def _split_scope(self, nodeid: str) -> str:
        suite = _suite_of(nodeid)
        scope: str = suite if suite is not None else super()._split_scope(nodeid)
        return scope


SCHEDULERS = {"load": SuiteScheduling, "loadgroup": SuiteGroupScheduling}
"""The schedulers by the word for ``--dist``."""


def _suite_of(nodeid: str) -> str | None:
    """Return the file of a test when it is a suite."""
    file = nodeid.partition("::")[0]
    return file if is_suite(PurePath(file).name) else None
