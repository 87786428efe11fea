"""Runs a small test against a small project, with a listener, and gives what was heard."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
import unittest.mock
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_integration_gate.doubles.claims import Interpreter
from pytest_integration_gate.doubles.handwritten import Handwritten
from pytest_integration_gate.doubles.listener import Listener
from pytest_integration_gate.doubles.mock_library import hook
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.model.claim import Claim, Unbound
from pytest_integration_gate.reality.hints import annotations_of
from pytest_integration_gate.reality.holders import held_class, kept_from, named_class
from pytest_integration_gate.source.project import Project

Hear = Callable[..., "Heard"]


@dataclass
class Heard:
    """What was made of one test."""

    claims: list[Claim]
    unbound: tuple[Unbound, ...]
    failure: str

    def one(self, *path: str) -> Claim:
        """Return the only claim whose path ends like this."""
        found = [claim for claim in self.claims if claim.path[len(claim.path) - len(path) :] == path]
        assert len(found) == 1, self.claims
        return found[0]


@pytest.fixture
def hear(tmp_path: Path) -> Iterator[Hear]:
    """Give a function that takes the source of ``shop.py`` and of a test file whose ``test()`` it runs."""
    book = Notebook(Project.find(str(tmp_path)))
    unhook = hook(unittest.mock, Listener(book))
    registered: dict[str, str] = {}
    handwritten = Handwritten(book, registered, lambda address: address == "email.message:Message", annotations_of)
    interpreter = Interpreter(
        book, lambda owner, name, is_element: held_class(owner, name, is_element=is_element), named_class, kept_from
    )
    before = set(sys.modules)
    sys.path.insert(0, str(tmp_path))

    def run(shop: str, test: str, fakes: dict[str, str] | None = None) -> Heard:
        registered.update(fakes or {})
        (tmp_path / "shop.py").write_text(textwrap.dedent(shop))
        path = tmp_path / "tests" / "test_it.py"
        path.parent.mkdir()
        path.write_text(textwrap.dedent(test))
        spec = importlib.util.spec_from_file_location("test_it", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["test_it"] = module
        spec.loader.exec_module(module)
        book.start()
        handwritten.start()
        module.test()
        handwritten.stop()
        book.stop()
        heard, unbound = interpreter.claims()
        return Heard([one.claim for one in heard], unbound, book.failure)

    yield run
    handwritten.close()
    unhook()
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - before:
        del sys.modules[name]
