"""What the gate costs, in instructions that the processor executes.

Times on a shared machine resolve nothing under five per cent; instruction counts repeat to about a tenth of one. Each
run below is a pytest run under ``valgrind --tool=cachegrind --cache-sim=no``, some ten times slower than usual.

    python benchmarks/cost.py                           # the generated suites
    python benchmarks/cost.py --tests 50 mocks          # one of them, smaller
    python benchmarks/cost.py --in ~/project -- tests   # any suite: what follows -- goes to pytest

Suites whose own work differs from run to run (they generate keys, or poll until something happens) do not repeat; leave
such tests out, or look at a run without valgrind.

``absent`` is as if the plugin were not installed, ``hollow`` has hooks in its place that do nothing, ``off`` has it
installed and silent, ``on`` is ``--integration-gate``. The plugin must be installed for the Python that runs this, from
a wheel, because pytest reads the list of files of every plugin.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

MODES: dict[str, tuple[str, ...]] = {
    "absent": (),
    "hollow": (),
    "off": (),
    "on": ("--integration-gate",),
}
# Blocking the plugin would not be enough: pytest would still read the list of its files.
HIDDEN = """
import importlib.metadata, sys
found = importlib.metadata.distributions
importlib.metadata.distributions = lambda **context: (
    one for one in found(**context) if not one._path.name.startswith("pytest_integration_gate-")
)
"""
# What hearing a test costs at the least: two hooks around it, and methods of mocks that pass everything on.
HOLLOW = """
import sys

class Hollow:
    def pytest_collection_finish(self, session):
        if library := sys.modules.get("unittest.mock"):
            pass_on(library.CallableMixin, "_mock_call")
            pass_on(library.NonCallableMock, "_mock_add_spec")
            pass_on(library.NonCallableMock, "__setattr__")

    def pytest_runtest_setup(self, item):
        pass

    def pytest_runtest_logreport(self, report):
        pass

def pass_on(owner, name):
    original = getattr(owner, name)
    setattr(owner, name, lambda self, /, *args, **kwargs: original(self, *args, **kwargs))

plugins.append(Hollow())
"""
BEFORE = {"absent": HIDDEN, "hollow": HIDDEN + HOLLOW}
RUN = "import sys, pytest; sys.path.insert(0, ''); sys.exit(pytest.main(plugins=plugins))"
COMMON = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist")
ENVIRONMENT = {**os.environ, "PYTHONHASHSEED": "0"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled modules are kept, as they usually are
INSTRUCTIONS = re.compile(r"I\s+refs:\s+([\d,]+)")

SHOP = """
class Repo:
    def get(self, number: int) -> dict:
        return {"id": number, "name": "Ada", "tags": ["a", "b"]}

    def add(self, name: str) -> int:
        return len(name)


class Service:
    def __init__(self, repo: Repo):
        self.repo = repo

    def greet(self, number: int) -> str:
        user = self.repo.get(number)
        return f"Dear {user['name']}"

    def register(self, name: str) -> int:
        return self.repo.add(name.strip())
"""


def write_plain(folder: Path, tests: int) -> None:
    """Write a suite without doubles: pure functions, fixtures, parametrisation."""
    bodies = "\n\n".join(
        f"""@pytest.mark.parametrize("number", range(4))
def test_{n}(service, number):
    words = [f"{{number}}-{{i}}" for i in range(200)]
    assert service.greet(number) == "Dear Ada"
    assert service.register(" ".join(words)) == len(" ".join(words))
    assert sorted(words, key=len)[0]
    assert {{word: len(word) for word in words}}"""
        for n in range(tests // 4)
    )
    fixture = "@pytest.fixture\ndef service():\n    return Service(Repo())"
    header = "import pytest\n\nfrom shop import Repo, Service"
    write(folder, "test_plain.py", f"{header}\n\n\n{fixture}\n\n\n{bodies}\n")


def write_mocks(folder: Path, tests: int) -> None:
    """Write a suite whose tests do nothing but use doubles, in the common forms, three calls each."""
    forms = (
        'repo = Mock(spec=Repo)\n    repo.get.return_value = {"id": 1, "name": "Ada", "tags": ["a", "b"]}',
        'repo = MagicMock()\n    repo.get.return_value = {"id": 1, "name": "Ada", "tags": []}',
        'repo = create_autospec(Repo, instance=True)\n    repo.get.side_effect = lambda number: {"name": "Ada"}',
    )
    bodies = "\n\n".join(
        f"""def test_{n}():
    {forms[n % 3]}
    service = Service(repo)
    for number in range(3):
        assert service.greet(number) == "Dear Ada"
    assert repo.get.call_count == 3"""
        if n % 4
        else f"""@patch.object(Repo, "get", return_value={{"id": 1, "name": "Ada", "tags": ["a"]}})
