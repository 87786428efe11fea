"""How tests are spread over the workers of xdist, with workers that run nothing."""

from __future__ import annotations

from collections import deque
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("xdist")

from pytest_integration_gate.hooks.spreading import SCHEDULERS


class Worker:
    """A worker of xdist as its controller sees it: it begins a test when it knows the next one, or shall end."""

    def __init__(self) -> None:
        self.gateway = SimpleNamespace(id="gw")
        self.shutting_down = False
        self.told: deque[tuple[str, list[int]]] = deque()
        self.queue: list[int] = []
        self.ran: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.told.append(("run", list(indices)))

    def send_steal(self, indices: list[int]) -> None:
        self.told.append(("steal", list(indices)))

    def shutdown(self) -> None:
        self.shutting_down = True

    def step(self, scheduler: Any) -> bool:
        """Hear a word, or run a test; return whether there was anything to do."""
        if self.told:
            word, indices = self.told.popleft()
            if word == "run":
                self.queue += indices
            else:
                given = indices if set(indices) <= set(self.queue[2:]) else []
                self.queue = [one for one in self.queue if one not in given]
                scheduler.remove_pending_tests_from_node(self, given)
            return True
        if len(self.queue) > 1 or (self.queue and self.shutting_down):
            self.ran.append(self.queue.pop(0))
            scheduler.mark_test_complete(self, self.ran[-1], 0)
            return True
        return False


FILES = st.lists(st.tuples(st.booleans(), st.integers(1, 9)), min_size=1, max_size=8)


@pytest.mark.parametrize("dist", ["load", "worksteal"])
@given(files=FILES, count=st.integers(1, 4), seed=st.integers(0, 1000))
def test_no_suite_is_split(dist: str, files: list[tuple[bool, int]], count: int, seed: int) -> None:
    """Every test runs once, and those of a suite run on one worker in their order, however fast the workers are."""
    tests = [
        f"test_{number}.gate.yaml::{test}" if is_suite else f"test_{number}.py::{test}"
        for number, (is_suite, size) in enumerate(files)
        for test in range(size)
    ]
    config = SimpleNamespace(
        getvalue=lambda name: ["popen"] * count,
        getoption=lambda name, default=None: ["popen"] * count if name == "tx" else default,
        option=SimpleNamespace(maxschedchunk=None),
        hook=None,
    )
    scheduler = SCHEDULERS[dist](config)
    workers = [Worker() for _ in range(count)]
    for worker in workers:
        scheduler.add_node(worker)
    for worker in workers:
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    random = Random(seed)
    speeds = [random.uniform(0.1, 1) for _ in workers]
    for _ in range(5000):
        done = [
            worker.step(scheduler) for worker, speed in zip(workers, speeds, strict=True) if random.random() < speed
        ]
        if scheduler.tests_finished:
            for worker in workers:
                worker.shutdown()
        if sum(len(worker.ran) for worker in workers) == len(tests) and not any(done):
            break
    assert sorted(one for worker in workers for one in worker.ran) == list(range(len(tests)))
    for number, (is_suite, size) in enumerate(files):
        if is_suite:
            names = [f"test_{number}.gate.yaml::{test}" for test in range(size)]
            ran = [[tests[one] for one in worker.ran if tests[one] in names] for worker in workers]
            assert names in ran


def test_idle_workers_get_whole_suites() -> None:
    """Of a long queue an idle worker gets the suites at the end, also when half of it is one suite."""
    tests = ["test_a.py::1", "test_a.py::2", *(f"test_b.gate.yaml::{n}" for n in range(9))]
    config = SimpleNamespace(getvalue=lambda name: ["popen"] * 2, option=None, hook=None)
    scheduler = SCHEDULERS["worksteal"](config)
    busy, idle = Worker(), Worker()
    for worker in (busy, idle):
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.collection, scheduler.node2pending[busy] = tests, list(range(11))
    scheduler.check_schedule()
    assert busy.told.pop() == ("steal", list(range(2, 11)))
    scheduler.remove_pending_tests_from_node(busy, list(range(2, 11)))
    assert scheduler.node2pending[idle] == list(range(2, 11))
