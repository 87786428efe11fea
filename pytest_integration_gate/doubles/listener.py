"""Hears what a test does with its mocks, and writes it into the notebook.

A hook tells of a mock when it is born, configured, patched in, called, and when the call has ended. Each method runs
inside somebody's test and never raises.
"""

from __future__ import annotations

import builtins

# Tests patch these; what runs inside a test must not notice.
from builtins import any, getattr, hasattr, isinstance, range, reversed, type
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from pytest_integration_gate.doubles.inference import look_around
from pytest_integration_gate.doubles.marks import (
    KEY,
    Mark,
    Patch,
    Place,
    Root,
    class_of_spec,
    is_universal,
    root_of_patch,
    root_of_spec,
)
from pytest_integration_gate.doubles.notebook import PLAIN, HeardRead, Note, Notebook, Remark
from pytest_integration_gate.doubles.registries import entry_replaced
from pytest_integration_gate.model.capture import argument_of, shape_of

_MAX_DEPTH = 40
_MAX_TRIES = 3  # calls of a bare mock from which its meaning is looked for
_ASSERTING = ("call", "sert", "wait")
_PENDING = "_gate_pending"
_BUILTINS = dict(vars(builtins))  # reached through every module
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)
_SPECS = (type, FunctionType, BuiltinFunctionType, ModuleType)


