"""A small project with a lying mock and a boundary test, and runs of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import pytest_integration_gate.controller.scaffolding

# Imported out here: what a run inside this process imports by itself is forgotten when it ends, and its classes then
# belong to modules that are gone.
import pytest_integration_gate.hooks.contracts
import pytest_integration_gate.hooks.replay
import pytest_integration_gate.session  # noqa: F401

SHOP = """
class Repo:
    def __init__(self):
        self.rows = {}

    def add(self, key, mail):
        self.rows[key] = {"id": key, "email": mail}

    def get(self, key):
        return self.rows[key]


class Fragile:
    def __repr__(self):
        raise RuntimeError("no repr")

    __str__ = __repr__

    def get(self, key):
        return self


def greet(key):
    return "Dear " + Repo().get(key)["mail"]
"""

UNIT = """
from unittest.mock import patch
import shop

@patch.object(shop.Repo, "get", return_value={"id": 1, "mail": "ada@example.com"})
def test_greets(get):
    assert shop.greet(1) == "Dear ada@example.com"
"""

BOUNDARY = """
import pytest
import shop

@pytest.mark.boundary("database")
def test_comes_back():
    repo = shop.Repo()
    repo.add(5, "eve@example.com")
    assert repo.get(5)["id"] == 5
"""


class Project:
    """A project in a folder of its own. `run` runs it in a process of its own and gives the report."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.root = pytester.path
        self.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\n")
        self.write("shop.py", SHOP)
        self.write("tests/unit/test_greet.py", UNIT)
        self.write("tests/integration/test_repo.py", BOUNDARY)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *options: str, gate: bool = True) -> pytest.RunResult:
        plugins = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider"]
        return self.pytester.runpytest_subprocess(*plugins, *(["--integration-gate"] if gate else []), *options)

    @property
    def report_text(self) -> str:
        return (self.root / "integration-gate.report.yaml").read_text()

    @property
    def report(self) -> dict[str, Any]:
        data: dict[str, Any] = yaml.safe_load(self.report_text)
        return data


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose only mock lies about the key `email`."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Project(pytester)


@pytest.fixture
def own_shop() -> Iterator[None]:
    """Let a test or a run inside this process import its own `shop`, and take it away afterwards."""
    _forget_shop()
    yield
    _forget_shop()


def _forget_shop() -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == "shop":
            del sys.modules[name]


RunOf = Callable[..., pytest.RunResult]
