"""Runs that are killed at random moments, and runs on a full disk: nothing is lost but what was at work."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_integration_gate.evidence.journal import Journal, adopt_journals
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.evidence.store import load

KILLS = 50

# Forks runs, so that only one process has to import anything. Until it is told to wait, the id of a run that has ended
# stays its own, and can be killed.
RUNS = """
import os, sys
import filelock, pytest
import pytest_integration_gate.plugin, pytest_integration_gate.session

for line in sys.stdin:
    if line == "wait\\n":
        os.waitpid(run, 0)
        os.write(1, b"over\\n")
        continue
    run = os.fork()
    if not run:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        plugins = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider"]
        os._exit(pytest.main([*plugins, "--integration-gate"]))
    os.write(1, f"{run}\\n".encode())
"""


class Runs:
    """A process that forks runs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            (sys.executable, "-c", RUNS), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def begin(self) -> int:
        """Start a run and return its process id."""
        return int(self.ask("run"))

    def wait(self) -> None:
        """Wait for the run to end."""
        assert self.ask("wait") == "over"

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked")
def test_a_run_that_is_killed_leaves_stored_evidence_whole(project: Any) -> None:
    """Fifty runs, killed anywhere between their first import and their last file: no damage, nothing of what was
    stored is lost, the report is an old or a new one, and the next run has nothing to complain about."""
    runs = Runs(project.root)
    for _ in range(2):  # the first has more to do than the others
        started = time.perf_counter()
        runs.begin()
        runs.wait()
        seconds = time.perf_counter() - started
    stored, _ = load(str(project.root / ".integration_gate"))
    assert len(stored.tests) == 2
    chance = random.Random(7)
    for _ in range(KILLS):
        pid = runs.begin()
        time.sleep(chance.uniform(0.0, seconds))
        os.kill(pid, signal.SIGKILL)
        runs.wait()
        store, damage = load(str(project.root / ".integration_gate"))
        assert damage == ""
        assert content(store) == content(stored)
        assert yaml.safe_load(project.report_text)["gate"]["claims"]["contradicted"] == 1
    runs.begin()
    runs.wait()
    runs.process.communicate()
    assert project.report["gate"]["claims"]["contradicted"] == 1
    assert [one for one in project.report["warnings"] if not one.startswith("The run before this one was killed")] == []
    assert sorted(path.name for path in stored_in(project).iterdir()) == [
        ".gitignore",
        "evidence.jsonl",
        "evidence.lock",
    ]


def content(store: Store) -> dict[str, Any]:
    """What a store has of each test; the order within a record means nothing."""
    parts = ("claims", "observations", "editions", "facts")
    return {
        nodeid: [set(getattr(test.record, name)) for name in parts] + [test.record.boundaries]
        for nodeid, test in store.tests.items()
    }


MANY = """
import os, time
import pytest
import shop

@pytest.mark.boundary("database")
@pytest.mark.parametrize("number", range(60))
def test_comes_back(number):
    with open("begun", "a") as file:
        file.write(f"{number}\\n")
    repo = shop.Repo()
    repo.add(number, "eve@example.com")
    assert repo.get(number)["id"] == number
    time.sleep(0.002)
"""


def stored_in(project: Any) -> Path:
    """The folder of the store."""
    folder: Path = project.root / ".integration_gate"
    return folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked")
def test_a_run_that_is_killed_loses_only_the_test_that_was_running(project: Any) -> None:
    """Fifty runs without an event log, each killed at a random moment: the next one has all tests that had ended."""
    project.write("tests/integration/test_repo.py", MANY)
    begun = project.write("begun", "")
    folder = stored_in(project)
    runs = Runs(project.root)
    chance = random.Random(11)
    for _ in range(KILLS):
        (folder / "evidence.jsonl").unlink(missing_ok=True)
        begun.write_text("")
        pid, place = runs.begin(), chance.randrange(1, 60)
        while len(begun.read_text().split()) < place:
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.003))
        os.kill(pid, signal.SIGKILL)
        runs.wait()
        numbers = begun.read_text().split()
        adopt_journals(str(folder))
        store, damage = load(str(folder))
        assert damage == ""
        ended = {f"tests/integration/test_repo.py::test_comes_back[{number}]" for number in numbers[:-1]}
        assert ended <= store.tests.keys()
        for nodeid in ended:
            record = store.tests[nodeid].record
            assert {one.target for one in record.observations} >= {"shop:Repo.add", "shop:Repo.get"}
            assert all(edition.source for edition in record.editions)
        assert not list(folder.glob("running-*"))
    runs.process.communicate()


