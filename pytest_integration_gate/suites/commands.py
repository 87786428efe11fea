"""Runs the commands of a suite or a checkpoint, bounded in time, and ends everything that they started."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from tempfile import TemporaryFile
from time import monotonic
from typing import IO, TypeAlias

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.isolation import at_work
from pytest_integration_gate.suites.processes import MARK, end, end_bearers, find, marking
from pytest_integration_gate.suites.watchdog import Watchdog
from pytest_integration_gate.values import dataclass

Line: TypeAlias = str | Sequence[str]
"""A text goes through the shell, a list does not."""

MAX_OUTPUT = 1_000_000
"""How many bytes of what a command writes are kept: the last ones."""

TAIL = 20
"""How many lines of output a failure shows."""


_WIDEST = 160


class CommandError(GateError):
    """A command that cannot be started."""

    slug = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a command ended. `exit_code` is None when it was ended after `seconds` because it took too long."""

    line: Line
    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float

    @property
    def tail(self) -> str:
        """The last lines of all that it wrote."""
        return last_lines(self.stdout + self.stderr)


class Background:
    """A command that runs beside the tests. What it writes goes into one log."""

    def __init__(self, line: Line, process: Popen[bytes], log: IO[bytes]) -> None:
        self.line = line
        self.process = process
        self._log = log

    @property
    def pid(self) -> int:
        """The id of the process, that of the shell when the command goes through it."""
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while it runs."""
        return self.process.poll()

    @property
    def log(self) -> str:
        """What it has written, the last `MAX_OUTPUT` bytes of it."""
        return _content(self._log)

    @property
    def tail(self) -> str:
        """The last lines of the log."""
        return last_lines(self.log)

    def close(self) -> None:
        """Let the log go."""
        self._log.close()


class Commands:
    """The commands of one suite. `end` ends whatever any of them left behind; the object is a context manager too.

    `root` is where commands run; `env` is added to the environment of each. A killed pytest leaves nothing running
    for longer than a few seconds: a watchdog in a process of its own sees to that. Suites of one run may share it.
    """

    def __init__(self, root: Path, env: Mapping[str, str] | None = None, watchdog: Watchdog | None = None) -> None:
        self._root = root
        self._mark = f"{os.getpid()}-{os.urandom(8).hex()}"
        self._env = {**(env or {}), MARK: self._mark}
        self._watchdog = watchdog or Watchdog()
        self._owns_watchdog = watchdog is None
        self._has_started = False
        self.background: list[Background] = []

    def __enter__(self) -> Commands:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end()

    def run(
        self, line: Line, *, timeout: float, env: Mapping[str, str] | None = None, cwd: str | Path = ""
    ) -> Finished:
        """Run a command to its end, at most `timeout` seconds; raise `CommandError` when it cannot be started.

        A command that takes longer is ended with all its children. One that ends may leave others behind, a daemon
        for example: they live until `end`.
        """
        started = monotonic()
        with TemporaryFile() as stdout, TemporaryFile() as stderr:
            process = self._start(line, env, cwd, stdout, stderr)
            code: int | None = None
            try:
                code = process.wait(timeout)
            except TimeoutExpired:
                _end_tree(process)
            except BaseException:  # Ctrl-C, or a time limit that another plugin sets
                _end_tree(process)
                raise
            return Finished(
                line=line,
                exit_code=code,
                stdout=_content(stdout),
                stderr=_content(stderr),
                seconds=monotonic() - started,
            )

    def start(self, line: Line, *, env: Mapping[str, str] | None = None, cwd: str | Path = "") -> Background:
        """Start a command in the background; raise `CommandError` when it cannot be started."""
        log = TemporaryFile()  # noqa: SIM115  # lives as long as the command
        try:
            process = self._start(line, env, cwd, log, log)
        except BaseException:
            log.close()
            raise
        self.background.append(Background(line, process, log))
        return self.background[-1]

    def end(self) -> None:
        """End everything that was started and still runs, with all its children. Does no harm a second time."""
        if not self._has_started:
            return
        self._has_started = False
        end_bearers(self._mark, find(command.pid for command in self.background if command.exit_code is None))
        for command in self.background:
            command.process.wait()
            command.close()
        self.background.clear()
        if self._owns_watchdog:
            self._watchdog.close()

    def _start(
        self, line: Line, env: Mapping[str, str] | None, cwd: str | Path, stdout: IO[bytes], stderr: IO[bytes]
    ) -> Popen[bytes]:
        if not self._has_started:
            self._watchdog.guard(self._mark)
            self._has_started = True
        folder = self._root / cwd
        try:
            with at_work(), marking(self._mark):  # processes of the gate are nobody's observation
                return Popen(  # noqa: S603  # the file says what to run
                    line if isinstance(line, str) else list(line),
                    shell=isinstance(line, str),
                    cwd=folder,
                    env=_environment(self._env, env or {}),
                    stdin=DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,  # Ctrl-C is for pytest, which then ends them in order
                )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise CommandError(f"`{shown(line)}` cannot be started in {folder}: {reason}.") from None


def shown(line: Line) -> str:
    """Write a command on one line, as it would be typed."""
    text = " ".join((line if isinstance(line, str) else shlex.join(line)).split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def last_lines(text: str, count: int = TAIL) -> str:
    """Return the last lines of a text."""
    return "\n".join(text.rstrip().splitlines()[-count:])


def _environment(*additions: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command: `python` is the one that runs the tests, and it writes its log at once."""
    env = {"PYTHONUNBUFFERED": "1", **os.environ}
    env["PATH"] = os.pathsep.join(filter(None, (os.path.dirname(sys.executable), env.get("PATH"))))
    for addition in additions:
        env.update(addition)
    return env


def _end_tree(process: Popen[bytes]) -> None:
    end(find([process.pid]))
    process.wait()


def _content(file: IO[bytes]) -> str:
    """Read the last bytes of what a command has written, without moving the place at which it writes."""
    if file.closed:
        return ""
    size = os.fstat(file.fileno()).st_size
    start = max(size - MAX_OUTPUT, 0)
    return os.pread(file.fileno(), size - start, start).decode(errors="replace")
