"""What a run has recorded until now, beside the store: a kill costs no more than the tests that were running.

A run that has something to keep writes a file of its own and holds its lock for as long as it lives. The store gets it
all when the run ends; the file of a run that was killed is put into the store by the next one.
"""

from __future__ import annotations

from contextlib import suppress
from json import dumps
from os import listdir, unlink, urandom
from os.path import exists, getsize, join
from pathlib import Path

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.event_log import EventLog
from pytest_integration_gate.evidence.merging import About, claims_about
from pytest_integration_gate.evidence.store import prepare, update
from pytest_integration_gate.model.record import TestRecord

_BEGINNING, _ENDING, _LOCK = "running-", ".jsonl", ".lock"


class Journal:
    """The records of one run. Nothing waits for the disk: what is lost with the machine's power is lost.

    When it cannot be written, what follows is left out; whether the store can be written is said at the end of the run.
    """

    def __init__(self, folder: str, *, at: str, commit: str, python: str) -> None:
        """Begin a file in the folder of a store; raises OSError. `at` is the moment, in UTC with microseconds."""
        from filelock import FileLock

        prepare(folder)
        self._path = join(folder, f"{_BEGINNING}{urandom(8).hex()}{_ENDING}")
        self._lock = FileLock(self._path + _LOCK)
        self._lock.acquire(timeout=0)
        self._log = EventLog(self._path, is_new=True)
        self._told: dict[About, str] = {}
        self._log.add("run", at=at, commit=commit, python=python, pytest="", seed=None)

    def add(self, record: TestRecord, *, at: str) -> None:
        """Write what the store keeps of a test; a later record of the same test supersedes it."""
        self._log.ended(record.nodeid, record, at=at)
        self._log.flush()

    def add_doubles(self, test: str, named: About, *, at: str) -> None:
        """Write what the doubles of a test stand for that saw nothing. Most tests are such, so this has to be quick."""
        numbers = self._told.get(named)
        if numbers is None:
            numbers = self._told[named] = dumps([self._log.number("claims", one) for one in claims_about(named)])
        name = dumps(test)
        self._log.line(
            f'{{"event":"ended","test":{name},"at":"{at}","record":{{"nodeid":{name}}},'
            f'"claims":{numbers},"observations":[],"facts":[]}}'
        )
        self._log.flush()

    def close(self) -> None:
        """Forget it all: the run has ended."""
        self._log.close()
        _remove(self._path)
        self._lock.release()
        _remove(self._path + _LOCK)


def adopt_journals(folder: str) -> tuple[int, tuple[str, ...]]:
    """Put what runs that were killed have recorded into the store of a folder.

    Return of how many tests that was, and what went wrong. Files of runs that are alive are left alone, and so is what
    cannot be put into the store: a later run tries again.
    """
    try:
        names = {name.removesuffix(_LOCK) for name in listdir(folder) if name.startswith(_BEGINNING)}
    except OSError:
        return 0, ()
    if not names:
        return 0, ()
    from filelock import FileLock, Timeout  # only after a kill, or when another run is at work

    number = 0
    warnings: list[str] = []
    for name in sorted(name for name in names if name.endswith(_ENDING)):
        path = join(folder, name)
        try:
            with FileLock(path + _LOCK, timeout=0):
                found, warning = _adopt(folder, path)
        except (Timeout, OSError):  # its run is alive, or nobody may write here
            continue
        number += found
        warnings += filter(None, (warning,))
        if not exists(path):
            _remove(path + _LOCK)
    return number, tuple(dict.fromkeys(warnings))


def _adopt(folder: str, path: str) -> tuple[int, str]:
    from pytest_integration_gate.evidence.carrying import adopt
    from pytest_integration_gate.evidence.events import DamagedLog, read_events
    from pytest_integration_gate.evidence.lines import set_aside

    if not exists(path) or not getsize(path):  # killed before its first word
        _remove(path)
        return 0, ""
    try:
        left = read_events(Path(path)).what
    except DamagedLog as damage:
        return 0, set_aside(path, damage.message)
    except StoreError:  # a newer version wrote it, and will read it
        return 0, ""
    warning = update(folder, lambda store: adopt(store, left)) if left.tests else ""
    if not warning:
        unlink(path)
    return len(left.tests), warning


def _remove(path: str) -> None:
    with suppress(OSError):
        unlink(path)
