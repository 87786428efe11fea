"""Functions that a test hangs on a mock or a namespace: ``repo.get = lambda key: …``, ``Mock(json=lambda: …)``.

Project code calls the function and never the mock, so the mock hears nothing. What the function stands for is what a
child of the mock by that name would stand for, which is only known when it is called: the mock may be given away later.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, id, len, list, type, vars
from collections.abc import Callable
from types import FrameType, FunctionType, MethodType, SimpleNamespace
from typing import Any
from weakref import ReferenceType, ref

from pytest_integration_gate.doubles.ears import Ears
from pytest_integration_gate.doubles.fakes import Fakes
from pytest_integration_gate.doubles.marks import Mark, Place, Root
from pytest_integration_gate.doubles.notebook import Notebook

# From a mock and the frame that uses it to the mark of the mock.
Meaning = Callable[[Any, FrameType], Mark]


class HungFunctions:
    """Hears the functions of tests that mocks hold as attributes."""

    def __init__(self, book: Notebook, ears: Ears, fakes: Fakes) -> None:
        self._book = book
        self._ears = ears
        self._fakes = fakes
        self._roles: dict[int, tuple[FunctionType, _Role]] = {}
        book.hung = self.hung

    def release(self) -> None:
        """Forget what a test hung on its mocks; what was hung as a test file was imported stays."""
        for key, (function, role) in list(self._roles.items()):
            role.stands = [stand for stand in role.stands if not stand.generation and stand.is_held]
            if not role.stands:
                self._ears.forget(function, role)
                del self._roles[key]

    def given(self, namespace: SimpleNamespace, root: Root, path: tuple[str, ...]) -> None:
        """A namespace stands for what is found at a path: so do the functions that it holds."""
        for name, function in vars(namespace).items():
            if type(function) is FunctionType and self._ears.can_hear(function):
                mark = Mark(
                    configured_at=(function.__code__.co_filename, function.__code__.co_firstlineno),
                    root=root,
                    path=(*path, f".{name}"),
                )
                self._role_of(function).stands = [_Given(mark, self._book.generation)]

    def hung(self, mock: Any, name: str, value: Any, at: Place | None, meaning: Meaning) -> None:
        """A function or a bound method becomes an attribute of a mock at a line of the tests."""
        function = value.__func__ if type(value) is MethodType else value
        if type(function) is not FunctionType or not self._ears.can_hear(function):
            return
        role = self._role_of(function)
        role.stands = [stand for stand in role.stands if not stand.is_of(mock, name)]
        generation = self._book.generation if self._book.is_on else 0
        role.stands.append(_Hung(ref(mock), name, value, at, meaning, generation))

    def _role_of(self, function: FunctionType) -> _Role:
        known = self._roles.get(id(function))
        if known is None:
            known = self._roles[id(function)] = function, _Role(self._fakes)
            self._ears.hear(function, known[1])
        return known[1]


class _Given:
    """An attribute of a namespace that holds the function."""

    __slots__ = ("generation", "mark")

    def __init__(self, mark: Mark, generation: int) -> None:
        self.mark = mark
        self.generation = generation

    is_held = True

    def is_of(self, mock: Any, name: str) -> bool:
        """Whether the function is this attribute of a mock."""
        return False

    def hears(self, first: Any) -> bool:
        """Whether a call with this first argument is meant."""
        return True

    def is_bound_to(self, first: Any) -> bool:
        """Whether the first argument was not written by the caller."""
        return False

    def current(self, frame: FrameType) -> Mark | None:
        """Return what the function stands for now."""
        return self.mark


class _Hung:
    """An attribute of a mock that holds the function."""

    __slots__ = ("at", "generation", "mark", "meaning", "mock", "name", "value")

    def __init__(
        self,
        mock: ReferenceType[Any],
        name: str,
        value: Any,
        at: Place | None,
        meaning: Meaning,
        generation: int,
    ) -> None:
        self.mock = mock
        self.name = name
        self.value = value
        self.at = at
        self.meaning = meaning
        self.generation = generation
        self.mark: Mark | None = None

    def is_of(self, mock: Any, name: str) -> bool:
        """Whether the function is this attribute of a mock."""
        return self.mock() is mock and self.name == name

    def hears(self, first: Any) -> bool:
        """Whether a call with this first argument is meant: one of a bound method belongs to its instance."""
        return type(self.value) is FunctionType or self.is_bound_to(first)

    def is_bound_to(self, first: Any) -> bool:
        """Whether the first argument was not written by the caller."""
        return type(self.value) is MethodType and self.value.__self__ is first

    @property
    def is_held(self) -> bool:
        """Whether the mock lives and still holds the function."""
        mock = self.mock()
        return mock is not None and mock.__dict__.get(self.name) is self.value

    def current(self, frame: FrameType) -> Mark | None:
        """Return what the function stands for now."""
        mock = self.mock()
        if mock is None:
            return None
        above = self.meaning(mock, frame)
        if above.root is None or above.root.foreign:
            return None
        path = (*above.path, f".{self.name}")
        if self.mark is None or self.mark.root is not above.root or self.mark.path != path:
            self.mark = Mark(configured_at=self.at, root=above.root, path=path, above=above)
        return self.mark


class _Role:
    """Everything that one function is an attribute of."""

    def __init__(self, fakes: Fakes) -> None:
        self.stands: list[_Hung | _Given] = []
        self._fakes = fakes

    def marks(self, receiver: Any, frame: FrameType) -> tuple[Mark, ...]:
        """Return the one meaning of a call; none when several mocks hold the function, for nothing tells them apart."""
        held = [stand for stand in self.stands if stand.is_held and stand.hears(receiver)]
        stands = [stand for stand in held if stand.generation] or held
        mark = stands[0].current(frame) if len(stands) == 1 else None
        return () if mark is None else (mark,)

    def receivers(self, first: Any) -> int:
        """Return 1 for a bound method of the tests: its caller did not write the instance."""
        return 1 if any(stand.is_bound_to(first) for stand in self.stands) else 0

    def gave(self, mark: Mark, value: Any) -> bool:
        """What the function gives stands for what the real thing gives."""
        if mark.root is not None and mark.root.target:
            self._fakes.cast_instance(value, mark.root.target, mark.root.real, (*mark.path, "()"))
        return True
