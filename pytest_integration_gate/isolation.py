"""Private references to clock, files and the interpreter, taken before any test can patch them.

Tests patch ``time.time``, ``builtins.open``, ``os.path``, ``isinstance`` … The gate must work in the middle of that,
so code that runs while a test runs takes such names from here or binds them at import.
"""

from __future__ import annotations

import os
import sys
import threading
import time

clock = time.time
perf_counter = time.perf_counter
sleep = time.sleep
open_file = open
os_replace = os.replace
os_fsync = os.fsync
getframe = sys._getframe
get_ident = threading.get_ident
Lock = threading.Lock


class Quiet(threading.local):
    """A flag of the thread: the gate itself is at work, so nothing that happens now is somebody's interaction."""

    busy = False


quiet = Quiet()


class at_work:  # noqa: N801  (read as the statement `with at_work():`)
    """Mark the current thread as doing the gate's own work for the length of the block."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = quiet.busy
        quiet.busy = True

    def __exit__(self, *raised: object) -> None:
        quiet.busy = self._before