class Listener:
    """The ear of one session for mocks; `book` keeps the notes."""

    def __init__(self, book: Notebook) -> None:
        self.book = book

    def born(self, mock: Any, spec: Any, frame: FrameType) -> None:
        """A mock is being made (also the children that mocks invent)."""
        try:
            namespace = mock.__dict__
            mark = namespace.get(KEY)
            if mark is None:
                mark = namespace[KEY] = Mark()
            mark.is_property = hasattr(type(mock), "__get__")  # a PropertyMock
            if spec is not None and not isinstance(spec, list | tuple):
                mark.spec = spec if isinstance(spec, _SPECS) else class_of_spec(spec)
            if namespace.get("_mock_new_parent") is None:
                mark.made_at = self.book.place(frame)
            else:
                mark.is_child = True
                if self.book.is_on and namespace.get("_mock_new_name") != "()":
                    positions, is_direct = self.book.callers(frame)
                    if positions:
                        self.book.reads[HeardRead(self._locate(mock), positions, is_direct)] = None
                    else:
                        self._reached_for(mark, namespace.get("_mock_new_name"), frame)
        except Exception as error:
            self.book.fail(error)

    def configured(self, mock: Any, name: str, value: Any, frame: FrameType) -> None:
        """An attribute of a mock is being set: a return value, a side effect, or an attribute of the thing it stands
        for."""
        try:
            if name[:2] == "__" or name == "_spec_class":
                return
            mark = mock.__dict__.get(KEY)
            if mark is None:
                return
            outside = self.book.outside(frame)
            if name in ("return_value", "side_effect"):
                mark.pictured = None
                if self.book.is_mock(value):
                    self._moved(value)
                # A patch that a decorator enters is written elsewhere.
                if self.book.author(outside) == "test":
                    mark.configured_at = self.book.place(outside)
                    if outside is frame:  # the library also answers for itself, as it makes a mock
                        self._answered(mock, mark, name)
            elif self.book.is_mock(value):
                self._attached(mock, name, value)
            elif isinstance(value, _FUNCTIONS):
                if self.book.hung is not None:
                    self.book.hung(mock, name, value, self.book.place(outside), self._meaning)
            elif self.book.author(outside) != "first-party":
                # What is plain cannot change, and most of it is never asked for: it is pictured when it is.
                noted = (type(value), value) if type(value) in PLAIN else argument_of(value, name)
                mark.attributes[name] = (noted, self.book.place(outside))
                if self.book.is_on:
                    self._locate(mock)
        except Exception as error:
            self.book.fail(error)

    def patch_written(self, patcher: Any, frame: FrameType) -> None:
        """A ``patch(…)`` expression was evaluated; a decorator's long before its test runs."""
        try:
            patcher.__dict__[KEY] = self.book.place(frame), self.book.author(frame) == "foreign"
        except Exception as error:
            self.book.fail(error)

    def patch_entered(self, patcher: Any, original: Any, is_missing: bool) -> None:
        """A patch is about to replace `original`; `is_missing` when the name did not exist (``create=True``)."""
        try:
            at, foreign = patcher.__dict__.get(KEY, (None, False))
            if is_missing and isinstance(patcher.target, ModuleType) and patcher.attribute in _BUILTINS:
                original, is_missing = _BUILTINS[patcher.attribute], False
            self.book.enter(Patch(patcher, patcher.target, None if is_missing else original, at, foreign, is_missing))
        except Exception as error:
            self.book.fail(error)

    def dict_filled(self, patcher: Any) -> None:
        """A ``patch.dict`` has put its values in; one that is entered by hand keeps what stood there in `_original`."""
        try:
            at, foreign = patcher.__dict__.get(KEY, (None, True))
            registry, before = patcher.in_dict, patcher._original
            if type(registry) is dict and type(before) is dict and at is not None and not foreign:
                for key in patcher.values:
                    entry_replaced(self.book, registry, key, before.get(key), at)
        except Exception as error:
            self.book.fail(error)

    def called(self, mock: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> Note | None:
        """A mock is being called; the arguments are pictured now, because a side effect may change them."""
        if not self.book.is_on:
            return None
        try:
            mark = self._locate(mock)
            if mark.is_property and mark.derived is None and not mark.root.target:  # type: ignore[union-attr]
                mark = self._of_read(mock, mark, frame)
            if mark.root.foreign:  # type: ignore[union-attr]  # _locate always sets it
                return None
            if not is_universal(mark.path):
                self.book.reached(mark.root.target or "a mock")  # type: ignore[union-attr]
            standing = self.book.callers(frame)
            if not standing[0] and self.book.author(frame) == "test":
                return None  # the test itself reaches for a part of its double (`mock().method.return_value = …`)
            self._look_around(mock, mark.root, frame)  # type: ignore[arg-type]
            note = self.book.note(mark, args, kwargs.items(), standing)
            if note is not None and _is_async(mock):
                mock.__dict__[_PENDING] = note
            return note
        except Exception as error:
            self.book.fail(error)
            return None

    def starts_awaiting(self, mock: Any) -> Note | None:
        """The coroutine of an asynchronous mock is being made: hand over the note of the call that made it."""
        note: Note | None = mock.__dict__.pop(_PENDING, None)
        return note

    def returned(self, note: Note | None, mock: Any, result: Any, *, awaiting: bool = False) -> None:
        """A call gave `result`."""
        if note is None or (not awaiting and _is_async(mock)):
            return
        try:
            if _passes_on(mock):
                kind, value = "real", None
            elif _is_configured(mock, result) and not self.book.is_mock(result):
                kind, value = "returned", note.mark.picture_of(result)
                self.book.meet(note, result)
            else:
                kind, value = self.book.gave(note, result)
            self.book.keep(note, kind, value, awaiting)
        except Exception as error:
            self.book.fail(error)

    def raised(self, note: Note | None, mock: Any, error: BaseException, *, awaiting: bool = False) -> None:
        """A call raised `error`."""
        if note is None or (not awaiting and _is_async(mock)):
            return
        try:
            if _is_simulated(mock, error):
                self.book.keep(note, "real" if _passes_on(mock) else "raised", shape_of(error), awaiting)
        except Exception as own:
            self.book.fail(own)

    # -- what may be untidy ---------------------------------------------------------------------------------------

    def _reached_for(self, mark: Mark, name: Any, frame: FrameType) -> None:
        """A test reaches for an attribute that the mock invents: an assertion that is misspelt asserts nothing."""
        if type(name) is str and any(part in name for part in _ASSERTING) and self.book.author(frame) == "test":
            at = self.book.place(frame)
            if at is not None:
                self.book.remarks[Remark(mark, name, at)] = None

    def _answered(self, mock: Any, mark: Mark, name: str) -> None:
        """A test says what a mock gives; if it has said so before and nobody has asked since, that was in vain."""
        at, calls = mark.configured_at, mock.__dict__.get("_mock_call_count")
        before = mark.answers.get(name)
        if at is None or type(calls) is not int:
            return
        if self.book.is_on and before is not None and before[1] == calls and before[0] != at:
            self.book.remarks[Remark(mark, name, at, before[0])] = None
        mark.answers[name] = (at, calls)

    # -- what a mock stands for -----------------------------------------------------------------------------------

    def _attached(self, mock: Any, name: str, value: Any) -> None:
        """A mock that stands alone, because it has a name, becomes an attribute: that is what it stands for."""
        mark = value.__dict__.get(KEY)
        if not self.book.is_on or mark is None:
            return
        if mark.derived is None and value.__dict__.get("_mock_new_parent") is None:
            above = self._locate(mock)
            mark.derived, mark.generation = (above.root, (*above.path, f".{name}")), 0

    def _of_read(self, mock: Any, mark: Mark, frame: FrameType) -> Mark:
        """Find the mock on whose class a `PropertyMock` was put (``type(repo).size = …``): it is being read there."""
        values = frame.f_locals  # of its `__get__` or `__set__`
        holder = values.get("obj") if values.get("self") is mock else None
        if not self.book.is_mock(holder):
            return mark
        for name, value in type(holder).__dict__.items():
            if value is mock:
                above = self._locate(holder)
                if above.root is not None:
                    mark.derived, mark.generation = (above.root, (*above.path, f".{name}")), 0
                return self._locate(mock)
        return mark

    def _moved(self, mock: Any, depth: int = 0) -> None:
        """A mock that stood alone hangs below another one from now on, with all that it has."""
        namespace = mock.__dict__
        mark = namespace.get(KEY)
        if mark is None or depth > _MAX_DEPTH or mark.generation != self.book.generation:
            return
        mark.generation = 0
        for child in namespace.get("_mock_children", {}).values():
            if self.book.is_mock(child):
                self._moved(child, depth + 1)

    def _locate(self, mock: Any, depth: int = 0) -> Mark:
        """Return the mark of a mock with its root and path filled in for this test."""
        namespace = mock.__dict__
        mark: Mark | None = namespace.get(KEY)
        if mark is None:  # made before anybody listened
            mark = namespace[KEY] = Mark(is_child=namespace.get("_mock_new_parent") is not None)
        if mark.generation == self.book.generation and mark.root is not None:
            return mark
        parent = namespace.get("_mock_new_parent")
        above = self._locate(parent, depth + 1) if parent is not None and depth < _MAX_DEPTH else None
        mark.above = above
        own = None
        has_class = type in type(mark.spec).__mro__  # the test's own word, also where it gave the mock as a value
        if above is None or (not mark.is_child and (has_class or not above.root.target)):  # type: ignore[union-attr]
            own = self._own_root(mock, namespace, mark)
        if own is not None:
            mark.root, mark.path = own
        elif above is not None:
            name = namespace.get("_mock_new_name") or ""
            step = name if name == "()" else f".{name}"
            mark.root, mark.path = above.root, (*above.path, step)
        else:
            limited = namespace.get("_mock_methods") is not None
            mark.root = Root(at=mark.made_at, foreign=self._is_foreign(mark.made_at), is_limited=limited)
            mark.path = ()
        mark.generation = self.book.generation
        self.book.marks[mark] = None
        return mark

    def _meaning(self, mock: Any, frame: FrameType) -> Mark:
        """Find what a mock stands for, one of whose attributes is being called."""
        mark = self._locate(mock)
        self._look_around(mock, mark.root, frame)  # type: ignore[arg-type]  # _locate always sets it
        return mark

    def _look_around(self, mock: Any, root: Root, frame: FrameType) -> None:
        """Note where project code holds a bare mock, for what is annotated there."""
        if root.target or root.tries >= _MAX_TRIES:
            return
        root.tries += 1
        for _ in range(_MAX_DEPTH):
            parent = mock.__dict__.get("_mock_new_parent")
            if parent is None:
                break
            mock = parent
        hint = look_around(mock, frame, self.book.project)
        if hint is not None and hint not in root.hints:
            root.hints += (hint,)

    def _own_root(self, mock: Any, namespace: dict[str, Any], mark: Mark) -> tuple[Root, tuple[str, ...]] | None:
        for patch in reversed(self.book.patches):
            if patch.installed() is mock:
                root = root_of_patch(patch)
                return root, root.prefix
        spec = mark.spec if mark.spec is not None else namespace.get("_spec_class")
        if spec is CodeType:
            return Root(foreign=True), ()  # the library's own, behind an autospecced asynchronous function
        wrapped = namespace.get("_mock_wraps")
        if spec is None and wrapped is not None:
            spec = wrapped if isinstance(wrapped, _SPECS) else class_of_spec(wrapped)
        root_by_spec = root_of_spec(spec, mark.made_at) if spec is not None else None
        if root_by_spec is not None:
            root_by_spec.foreign |= self._is_foreign(mark.made_at)
            return root_by_spec, root_by_spec.prefix
        return mark.derived

    def _is_foreign(self, at: Place | None) -> bool:
        return at is not None and self.book.project.kind(at[0]) == "foreign"


def _is_async(mock: Any) -> bool:
    return hasattr(type(mock), "assert_awaited")


def _is_configured(mock: Any, result: Any) -> bool:
    """Whether a result that takes time to picture is the one object that the mock always gives."""
    return type(result) not in PLAIN and mock.__dict__.get("_mock_return_value") is result


def _passes_on(mock: Any) -> bool:
    """Whether the mock hands its calls to the real thing (``wraps=``, ``mocker.spy``)."""
    namespace = mock.__dict__
    effect = namespace.get("_mock_side_effect")
    if effect is not None:
        return getattr(effect, "__module__", None) == "pytest_mock.plugin"
    if namespace.get("_mock_wraps") is None:
        return False
    given = namespace.get("_mock_return_value")
    return type(given).__name__ == "_SentinelObject" and given.name == "DEFAULT"


def _is_simulated(mock: Any, error: BaseException) -> bool:
    """Whether the test asked for this exception; mistakes of the mock machinery itself are no claims."""
    effect = mock.__dict__.get("_mock_side_effect")
    if effect is None:
        return False
    exhausted = isinstance(error, StopIteration | StopAsyncIteration)
    return not exhausted or effect is error or effect is type(error)
