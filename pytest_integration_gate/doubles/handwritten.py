"""Doubles that are no mock objects, as one thing: what a session has to know to start, follow and end the hearing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_integration_gate.doubles.ears import Ears
from pytest_integration_gate.doubles.expectations import Expectations
from pytest_integration_gate.doubles.fakes import Fakes
from pytest_integration_gate.doubles.hung import HungFunctions
from pytest_integration_gate.doubles.monkeypatch import hook_monkeypatch
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.doubles.replacements import Replacements


class Handwritten:
    """Hears functions that tests patch in or hang on mocks, and classes that they write as fakes.

    `fakes` maps the address of a fake to that of the real class, `is_collaborator` tells whether the address of a class
    is configured, `annotations_of` reads the annotations of a function or class. `ears` listen to functions of tests.
    """

    def __init__(
        self,
        book: Notebook,
        fakes: Mapping[str, str],
        is_collaborator: Callable[[str], bool],
        annotations_of: Callable[[object], Mapping[str, object]],
    ) -> None:
        self._book = book
        self.ears = Ears(book)
        expectations = Expectations(book.project, annotations_of)
        self._fakes = Fakes(book, self.ears, fakes, is_collaborator, expectations.members)
        self._replacements = Replacements(book, self.ears, self._fakes)
        self._fakes.hung = self._hung = HungFunctions(book, self.ears, self._fakes)
        self._unhook = hook_monkeypatch(book)

    def start(self) -> None:
        """Begin a test, after the book was opened."""
        self._guarded(self._fakes.start)

    def meet(self, value: Any, *, is_lasting: bool) -> None:
        """Look at what a fixture gave; `is_lasting` when other tests get it too."""
        self._guarded(lambda: self._fakes.meet(value, is_lasting=is_lasting))

    def stop(self) -> None:
        """End a test, before the book is closed: patches of wider scope go on, the others are forgotten."""
        self._guarded(self._end)

    def close(self) -> None:
        """Give pytest and every function of the tests their own code back."""
        self._unhook()
        self.ears.close()

    def _end(self) -> None:
        self.ears.finish()
        self._replacements.release()
        self._hung.release()
        for patch in self._book.patches:
            patch.release()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._book.fail(error)
