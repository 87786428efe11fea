"""Is a wrong culprit ever called certain? `python benchmarks/causes.py [scenario ...]`.

Each scenario breaks a test of one context in an unusual way: by what is loaded or run by name, by data, by plugins, by
packages, by what an earlier test leaves behind. Beside it a module that the same test imports is changed without harm,
so that there is always somebody to blame. Says how often that module was blamed with certainty, and how often the true
cause was named, as the culprit or among the others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")
HARMLESS = {"shop/kernel/text.py": "def clean(n):\n    return str(n).strip()\n"}
CONTEXTS = {
    name: {"modules": [f"shop.{name}"], "uses": ["shop.kernel"], "tests": [f"tests/{name}"]}
    for name in ("orders", "billing")
}
FILES = {
    ".gitignore": "__pycache__/\n*.report.yaml\nlocal.json\n",
    "pytest.ini": "[pytest]\npythonpath = .\ntestpaths = tests\n",
    "gate.yaml": yaml.safe_dump({"project": "shop", "contexts": CONTEXTS}),
    "shop/__init__.py": "",
    "shop/kernel/__init__.py": "",
    "shop/kernel/text.py": "def clean(n):\n    return n.strip()\n",
    "shop/kernel/money.py": "RATE = 1\n\n\ndef shown(n):\n    return n * RATE\n",
    "shop/orders.py": "from shop.kernel import text\n\n\ndef name(n):\n    return text.clean(n)\n",
    "shop/billing.py": "from shop.kernel import text\n\n\ndef name(n):\n    return text.clean(n)\n",
    "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef one():\n    return 1\n",
    "tests/orders/test_orders.py": "from shop.orders import name\n\n\ndef test_o():\n    assert name(' a ') == 'a'\n",
    "tests/billing/test_billing.py": "from shop.billing import name\n\n\ndef test():\n    assert name(' a ') == 'a'\n",
}
LAZY = "def __getattr__(n):\n    import importlib\n    return importlib.import_module(f'.{n}', __name__)\n"
BY_PATH = (
    "import importlib.util as util\n\n\ndef load():\n"
    "    spec = util.spec_from_file_location('gen', 'tools/gen-x.py')\n    module = util.module_from_spec(spec)\n"
    "    spec.loader.exec_module(module)\n    return module\n"
)


def asks(value: str, head: str = "", *, fixture: str = "") -> dict[str, str]:
    """Write a test of billing that wants a value to be 1, and that needs the module that is changed without harm."""
    return {
        "tests/billing/test_one.py": f"from shop.kernel.text import clean\n{head}\n\n\n"
        f"def test_one({fixture}):\n    assert str({value}) == clean('1 ')\n"
    }


@dataclass
class Scenario:
    """What is there, what is changed (None: removed), and the true cause; empty when no file of the project is it.

    `packages` are files of a folder of installed packages, before and after.
    """

    name: str
    files: Mapping[str, str]
    change: Mapping[str, str | None]
    cause: str = ""
    packages: tuple[Mapping[str, str], Mapping[str, str]] = field(default_factory=lambda: ({}, {}))


def moved(name: str, path: str, test: Mapping[str, str], cause: str, text: str = "ONE = {}\n") -> Scenario:
    """Change 1 to 2 in a file."""
    return Scenario(name, {path: text.format(1), **test}, {path: text.format(2)}, cause)


def by_name(name: str, head: str, value: str) -> Scenario:
    """Load a plugin by its name."""
    test = asks(f"{value}.ONE", f"import importlib, pkgutil\n{head}")
    return moved(name, "shop/plugins/csv.py", {"shop/plugins/__init__.py": "", **test}, "shop.plugins.csv")


def run(name: str, path: str, command: str, cause: str) -> Scenario:
    """Run a program that prints."""
    head = (
        "import subprocess, sys\nNAME = 'job'\n\n\ndef said():\n"
        f"    return subprocess.run({command}, capture_output=True, text=True).stdout.strip()\n"
    )
    return moved(name, path, asks("said()", head), cause, "print({})\n")


def read(name: str, path: str, value: str, *, new: str = "") -> Scenario:
    """Read a file, or find it where it was not before."""
    test = asks(value, "from pathlib import Path")
    if new:
        return Scenario(name, {path: "1", **test}, {new: "2"}, new)
    return moved(name, path, test, path, "{}")


def left_behind(name: str, what: str, value: str) -> Scenario:
    """Let a test of the context that is worked on change something for the others."""
    test = asks(value, "import os\nfrom shop.kernel import money")
    body = f"import os\nfrom shop.kernel import money\n\n\ndef test_early():\n    {what}\n"
    early = "tests/aforehand/test_early.py"
    return Scenario(name, {**test, early: body.replace(what, "pass")}, {early: body})


PLUGIN = "import pytest\n\n\n@pytest.fixture\ndef unit():\n    return {}\n"
INI = FILES["pytest.ini"]
METADATA = "Metadata-Version: 2.1\nName: rates\nVersion: {}.0\n"


def scenarios() -> list[Scenario]:
    """List what is planted."""
    use = "from shop.kernel.uses import one"
    late = "def one():\n    from shop.kernel.money import shown\n    return shown(1)\n"
    rate = {"shop/kernel/money.py": "RATE = 2\n\n\ndef shown(n):\n    return n * RATE\n"}
    money = "shop.kernel.money"
    folder = "Path('shop/data')"
    packages = [{f"rates-{n}.0.dist-info/METADATA": METADATA.format(n), "rates.py": f"ONE = {n}\n"} for n in (1, 2)]
    return [
        by_name("import by name", "", "importlib.import_module('shop.plugins.csv')"),
        by_name("import by name, relative", "", "importlib.import_module('.csv', 'shop.plugins')"),
        by_name(
            "import by name under another name",
            "from importlib import import_module as load\nK = 'csv'",
            "load(f'shop.plugins.{K}')",
        ),
        by_name(
            "import function handed on", "N = ['shop.plugins' + '.csv']", "list(map(importlib.import_module, N))[0]"
        ),
        by_name("resolved name", "", "pkgutil.resolve_name('shop.plugins.csv')"),
        by_name("table of names", "T = {'csv': 'shop.plugins.csv'}", "importlib.import_module(T['csv'])"),
        Scenario(
            "lazy package",
            {
                "shop/lazy/__init__.py": LAZY,
                "shop/lazy/csv.py": "ONE = 1\n",
                **asks("lazy.csv.ONE", "from shop import lazy"),
            },
            {"shop/lazy/csv.py": "ONE = 2\n"},
            "shop.lazy.csv",
        ),
        moved(
            "module at the top by name", "top.py", asks("importlib.import_module('top').ONE", "import importlib"), "top"
        ),
        moved(
            "folder on the path at run time",
            "lib/helper.py",
            asks("helper.ONE", "import sys\nsys.path.insert(0, 'lib')\nimport helper"),
            "lib.helper",
        ),
        moved(
            "file loaded by its path",
            "tools/gen-x.py",
            asks(
                "load().ONE",
                BY_PATH,
            ),
            "tools/gen-x.py",
        ),
        moved(
            "file run by its path",
            "scripts/job.py",
            asks("runpy.run_path('scripts/job.py')['ONE']", "import runpy"),
            "scripts.job",
        ),
        run("script in another process", "scripts/job.py", "[sys.executable, 'scripts/job.py']", "scripts.job"),
        run("script with a made name", "scripts/job.py", "[sys.executable, f'scripts/{NAME}.py']", "scripts.job"),
        run("module in another process", "tool.py", "[sys.executable, '-m', 'tool']", "tool"),
        moved(
            "constant by a star",
            "shop/kernel/limits.py",
            {
                "shop/kernel/uses.py": "from shop.kernel.limits import *\n\n\ndef one():\n    return ONE\n",
                **asks("one()", use),
            },
            "shop.kernel.limits",
        ),
        Scenario("import in a function", {"shop/kernel/uses.py": late, **asks("one()", use)}, rate, money),
        Scenario(
            "export of a package",
            {
                "shop/kernel/__init__.py": "from .money import shown\n",
                **asks("shown(1)", "from shop.kernel import shown"),
            },
            rate,
            money,
        ),
        Scenario("module under another name", asks("m.shown(1)", "import shop.kernel.money as m"), rate, money),
        Scenario(
            "name that never was",
            {},
            {"shop/billing.py": "from shop.kernel.text import clean, nope\n\n\ndef name(n):\n    return clean(n)\n"},
            "shop.billing",
        ),
        Scenario(
            "attribute that never was",
            {},
            {"shop/billing.py": "from shop.kernel import text\n\n\ndef name(n):\n    return text.cleaned(n)\n"},
            "shop.billing",
        ),
        Scenario(
            "name that is lost",
            asks("shown(1)", "from shop.kernel.money import shown"),
            {"shop/kernel/money.py": "RATE = 1\n"},
            money,
        ),
        Scenario(
            "module renamed, stale import",
            asks("shown(1)", "from shop.kernel.money import shown"),
            {"shop/kernel/money.py": None, "shop/kernel/cash.py": FILES["shop/kernel/money.py"]},
            money,
        ),
        Scenario(
            "docstring that is shown",
            {"shop/cli.py": '"""1"""\n', **asks("cli.__doc__", "from shop import cli")},
            {"shop/cli.py": '"""2"""\n'},
            "shop.cli",
        ),
        Scenario(
            "plugin of the ini file",
            {
                "shop/testing.py": PLUGIN.format(1),
                "pytest.ini": f"{INI}addopts = -p shop.testing\n",
                **asks("unit", fixture="unit"),
            },
            {"shop/testing.py": PLUGIN.format(2)},
            "shop.testing",
        ),
        Scenario(
            "fixture of a conftest",
            asks("one", fixture="one"),
            {"tests/conftest.py": FILES["tests/conftest.py"].replace("1", "2")},
            "tests/conftest.py",
        ),
        Scenario(
            "new conftest that shadows",
            asks("one", fixture="one"),
            {"tests/billing/conftest.py": FILES["tests/conftest.py"].replace("1", "2")},
            "tests/billing/conftest.py",
        ),
        read("data", "shop/data/rates.json", f"({folder} / 'rates.json').read_text()"),
        read(
            "data with a made name",
            "shop/data/rates.json",
            "(lambda n: Path(f'shop/data/{n}.json').read_text())('rates')",
        ),
        read("data that is text", "shop/mails/hello.md", "(lambda n: Path(f'shop/mails/{n}.md').read_text())('hello')"),
        read(
            "data found by a pattern, new",
            "shop/data/a.csv",
            f"''.join(f.read_text() for f in sorted({folder}.glob('*.csv')))",
            new="shop/data/b.csv",
        ),
        read("data that git ignores", "shop/local.json", "Path('shop/local.json').read_text()"),
        Scenario(
            "setting of pytest",
            asks("1", "import warnings\n\n\ndef test_warning():\n    warnings.warn('x')\n"),
            {"pytest.ini": f"{INI}filterwarnings = error\n"},
        ),
        Scenario(
            "package of another version", asks("rates.ONE", "import rates"), {}, packages=(packages[0], packages[1])
        ),
        left_behind("environment left behind", "os.environ['ONE'] = '2'", "os.environ.get('ONE', 1)"),
        left_behind("module left changed", "money.RATE = 2", "money.shown(1)"),
    ]


def write(root: Path, files: Mapping[str, str | None]) -> None:
    """Write files, remove those that are None."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)


