"""Trials of short orders, each in a process that has seen no test run.

Where processes can fork, a few that have collected the tests stand ready and fork for each trial, which takes
milliseconds; elsewhere each trial is a new process.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from select import select
from tempfile import TemporaryDirectory
from typing import Protocol, cast

from pytest_integration_gate.judging.orders import Outcome
from pytest_integration_gate.repeating.order_process import Job, Launcher, Processes

_PATIENCE = 60.0  # seconds beyond ten times what all tests take


class Trials(Protocol):
    """Tries orders; the last test of each is the one in question."""

    def add(self, order: Sequence[str]) -> object:
        """Take an order in and return what stands for its trial."""

    def outcome(self, trial: object) -> Outcome:
        """Wait for a trial and return what its last test came to, ``skipped`` when it did not run to its end."""

    def stop(self) -> None:
        """End what still runs."""


def trials(launcher: Launcher, *, seed: int, beside: int, seconds: float) -> Trials:
    """Return what tries orders on this system. `seconds` is how long all tests take."""
    if hasattr(os, "fork"):
        return ForkedTrials(launcher, seed=seed, beside=beside, patience=_PATIENCE + 10 * seconds)
    return ProcessTrials(launcher, seed=seed, beside=beside)


class ForkedTrials:
    """Some processes that fork for each trial."""

    def __init__(self, launcher: Launcher, *, seed: int, beside: int, patience: float) -> None:
        self._servers = [_Server(launcher, seed, f"gw{n}" if beside > 1 else "", patience) for n in range(beside)]

    def add(self, order: Sequence[str]) -> object:
        """Ask the process that has the least to do."""
        server = min(self._servers, key=lambda one: len(one.asked))
        return server.ask(order)

    def outcome(self, trial: object) -> Outcome:
        """Wait for the answer."""
        assert isinstance(trial, _Trial)
        while trial.outcome is None:
            trial.server.answer()
        return trial.outcome

    def stop(self) -> None:
        """End the processes."""
        for server in self._servers:
            server.stop()


class _Trial:
    def __init__(self, server: _Server, order: Sequence[str]) -> None:
        self.server = server
        self.order = order
        self.outcome: Outcome | None = None


class _Server:
    """One process that forks; it is started when it is first asked, and again after it was lost."""

    def __init__(self, launcher: Launcher, seed: int, worker: str, patience: float) -> None:
        self.asked: deque[_Trial] = deque()
        self._launcher = launcher
        self._seed = seed
        self._worker = worker
        self._patience = patience
        self._socket: socket.socket | None = None

    def ask(self, order: Sequence[str]) -> _Trial:
        trial = _Trial(self, order)
        self.asked.append(trial)
        if self._socket is None:
            self._start()
        self._send(trial)
        return trial

    def answer(self) -> None:
        """Take the next answer; a process that gives none is ended, and the others of its trials go to a new one."""
        trial = self.asked.popleft()
        said = self._line()
        if said in ("passed", "failed", "skipped"):
            trial.outcome = cast(Outcome, said)
            return
        trial.outcome = "skipped"
        self.stop()
        if self.asked:
            self._start()
            for other in self.asked:
                self._send(other)

    def stop(self) -> None:
        """End the process and everything that it has started."""
        if self._socket is None:
            return
        self._socket.close()
        self._socket = None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except OSError:
            self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _start(self) -> None:
        self._folder = TemporaryDirectory(prefix="integration-gate-trials-")
        self._socket, theirs = socket.socketpair()
        self._received = b""
        number = theirs.fileno()
        self._process = self._launcher.start(
            {"socket": number}, self._folder.name, seed=self._seed, worker=self._worker, sockets=[number]
        )
        theirs.close()

    def _send(self, trial: _Trial) -> None:
        assert self._socket is not None
        with suppress(OSError):  # a process that is lost gives no answer either
            self._socket.sendall((json.dumps([*trial.order]) + "\n").encode())

    def _line(self) -> str:
        """Return the next line that the process says, empty when it is lost or takes too long."""
        assert self._socket is not None
        while b"\n" not in self._received:
            if not select([self._socket], [], [], self._patience)[0]:
                return ""
            try:
                received = self._socket.recv(4096)
            except OSError:
                return ""
            if not received:
                return ""
            self._received += received
        line, _, self._received = self._received.partition(b"\n")
        return line.decode()


class ProcessTrials:
    """A new process for each trial."""

    def __init__(self, launcher: Launcher, *, seed: int, beside: int) -> None:
        self._seed = seed
        self._processes = Processes(launcher, beside=beside)

    def add(self, order: Sequence[str]) -> object:
        """Start it, or let it wait."""
        return self._processes.add(order, self._seed)

    def outcome(self, trial: object) -> Outcome:
        """Wait for its end."""
        assert isinstance(trial, Job)
        ends, _ = self._processes.outcomes(trial)
        last = ends.get(trial.order[-1])
        return last.outcome if last else "skipped"

    def stop(self) -> None:
        """End what still runs."""
        self._processes.stop()
