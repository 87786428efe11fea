"""What is noted of doubles while a test runs, whoever hears it: mocks, replaced functions, hand-written fakes.

The methods run inside somebody's test: they take notes and nothing else. A note is made of types, plain values and code
positions; what it means (address, line of source, what the code reads) is worked out when the test is over.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, bool, id, len, tuple, type
from collections.abc import Callable, Iterable
from sys import stdlib_module_names
from types import CodeType, FrameType, ModuleType
from typing import Any

from pytest_integration_gate.doubles.marks import KEY, Mark, Patch, Place
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import caller, callers
from pytest_integration_gate.values import dataclass

# Values that can neither change nor run code: noted as they are, pictured later and only when they are new.
_ATOMS = frozenset({int, bool, float, type(None)})
_CONTAINERS = frozenset({dict, list, tuple, set, bytes})
PLAIN = _ATOMS | {str}
_MAX_CALLERS = 3
_MAX_SAME_CALL = 24  # notes of one mock from one place; more of the same say nothing new
_MAX_NOTES = 5_000  # per test
_CLOCKS = frozenset({"time", "datetime"})

# A call in project code: the `id` of its code object, which `Notebook.codes` keeps alive, and the instruction. Hashing
# a code object itself would hash all of its constants.
Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Note:
    """A call of a double: which one, how it was called and from where.

    `positional` and the like hold atoms ``(type, value)`` or `Argument` pictures; `is_bound` says that the names of the
    arguments may only be those of the double's parameters.
    """

    mark: Mark
    positional: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    callers: tuple[Position, ...]
    is_direct: bool
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A call that has ended, with what came of it."""

    note: Note
    kind: str
    value: Any
    awaiting: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something of a mock that may be untidy: an attribute `name` that the test reached for, or an answer that was
    given at `before` and again at `at`, unused."""

    mark: Mark
    name: str
    at: Place
    before: Place | None = None


@dataclass(frozen=True, slots=True)
class HeardRead:
    """An attribute that project code read from a mock that had to invent it."""

    mark: Mark
    callers: tuple[Position, ...]
    is_direct: bool


class Notebook:
    """The notes of one session, a fresh page for each test.

    `project` tells whose code a frame is; `contaminate` is called for each call of a double; `entered` for each patch;
    `hung` for each function that becomes an attribute of a mock; `met` for each object that a double gave and that is
    not plain, `gave_object` for those that are neither mocks nor containers.
    `generation` is the number of the page. `contract` is the file of a contract test that runs on a fake, else empty:
    what it does with the fake itself is noted too.
    """

    def __init__(self, project: Project, contaminate: Callable[[str], None] | None = None) -> None:
        self.project = project
        self.contaminate = contaminate
        self.entered: Callable[[Patch], None] | None = None
        self.hung: Callable[[Any, str, Any, Place | None, Callable[[Any, FrameType], Mark]], None] | None = None
        self.met: Callable[[Note, Any], None] | None = None
        self.gave_object: Callable[[Mark, Any], None] | None = None
        self.failure = ""
        self.contract = ""
        self.codes: dict[int, CodeType] = {}
        self.generation = 0
        self.is_on = False
        self.calls: dict[HeardCall, None] = {}
        self.reads: dict[HeardRead, None] = {}
        self.marks: dict[Mark, None] = {}
        self.given: dict[Mark, dict[Mark, None]] = {}  # mocks by the mock whose call gave them
        self.remarks: dict[Remark, None] = {}
        self.patches: list[Patch] = []
        self._inherited = 0
        self._counts: dict[tuple[Mark, Position | None], int] = {}
        self._mock_bases: tuple[type, ...] = ()

    # -- life -----------------------------------------------------------------------------------------------------

    def knows(self, mock_base: type) -> None:
        """Learn the base class of a mock library."""
        self._mock_bases += (mock_base,)

    def start(self) -> None:
        """Begin a test: forget the notes of the one before."""
        self.generation += 1
        self.calls, self.reads, self.marks, self.given, self.remarks = {}, {}, {}, {}, {}
        self._counts = {}
        self.contract = ""
        self.patches = [patch for patch in self.patches if patch.is_active]
        self._inherited = len(self.patches)
        self.is_on = not self.failure

    def stop(self) -> None:
        """End a test: what happens from now on is nobody's."""
        self.is_on = False

    def fail(self, error: Exception) -> None:
        """Close the book for the session; a test must never notice that hearing failed."""
        self.is_on = False
        self.failure = self.failure or f"hearing doubles was switched off: {type(error).__name__}: {error}"

    @property
    def own_patches(self) -> list[Patch]:
        """The patches that were entered while this test ran."""
        return self.patches[self._inherited :]

    @property
    def has_notes(self) -> bool:
        """Whether the test had anything to do with doubles."""
        return bool(self.calls or self.reads or self.marks or self.remarks or len(self.patches) > self._inherited)

    # -- notes ----------------------------------------------------------------------------------------------------

    def enter(self, patch: Patch) -> None:
        """Take note of a replacement that is being installed."""
        if self.is_mock(patch.target) or (patch.is_missing and _depends_on_platform(patch.target)):
            patch.foreign = True  # a part of a double, whose own root speaks; or a name of another platform
        below = [one for one in self.patches if one.target is patch.target and one.name == patch.name]
        below = [one for one in below if one.is_active or patch.is_replaced(self.is_mock)]
        if below:
            if below[-1].is_active:
                below[-1].is_covered = True
            # Patched twice: what it stands for is what the first patch replaced.
            patch.original, patch.is_missing = below[0].original, below[0].is_missing
            patch.foreign = patch.foreign or below[0].foreign
        elif patch.is_replaced(self.is_mock):
            patch.original, patch.foreign = None, True
        self.patches.append(patch)
        if self.entered is not None:
            self.entered(patch)

    def reached(self, target: str) -> None:
        """A double is called: what real code does on top of it is no evidence. A patched clock changes no behaviour."""
        if self.contaminate is not None and target.partition(":")[0] not in _CLOCKS:
            self.contaminate(target)

    def note(
        self,
        mark: Mark,
        positional: tuple[Any, ...],
        keywords: Iterable[tuple[str, Any]],
        standing: tuple[tuple[Position, ...], bool],
        *,
        is_bound: bool = False,
    ) -> Note | None:
        """Take note of a call from `standing` (`callers`): the arguments are pictured now, because the call may change
        them. None when the same double was called often enough from there."""
        positions, is_direct = standing
        key = (mark, positions[0] if positions else None)
        count = self._counts.get(key, 0)
        if count >= _MAX_SAME_CALL or len(self.calls) >= _MAX_NOTES:
            return None
        self._counts[key] = count + 1
        return Note(
            mark,
            tuple([_noted(value) for value in positional]),
            tuple([(name, _noted(value, name)) for name, value in keywords]),
            positions,
            is_direct,
            is_bound,
        )

    def meet(self, note: Note, value: Any) -> None:
        """Show what a double gave to whoever wants to see it."""
        if type(value) in PLAIN:
            return
        if self.met is not None:
            self.met(note, value)
        if self.gave_object is not None and type(value) not in _CONTAINERS and not self.is_mock(value):
            self.gave_object(note.mark, value)

    def gave(self, note: Note, value: Any) -> tuple[str, Any]:
        """Picture what a double gave: a mock that stands alone stands for what the real call gives."""
        if type(value) in PLAIN:
            return "returned", _noted(value)
        self.meet(note, value)
        if not self.is_mock(value):
            return "returned", _noted(value)
        mark = value.__dict__.get(KEY)
        if mark is not None:
            self.given.setdefault(note.mark, {})[mark] = None
        if mark is None or mark.is_child:
            return "unconfigured", None
        if mark.derived is None and value.__dict__.get("_mock_new_parent") is None:
            mark.derived, mark.generation = (note.mark.root, (*note.mark.path, "()")), 0
        return "returned", _noted(value)

    def keep(self, note: Note, kind: str, value: Any, awaiting: bool) -> None:
        """Keep a call that has ended. Only what was `returned` can be what awaiting it gave."""
        kind = "awaited" if awaiting and kind == "returned" else kind
        self.calls[HeardCall(note, kind, value, awaiting)] = None

    # -- whose code it is -----------------------------------------------------------------------------------------

    def callers(self, frame: FrameType) -> tuple[tuple[Position, ...], bool]:
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

    def author(self, frame: FrameType | None) -> str:
        """Whose code a frame is, or the one that it works for."""
        frame = self.outside(frame)
        return "foreign" if frame is None else self.project.kind(frame.f_code.co_filename)

    def place(self, frame: FrameType | None) -> Place | None:
        """Return file and line of the innermost frame that is no mock library's."""
        frame = self.outside(frame)
        return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)

    def outside(self, frame: FrameType | None) -> FrameType | None:
        """Return the innermost frame that is no mock library's."""
        kinds = self.project.kinds
        while frame is not None:
            file = frame.f_code.co_filename
            if (kinds.get(file) or self.project.kind(file)) != "machinery":
                break
            frame = frame.f_back
        return frame

    def is_mock(self, value: Any) -> bool:
        """Whether a value is a mock of a library that is listened to."""
        return self.is_mock_class(type(value))

    def is_mock_class(self, cls: type) -> bool:
        """Whether the instances of a class are mocks."""
        ancestors = cls.__mro__
        return any(base in ancestors for base in self._mock_bases)


def _noted(value: Any, name: str = "") -> Any:
    kind = type(value)
    if kind in _ATOMS or (kind is str and len(value) < 200 and not name):
        return (kind, value)
    return argument_of(value, name)


def _depends_on_platform(target: Any) -> bool:
    """Whether a name that is not there may be there elsewhere: the standard library differs by platform and build."""
    return type(target) is ModuleType and target.__name__.partition(".")[0] in stdlib_module_names
