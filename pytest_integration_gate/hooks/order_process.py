"""One order of tests in a process of its own: how the run starts it, and what that process does.

The process is a pytest with the arguments of the run itself, so that it finds the same tests. A file tells it which to
run in which order; it writes down how each ended as soon as it has, so that nothing is lost when it crashes.
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

from pytest_integration_gate.hooks.keys import ORDER, QUARANTINED
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.judging.orders import Outcome
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a test ended in another process. `text` is the failure as pytest shows it."""

    outcome: Outcome
    reason: str = ""
    text: str = ""


class OrderProcess:
    """A process that runs one order. `outcomes` waits for its end."""

    def __init__(
        self, config: pytest.Config, order: Sequence[str], files: Sequence[str], *, seed: int, worker: str = ""
    ) -> None:
        """Start it. `files` are those that hold the tests, `seed` is for pytest-randomly, `worker` is the name under
        which tests that ask xdist for one keep apart what they share; empty when nothing runs beside it."""
        self.worker = worker
        self._folder = TemporaryDirectory(prefix="integration-gate-order-")
        folder = Path(self._folder.name)
        self._results = folder / "results.jsonl"
        self._output = folder / "output.txt"
        task = folder / "order.json"
        worker_input = _worker_input(config, worker, seed) if worker else None
        told = {"order": [*order], "files": [*files], "seed": seed, "results": str(self._results)}
        task.write_text(json.dumps({**told, "workerinput": worker_input}), encoding="utf-8")
        safe_path = [] if "" in sys.path or os.getcwd() in sys.path else ["-P"]
        arguments = [*map(str, config.invocation_params.args), *_additional(config, folder)]
        with open_file(self._output, "wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  # pytest, as its user called it
                [sys.executable, *safe_path, "-m", "pytest", *arguments],
                cwd=config.invocation_params.dir,
                env={**os.environ, ORDER: str(task)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait for the end."""
        self._process.wait()

    def outcomes(self) -> tuple[dict[str, Ended], str]:
        """Wait for the end. Return how each test ended, and in one sentence why some did not, if so."""
        code = self._process.wait()
        ended: dict[str, Ended] = {}
        running, is_whole = "", False
        for line in self._results.read_text(encoding="utf-8").splitlines() if self._results.exists() else ():
            told = json.loads(line)
            running = told.get("start", running)
            is_whole = is_whole or told.get("end", False)
            if nodeid := told.pop("nodeid", ""):
                ended[nodeid] = Ended(**told)
        problem = ""
        if not is_whole:
            last = [text for text in self._output.read_text(errors="replace").splitlines() if text.strip()][-1:]
            problem = f"An order in a process of its own ended early, with exit code {code}: {''.join(last)}"
            if running and running not in ended:
                ended[running] = Ended(outcome="failed", reason=f"The process ended with exit code {code}")
        self._folder.cleanup()
        return ended, problem

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
    """Runs orders side by side, as many as fit beside this process, or as many as there may be when it waits itself."""

    def __init__(self, config: pytest.Config, files: Sequence[str], *, beside: int) -> None:
        """`beside` is how many processes there may be at once, this one included."""
        self._config = config
        self._files = files
        self._beside = beside
        self._waiting: list[Job] = []
        self._started: list[Job] = []

    def add(self, order: Sequence[str], seed: int) -> Job:
        """Take an order in; it starts at once if there is room."""
        job = Job(order, seed)
        self._waiting.append(job)
        self._fill(self._beside - 1)
        return job

    def outcomes(self, job: Job) -> tuple[dict[str, Ended], str]:
        """Wait for the end of an order. Return how its tests ended, and what went wrong with it."""
        while job.process is None:
            self._fill(self._beside)
            if job.process is None:
                self._started[0].process.wait()  # type: ignore[union-attr]
        found = job.process.outcomes()
        self._started.remove(job)
        self._fill(self._beside)
        return found

    def stop(self) -> None:
        """End what still runs."""
        for job in self._started:
            if job.process is not None:
                job.process.stop()

    def _fill(self, room: int) -> None:
        running = [job for job in self._started if job.process is not None and job.process.is_running]
        while self._waiting and len(running) < room:
            job = self._waiting.pop(0)
            taken = {other.process.worker for other in running if other.process is not None}
            worker = next(f"gw{n}" for n in range(1, room + 1) if f"gw{n}" not in taken) if self._beside > 1 else ""
            job.process = OrderProcess(self._config, job.order, self._files, seed=job.seed, worker=worker)
            self._started.append(job)
            running.append(job)


def _additional(config: pytest.Config, folder: Path) -> list[str]:
    """Return arguments that keep the process out of what the run itself writes."""
    more = []
    if config.getoption("basetemp", None) is not None:
        more.append(f"--basetemp={folder / 'basetemp'}")
    if config.pluginmanager.hasplugin("_cov"):
        more.append("--no-cov")
    return more


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
    config.hook.pytest_configure_node(node=node)
    told = {**node.workerinput, "randomly_seed": seed}
    return {name: value for name, value in told.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


# -- inside the process -----------------------------------------------------------------------------------------------


class Ordered:
    """Runs the tests of one order and writes down how they end."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        """Read from the file at `path` what to run; tell the other plugins which worker this is."""
        task = json.loads(Path(path).read_text(encoding="utf-8"))
        self._config = config
        self._order: list[str] = task["order"]
        self._files = frozenset(task["files"])
        self._seed: int = task["seed"]
        self._stream = open_file(task["results"], "a", encoding="utf-8")
        self._tally = PhaseTally()
        if task["workerinput"] is not None:
            config.workerinput = task["workerinput"]  # type: ignore[attr-defined]
            config.workeroutput = {}  # type: ignore[attr-defined]
        config.option.xmlpath = None
        if hasattr(config.option, "tx"):
            config.option.dist, config.option.tx = "no", []

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Do not import files that hold none of the tests."""
        is_needed = str(collection_path) in self._files or collection_path.name in ("conftest.py", "__init__.py")
        return True if collection_path.is_file() and not is_needed else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Put the tests into their order, after everybody else has."""
        places = {nodeid: place for place, nodeid in enumerate(self._order)}
        session.items[:] = sorted(
            (item for item in session.items if item.nodeid in places), key=lambda item: places[item.nodeid]
        )
        if hasattr(self._config.option, "randomly_seed"):
            self._config.option.randomly_seed = self._seed

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Should the process crash, this is the test that did it."""
        self._write({"start": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended when it has."""
        self._tally.add(report)
        if report.when == "teardown":
            ended = self._tally.ended(report.nodeid)
            self._write({"nodeid": report.nodeid, "outcome": ended.outcome, "reason": ended.reason, "text": ended.text})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say that nothing is missing."""
        self._write({"end": exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)})
        self._stream.close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._stream.write(json.dumps(entry) + "\n")
        self._stream.flush()


class PhaseTally:
    """Puts the three phases of a test together."""

    def __init__(self) -> None:
        self._ended: dict[str, Ended] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take one phase. What failed in quarantine failed."""
        known = self._ended.get(report.nodeid)
        if report.failed or getattr(report, QUARANTINED, False):
            if known is None or known.outcome != "failed":
                self._ended[report.nodeid] = Ended(outcome="failed", reason=reason_of(report), text=report.longreprtext)
        elif report.skipped:
            self._ended[report.nodeid] = Ended(outcome="skipped")
        elif known is None:
            self._ended[report.nodeid] = Ended(outcome="passed")

    def ended(self, nodeid: str) -> Ended:
        """Return how a test ended, and forget it."""
        return self._ended.pop(nodeid, Ended(outcome="skipped"))


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the first line that says why something failed."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return next((line for line in text.splitlines() if line.strip()), "")
