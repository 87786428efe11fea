"""The store under attack: killed writers, two at once, disks that are full or read-only, files of other versions."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate import files
from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence import store as store_module
from pytest_integration_gate.evidence.export import read_export
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.evidence.store import load, update
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.record import TestRecord

KILLS = 50

# Forks a writer for each line that it reads, so that only one process has to import anything. A writer stores test
# after test, and says so after each.
WRITERS = """
import os, sys
import filelock
from pytest_integration_gate.evidence.store import update
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.record import TestRecord

def record(name):
    return TestRecord(nodeid=name, claims=(Claim(root=f"shop:{name}", action="call", at="t.py:1"),))

def write(folder, name, most):
    for number in range(most):
        warning = update(folder, lambda store: store.updated([record(f"{name}.py::t{number}")], date="2026-11-20"))
        os.write(1, f"{warning or number}\\n".encode())

for line in sys.stdin:
    folder, name, most = line.split()
    writer = os.fork()
    if not writer:
        write(folder, name, int(most))
        os._exit(0)
    os.write(1, f"pid {writer}\\n".encode())
    os.waitpid(writer, 0)
    os.write(1, b"over\\n")
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked")


def record(name: str) -> TestRecord:
    return TestRecord(nodeid=name, claims=(Claim(root=f"shop:{name}", action="call", at="t.py:1"),))


def keep(folder: Path, *names: str) -> str:
    return update(str(folder), lambda store: store.updated(map(record, names), date="2026-11-20"))


class Writers:
    """A process that forks writers. `begin` starts one and gives its process id."""

    def __init__(self) -> None:
        command = (sys.executable, "-c", WRITERS)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self, folder: Path, name: str, most: int = 1_000_000) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{folder} {name} {most}\n")
        self.process.stdin.flush()
        word, pid = self.line().split()
        assert word == "pid"
        return int(pid)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def rest(self) -> list[str]:
        """What the writer says until it is over."""
        return list(iter(self.line, "over"))


@pytest.fixture
def start_writers() -> Iterator[Callable[[], Writers]]:
    """Starts processes that fork writers."""
    started: list[Writers] = []

    def start() -> Writers:
        started.append(Writers())
        return started[-1]

    yield start
    for one in started:
        one.process.communicate()


@needs_fork
def test_a_writer_that_is_killed_loses_only_what_it_was_writing(
    tmp_path: Path, start_writers: Callable[[], Writers]
) -> None:
    """Fifty writers, each killed at a random moment: the file is always whole, and has all that was said to be kept."""
    chance = random.Random(7)
    wanted = {f"old.py::t{number}" for number in range(200)}
    assert keep(tmp_path, *wanted) == ""
    writers = start_writers()
    cut_off = 0
    for round_ in range(KILLS):
        pid = writers.begin(tmp_path, f"new{round_}")
        said = [writers.line()] if round_ % 2 else []  # also on a slow machine, some have begun to write
        time.sleep(chance.uniform(0.0, 0.06))
        os.kill(pid, signal.SIGKILL)
        said += writers.rest()
        assert all(word.isdecimal() for word in said), said
        wanted |= {f"new{round_}.py::t{number}" for number in said}
        store, damage = load(str(tmp_path))
        assert damage == ""
        assert wanted <= store.tests.keys()
        unsaid = store.tests.keys() - wanted  # written, and killed before it could say so
        assert len(unsaid) <= 1
        wanted |= unsaid
        cut_off += any(tmp_path.glob(".evidence.jsonl.*.tmp"))
    assert cut_off, "no writer was killed while it wrote"
    assert keep(tmp_path, "last.py::t") == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", "evidence.jsonl", "evidence.lock"]


