"""Our own modules are imported past pytest's rewriting of assertions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import pytest_integration_gate
from pytest_integration_gate.finder import Finder, go_first

CONFTEST = """
import pytest

pytest.register_assert_rewrite("pytest_integration_gate.hooks")
"""

TEST = """
import sys


def test_loader():
    print("LOADER", type(sys.modules["pytest_integration_gate.session"].__loader__).__name__)
"""


def test_finder_finds_our_modules_only() -> None:
    """A module of ours is found where it stands; every other name is left to others."""
    found = Finder().find_spec("pytest_integration_gate.files", pytest_integration_gate.__path__)
    assert found is not None
    assert found.origin == str(Path(pytest_integration_gate.__file__).parent / "files.py")
    assert Finder().find_spec("pytest_integration_gates", None) is None
    assert Finder().find_spec("json", None) is None


def test_finder_steps_back() -> None:
    """What was put before the finders of others is taken away again, once."""
    before = list(sys.meta_path)
    step_back = go_first()
    assert sys.meta_path[1:] == before
    step_back()
    step_back()
    assert sys.meta_path == before


def test_modules_are_not_rewritten(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own loader loads the gate, also where pytest means to rewrite it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(pytest_integration_gate.__file__).parents[1]))
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TEST)
    result = pytester.runpytest_subprocess("-p", "pytest_integration_gate.plugin", "--integration-gate", "-s")
    result.stdout.fnmatch_lines(["*LOADER SourceFileLoader*"])
