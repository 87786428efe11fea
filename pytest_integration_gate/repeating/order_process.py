"""Orders of tests in processes of their own: how the run starts such a process, and how it hears of the outcomes.

The process is a pytest with the arguments of the run itself, so that it finds the same tests. A file tells it what to
do (`ordered` reads it). It writes down how each test ended as soon as it has: nothing is lost when it crashes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_integration_gate.hooks.keys import ORDER
from pytest_integration_gate.hooks.phases import TestEnd
from pytest_integration_gate.isolation import open_file


class Launcher:
    """Starts processes as this one was started. Make it before the first test runs: tests change the environment."""

    def __init__(self, config: pytest.Config, files: Sequence[str]) -> None:
        """`files` are those that hold the tests."""
        self._config = config
        self._files = files
        self._environment = dict(os.environ)
        is_safe_path = "" not in sys.path and os.getcwd() not in sys.path
        self._command = [sys.executable, *(["-P"] if is_safe_path else []), "-m", "pytest"]
        self._command += map(str, config.invocation_params.args)

    def start(
        self, task: dict[str, Any], folder: str, *, seed: int, worker: str = "", sockets: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a pytest with the arguments of this run and a task. Its output goes to a file in the folder.

        `seed` is for pytest-randomly. `worker` is the name under which tests that ask xdist for one keep apart what
        they share; empty when nothing runs beside it.
        """
        config, path = self._config, Path(folder, "task.json")
        worker_input = _worker_input(config, worker, seed) if worker else None
        told = {**task, "files": [*self._files], "seed": seed, "workerinput": worker_input}
        path.write_text(json.dumps(told), encoding="utf-8")
        more = []  # keeps it out of what the run itself writes
        if config.getoption("basetemp", None) is not None:
            more.append(f"--basetemp={Path(folder, 'basetemp')}")
        if config.pluginmanager.hasplugin("_cov"):
            more.append("--no-cov")
        with open_file(Path(folder, "output.txt"), "wb") as output:
            return subprocess.Popen(  # noqa: S603  # pytest, as its user called it
                [*self._command, *more],
                cwd=config.invocation_params.dir,
                env={**self._environment, ORDER: str(path)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=sockets,
                start_new_session=bool(sockets),
            )


class OrderProcess:
    """A process that runs one order. `outcomes` waits for its end."""

    def __init__(self, launcher: Launcher, order: Sequence[str], seed: int, worker: str) -> None:
        self.worker = worker
        self._folder = TemporaryDirectory(prefix="integration-gate-order-")
        self._results = Path(self._folder.name, "results.jsonl")
        task = {"order": [*order], "results": str(self._results)}
        self._process = launcher.start(task, self._folder.name, seed=seed, worker=worker)

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait for the end."""
        self._process.wait()

    def outcomes(self) -> tuple[dict[str, TestEnd], str]:
        """Wait for the end. Return how each test ended, and in one sentence why some did not, if so."""
        code = self._process.wait()
        ends: dict[str, TestEnd] = {}
        running, is_whole = "", False
        for line in self._results.read_text(encoding="utf-8").splitlines() if self._results.exists() else ():
            told = json.loads(line)
            running = told.get("start", running)
            is_whole = is_whole or told.get("is_whole", False)
            if nodeid := told.pop("nodeid", ""):
                ends[nodeid] = TestEnd(**told)
        problem = ""
        if not is_whole:
            if running and running not in ends:
                ends[running] = TestEnd(outcome="failed", reason=f"The process ended with exit code {code}")
            last = last_line(self._folder.name)
            problem = f"An order in a process of its own ended early, with exit code {code}{last}"
        self._folder.cleanup()
        return ends, problem

    def stop(self) -> None:
        """End the process, if it still runs, and forget it."""
        if self.is_running:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


class Job:
    """An order that waits for a process, runs in one, or has ended."""

    def __init__(self, order: Sequence[str], seed: int) -> None:
        self.order = order
        self.seed = seed
        self.process: OrderProcess | None = None


class Processes:
    """Runs orders side by side: as many as fit beside this process, and one more while this process waits."""

    def __init__(self, launcher: Launcher, *, beside: int) -> None:
        """`beside` is how many processes there may be at once, this one included."""
        self._launcher = launcher
        self._beside = beside
        self._waiting: list[Job] = []
        self._started: list[Job] = []

    def add(self, order: Sequence[str], seed: int) -> Job:
        """Take an order in; it starts at once if there is room."""
        job = Job(order, seed)
        self._waiting.append(job)
        self._fill(self._beside - 1)
        return job

    def outcomes(self, job: Job) -> tuple[dict[str, TestEnd], str]:
        """Wait for the end of an order. Return how its tests ended, and what went wrong with it."""
        self._fill(self._beside)
        while job.process is None:
            self._running()[0].wait()
            self._fill(self._beside)
        found = job.process.outcomes()
        self._started.remove(job)
        return found

    def stop(self) -> None:
        """End what still runs."""
        for job in self._started:
            if job.process is not None:
                job.process.stop()

    def _fill(self, room: int) -> None:
        while self._waiting and len(running := self._running()) < room:
            job = self._waiting.pop(0)
            taken = {process.worker for process in running}
            worker = next(f"gw{n}" for n in range(1, room + 1) if f"gw{n}" not in taken) if self._beside > 1 else ""
            job.process = OrderProcess(self._launcher, job.order, job.seed, worker)
            self._started.append(job)

    def _running(self) -> list[OrderProcess]:
        return [job.process for job in self._started if job.process is not None and job.process.is_running]


def last_line(folder: str) -> str:
    """Return the last line that a process has printed, as the end of a sentence."""
    with open_file(Path(folder, "output.txt"), encoding="utf-8", errors="replace") as output:
        lines = [line.strip() for line in output if line.strip()]
    return f": {lines[-1]}" if lines else "."


def _worker_input(config: pytest.Config, worker: str, seed: int) -> dict[str, Any]:
    """Return what xdist would tell a worker of this name, and what other plugins would add to it."""
    node = SimpleNamespace(
        config=config,
        workerinput={
            "workerid": worker,
            "workercount": int(getattr(config.option, "numprocesses", None) or 1),
            "testrunuid": str(os.getpid()),
            "mainargv": sys.argv,
        },
    )
    if config.pluginmanager.hasplugin("xdist"):
        config.hook.pytest_configure_node(node=node)
    told = {**node.workerinput, "randomly_seed": seed}
    return {name: value for name, value in told.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
