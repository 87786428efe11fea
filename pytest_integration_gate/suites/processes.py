"""Ending processes with all their descendants, those too that went into the background on their own.

A descendant can escape its tree: when its parent ends, init adopts it. So every command gets a mark into its
environment, which descendants inherit; whoever bears the mark belongs to the family, wherever it hangs in the tree.
Servers that write their title over their environment (redis-server, nginx) are known by a second mark, on Linux.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep

from pytest_integration_gate.suites.extras import needs

with needs("suites", "running commands"):
    import psutil

MARK = "INTEGRATION_GATE_COMMAND"
"""The environment variable whose value tells to which family a process belongs."""

GRACE = 2.0
"""Seconds between the request to end and the kill."""

_PAUSE = 0.02
_ROUNDS = 3


_LIMIT: int | None = getattr(psutil, "RLIMIT_LOCKS", None)
"""A limit that limits nothing since Linux 2.4.25 and is inherited like all of them: its value is the second mark."""


@contextmanager
def marking(mark: str) -> Iterator[None]:
    """Give what is started in this block the second mark, where there is one."""
    own, limit = psutil.Process(), None
    with suppress(psutil.Error, OSError):
        if _LIMIT is not None:
            limit = own.rlimit(_LIMIT)
            own.rlimit(_LIMIT, (_value(mark), limit[1]))
    try:
        yield
    finally:
        with suppress(psutil.Error, OSError):
            if _LIMIT is not None and limit is not None:
                own.rlimit(_LIMIT, limit)


def bearers(mark: str) -> list[psutil.Process]:
    """Find the processes that were started with this mark, or by one of them."""
    return [process for process in psutil.process_iter() if _bears(process, mark)]


def _bears(process: psutil.Process, mark: str) -> bool:
    with suppress(psutil.Error, OSError):  # somebody else's, or gone
        if process.environ().get(MARK) == mark:
            return True
    with suppress(psutil.Error, OSError):
        return _LIMIT is not None and process.rlimit(_LIMIT)[0] == _value(mark)
    return False


def _value(mark: str) -> int:
    return zlib.crc32(mark.encode()) | 1 << 40


def descendants(roots: Iterable[psutil.Process]) -> set[psutil.Process]:
    """Return the processes with everything below them."""
    family = set(roots)
    for root in tuple(family):
        try:
            family.update(root.children(recursive=True))
        except psutil.Error:
            continue
    return family


def find(pids: Iterable[int]) -> list[psutil.Process]:
    """Return those of the processes that still live."""
    found = []
    for pid in pids:
        try:
            found.append(psutil.Process(pid))
        except psutil.Error:
            continue
    return found


def lives(process: psutil.Process) -> bool:
    """Whether a process still does something. One that has ended and that nobody has asked about does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end(family: Iterable[psutil.Process], grace: float = GRACE) -> None:
    """Ask processes and their descendants to end, wait `grace` seconds, then kill what is left."""
    members = descendants(family) - {psutil.Process(os.getpid())}
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        members |= descendants(members)  # what was born in the meantime
        for member in members:
            try:
                ask(member)
            except psutil.Error:
                continue
        deadline = monotonic() + grace
        while members and monotonic() < deadline:
            members = set(filter(lives, members))
            sleep(_PAUSE if members else 0)


def end_bearers(mark: str, also: Iterable[psutil.Process] = (), grace: float = GRACE) -> None:
    """End all who bear a mark, and other processes with their descendants."""
    family = [*also, *bearers(mark)]
    for _ in range(_ROUNDS):  # a shell may just have started the next one
        if not family:
            return
        end(family, grace)
        family = bearers(mark)
