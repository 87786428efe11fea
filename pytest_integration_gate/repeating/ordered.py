"""Inside a process that was started to run orders: one order, or trials for each of which it forks."""

from __future__ import annotations

import json
import os
import socket
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.hooks.phases import Phases
from pytest_integration_gate.isolation import open_file


class Ordered:
    """Knows the task of this process. Other plugins take it for a worker of xdist where orders run side by side."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        """Read the task from a file."""
        task = json.loads(Path(path).read_text(encoding="utf-8"))
        self._config = config
        self._files = frozenset(task["files"])
        self._seed: int = task["seed"]
        if task["workerinput"] is not None:
            config.workerinput = task["workerinput"]  # type: ignore[attr-defined]
            config.workeroutput = {}  # type: ignore[attr-defined]
        config.option.xmlpath = None
        if hasattr(config.option, "tx"):
            config.option.dist, config.option.tx = "no", []
        self._phases = Phases()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Do not import files that hold none of the tests."""
        is_needed = str(collection_path) in self._files or collection_path.name in ("conftest.py", "__init__.py")
        return True if collection_path.is_file() and not is_needed else None

    def _reseed(self) -> None:
        if hasattr(self._config.option, "randomly_seed"):
            self._config.option.randomly_seed = self._seed


class OneOrder(Ordered):
    """Runs the tests of one order and writes down how they end."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        super().__init__(config, path)
        task = json.loads(Path(path).read_text(encoding="utf-8"))
        self._order: list[str] = task["order"]
        self._stream = open_file(task["results"], "a", encoding="utf-8")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Put the tests into their order, after everybody else has."""
        items = {item.nodeid: item for item in session.items}
        session.items[:] = [items[nodeid] for nodeid in self._order if nodeid in items]
        self._reseed()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Should the process crash, this is the test that did it."""
        self._write({"start": nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended when it has."""
        self._phases.add(report)
        if report.when == "teardown":
            end = self._phases.end(report.nodeid)
            self._write({"nodeid": report.nodeid, "outcome": end.outcome, "reason": end.reason, "text": end.text})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say whether something is missing."""
        self._write({"is_whole": exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)})
        self._stream.close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._stream.write(json.dumps(entry) + "\n")
        self._stream.flush()


class Trials(Ordered):
    """Collects the tests once and forks for each order that it is asked to try: a fork has seen no test run."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        super().__init__(config, path)
        self._socket: int = json.loads(Path(path).read_text(encoding="utf-8"))["socket"]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer until nobody asks any more."""
        items = {item.nodeid: item for item in session.items}
        factory = getattr(session.config, "_tmp_path_factory", None)
        if factory is not None:
            factory.getbasetemp()  # made once, here: a fork ends without tidying up
        self._reseed()
        with socket.socket(fileno=self._socket) as connection, connection.makefile("r", encoding="utf-8") as asked:
            for line in asked:
                outcome = self._forked([items[nodeid] for nodeid in json.loads(line) if nodeid in items])
                connection.sendall(f"{outcome}\n".encode())
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended."""
        self._phases.add(report)

    def _forked(self, items: Sequence[pytest.Item]) -> str:
        """Run tests in a fork; return the outcome of the last one."""
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # imported modules may have started threads; the fork does without them
            process = os.fork()
        if not process:
            try:
                for item, nextitem in zip(items, [*items[1:], None], strict=True):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
                os.write(writing, self._phases.end(items[-1].nodeid).outcome.encode())
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        os.close(writing)
        os.set_blocking(reading, False)
        try:
            return os.read(reading, 100).decode() or "failed"
        except BlockingIOError:  # it crashed, and what it started still holds the pipe
            return "failed"
        finally:
            os.close(reading)


def ordered(config: pytest.Config, path: str) -> Ordered:
    """Return the object that does the task in a file."""
    has_order = "order" in json.loads(Path(path).read_text(encoding="utf-8"))
    return OneOrder(config, path) if has_order else Trials(config, path)
