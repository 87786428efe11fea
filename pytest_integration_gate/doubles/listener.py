"""Hears what a test does with its doubles, and turns it into claims when the test is over.

The methods called from a hook run inside somebody's test: they take notes and nothing else. A note is made of types,
plain values and code positions; what it means (address, line of source, what the code reads) is worked out at `stop`.
"""

from __future__ import annotations

import builtins

# Tests patch these; what runs inside a test must not notice.
from builtins import any, getattr, hasattr, id, isinstance, len, tuple, type
from collections.abc import Callable, Iterable
from sys import stdlib_module_names
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
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
from pytest_integration_gate.model.capture import argument_of, shape_of
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import caller, callers
from pytest_integration_gate.values import dataclass

# Values that can neither change nor run code: noted as they are, pictured later and only when they are new.
_ATOMS = frozenset({int, bool, float, type(None)})
_MAX_FRAMES = 40
_MAX_CALLERS = 3
_MAX_TRIES = 3  # calls of a bare mock from which its meaning is looked for
_MAX_SAME_CALL = 24  # notes of one mock from one place; more of the same say nothing new
_MAX_NOTES = 5_000  # per test

# A call in project code: the `id` of its code object, which `Listener.codes` keeps alive, and the instruction. Hashing
# a code object itself would hash all of its constants.
Position = tuple[int, int]


@dataclass(slots=True, eq=False)
class Note:
    """One call that is under way: which mock, how it was called, from where, and whether it ends with an ``await``."""

    mark: Mark
    positional: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    callers: tuple[Position, ...]
    is_direct: bool
    is_bound: bool = False
    is_awaitable: bool = False


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A finished call as it was noted. `positional` and the like hold atoms ``(type, value)`` or `Argument`
    pictures; `is_bound` says that the names of the arguments may only be those of the double's parameters."""

    mark: Mark
    positional: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    callers: tuple[Position, ...]
    is_direct: bool
    kind: str
    value: Any
    awaiting: bool = False
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class HeardRead:
    """An attribute that project code read from a mock that had to invent it."""

    mark: Mark
    callers: tuple[Position, ...]
    is_direct: bool


