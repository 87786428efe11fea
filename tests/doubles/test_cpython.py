"""CPython's own tests of `unittest.mock` pass while the gate listens: the canary for the private hooks."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

RUN = """
import importlib, os, sys, unittest, unittest.mock
from pytest_integration_gate.doubles.listener import Listener
from pytest_integration_gate.doubles.mock_library import hook
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.source.project import Project

# The interpreter's library is the project here, so that the calls of its tests are heard like anybody's.
library = os.path.dirname(os.path.dirname(os.path.abspath(unittest.__file__)))
book = Notebook(Project(root=library))
hook(unittest.mock, Listener(book))
book.start()
package = importlib.import_module(sys.argv[1])
suite = unittest.defaultTestLoader.discover(package.__path__[0], top_level_dir=library)
result = unittest.TextTestRunner(verbosity=0).run(suite)
heard = len(book.marks)
print(result.testsRun, len(result.failures) + len(result.errors), heard, book.failure)
"""


def _tests_of_mock() -> str:
    for name in ("test.test_unittest.testmock", "unittest.test.testmock"):
        try:
            if importlib.util.find_spec(name) is not None:
                return name
        except ModuleNotFoundError:
            pass
    return ""


def test_the_tests_of_mock_pass_while_the_gate_listens() -> None:
    """Not one of several hundred tests notices, and their mocks are heard."""
    package = _tests_of_mock()
    if not package:
        pytest.skip("this interpreter comes without its tests of unittest.mock")
    done = subprocess.run(
        [sys.executable, "-c", RUN, package], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    ran, failed, heard, *failure = done.stdout.split()
    assert (int(failed), failure) == (0, []), done.stderr
    assert int(ran) > 400
    assert int(heard) > 1000
