"""Runs that are killed at random moments, and runs on a full disk: what earlier runs have stored stays whole."""

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
        assert {nodeid: test.record for nodeid, test in store.tests.items()} == {
            nodeid: test.record for nodeid, test in stored.tests.items()
        }
        assert yaml.safe_load(project.report_text)["gate"]["claims"]["contradicted"] == 1
    runs.begin()
    runs.wait()
    runs.process.communicate()
    assert project.report["gate"]["claims"]["contradicted"] == 1
    assert project.report["warnings"] == []
    assert not list((project.root / ".integration_gate").glob(".evidence*"))


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
