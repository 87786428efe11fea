"""Hears calls of functions that the author of the tests wrote: replacements, and the methods of hand-written fakes.

Such a function is heard through a trampoline, so it stays the object that the test installed. What a call means is
noted as a call of a mock would be.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import id, issubclass, len, list, type
from collections.abc import Callable, Mapping
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from sys import exception
from types import FrameType, FunctionType
from typing import Any, Protocol

from pytest_integration_gate.doubles.marks import Mark
from pytest_integration_gate.doubles.notebook import Note, Notebook
from pytest_integration_gate.doubles.written import Form, arguments_of, form_at
from pytest_integration_gate.isolation import getframe, quiet
from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import ANYTHING, Awaitable, Sequence, Shape
from pytest_integration_gate.trampoline import Trampoline, obstacle

_MAX_ELEMENTS = 5
_GENERATORS = frozenset({"generator", "async generator"})
# What a test says by these is not what reality does: its own checks, an exhausted list of answers.
_OWN_TROUBLE = (AssertionError, StopIteration, StopAsyncIteration, NotImplementedError)


class Part(Protocol):
    """What a call of a function means: asked once for each call."""

    def marks(self, receiver: Any, frame: FrameType) -> tuple[Mark, ...]:
        """Return what the function stands for in this call; several when only the call site can tell."""

    def receivers(self, first: Any) -> int:
        """Return how many of the first arguments the caller did not write (``self``)."""

    def gave(self, mark: Mark, value: Any) -> bool:
        """Hear what the function gave; say whether that is what the real thing would give."""


class Ears:
    """All functions of test code that are listened to."""

    def __init__(self, book: Notebook) -> None:
        self._book = book
        self._ears: dict[int, Ear] = {}

    def can_hear(self, function: FunctionType) -> bool:
        """Whether a function is the tests' own."""
        return id(function) in self._ears or self._book.project.kind(function.__code__.co_filename) == "test"

    def hear(self, function: FunctionType, part: Part) -> None:
        """Listen to a function; the last `part` that knows what a call means decides."""
        ear = self._ears.get(id(function))
        if ear is None:
            ear = self._ears[id(function)] = Ear(function, self._book)
            ear.install()
        ear.parts.insert(0, part)

    def forget(self, function: FunctionType, part: Part) -> None:
        """Take a meaning back; a function without any gets its own code back."""
        ear = self._ears.get(id(function))
        if ear is not None:
            ear.parts = [one for one in ear.parts if one is not part]
            if not ear.parts:
                ear.close()
                del self._ears[id(function)]

    def finish(self) -> None:
        """End a test: what is not finished now has ended for it."""
        for ear in list(self._ears.values()):
            ear.finish()

    def close(self) -> None:
        """Give every function its own code back."""
        for ear in self._ears.values():
            ear.uninstall()
        self._ears.clear()