@needs_fork
def test_two_processes_at_once_lose_nothing(tmp_path: Path, start_writers: Callable[[], Writers]) -> None:
    """Both store all their tests, and a reader in between never sees half a file."""
    one, two = start_writers(), start_writers()
    one.begin(tmp_path, "one", 25)
    two.begin(tmp_path, "two", 25)
    for _ in range(20):
        assert load(str(tmp_path))[1] == ""
    assert one.rest() == two.rest() == [str(number) for number in range(25)]
    assert {nodeid.partition(".")[0] for nodeid in load(str(tmp_path))[0].tests} == {"one", "two"}
    assert len(load(str(tmp_path))[0].tests) == 50


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def full(path: str, *_: object, **__: object) -> Any:
    """Open a file on a device that is really full; it takes what fits into a buffer."""
    Path(path).touch()
    return open("/dev/full", "w", encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "fails", "why"),
    [
        ("open_file", failing(errno.EROFS), "Read-only file system"),
        ("open_file", failing(errno.EACCES), "Permission denied"),
        ("open_file", failing(errno.ENOSPC), "No space left on device"),
        pytest.param(
            "open_file",
            full,
            "No space left on device",
            marks=pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full"),
        ),
        ("os_fsync", failing(errno.EIO), "Input/output error"),
        ("os_replace", failing(errno.ENOSPC), "No space left on device"),
    ],
)
def test_a_disk_that_takes_nothing_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fails: Callable[..., Any], why: str
) -> None:
    """Full, read-only or broken, at whatever step: what was stored before stays, and nothing half lies around."""
    keep(tmp_path, "old.py::t")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(files, name, fails)
    assert keep(tmp_path, "new.py::t") == f"This run's evidence is not kept: {tmp_path} cannot be written ({why})."
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert keep(tmp_path, "new.py::t") == ""
    assert sorted(load(str(tmp_path))[0].tests) == ["new.py::t", "old.py::t"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everybody may write here")
def test_a_folder_without_permission_is_one_warning(tmp_path: Path) -> None:
    """Evidence is read from a store that this user may not write."""
    keep(tmp_path, "old.py::t")
    tmp_path.chmod(0o555)
    (tmp_path / "evidence.lock").chmod(0o444)
    assert keep(tmp_path, "new.py::t").startswith(f"This run's evidence is not kept: {tmp_path} cannot be written")
    assert list(load(str(tmp_path))[0].tests) == ["old.py::t"]
    tmp_path.chmod(0o755)


OLD = (
    '{"format":1,"kind":"integration-gate evidence","tests":1}\n'
    '{"claims":{"root":"shop:Repo","action":"call","at":"t.py:1"}}\n'
    '{"test":{"record":{"nodeid":"t.py::t"},"date":"2026-11-20","commit":"1a2b3c4","claims":[0],"observations":[],'
    '"facts":[]}}\n'
)


def test_a_store_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """It knows neither editions nor moments nor Pythons: such evidence ages by its day alone."""
    (tmp_path / "evidence.jsonl").write_text(OLD)
    store, damage = load(str(tmp_path))
    assert damage == ""
    (test,) = store.tests.values()
    assert (test.date, test.moment, test.python, test.record.editions) == ("2026-11-20", "", "", ())
    assert keep(tmp_path, "new.py::t") == ""
    assert sorted(load(str(tmp_path))[0].tests) == ["new.py::t", "t.py::t"]


@pytest.mark.parametrize("spoiled", range(20))
def test_any_damage_is_told_or_harmless(tmp_path: Path, spoiled: int) -> None:
    """Bytes overwritten at random: the store is set aside whole with one sentence, or it still says something sound."""
    keep(tmp_path, *(f"t.py::t{number}" for number in range(9)))
    file = tmp_path / "evidence.jsonl"
    chance = random.Random(spoiled)
    content = bytearray(file.read_bytes())
    for _ in range(3):
        content[chance.randrange(30, len(content))] = chance.randrange(256)  # behind the number of the format
    file.write_bytes(content)
    store, damage = load(str(tmp_path))
    if damage:
        assert store == Store()
        assert (tmp_path / "evidence.jsonl.damaged-1").read_bytes() == content
    else:
        assert len(store.tests) == 9


def test_a_lock_that_a_killed_run_left_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays, the lock went with its process."""
    monkeypatch.setattr(store_module, "_LOCK_TIMEOUT", 0.5)
    (tmp_path / "evidence.lock").write_text("4711")
    assert keep(tmp_path, "new.py::t") == ""


def test_an_export_of_another_format_stays_untouched(tmp_path: Path) -> None:
    """Older or newer, the error says what to do."""
    for number, remedy in ((0, "Export it again"), (2, "Upgrade pytest-integration-gate")):
        path = tmp_path / f"{number}.jsonl"
        text = f'{{"format": {number}, "kind": "integration-gate export", "lines": 0}}\n'
        path.write_text(text)
        with pytest.raises(StoreError, match=rf"has format {number}; this version reads format 1\. {remedy}"):
            read_export(path)
        assert path.read_text() == text