def report_of(root: Path, packages: Path, *options: str) -> dict[str, Any]:
    """Run the tests and return the report."""
    here = str(Path(__file__).resolve().parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((here, str(packages))),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    plugins = ("-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", "--integration-gate", "--continue-on-collection-errors", *plugins]
    done = subprocess.run([*command, *options], cwd=root, env=environment, capture_output=True, text=True)
    report = root / "integration-gate.report.yaml"
    if not report.exists():
        raise SystemExit(done.stdout + done.stderr)
    data: dict[str, Any] = yaml.safe_load(report.read_text())
    return data


def score(scenario: Scenario, folder: Path) -> tuple[bool, bool]:
    """Plant one scenario; say whether the true cause was named, and whether another was called certain."""
    root, packages = folder / "repository", folder / "packages"
    write(root, {**FILES, **scenario.files})
    write(packages, scenario.packages[0])
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "base")):
        subprocess.run([*GIT, *arguments], cwd=root, check=True, capture_output=True)
    first = report_of(root, packages)["summary"]
    if first["failed"] or first["errors"]:
        raise SystemExit(f"{scenario.name}: fails before anything is changed")
    write(root, {**HARMLESS, **scenario.change})
    write(packages, {**dict.fromkeys(scenario.packages[0]), **scenario.packages[1]})
    found = report_of(root, packages, "--gate-context", "orders", "--gate-base", "HEAD")["contexts"]["out_of_context"]
    if not found:
        raise SystemExit(f"{scenario.name}: nothing broke")
    named = all(scenario.cause in (one["culprit"], *one.get("others", ())) for one in found) or not scenario.cause
    lies = any(one["certain"] and one["culprit"] != scenario.cause for one in found)
    what = "LIE" if lies else "named" if named else "not named"
    print(f"{scenario.name}: {what}: {found[0]['culprit']}, others {found[0].get('others', [])}", flush=True)
    return named, lies


def main() -> int:
    """Score all scenarios, or those whose names are given."""
    chosen = [one for one in scenarios() if not sys.argv[1:] or any(word in one.name for word in sys.argv[1:])]
    scores = []
    for scenario in chosen:
        with tempfile.TemporaryDirectory() as folder:
            scores.append(score(scenario, Path(folder)))
    named, lies = (sum(column) for column in zip(*scores, strict=True))
    print(f"{len(chosen)} scenarios: the cause named in {named}, a wrong one called certain in {lies}")
    return 1 if lies else 0


if __name__ == "__main__":
    sys.exit(main())
