"""The two stages on the workers of xdist: one worker runs the first stage, then all share the second.

xdist's schedulers know one list of tests and hand it out as a whole. Here one of them is wrapped: until the first stage
has passed it gets nothing to do. A worker begins a test only when it knows the one after it, so the worker of the first
stage is sent one of its tests twice, as the last; it leaves out what it has run before, as every worker leaves out the
first stage when the second is handed out.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Sequence
from os.path import join
from tempfile import mkdtemp
from typing import Any

import pytest

from pytest_integration_gate.files import write_text
from pytest_integration_gate.hooks.keys import FIRST_STAGE, OWN_FILE
from pytest_integration_gate.hooks.stages import Stages
from pytest_integration_gate.isolation import open_file


class WorkerStages(Stages):
    """The stages in one worker. `output` is what it tells the controller when it ends, `told` what it was told."""

    def __init__(self, active: Any, output: dict[str, Any], told: dict[str, Any]) -> None:
        super().__init__(active, output)
        self._is_first = bool(told.get(FIRST_STAGE))
        self._file = told[OWN_FILE]
        self._has_run: set[pytest.Item] = set()
        self._is_staged = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell the controller which tests are the first stage, before it hears that they were collected."""
        super().pytest_collection_finish(session)
        self._is_staged = 0 < len(self.own) < len(set(self.selected))
        if self._is_first:
            write_text(self._file, json.dumps(sorted(self.own)))

    def _is_left_out(self, item: pytest.Item) -> bool:
        """A test of the first stage runs only in its worker, and only once."""
        if not self._is_staged or item.nodeid not in self.own:
            return False
        if not self._is_first or item in self._has_run:
            return True
        self._has_run.add(item)
        return False


class StagedScheduling:
    """Gives the first stage to one worker, and when it has passed lets another scheduler hand out everything.

    It offers what xdist's controller asks of a scheduler.
    """

    def __init__(self, inner: Any, dispatcher: Dispatcher) -> None:
        self._inner = inner
        self._dispatcher = dispatcher
        self._is_first_stage = True
        self._left: list[int] | None = None
        self._running: dict[Any, list[int]] = {}
        self._sent_twice: dict[Any, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def tests_finished(self) -> bool:
        """Whether nothing is left to hand out."""
        if self._is_first_stage:
            return self._dispatcher.has_failed and not self._left and not any(self._running.values())
        return bool(self._inner.tests_finished)

    @property
    def has_pending(self) -> bool:
        """Whether something is left to run."""
        return any(self._running.values()) if self._is_first_stage else bool(self._inner.has_pending)

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        """Take what a worker has collected. One that replaces a crashed one has nothing to say in the second stage."""
        if not (self._is_first_stage and self._dispatcher.has_failed):
            self._inner.add_node_collection(node, collection)

    def schedule(self) -> None:
        """Hand out the first stage when all workers have collected, the rest of it when one was replaced."""
        if self._left is None:
            self._left = self._dispatcher.first_stage()
            self._is_first_stage = bool(self._left)
        if not self._is_first_stage:
            self._inner.schedule()
            return
        node = next((one for one in self._inner.nodes if one.workerinput.get(FIRST_STAGE)), None)
        if node is not None and self._left:
            self._running[node], self._left = self._left, []
            self._sent_twice[node] = self._running[node][0]
            node.send_runtest_some([*self._running[node], self._sent_twice[node]])

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """A worker is through with a test; after the last one of the first stage the second is handed out."""
        running = self._running.get(node, [])
        if item_index in running:
            running.remove(item_index)
            if not running and not self._dispatcher.has_failed:
                self._is_first_stage = False
                self._inner.schedule()
        elif self._sent_twice.get(node) == item_index:
            del self._sent_twice[node]
        else:
            self._inner.mark_test_complete(node, item_index, duration)

    def remove_node(self, node: Any) -> str | None:
        """A worker ended; say which test it was running if it crashed, and keep the others of the first stage."""
        running = self._running.pop(node, [])
        self._sent_twice.pop(node, None)
        crashed: str | None = self._inner.remove_node(node)
        if not running:
            return crashed
        self._dispatcher.has_failed = True
        self._left = running[1:]
        return self._dispatcher.nodeid(running[0])


class Dispatcher:
    """The controller's part: chooses the worker of the first stage, and puts the scheduler in place."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder = ""
        self._first: Any = None
        self._collections: list[tuple[str, ...]] = []
        self._own: frozenset[str] = frozenset()
        self.has_failed = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Let one worker run the first stage, another one when it has died."""
        if not self._is_possible():
            return
        self._folder = self._folder or mkdtemp(prefix="integration-gate-")
        node.workerinput[OWN_FILE] = join(self._folder, "own.json")
        if self._first is None:
            self._first = node
            node.workerinput[FIRST_STAGE] = True

    def _is_possible(self) -> bool:
        """Whether all workers share this machine's files and none runs everything."""
        places = self._config.getoption("tx", None) or ()
        return self._config.getoption("dist", "no") != "each" and all("popen" in str(place) for place in places)

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_xdist_make_scheduler(self) -> Generator[None, Any, Any]:
        """Wrap the scheduler that was asked for."""
        inner = yield
        return StagedScheduling(inner, self) if self._folder else inner

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Know what a worker has collected."""
        self._collections.append(tuple(ids))

    def first_stage(self) -> list[int]:
        """Return the numbers of the tests of the first stage; none when there are no two stages."""
        try:
            with open_file(join(self._folder, "own.json"), encoding="utf-8") as stream:
                self._own = frozenset(json.load(stream))
        except (OSError, ValueError):
            return []
        if len(set(self._collections)) != 1 or len(self._own) == len(set(self._collections[0])):
            return []
        return [number for number, nodeid in enumerate(self._collections[0]) if nodeid in self._own]

    def nodeid(self, number: int) -> str:
        """Return the test that has a number."""
        return self._collections[0][number]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See whether the first stage fails."""
        self.has_failed = self.has_failed or (report.failed and report.nodeid in self._own)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Notice that the worker of the first stage died."""
        if node is self._first and error:
            self._first = None

    def pytest_unconfigure(self) -> None:
        """Remove the file."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