def test_the_next_run_is_judged_by_what_a_killed_one_has_seen(project: Any) -> None:
    """No event log is needed: unit tests meet the evidence of a run that never ended, and the run says where from."""
    project.write(
        "tests/integration/test_repo.py",
        (project.root / "tests/integration/test_repo.py").read_text()
        + "\ndef test_is_deadly():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    project.run("tests/integration")
    project.run("tests/unit")
    assert project.report["gate"]["claims"]["contradicted"] == 1
    assert project.report["warnings"] == ["The run before this one was killed; the evidence of 1 test was kept."]
    project.run("tests/unit")
    assert (project.report["gate"]["claims"]["contradicted"], project.report["warnings"]) == (1, [])


def test_what_a_run_at_work_has_recorded_is_left_alone(tmp_path: Path) -> None:
    """A second run on the same store takes nothing from one that is alive; an empty file of a killed one goes."""
    journal = Journal(str(tmp_path), at="2026-11-20T10:00:00.000000Z", commit="", python="3.13.0")
    (tmp_path / "running-0.jsonl").touch()
    before = {path.name for path in tmp_path.glob("running-*")} - {"running-0.jsonl"}
    assert adopt_journals(str(tmp_path)) == (0, ())
    assert {path.name for path in tmp_path.glob("running-*")} == before
    journal.close()
    assert not list(tmp_path.glob("running-*"))


@pytest.mark.parametrize(
    ("text", "left", "told"),
    [
        ('{"format":9,"kind":"integration-gate events"}\n', ["running-0.jsonl"], ()),
        ("hello\n", ["running-0.jsonl"], ()),
        (
            '{"format":1,"kind":"integration-gate events"}\nhello\n{"event":"collected","tests":[]}\n',
            ["running-0.jsonl.damaged-1"],
            ("It was set aside as ",),
        ),
    ],
)
def test_a_file_of_a_killed_run_that_is_not_understood_is_kept(
    tmp_path: Path, text: str, left: list[str], told: tuple[str, ...]
) -> None:
    """Newer, foreign or damaged: nothing is lost, and damage is told."""
    (tmp_path / "running-0.jsonl").write_text(text)
    number, warnings = adopt_journals(str(tmp_path))
    assert number == 0
    assert len(warnings) == len(told)
    assert all(one in warning for one, warning in zip(told, warnings, strict=True))
    assert sorted(path.name for path in tmp_path.glob("running-*") if path.suffix != ".lock") == left


FULL = """
import pytest_integration_gate.files as files

whole = files.open_file

def full(path, mode, **options):
    if "evidence.jsonl" in str(path):
        path, mode = "/dev/full", "w"
    return whole(path, mode, **options)

files.open_file = full
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_run_on_a_full_disk_is_judged_all_the_same(project: Any) -> None:
    """Its evidence is not kept, which is one warning; its verdicts and what was stored before stay as they are."""
    project.run()
    stored = (project.root / ".integration_gate/evidence.jsonl").read_bytes()
    project.write("conftest.py", FULL)
    assert project.run().ret == pytest.ExitCode.TESTS_FAILED
    assert project.report["gate"]["claims"]["contradicted"] == 1
    (warning,) = project.report["warnings"]
    assert warning.startswith("This run's evidence is not kept: ")
    assert "No space left on device" in warning
    assert (project.root / ".integration_gate/evidence.jsonl").read_bytes() == stored