class Listener:
    """The ear of one session. `project` tells whose code a frame is; `contaminate` is called for each call of a
    double."""

    def __init__(self, project: Project, contaminate: Callable[[str], None] | None = None) -> None:
        self.project = project
        self.contaminate = contaminate
        self.failure = ""
        self.entered: Callable[[Patch], None] | None = None
        self._mock_bases: tuple[type, ...] = ()
        self.codes: dict[int, CodeType] = {}
        self._generation = 0
        self._is_on = False
        self.calls: dict[HeardCall, None] = {}
        self.reads: dict[HeardRead, None] = {}
        self.marks: dict[Mark, None] = {}
        self.patches: list[Patch] = []
        self._inherited = 0
        self._counts: dict[tuple[Mark, Position | None], int] = {}

    # -- life -----------------------------------------------------------------------------------------------------

    def knows(self, mock_base: type) -> None:
        """Learn the base class of a mock library."""
        self._mock_bases += (mock_base,)

    def start(self) -> None:
        """Begin a test: forget the notes of the one before."""
        self._generation += 1
        self.calls, self.reads, self.marks, self._counts = {}, {}, {}, {}
        self.patches = [patch for patch in self.patches if patch.is_active]
        self._inherited = len(self.patches)
        self._is_on = not self.failure

    def stop(self) -> None:
        """End a test: what happens from now on is nobody's."""
        self._is_on = False

    # -- heard from the hooks -------------------------------------------------------------------------------------

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
                mark.made_at = self._place(frame)
            else:
                mark.is_child = True
                if self._is_on and namespace.get("_mock_new_name") != "()":
                    positions, is_direct = self._callers(frame)
                    if positions:
                        self.reads[HeardRead(self._locate(mock), positions, is_direct)] = None
        except Exception as error:
            self.fail(error)

    def configured(self, mock: Any, name: str, value: Any, frame: FrameType) -> None:
        """An attribute of a mock is being set: a return value, a side effect, or an attribute of the thing it stands
        for."""
        try:
            if name[:2] == "__" or name == "_spec_class":
                return
            mark = mock.__dict__.get(KEY)
            if mark is None:
                return
            outside = self._outside(frame)
            if name in ("return_value", "side_effect"):
                mark.pictured = None
                # A patch that a decorator enters is written elsewhere.
                if self.author(outside) == "test":
                    mark.configured_at = self._place(outside)
            elif self._is_mock(value):
                self._attached(mock, name, value)
            elif self.author(outside) != "first-party":
                mark.attributes[name] = (argument_of(value, name), self._place(outside))
                if self._is_on:
                    self._locate(mock)
        except Exception as error:
            self.fail(error)

    def patch_written(self, patcher: Any, frame: FrameType) -> None:
        """A ``patch(…)`` expression was evaluated; a decorator's long before its test runs."""
        try:
            patcher.__dict__[KEY] = self._place(frame), self.author(frame) == "foreign"
        except Exception as error:
            self.fail(error)

    def patch_entered(self, patcher: Any, original: Any, is_missing: bool) -> None:
        """A patch is about to replace `original`; `is_missing` when the name did not exist (``create=True``)."""
        try:
            at, foreign = patcher.__dict__.get(KEY, (None, False))
            if is_missing and isinstance(patcher.target, ModuleType) and patcher.attribute in _BUILTINS:
                original, is_missing = _BUILTINS[patcher.attribute], False
            self.enter(Patch(patcher, patcher.target, None if is_missing else original, at, foreign, is_missing))
        except Exception as error:
            self.fail(error)

    def called(self, mock: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> Note | None:
        """A mock is being called; the arguments are pictured now, because a side effect may change them."""
        if not self._is_on:
            return None
        try:
            mark = self._locate(mock)
            if mark.root.foreign:  # type: ignore[union-attr]  # _locate always sets it
                return None
            if not is_universal(mark.path):
                self.reached(mark.root.target or "a mock")  # type: ignore[union-attr]
            positions, is_direct = self._callers(frame)
            if not positions and self.author(frame) == "test":
                return None  # the test itself reaches for a part of its double (`mock().method.return_value = …`)
            if not mark.root.target and mark.root.tries < _MAX_TRIES:  # type: ignore[union-attr]
                self._look_around(mock, mark.root, frame)  # type: ignore[arg-type]
            note = self._begin(mark, args, kwargs.items(), positions, is_direct)
            if note is not None and _is_async(mock):
                note.is_awaitable = True
                mock.__dict__[_PENDING] = note
            return note
        except Exception as error:
            self.fail(error)
            return None

    def starts_awaiting(self, mock: Any) -> Note | None:
        """The coroutine of an asynchronous mock is being made: hand over the note of the call that made it."""
        note: Note | None = mock.__dict__.pop(_PENDING, None)
        return note

    def returned(self, note: Note | None, mock: Any, result: Any, *, awaiting: bool = False) -> None:
        """A call gave `result`."""
        if note is None or (note.is_awaitable and not awaiting):
            return
        try:
            if type(result) in _ATOMS or type(result) is str:
                kind, value = "returned", _noted(result)
            elif self._is_mock(result):
                kind, value = self._mock_returned(note, mock, result)
            elif mock.__dict__.get("_mock_return_value") is result:
                kind, value = "returned", note.mark.picture_of(result)
            else:
                kind, value = "returned", _noted(result)
            if _passes_on(mock):
                kind, value = "real", None
            self.keep(note, "awaited" if awaiting and kind == "returned" else kind, value, awaiting)
        except Exception as error:
            self.fail(error)

    def raised(self, note: Note | None, mock: Any, error: BaseException, *, awaiting: bool = False) -> None:
        """A call raised `error`."""
        if note is None or (note.is_awaitable and not awaiting):
            return
        try:
            if _is_simulated(mock, error):
                self.keep(note, "real" if _passes_on(mock) else "raised", shape_of(error), awaiting)
        except Exception as own:
            self.fail(own)

    # -- heard from doubles that are no mocks ---------------------------------------------------------------------

    @property
    def own_patches(self) -> list[Patch]:
        """The patches that were entered while this test ran."""
        return self.patches[self._inherited :]

    @property
    def is_on(self) -> bool:
        """Whether a test is being listened to."""
        return self._is_on

    @property
    def has_notes(self) -> bool:
        """Whether the test had anything to do with doubles."""
        return bool(self.calls or self.reads or self.marks or len(self.patches) > self._inherited)

    def enter(self, patch: Patch) -> None:
        """Take note of a replacement that is being installed."""
        if self._is_mock(patch.target) or (patch.is_missing and _depends_on_platform(patch.target)):
            patch.foreign = True  # a part of a double, whose own root speaks; or a name of another platform
        below = [one for one in self.patches if one.target is patch.target and one.name == patch.name]
        below = [one for one in below if one.is_active or patch.is_replaced(self._is_mock)]
        if below:
            # Patched twice: what it stands for is what the first patch replaced.
            patch.original, patch.is_missing = below[0].original, below[0].is_missing
            patch.foreign = patch.foreign or below[0].foreign
        elif patch.is_replaced(self._is_mock):
            patch.original, patch.foreign = None, True
        self.patches.append(patch)
        if self.entered is not None:
            self.entered(patch)

    def reached(self, target: str) -> None:
        """A double is called: what real code does on top of it is no evidence. A patched clock changes no behaviour."""
        if self.contaminate is not None and target.partition(":")[0] not in _CLOCKS:
            self.contaminate(target)

    def note(
        self, mark: Mark, positional: tuple[Any, ...], keywords: Iterable[tuple[str, Any]], frame: FrameType
    ) -> Note | None:
        """Take note of a call that project code makes; None when it is nobody's or nothing new."""
        positions, is_direct = self._callers(frame)
        return self._begin(mark, positional, keywords, positions, is_direct) if positions else None

    def given(self, note: Note, value: Any) -> tuple[str, Any]:
        """Picture what a function gave: a mock stands for what the real call gives."""
        return self._mock_returned(note, None, value) if self._is_mock(value) else ("returned", _noted(value))

    def keep(self, note: Note, kind: str, value: Any, awaiting: bool) -> None:
        """Keep a call that has ended."""
        heard = HeardCall(
            note.mark,
            note.positional,
            note.keywords,
            note.callers,
            note.is_direct,
            kind,
            value,
            awaiting,
            note.is_bound,
        )
        self.calls[heard] = None

    def author(self, frame: FrameType | None) -> str:
        """Whose code a frame is, or the one that it works for."""
        frame = self._outside(frame)
        return "foreign" if frame is None else self.project.kind(frame.f_code.co_filename)

    def fail(self, error: Exception) -> None:
        """Switch the ear off for the session; a test must never notice that it failed."""
        self._is_on = False
        self.failure = self.failure or f"hearing doubles was switched off: {type(error).__name__}: {error}"

    # -- inside ---------------------------------------------------------------------------------------------------

    def _begin(
        self,
        mark: Mark,
        positional: tuple[Any, ...],
        keywords: Iterable[tuple[str, Any]],
        positions: tuple[Position, ...],
        is_direct: bool,
    ) -> Note | None:
        """Picture the arguments of a call, unless the same mock was called often enough from there."""
        count_key = (mark, positions[0] if positions else None)
        count = self._counts.get(count_key, 0)
        if count >= _MAX_SAME_CALL or len(self.calls) >= _MAX_NOTES:
            return None
        self._counts[count_key] = count + 1
        return Note(
            mark,
            tuple([_noted(value) for value in positional]),
            tuple([(name, _noted(value, name)) for name, value in keywords]),
            positions,
            is_direct,
        )

    def _mock_returned(self, note: Note, mock: Any, result: Any) -> tuple[str, Any]:
        namespace = result.__dict__
        mark = namespace.get(KEY)
        if mark is None or mark.is_child:
            return "unconfigured", None
        if mark.derived is None and namespace.get("_mock_new_parent") is None:
            # A mock that stands alone and is given as a value stands for what the real call gives.
            mark.derived = (note.mark.root, (*note.mark.path, "()"))
            mark.generation = 0
        return "returned", _noted(result)

    def _attached(self, mock: Any, name: str, value: Any) -> None:
        """A mock that stands alone, because it has a name, becomes an attribute: that is what it stands for."""
        mark = value.__dict__.get(KEY)
        if self._is_on and mark is not None and mark.derived is None and value.__dict__.get("_mock_new_parent") is None:
            above = self._locate(mock)
            mark.derived, mark.generation = (above.root, (*above.path, f".{name}")), 0

    def _locate(self, mock: Any, depth: int = 0) -> Mark:
        """Return the mark of a mock with its root and path filled in for this test."""
        namespace = mock.__dict__
        mark: Mark | None = namespace.get(KEY)
        if mark is None:  # made before anybody listened
            mark = namespace[KEY] = Mark(is_child=namespace.get("_mock_new_parent") is not None)
        if mark.generation == self._generation and mark.root is not None:
            return mark
        parent = namespace.get("_mock_new_parent")
        above = self._locate(parent, depth + 1) if parent is not None and depth < _MAX_FRAMES else None
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
            mark.root, mark.path = Root(at=mark.made_at, foreign=self._is_foreign(mark.made_at)), ()
        mark.generation = self._generation
        self.marks[mark] = None
        return mark

    def _look_around(self, mock: Any, root: Root, frame: FrameType) -> None:
        """Note where project code holds a bare mock, for what is annotated there."""
        root.tries += 1
        for _ in range(_MAX_FRAMES):
            parent = mock.__dict__.get("_mock_new_parent")
            if parent is None:
                break
            mock = parent
        hint = look_around(mock, frame, self.project)
        if hint is not None and hint not in root.hints:
            root.hints += (hint,)

    def _own_root(self, mock: Any, namespace: dict[str, Any], mark: Mark) -> tuple[Root, tuple[str, ...]] | None:
        for patch in reversed(self.patches):
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

    def _callers(self, frame: FrameType) -> tuple[tuple[Position, ...], bool]:
        """Return where the project's code stands that led here, innermost first, and whether it made the call itself.

        When a library made the call, the project's line is known, but not what the library does with the value.
        """
        chain = callers(frame, self.project, limit=_MAX_CALLERS)
        is_direct = bool(chain)
        if not is_direct:
            nearest = caller(frame, self.project)
            chain = (nearest,) if nearest is not None else ()
        for code, _ in chain:
            self.codes[id(code)] = code
        return tuple([(id(code), lasti) for code, lasti in chain]), is_direct

    def _place(self, frame: FrameType | None) -> Place | None:
        """Return file and line of the innermost frame that is no mock library's."""
        frame = self._outside(frame)
        return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)

    def _outside(self, frame: FrameType | None) -> FrameType | None:
        kinds = self.project.kinds
        while frame is not None:
            file = frame.f_code.co_filename
            if (kinds.get(file) or self.project.kind(file)) != "machinery":
                break
            frame = frame.f_back
        return frame

    def _is_foreign(self, at: Place | None) -> bool:
        return at is not None and self.project.kind(at[0]) == "foreign"

    def _is_mock(self, value: Any) -> bool:
        ancestors = type(value).__mro__
        return any(base in ancestors for base in self._mock_bases)


_PENDING = "_gate_pending"
_CLOCKS = frozenset({"time", "datetime"})
_BUILTINS = dict(vars(builtins))  # reached through every module
_SPECS = (type, FunctionType, BuiltinFunctionType, ModuleType)


def _noted(value: Any, name: str = "") -> Any:
    kind = type(value)
    if kind in _ATOMS or (kind is str and len(value) < 200 and not name):
        return (kind, value)
    return argument_of(value, name)


def _is_async(mock: Any) -> bool:
    return hasattr(type(mock), "assert_awaited")


def _depends_on_platform(target: Any) -> bool:
    """Whether a name that is not there may be there elsewhere: the standard library differs by platform and build."""
    return type(target) is ModuleType and target.__name__.partition(".")[0] in stdlib_module_names


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