def test_{n}(get):
    for number in range(3):
        assert Service(Repo()).greet(number) == "Dear Ada"
    assert get.call_count == 3"""
        for n in range(tests)
    )
    header = "from unittest.mock import MagicMock, Mock, create_autospec, patch\n\nfrom shop import Repo, Service"
    write(folder, "test_mocks.py", f"{header}\n\n\n{bodies}\n")


SUITES: dict[str, Callable[[Path, int], None]] = {"plain": write_plain, "mocks": write_mocks}


def write(folder: Path, name: str, text: str) -> None:
    """Write a project of one module and one test file."""
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    (folder / "shop.py").write_text(SHOP, encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")


def command_of(mode: str, arguments: tuple[str, ...]) -> list[str]:
    """Return how pytest is started in a mode."""
    code = f"plugins = []\n{BEFORE.get(mode, '')}{RUN}"
    return [sys.executable, "-c", code, *COMMON, *MODES[mode], *arguments]


def count(folder: Path, mode: str, arguments: tuple[str, ...]) -> int:
    """Run pytest in `folder` and return how many instructions it took; the children's count too."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={scratch}/%p"]
        command += [f"--log-file={scratch}/log.%p", "--trace-children=yes"]
        command += command_of(mode, arguments)
        if mode == "on":
            command += ["--gate-report", f"{scratch}/report.yaml", "--gate-store", f"{scratch}/store"]
        done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1) or not re.search(r"\d (passed|failed)", done.stdout):
            sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        logs = [path.read_text() for path in Path(scratch).glob("log.*")]
    counts = [int(found[1].replace(",", "")) for log in logs if (found := INSTRUCTIONS.search(log))]
    if not counts:
        sys.exit("valgrind counted nothing:\n" + "\n".join(logs)[-2000:])
    return sum(counts)


def compare(title: str, folder: Path, arguments: tuple[str, ...], modes: list[str]) -> None:
    """Measure one suite in each mode, and print the counts and what each adds to the first."""
    for mode in modes:  # compiles what is not compiled yet
        subprocess.run(command_of(mode, arguments), cwd=folder, env=ENVIRONMENT, capture_output=True, check=False)
    first = 0
    for mode in modes:
        instructions = count(folder, mode, arguments)
        first = first or instructions
        print(f"{title:<12} {mode:<7} {instructions / 1e6:>12,.1f} M {instructions / first - 1:>+9.2%}", flush=True)


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("suites", nargs="*", help=f"generated suites: {', '.join(SUITES)} (default: all)")
    parser.add_argument("--tests", type=int, default=2000, help="tests in a generated suite (default: 2000)")
    parser.add_argument("--modes", default=",".join(MODES), help="comma separated (default: all)")
    parser.add_argument("--in", dest="folder", type=Path, help="measure the suite of this project instead")
    ours, theirs = sys.argv[1:], []
    if "--" in ours:
        split = ours.index("--")
        ours, theirs = ours[:split], ours[split + 1 :]
    options = parser.parse_args(ours)
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed")
    modes = options.modes.split(",")
    if unknown := [*(set(modes) - set(MODES)), *(set(options.suites) - set(SUITES))]:
        parser.error(f"unknown: {', '.join(unknown)}")
    if options.folder:
        compare(options.folder.resolve().name[:12], options.folder, tuple(theirs), modes)
        return
    for name in options.suites or SUITES:
        with tempfile.TemporaryDirectory() as folder:
            SUITES[name](Path(folder), options.tests)
            compare(name, Path(folder), tuple(theirs), modes)


if __name__ == "__main__":
    main()
