"""How well failures are sorted and culprits named: `python benchmarks/contexts.py [scenario ...]`.

Generates a repository with 6 contexts, 200 modules and 1,500 tests, records a run of it, plants one change after the
other (most of them beside harmless ones that reach the same tests), runs the suite again and scores what the gate says:
the category of every failure, the culprit of every out-of-context failure, and whether a wrong one was called certain.
Also tells how long the sorting took, without the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CONTEXTS = ("orders", "billing", "stock", "users", "mail", "reports")
KERNEL = ("money", "dates", "text", "ids", "rates", "errors", "log", "cache", "config", "units")
MODULES = 30  # of each context, besides those of the kernel
FILES, TESTS = 25, 10  # of each context
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")

RERUN = '''
import pytest
from _pytest.runner import runtestprotocol


def pytest_runtest_protocol(item, nextitem):
    """Run a failed test once more, as pytest-rerunfailures does."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for attempt in (1, 2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if attempt == 2 or not any(report.failed for report in reports):
            break
        for report in reports:
            if report.failed:
                report.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=report)
        item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
'''

TIMER = """
import atexit, os
from pytest_integration_gate.controller.contexts import ContextJudge

spent = 0.0


def timed(function):
    def wrapper(*args, **kwargs):
        global spent
        begin = sum(os.times()[:4])
        try:
            return function(*args, **kwargs)
        finally:
            spent += sum(os.times()[:4]) - begin
    return wrapper


for name in ("__init__", "sort", "follow"):
    setattr(ContextJudge, name, timed(getattr(ContextJudge, name)))
atexit.register(lambda: open(os.environ["BENCH_TIME"], "w").write(str(spent)))
"""


class Repository:
    """The generated project: writes, edits and removes its files, and commits them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file."""
        text = (self.root / path).read_text()
        assert old in text, (path, old)
        self.write(path, text.replace(old, new))

    def append(self, path: str, text: str) -> None:
        """Add to a file."""
        self.write(path, (self.root / path).read_text() + text)

    def remove(self, path: str) -> None:
        """Delete a file."""
        (self.root / path).unlink()

    def git(self, *arguments: str) -> None:
        """Run git."""
        subprocess.run([*GIT, *arguments], cwd=self.root, check=True, capture_output=True)

    def generate(self) -> None:
        """Write the kernel, the contexts and the tests."""
        self.write(".gitignore", "__pycache__/\n*.report.yaml\n.integration_gate/\n")
        self.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\n")
        self.write("README.md", "# shop\n")
        self.write("shop/__init__.py", "")
        self.kernel()
        for number, context in enumerate(CONTEXTS):
            self.context(number, context)
        self.write("tests/conftest.py", "import pytest\n\n\n@pytest.fixture\ndef base():\n    return 1\n")
        self.write("tests/users/data/names.txt", "ada\neve\n")
        self.append(
            "tests/users/test_users_3.py",
            "\n\ndef test_names():\n    from pathlib import Path\n"
            "    assert (Path(__file__).parent / 'data' / 'names.txt').read_text().split() == ['ada', 'eve']\n",
        )
        table = {
            context: {
                "kind": "coordination" if context == "reports" else "domain",
                "modules": [f"shop.{context}"],
                "uses": ["shop.kernel"],
                "tests": [f"tests/{context}"],
                "components": {"core": {"modules": [f"shop.{context}.m00"], "owner": f"team-{context}"}},
            }
            for context in CONTEXTS
        }
        self.write("gate.yaml", yaml.safe_dump({"format": 1, "project": "shop", "contexts": table}))

    def kernel(self) -> None:
        """Write the modules that all contexts use."""
        self.write("shop/kernel/__init__.py", "from shop.kernel.money import add\n")
        for name in KERNEL:
            self.write(
                f"shop/kernel/{name}.py",
                f'"""{name} of the kernel."""\n\nSCALE = 2\nUNUSED = 7\n\n\ndef {name}(n):\n    return n * SCALE\n\n\n'
                f"def other_{name}(n):\n    return n + 1\n\n\nclass {name.title()}:\n    def __init__(self, n):\n"
                "        self.n = n\n\n    def value(self):\n        return self.n * SCALE\n",
            )
        self.append("shop/kernel/money.py", "\n\ndef add(a, b):\n    return a + b\n")
        self.write("shop/data/rates.json", '{"eur": 3}\n')
        self.write("shop/data/tables/zones.csv", "a,1\nb,2\n")
        self.append(
            "shop/kernel/rates.py",
            "\n\ndef rate(name):\n    import json\n    from pathlib import Path\n"
            "    return json.loads((Path(__file__).parents[1] / 'data' / 'rates.json').read_text())[name]\n\n\n"
            "def zones():\n    from pathlib import Path\n"
            "    return [line for file in sorted((Path(__file__).parents[1] / 'data/tables').glob('*.csv'))"
            " for line in file.read_text().split()]\n",
        )
        self.write("shop/kernel/plugins/__init__.py", "")
        self.write("shop/kernel/plugins/csv.py", "def export(n):\n    return f'{n};'\n")
        self.append(
            "shop/kernel/log.py",
            "\n\ndef load(name):\n    import importlib\n"
            "    return importlib.import_module(f'shop.kernel.plugins.{name}')\n",
        )

    def context(self, number: int, context: str) -> None:
        """Write modules in chains of three above one kernel module each, and tests of every link."""
        self.write(f"shop/{context}/__init__.py", "")
        count = MODULES + (6 if number == 0 else 0)
        for index in range(count):
            kernel = KERNEL[(index // 3 + number) % len(KERNEL)]
            if index % 3 == 0:
                how = (
                    f"from shop.kernel import {kernel}\n\n\ndef f{index:02}(n):\n    return {kernel}.{kernel}(n)\n\n\n"
                    f"def g{index:02}(n):\n    return {kernel}.other_{kernel}(n)\n\n\n"
                    f"def h{index:02}(n):\n    return {kernel}.{kernel.title()}(n).value()\n"
                )
            else:
                below = f"m{index - 1:02}"
                how = f"from shop.{context} import {below}\n" + "".join(
                    f"\n\ndef {f}{index:02}(n):\n    return {below}.{f}{index - 1:02}(n)\n" for f in "fgh"
                )
            self.write(f"shop/{context}/m{index:02}.py", how)
        for file in range(FILES):
            first = file % MODULES
            lines = ["import pytest", f"from shop.{context} import m{first:02}, m{(first + 1) % MODULES:02}", ""]
            for test in range(TESTS):
                index = (first + test % 2) % MODULES
                call, result = (("f", 2 * test), ("g", test + 1), ("h", 2 * test))[test % 3]
                marker = "@pytest.mark.boundary('database')\n" if file == 0 and test < 2 else ""
                fixture = "base" if test == 9 else ""
                extra = "    assert base == 1\n" if fixture else ""
                lines.append(
                    f"\n{marker}def test_{test}({fixture}):\n"
                    f"    assert m{index:02}.{call}{index:02}({test}) == {result}\n{extra}"
                )
            self.write(f"tests/{context}/test_{context}_{file}.py", "\n".join(lines))
        self.append(
            f"tests/{context}/test_{context}_2.py",
            "\n\ndef test_rate():\n    from shop.kernel.rates import rate\n    assert rate('eur') == 3\n"
            "\n\ndef test_zones():\n    from shop.kernel.rates import zones\n    assert len(zones()) == 2\n"
            if context in ("billing", "stock")
            else "",
        )


@dataclass
class Scenario:
    """One planted change. `culprit` is what broke the tests of others; `category` that of every failure, of some by a
    part of their node id in `categories`. `alone` leaves out the harmless changes beside it."""

    name: str
    plant: Callable[[Repository], object]
    culprit: str = ""
    category: str = "out_of_context"
    categories: dict[str, str] = field(default_factory=dict)
    before: Callable[[Repository], object] | None = None
    options: tuple[str, ...] = ()
    alone: bool = False


def harmless(repository: Repository) -> None:
    """Change what breaks nothing: own work, a function nobody calls, a comment, documentation."""
    repository.edit("shop/orders/m00.py", "    return", "    n = n + 0\n    return")
    repository.append("shop/orders/m01.py", "\n\ndef new(n):\n    return n\n")
    repository.append("shop/kernel/errors.py", "\n\ndef brand_new(n):\n    return n\n")
    repository.edit("shop/kernel/units.py", "UNUSED = 7", "UNUSED = 8")
    repository.append("shop/kernel/ids.py", "\n# a comment\n")
    repository.append("README.md", "more\n")


def renamed(old: str, new: str) -> Callable[[Repository], None]:
    """Rename a file and tell git."""
    return lambda repository: repository.git("mv", old, new)


def log_renamed(repository: Repository) -> None:
    """Rename a module, mend those who import it, and lose one of its names on the way."""
    repository.git("mv", "shop/kernel/log.py", "shop/kernel/logs.py")
    for path in sorted((repository.root / "shop").rglob("m*.py")):
        if "import log\n" in path.read_text():
            repository.edit(path.relative_to(repository.root).as_posix(), "import log\n", "import logs as log\n")
    repository.edit("shop/kernel/logs.py", "def other_log", "def others_log")


def failing(path: str, body: str) -> Callable[[Repository], None]:
    """Add a test."""
    return lambda repository: repository.append(path, f"\n\n{body}")


AUTOUSE = (
    "\n\n@pytest.fixture(autouse=True)\ndef every(request):\n    assert request.node.get_closest_marker('boundary')\n"
)
ADDRESS = "def test_address():\n    assert repr(object()) == ''\n"
OLD = "def test_old():\n    assert 1 == 2\n"
FLAKY = (
    "def test_flaky():\n    import os, pathlib\n    mark = pathlib.Path(os.environ['BENCH_TIME'] + '.flaky')\n"
    "    if not mark.exists():\n        mark.touch()\n        assert False\n    mark.unlink()\n"
)


def scenarios() -> list[Scenario]:
    """List what is planted."""
    dates, text, cache = (f"shop/kernel/{name}.py" for name in ("dates", "text", "cache"))
    scale = ("SCALE = 2", "SCALE = 3")
    method = ("    def value(self)", "    def value(self, unit)")
    return [
        Scenario("constant changed", lambda r: r.edit(text, *scale), "shop.kernel.text"),
        Scenario("constant changed, nothing else", lambda r: r.edit(text, *scale), "shop.kernel.text", alone=True),
        Scenario(
            "constant changed two steps away", lambda r: r.edit("shop/kernel/config.py", *scale), "shop.kernel.config"
        ),
        Scenario(
            "returned value changed", lambda r: r.edit(dates, "return n + 1", "return n + 2"), "shop.kernel.dates"
        ),
        Scenario(
            "signature: parameter added",
            lambda r: r.edit(cache, "def cache(n)", "def cache(n, to)"),
            "shop.kernel.cache",
        ),
        Scenario("signature: method", lambda r: r.edit(cache, *method), "shop.kernel.cache"),
        Scenario("signature: constructor", lambda r: r.edit(dates, "(self, n):", "(self, *, n):"), "shop.kernel.dates"),
        Scenario(
            "signature, nothing else",
            lambda r: r.edit(cache, "def cache(n)", "def cache(n, m)"),
            "shop.kernel.cache",
            alone=True,
        ),
        Scenario("function renamed", lambda r: r.edit(text, "def other_text", "def others_text"), "shop.kernel.text"),
        Scenario("class removed", lambda r: r.edit(text, "class Text", "class Texts"), "shop.kernel.text"),
        Scenario("module deleted", lambda r: r.remove("shop/kernel/log.py"), "shop.kernel.log"),
        Scenario("module deleted, nothing else", lambda r: r.remove(cache), "shop.kernel.cache", alone=True),
        Scenario("module renamed", renamed("shop/kernel/dates.py", "shop/kernel/days.py"), "shop.kernel.dates"),
        Scenario(
            "module renamed and importers too, name lost",
            log_renamed,
            "shop.kernel.log",
        ),
        Scenario(
            "package exports less",
            lambda r: r.write("shop/kernel/__init__.py", "raise RuntimeError('no')\n"),
            "shop.kernel",
        ),
        Scenario("syntax error", lambda r: r.append(text, "\ndef (\n"), "shop.kernel.text"),
        Scenario(
            "fixture raises",
            lambda r: r.edit("tests/conftest.py", "return 1", "raise OSError"),
            "tests/conftest.py",
            categories={"tests/orders": "in_context"},
        ),
        Scenario(
            "fixture gives another value",
            lambda r: r.edit("tests/conftest.py", "return 1", "return 2"),
            "tests/conftest.py",
            categories={"tests/orders": "in_context"},
        ),
        Scenario(
            "fixture gone",
            lambda r: r.edit("tests/conftest.py", "def base", "def basis"),
            "tests/conftest.py",
            categories={"tests/orders": "in_context"},
        ),
        Scenario(
            "fixture breaks at teardown",
            lambda r: r.edit("tests/conftest.py", "return 1", "yield 1\n    raise OSError"),
            "tests/conftest.py",
            categories={"tests/orders": "in_context"},
        ),
        Scenario(
            "fixture of every test",
            lambda r: r.append("tests/conftest.py", AUTOUSE),
            "tests/conftest.py",
            categories={"tests/orders": "in_context"},
        ),
        Scenario("shared data file", lambda r: r.edit("shop/data/rates.json", "3", "4"), "shop/data/rates.json"),
        Scenario("shared data file gone", lambda r: r.remove("shop/data/rates.json"), "shop/data/rates.json"),
        Scenario(
            "data file found by pattern",
            lambda r: r.append("shop/data/tables/zones.csv", "c,3\n"),
            "shop/data/tables/zones.csv",
        ),
        Scenario(
            "data file of tests",
            lambda r: r.append("tests/users/data/names.txt", "bob\n"),
            "tests/users/data/names.txt",
        ),
        Scenario(
            "plugin by name",
            lambda r: r.edit("shop/kernel/plugins/csv.py", ";", ","),
            "shop.kernel.plugins.csv",
            before=failing(
                "tests/mail/test_mail_1.py",
                "def test_plugin():\n    from shop.kernel.log import load\n    assert load('csv').export(1) == '1;'\n",
            ),
        ),
        Scenario(
            "flaky",
            lambda r: None,
            category="flaky",
            before=failing("tests/stock/test_stock_1.py", FLAKY),
            options=("-p", "rerun"),
        ),
        Scenario(
            "flaky beside a broken one",
            lambda r: r.edit(text, *scale),
            "shop.kernel.text",
            categories={"test_flaky": "flaky"},
            before=failing("tests/stock/test_stock_1.py", FLAKY),
            options=("-p", "rerun"),
        ),
        Scenario(
            "pre-existing", lambda r: None, category="pre_existing", before=failing("tests/mail/test_mail_1.py", OLD)
        ),
        Scenario(
            "pre-existing with an address, beside a broken one",
            lambda r: r.edit(dates, "return n + 1", "return n + 2"),
            "shop.kernel.dates",
            categories={"test_address": "pre_existing"},
            before=failing("tests/mail/test_mail_1.py", ADDRESS),
        ),
        Scenario(
            "failed before for another cause",
            lambda r: r.edit("shop/kernel/units.py", "return n + 1", "return n + 2"),
            "shop.kernel.units",
            before=failing(
                "tests/mail/test_mail_1.py",
                "def test_old():\n    from shop.kernel.units import other_units\n    assert other_units(1) == 1\n",
            ),
        ),
        Scenario(
            "own work breaks own tests",
            lambda r: r.edit("shop/orders/m04.py", "return", "return 1 +"),
            category="in_context",
        ),
    ]


class Bench:
    """Runs scenarios in one repository and scores them."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder / "repository")
        self.plugins = folder / "plugins"
        self.plugins.mkdir()
        (self.plugins / "rerun.py").write_text(RERUN)
        (self.plugins / "timer.py").write_text(TIMER)
        self.seconds = folder / "seconds"
        self.times: list[float] = []

    def run(self, *options: str) -> dict[str, Any]:
        """Run the suite and return the report."""
        here = str(Path(__file__).resolve().parents[1])
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((here, str(self.plugins))),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "BENCH_TIME": str(self.seconds),
        }
        plugins = ("-p", "pytest_integration_gate.plugin", "-p", "timer", "-p", "no:cacheprovider")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--tb=no",
            "--integration-gate",
            "--continue-on-collection-errors",
        ]
        done = subprocess.run(
            [*command, *plugins, *options], cwd=self.repository.root, env=environment, capture_output=True, text=True
        )
        report = self.repository.root / "integration-gate.report.yaml"
        if done.returncode > 2 or not report.exists():
            raise SystemExit(done.stdout + done.stderr)
        self.times.append(float(self.seconds.read_text()))
        data: dict[str, Any] = yaml.load(report.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        report.unlink()
        return data

    def start(self) -> None:
        """Generate and commit the repository, and record a run of it."""
        self.repository.generate()
        self.repository.git("init", "-q")
        self.repository.git("add", "-A")
        self.repository.git("commit", "-qm", "base")
        report = self.run()
        tests = report["summary"]["total_tests"]
        modules = len(list((self.repository.root / "shop").rglob("*.py")))
        print(f"{len(CONTEXTS)} contexts, {modules} modules, {tests} tests, {report['summary']['failed']} failed")
        shutil.copytree(self.repository.root / ".integration_gate", self.plugins.parent / "store")

    def restore(self) -> None:
        """Go back to the base and to what was recorded of it."""
        self.repository.git("reset", "-q", "--hard", "base")
        self.repository.git("clean", "-qfd")
        store = self.repository.root / ".integration_gate"
        shutil.rmtree(store)
        shutil.copytree(self.plugins.parent / "store", store)

    def score(self, scenario: Scenario) -> tuple[bool, bool, bool]:
        """Run one scenario; say whether categories, culprits, and all that is called certain are right."""
        repository = self.repository
        if scenario.before is not None:
            scenario.before(repository)
            repository.git("commit", "-qam", "before")
            self.run(*scenario.options)
        if not scenario.alone:
            harmless(repository)
        scenario.plant(repository)
        report = self.run("--gate-context", "orders", "--gate-base", "HEAD", *scenario.options)
        wrong = []
        for test in report["failed_tests"]:
            wanted = next((c for part, c in scenario.categories.items() if part in test["nodeid"]), scenario.category)
            own = test["nodeid"].startswith("tests/orders") and wanted == "out_of_context"
            if test["category"] != ("in_context" if own else wanted):
                wrong.append(f"{test['nodeid']} is {test['category']}")
        culprits = report["contexts"]["out_of_context"]
        missed = [entry for entry in culprits if entry["culprit"] != scenario.culprit]
        lies = [entry for entry in missed if entry["certain"]]
        sure = sum(entry["certain"] for entry in culprits)
        failed = len(report["failed_tests"])
        print(f"{scenario.name}: {failed} failures, {len(culprits)} out of context, {sure} certain")
        is_empty = not failed or (bool(scenario.culprit) and not culprits)
        for line in [*wrong[:3], *(f"{e['nodeid']}: {e['culprit']}, others {e.get('others')}" for e in missed[:3])]:
            print(f"    WRONG: {line}")
        if is_empty:
            print("    WRONG: nothing failed that should")
        return not wrong and not is_empty, not missed, not lies


def main() -> None:
    """Score all scenarios, or those whose names are given."""
    chosen = [one for one in scenarios() if not sys.argv[1:] or any(word in one.name for word in sys.argv[1:])]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        begin = time.perf_counter()
        bench.start()
        bench.repository.git("tag", "base")
        scores = []
        for scenario in chosen:
            bench.restore()
            scores.append(bench.score(scenario))
        categories, culprits, honest = (sum(column) for column in zip(*scores, strict=True))
        print(
            f"{len(chosen)} scenarios in {time.perf_counter() - begin:.0f} s: category right in {categories}, "
            f"culprit right in {culprits}, a wrong one called certain in {len(chosen) - honest}"
        )
        average = sum(bench.times) / len(bench.times)
        print(f"sorting took {average:.2f} s on average, {max(bench.times):.2f} s at most (processor)")


if __name__ == "__main__":
    main()
