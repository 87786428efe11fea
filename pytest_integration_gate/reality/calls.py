"""Calls of real collaborators that are under way, and the doubles that they reach.

Everything here runs in the middle of a test: it never raises, never runs code of the user's objects and keeps none of
them after the call.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, id, issubclass, len, list, type
from collections.abc import Callable
from contextvars import ContextVar
from sys import exception
from typing import Any, Protocol

from pytest_integration_gate.isolation import get_ident, quiet
from pytest_integration_gate.model.capture import picture, shape_of
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Awaitable,
    Dictionary,
    Double,
    Object,
    Record,
    Sequence,
    Shape,
    Tuple,
    Union,
)
from pytest_integration_gate.source.sites import Standing

_MAX_ELEMENTS = 5
_GENERATORS = frozenset({"generator", "async generator"})
_ENTRANCES = frozenset({"entrance", "async entrance"})
_LAZY = _GENERATORS | _ENTRANCES | {"coroutine"}
_ASYNCHRONOUS = frozenset({"coroutine", "async entrance"})
_innermost: ContextVar[ObservedCall | None] = ContextVar("pytest_integration_gate_innermost_call", default=None)
_progress: ContextVar[Progress | None] = ContextVar("pytest_integration_gate_progress", default=None)


class Observer(Protocol):
    """Who watches one callable."""

    def ended(self, call: ObservedCall, outcome: Outcome | None, value: Any) -> None:
        """Take the observation, if the outcome says anything about the collaborator."""

    def fail(self, error: Exception) -> None:
        """Stop watching: the gate itself has made a mistake."""


class Unseen:
    """A call that nobody notes."""

    __slots__ = ()

    def returned(self, value: Any) -> None:
        """Pass over it."""

    def raised(self) -> None:
        """Pass over it."""

    def resumed(self) -> None:
        """Pass over it."""

    def yielded(self, value: Any) -> None:
        """Pass over it."""

    def thrown(self) -> None:
        """Pass over it."""


UNSEEN = Unseen()


class Progress:
    """The calls under way in one test, over all its threads and tasks."""

    def __init__(self) -> None:
        self.running: dict[int, ObservedCall] = {}
        self.pending: dict[int, ObservedCall] = {}  # generators and coroutines that are not finished
        self._thread = get_ident()
        _progress.set(self)

    def contaminate(self, reason: str) -> None:
        """Mark every call that a double, called just now, lies beneath.

        Calls know their outer ones through the context, which tasks inherit. A thread knows nothing of who waits for
        it, nor does a context that was made afresh, so what they do marks everything that is under way.
        """
        call = _innermost.get()
        if get_ident() != self._thread or (call is None and _progress.get() is not self):
            for call in list(self.running.values()):
                call.contaminated = call.contaminated or reason
            return
        while call is not None:
            call.contaminated = call.contaminated or reason
            call = call.outer


class ObservedCall:
    """One call of a real collaborator, from its arguments to its outcome."""

    __slots__ = (
        "arguments",
        "contaminated",
        "elements",
        "instance",
        "kind",
        "observer",
        "outer",
        "progress",
        "standing",
        "target",
        "was_resumed",
        "was_thrown",
    )

    def __init__(
        self,
        *,
        target: str,
        arguments: Arguments,
        standing: Standing | None,
        kind: str,
        contaminated: str,
        progress: Progress,
        observer: Observer,
        instance: Any = None,
    ) -> None:
        self.target = target
        self.arguments = arguments
        self.standing = standing
        # "plain", "constructor", "coroutine", "generator" or "entrance" (to a with block), also "async …"
        self.kind = kind
        self.contaminated = contaminated
        self.progress = progress
        self.observer = observer
        self.instance = instance
        self.outer: ObservedCall | None = None
        self.elements: list[Shape] = []
        self.was_resumed = self.was_thrown = False
        if kind in _LAZY:
            progress.pending[id(self)] = self
        else:
            self._push()

    def resumed(self) -> None:
        """The body of a generator or coroutine runs (on)."""
        self.was_resumed = True
        self._push()

    def yielded(self, value: Any) -> None:
        """The body of a generator gave an element and stands still."""
        self._pop()
        if self.kind in _ENTRANCES:
            if self._is_pending():
                self._note(lambda: self._end(self._outcome(value), value))
        elif len(self.elements) < _MAX_ELEMENTS and not quiet.busy:
            self._note(lambda: self.elements.append(shape_of(value)))

    def thrown(self) -> None:
        """The consumer throws an exception into the generator: what comes out of it then is not its own doing."""
        self.was_thrown = True

    def returned(self, value: Any) -> None:
        """The call ended well."""
        self._pop()
        if self.kind in _ENTRANCES:
            return  # the with block has been left
        if self.kind == "constructor":
            value = self.instance
        self._note(lambda: self._end(self._outcome(value), value))

    def raised(self) -> None:
        """The call ended with the exception that is being handled."""
        self._pop()
        if self.kind not in _ENTRANCES or self._is_pending():
            error = exception()
            self._note(lambda: self._end(self._failure(error), None))

    def abandon(self) -> None:
        """The test is over and the generator or coroutine is not."""
        if self.kind not in _ENTRANCES:
            self._note(lambda: self._end(self._outcome(None) if self.kind in _GENERATORS else _NEVER_AWAITED, None))

    def _is_pending(self) -> bool:
        return id(self) in self.progress.pending

    def _outcome(self, value: Any) -> Outcome | None:
        if self.kind in _GENERATORS:
            element = join_all(self.elements) if self.was_resumed else ANYTHING
            return Outcome(kind="returned", shape=Sequence(self.kind, element))
        shape, text = picture(value)
        return Outcome(kind="awaited" if self.kind in _ASYNCHRONOUS else "returned", shape=shape, text=text)

    def _failure(self, error: BaseException | None) -> Outcome | None:
        if self.kind in _GENERATORS and (self.elements or self.was_thrown):
            return self._outcome(None)
        if not issubclass(type(error), (Exception, SystemExit)):
            return None  # an interrupt, a cancellation or pytest's own outcome says nothing about the collaborator
        return Outcome(kind="raised", shape=shape_of(error), awaiting=self.kind in _ASYNCHRONOUS)

    def _end(self, outcome: Outcome | None, value: Any) -> None:
        self.progress.pending.pop(id(self), None)
        if outcome is not None and not self.contaminated and has_double(outcome.shape):
            self.contaminated = "gave a double"
        self.observer.ended(self, outcome, value)
        self.instance = None

    def _note(self, work: Callable[[], object]) -> None:
        if quiet.busy:
            return
        quiet.busy = True
        try:
            work()
        except (RecursionError, MemoryError):
            pass  # the test's own trouble, not the observer's
        except Exception as error:
            self.observer.fail(error)
        finally:
            quiet.busy = False

    def _push(self) -> None:
        self.outer = _innermost.get()
        _innermost.set(self)
        self.progress.running[id(self)] = self

    def _pop(self) -> None:
        self.progress.running.pop(id(self), None)
        if _innermost.get() is self:
            _innermost.set(self.outer)


_NEVER_AWAITED = Outcome(kind="returned", shape=Awaitable(ANYTHING))


def has_double(shape: Shape) -> bool:
    """Whether a double is anywhere in a pictured value."""
    match shape:
        case Double():
            return True
        case Record(fields=fields) | Object(fields=fields):
            return any(has_double(field.shape) for field in fields)
        case Dictionary(key=key, value=value):
            return has_double(key) or has_double(value)
        case Sequence(element=element):
            return has_double(element)
        case Tuple(elements=parts) | Union(options=parts):
            return any(has_double(part) for part in parts)
        case Awaitable(result=result):
            return has_double(result)
    return False