class Ear:
    """Listens to one function. `parts` say what its calls mean."""

    def __init__(self, function: FunctionType, book: Notebook) -> None:
        self.parts: list[Part] = []
        self._book = book
        self.pending: dict[int, _Call] = {}  # generators and coroutines that are not finished
        self._function = function
        self._code = function.__code__
        self.kind = "plain"
        if self._code.co_flags & CO_GENERATOR:
            self.kind = "generator"
        elif self._code.co_flags & CO_COROUTINE:
            self.kind = "coroutine"
        elif self._code.co_flags & CO_ASYNC_GENERATOR:
            self.kind = "async generator"
        self._trampoline = None if obstacle(function) else Trampoline(function, self._enter)
        self._forms: dict[tuple[int, int], Form | None] = {}

    def install(self) -> None:
        """Begin to listen."""
        if self._trampoline is not None:
            self._trampoline.install()

    def uninstall(self) -> None:
        """Stop listening."""
        if self._trampoline is not None:
            self._trampoline.uninstall()

    def close(self) -> None:
        """Stop listening for good.

        The other code holds this ear and the function with all that it closes over. The garbage collector does not look
        into code, so the ring has to be opened here.
        """
        self.uninstall()
        self._trampoline = None

    def _enter(self, values: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Call:
        book = self._book
        if quiet.busy or not book.is_on:
            return UNHEARD
        quiet.busy = True
        try:
            frame = getframe(1).f_back
            return UNHEARD if frame is None else self._open(frame, values, args, kwargs)
        except (RecursionError, MemoryError):
            return UNHEARD
        except Exception as error:
            book.fail(error)
            return UNHEARD
        finally:
            quiet.busy = False

    def _open(
        self, frame: FrameType, values: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> _Call:
        book = self._book
        first = values[0] if values and self._code.co_argcount else args[0] if args else None
        for part in self.parts:
            marks = part.marks(first, frame)
            if marks:
                break
        else:
            return UNHEARD
        root = marks[0].root
        book.reached((root.target if root is not None else "") or "a double that the test wrote")
        is_contract = frame.f_code.co_filename == book.contract
        if root is None or root.foreign or (book.author(frame) == "test" and not is_contract):
            return UNHEARD
        written = arguments_of(
            self._function, self._code, self._form(frame), values, args, kwargs, part.receivers(first)
        )
        standing = book.callers(frame)
        if not standing[0] and not is_contract:
            return UNHEARD
        noted = (
            book.note(mark, written.positional, written.keywords, standing, is_bound=not written.is_certain)
            for mark in marks
        )
        notes = [note for note in noted if note is not None]
        if not notes:
            return UNHEARD
        call = _Call(self, part, notes)
        if self.kind != "plain":
            self.pending[id(call)] = call
        return call

    def finish(self) -> None:
        """The test is over: what is not finished now has ended for it."""
        for call in list(self.pending.values()):
            call.abandon()

    def _form(self, frame: FrameType) -> Form | None:
        code, lasti = frame.f_code, frame.f_lasti
        key = (id(code), lasti)
        if key not in self._forms:
            self._book.codes[id(code)] = code  # keeps the id its own
            self._forms[key] = form_at(code, lasti)
        return self._forms[key]

    # -- what comes out -------------------------------------------------------------------------------------------

    def ended(self, part: Part, notes: list[Note], kind: str, value: Any, awaiting: bool) -> None:
        """Hand over what came of a call."""
        book = self._book
        for note in notes:
            if note.mark.passes_on:
                book.keep(note, "real", None, awaiting)
            elif kind == "pictured":
                book.keep(note, "returned", value, awaiting)
            elif kind != "returned":
                book.keep(note, kind, value, awaiting)
            elif part.gave(note.mark, value):
                book.keep(note, *book.gave(note, value), awaiting)
            else:
                book.keep(note, "unconfigured", None, awaiting)

    def fail(self, error: Exception) -> None:
        """The gate has made a mistake: nobody listens any more."""
        self._book.fail(error)


class _Call:
    """One call under way, as its trampoline tells it."""

    __slots__ = ("_ear", "_elements", "_notes", "_part", "_was_resumed", "_was_thrown")

    def __init__(self, ear: Ear | None, part: Part | None, notes: list[Note]) -> None:
        self._ear = ear
        self._part = part
        self._notes = notes
        self._elements: list[Shape] = []
        self._was_resumed = self._was_thrown = False

    def resumed(self) -> None:
        """The body of a generator or coroutine runs (on)."""
        self._was_resumed = True

    def thrown(self) -> None:
        """The consumer throws an exception into the generator: what comes out of it then is not its own doing."""
        self._was_thrown = True

    def yielded(self, value: Any) -> None:
        """The body of a generator gave an element and stands still."""
        if self._ear is not None and len(self._elements) < _MAX_ELEMENTS:
            self._work(lambda: self._elements.append(shape_of(value)))

    def returned(self, value: Any) -> None:
        """The call ended well."""
        ear = self._ear
        if ear is None:
            return
        if ear.kind in _GENERATORS:
            self._end("generator", None)
        else:
            self._end("returned", value)

    def raised(self) -> None:
        """The call ended with the exception that is being handled."""
        if self._ear is None:
            return
        error = exception()
        if self._ear.kind in _GENERATORS and (self._elements or self._was_thrown):
            self._end("generator", None)
        elif issubclass(type(error), Exception) and not issubclass(type(error), _OWN_TROUBLE):
            self._end("raised", error)
        else:
            self._end("unconfigured", None)

    def abandon(self) -> None:
        """The test is over and the generator or coroutine is not."""
        is_generator = self._ear is not None and self._ear.kind in _GENERATORS
        self._end("generator" if is_generator else "unfinished", None)

    def _end(self, kind: str, value: Any) -> None:
        self._work(lambda: self._tell(kind, value))

    def _tell(self, kind: str, value: Any) -> None:
        ear, part, notes = self._ear, self._part, self._notes
        if ear is None or part is None or not notes:
            return
        self._notes = []
        ear.pending.pop(id(self), None)
        if kind == "generator":
            element = join_all(self._elements) if self._was_resumed else ANYTHING
            kind, value = "pictured", Argument(shape=Sequence(ear.kind, element))
        elif kind == "unfinished":
            if not self._was_resumed:
                ear.ended(part, notes, "pictured", _NEVER_AWAITED, awaiting=False)
            return
        elif kind == "raised":
            value = shape_of(value)
        ear.ended(part, notes, kind, value, ear.kind == "coroutine")

    def _work(self, work: Callable[[], object]) -> None:
        if quiet.busy or self._ear is None:
            return
        quiet.busy = True
        try:
            work()
        except (RecursionError, MemoryError):
            pass  # the test's own trouble
        except Exception as error:
            self._ear.fail(error)
        finally:
            quiet.busy = False


UNHEARD = _Call(None, None, [])
_NEVER_AWAITED = Argument(shape=Awaitable(ANYTHING))
