"""A small process that outlives pytest: when pytest is killed, it ends the commands that pytest has started.

It reads marks of families from its standard input, a line each, and waits for the end of the input or of the processes
that it guards. A worker of xdist is guarded together with the controller, which may be the one that is killed.
"""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen

_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from {module} import main; main(sys.argv[2:])"
_PAUSE = 0.5


class Watchdog:
    """The guard of this process. It starts when the first family is put under its guard."""

    def __init__(self) -> None:
        self._process: Popen[bytes] | None = None

    def guard(self, mark: str) -> None:
        """End the family with this mark as soon as this process is gone."""
        if self._process is None or self._process.poll() is not None:
            guarded = [str(os.getpid())]
            if "PYTEST_XDIST_WORKER" in os.environ:
                guarded.append(str(os.getppid()))
            path = json.dumps([str(entry) for entry in sys.path])
            self._process = Popen(  # noqa: S603  # this very module
                [sys.executable, "-I", "-c", _START.format(module=__name__), path, *guarded],
                stdin=PIPE,
                stdout=DEVNULL,
                stderr=DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal is not meant for it
            )
        assert self._process.stdin is not None
        with suppress(OSError):  # it could not start; commands run all the same
            self._process.stdin.write(mark.encode() + b"\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """Let the guard go: every family has been ended."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._process = None


def main(arguments: list[str]) -> None:
    """Wait until one of the processes with these ids is gone, then end the families named on standard input."""
    from pytest_integration_gate.suites.processes import end_bearers, find, lives

    guarded = find(map(int, arguments))
    written, at_end = b"", False
    while not at_end:
        are_there = len(guarded) == len(arguments) and all(map(lives, guarded))
        readable, _, _ = select.select([0], [], [], _PAUSE if are_there else 0)
        chunk = os.read(0, 65536) if readable else b""
        written += chunk
        at_end = not chunk and (bool(readable) or not are_there)
    for mark in written.decode().splitlines():
        end_bearers(mark, grace=1.0)
