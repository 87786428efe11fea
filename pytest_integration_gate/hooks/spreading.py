"""Spreads tests over the workers of xdist as its default does, but never the tests of one YAML suite."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from xdist.scheduler import LoadScheduling  # type: ignore[import-untyped]

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


def _suite_of(nodeid: str) -> str | None:
    """Return the file of a test when it is a suite."""
    file = nodeid.partition("::")[0]
    return file if is_suite(PurePath(file).name) else None
