"""Are planted order dependencies found? `python benchmarks/orders.py [orders] [options of pytest ...]`.

Makes a project of 140 tests in 12 files, of which 20 hang on another: 12 fail after it, 8 fail without it. They share
state in the ways that real suites do: globals, caches, registries, environment, files, classes, patched functions that
nobody gives back. Some pairs stand in one file, some in two, some in classes, some are parametrised. Says what was
missed, what was reduced to the wrong test, and what was found that nobody planted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

APP = """
import functools, json, logging, os, sqlite3

flags = {}
registry = {}
log = logging.getLogger("app")
database = sqlite3.connect(":memory:")
database.execute("CREATE TABLE rows (name TEXT)")
rate = {"eur": 1.0}

class Settings:
    debug = False

class Client:
    instance = None
    def __init__(self):
        Client.instance = self

@functools.lru_cache
def price(name):
    return flags.get(name, 1)

def total(items=[]):
    items.append(1)
    return len(items)

def double(number):
    return number * 2
"""

# What spoils, and what fails after it.
POLLUTIONS = [
    ("app.flags['a'] = True", "assert 'a' not in app.flags"),
    ("app.registry['csv'] = object()", "assert not app.registry.get('csv')"),
    ("app.Settings.debug = True", "assert not app.Settings.debug"),
    ("os.environ['APP_MODE'] = 'test'", "assert 'APP_MODE' not in os.environ"),
    ("app.double = lambda number: 0", "assert app.double(2) == 4"),
    (
        "app.database.execute(\"INSERT INTO rows VALUES ('x')\")",
        "assert not app.database.execute('SELECT * FROM rows').fetchall()",
    ),
    ("app.total()", "assert app.total.__defaults__ == ([],)"),
    ("app.log.setLevel('ERROR')", "assert app.log.getEffectiveLevel() < 40"),
    ("app.flags['price'] = 5; app.price('price'); del app.flags['price']", "assert app.price('price') == 1"),
    ("Path('leftover.txt').write_text('x')", "assert not Path('leftover.txt').exists()"),
    ("sys.modules['optional'] = app", "assert 'optional' not in sys.modules"),
    ("app.rate.clear()", "assert app.rate['eur'] == 1.0"),
]
# What makes ready, and what fails without it.
NEEDS = [
    ("app.flags['ready'] = True", "assert app.flags['ready']"),
    ("app.Client()", "assert app.Client.instance is not None"),
    ("app.registry['json'] = json", "assert app.registry['json'].dumps(1) == '1'"),
    ("app.database.execute('CREATE TABLE users (id)')", "app.database.execute('SELECT * FROM users')"),
    ("os.environ['APP_URL'] = 'http://x'", "assert os.environ['APP_URL']"),
    ("app.added = 1", "assert app.added == 1"),
    ("sys.modules['made'] = app", "import made"),
    ("app.Settings.loaded = True", "assert app.Settings.loaded"),
]
HEAD = "import json, os, sys\nfrom pathlib import Path\nimport pytest\nimport app\n\n"
CLEAN_UP = """
import pathlib
import pytest

@pytest.fixture(scope="session", autouse=True)
def _clean():
    yield
    pathlib.Path("leftover.txt").unlink(missing_ok=True)
"""


def make(root: Path) -> dict[str, str]:
    """Write the project; return for each planted victim the test that it hangs on."""
    files: list[list[str]] = [[] for _ in range(12)]
    planted: dict[str, str] = {}
    for number, (first, second) in enumerate([*POLLUTIONS, *NEEDS]):
        here, there = (number * 5) % 12, (number * 5 + (0 if number % 3 == 0 else 7)) % 12
        names = []
        for place, name, body in ((here, f"sets_{number}", first), (there, f"sees_{number}", second)):
            file = f"tests/test_{place:02}.py"
            if number % 5 == 1:
                files[place].append(f"class Test{name.title()}:\n    def test_{name}(self):\n        {body}\n")
                names.append(f"{file}::Test{name.title()}::test_{name}")
            elif number % 5 == 2:
                mark = "@pytest.mark.parametrize('kind', ['one'])"
                files[place].append(f"{mark}\ndef test_{name}(kind):\n    {body}\n")
                names.append(f"{file}::test_{name}[one]")
            else:
                files[place].append(f"def test_{name}():\n    {body}\n")
                names.append(f"{file}::test_{name}")
        planted[names[1]] = names[0]
    (root / "tests").mkdir()
    (root / "app.py").write_text(APP)
    (root / "tests/conftest.py").write_text(CLEAN_UP)
    (root / "pytest.ini").write_text("[pytest]\nintegration_gate = true\npythonpath = .\ntestpaths = tests\n")
    for place, tests in enumerate(files):
        idle = [
            f"def test_idle_{place}_{number}():\n    assert {number} < 100\n" for number in range(10 - len(tests) % 3)
        ]
        (root / f"tests/test_{place:02}.py").write_text(HEAD + "\n".join([*tests, *idle]))
    return planted


def main() -> int:
    """Run the project and compare what was found with what was planted."""
    orders, *options = [*sys.argv[1:], *["10"][len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        planted = make(Path(folder))
        started = time.perf_counter()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "pytest_integration_gate.plugin",
                f"--gate-repeat={orders}",
                *options,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )
        seconds = time.perf_counter() - started
        report = Path(folder, "integration-gate.report.yaml")
        if not report.exists():
            print(done.stdout, done.stderr)
            return 1
        judged = yaml.safe_load(report.read_text())
    found = {one["victim"]: one["polluter"] for one in judged["order_dependence"]}
    missed = sorted(planted.keys() - found.keys())
    wrong = sorted(victim for victim in planted.keys() & found.keys() if planted[victim] != found[victim])
    print(f"{judged['summary']}, {seconds:.0f} s")
    print(f"planted {len(planted)}, reduced to the right two tests {len(planted) - len(missed) - len(wrong)}")
    print(f"missed {missed}\nwrong {[(victim, found[victim]) for victim in wrong]}")
    print(f"not planted {sorted(found.keys() - planted.keys())}")
    return bool(missed or wrong or found.keys() - planted.keys())


if __name__ == "__main__":
    sys.exit(main())
