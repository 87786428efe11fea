"""Memory and processor time of processes and their children while a load runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import psutil

from pytest_integration_gate.isolation import perf_counter, quiet

_INTERVAL = 0.1


class Usage:
    """Watches processes, by the names that figures call them, for the length of a ``with`` block.

    `memory_mb` has the highest resident memory in megabytes (10⁶ bytes), `cpu_percent` the mean load: 100 is one
    processor fully used. A process that is gone has no figures from then on.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.memory_mb: dict[str, float] = {}
        self.cpu_percent: dict[str, float] = {}
        self._roots = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._processor: dict[str, dict[int, tuple[float, float]]] = {name: {} for name in pids}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gate_usage", daemon=True)
        self._began = perf_counter()

    def __enter__(self) -> Usage:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._look()
        lasted = max(perf_counter() - self._began, 1e-6)
        for name, seen in self._processor.items():
            if seen:
                used = sum(last - first for first, last in seen.values())
                self.cpu_percent[name] = round(100 * used / lasted, 1)

    def _watch(self) -> None:
        quiet.busy = True
        while not self._is_over.wait(_INTERVAL):
            self._look()

    def _look(self) -> None:
        for name, root in self._roots.items():
            try:
                family = [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
            memory = 0
            for process in family:
                try:
                    times = process.cpu_times()
                    memory += process.memory_info().rss
                except psutil.Error:
                    continue
                used = times.user + times.system
                first = self._processor[name].get(process.pid, (used, used))[0]
                self._processor[name][process.pid] = (first, used)
            self.memory_mb[name] = max(self.memory_mb.get(name, 0.0), round(memory / 1e6, 1))
