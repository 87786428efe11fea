"""Watching one callable: what it is called, what goes in, what comes out.

`enter` runs in the middle of a test, between the caller and the callable.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, id, issubclass, len, next, tuple, type, zip
from collections.abc import Mapping
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_VARARGS
from types import FrameType
from typing import Any, Protocol

from pytest_integration_gate.isolation import getframe, quiet
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.reality.callables import Found
from pytest_integration_gate.reality.calls import UNSEEN, ObservedCall, Progress, Unseen, has_double
from pytest_integration_gate.source.naming import address_of
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import Standing, caller
from pytest_integration_gate.trampoline import Trampoline, code_of

_KINDS = {CO_GENERATOR: "generator", CO_COROUTINE: "coroutine", CO_ASYNC_GENERATOR: "async generator"}
_MAX_CALLS = 2_000  # of one callable in one test; after that it runs at full speed, unobserved


class Watch(Protocol):
    """What an observer needs of the watcher."""

    project: Project
    progress: Progress | None

    def is_first_party(self, name: object) -> bool:
        """Whether an imported module of that name is the project's own code and no test."""

    def is_real(self, cls: type) -> bool:
        """Whether a class is none that a test has made up, so that what is reached through it is called by its name."""

    def is_linked(self, value: object) -> bool:
        """Whether an object is what an observed call of a named collaborator gave."""

    def keep(self, observer: Observer, call: ObservedCall, outcome: Outcome, value: Any) -> None:
        """Take an observation."""

    def give_up(self, observer: Observer, error: Exception) -> None:
        """Take note that an observer has failed."""


class Observer:
    """The part that all observers share."""

    defined = ""
    at = ""
    first_party = False
    is_named = False  # a double or the configuration stands for it: what it gives is watched in turn
    only_linked = False  # nothing but calls on what such calls gave are of interest

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.calls = 0
        self.is_broken = False

    def install(self) -> None:
        """Begin to listen."""

    def uninstall(self) -> None:
        """Stop listening."""
        self.calls = 0

    def enter(self, values: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> ObservedCall | Unseen:
        """Take note of a call before it happens."""
        progress = self.watch.progress
        if progress is None or quiet.busy or self.is_broken:
            return UNSEEN
        if self.only_linked and not self.watch.is_linked(values[0] if values else args[0] if args else None):
            return UNSEEN
        quiet.busy = True
        try:
            self.calls += 1
            if self.calls > _MAX_CALLS:
                return UNSEEN
            return self._open(progress, getframe(1).f_back, values, args, kwargs)
        except (RecursionError, MemoryError):
            return UNSEEN
        except Exception as error:
            self.fail(error)
            return UNSEEN
        finally:
            quiet.busy = False

    def ended(self, call: ObservedCall, outcome: Outcome | None, value: Any) -> None:
        """Hand over what was observed."""
        if outcome is not None:
            self.watch.keep(self, call, outcome, value)

    def fail(self, error: Exception) -> None:
        """Never listen again: the gate has made a mistake, and the test must not pay for it."""
        self.is_broken = True
        self.watch.give_up(self, error)

    def _open(
        self,
        progress: Progress,
        frame: FrameType | None,
        values: tuple[Any, ...],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> ObservedCall | Unseen:
        raise NotImplementedError

    def _standing(self, frame: FrameType | None) -> tuple[bool, Standing | None]:
        """Where project code made the call. What libraries do among themselves, or pytest, is nobody's interaction."""
        if self.only_linked:
            return self._is_direct(frame), caller(frame, self.watch.project)
        standing = caller(frame, self.watch.project)
        if standing is not None or self.first_party:
            return True, standing
        return frame is not None and self.watch.project.is_test(frame.f_code.co_filename), None

    def _is_direct(self, frame: FrameType | None) -> bool:
        """Whether the project's code or a test made the call itself."""
        return frame is not None and self.watch.project.kind(frame.f_code.co_filename) in ("first-party", "test")


class FunctionObserver(Observer):
    """Watches a Python function through a trampoline."""

    def __init__(self, watch: Watch, found: Found, *, only_linked: bool = False) -> None:
        super().__init__(watch)
        self.found = found
        self.only_linked = only_linked
        code = code_of(found.function)
        project = watch.project
        self.first_party = watch.is_first_party(found.module)
        self._step = ""
        if found.is_entrance:
            self._step = "().__aenter__" if code.co_flags & CO_ASYNC_GENERATOR else "().__enter__"
        self.defined = self._address(found.owner)
        if not code.co_filename.startswith("<"):
            self.at = f"{project.relative(code.co_filename)}:{code.co_firstlineno}"
        self._names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self._has_receiver = found.kind not in ("function", "staticmethod")
        receivers = 1 if self._has_receiver else 0
        # A wrapper that takes anything sees the arguments as they were written.
        self._is_bound = len(self._names) > receivers or not code.co_flags & CO_VARARGS
        self._kind = _kind_of(found)
        self._reached: dict[int, tuple[type, str | None, str]] = {}
        self._trampoline = Trampoline(found.function, self.enter)

    def install(self) -> None:
        """Swap the code of the function in."""
        if not self.is_broken:
            self._trampoline.install()

    def uninstall(self) -> None:
        """Swap it back, and forget the classes that were met."""
        super().uninstall()
        self._trampoline.uninstall()
        self._reached = {}

    def _address(self, cls: type | None) -> str:
        found = self.found
        if cls is None:
            return address_of(found.function, found.module, found.name) + self._step
        address = address_of(cls, found.module, cls.__name__)
        return address if found.kind == "constructor" else f"{address}.{found.name}{self._step}"

    def _open(
        self,
        progress: Progress,
        frame: FrameType | None,
        values: tuple[Any, ...],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> ObservedCall | Unseen:
        names = self._names
        target: str | None = self.defined
        contaminated, receiver = "", None
        if self._has_receiver:
            if names:
                receiver, names, values = values[0], names[1:], values[1:]
            elif args:
                receiver, args = args[0], args[1:]
            target, contaminated = self._reach(receiver if self.found.kind == "classmethod" else type(receiver))
        if target is None:
            return UNSEEN
        is_wanted, standing = self._standing(frame)
        if not is_wanted:
            return UNSEEN
        arguments, has_doubles = arguments_of(args, [*zip(names, values, strict=True), *kwargs.items()], self._is_bound)
        if self._step:
            arguments = Arguments()
        return ObservedCall(
            target=target,
            arguments=arguments,
            standing=standing,
            kind=self._kind,
            contaminated=contaminated or has_doubles,
            progress=progress,
            observer=self,
            instance=receiver if self._kind == "constructor" else None,
        )

    def _reach(self, cls: Any) -> tuple[str | None, str]:
        """Name the target by the class that a call came through (SPEC section 7, rule 15).

        None for a constructor that a subclass calls on the way: only the outermost one makes the instance.
        """
        known = self._reached.get(id(cls))
        if known is None:
            known = self._reached[id(cls)] = (cls, *self._name(cls))
        return known[1:]

    def _name(self, cls: Any) -> tuple[str | None, str]:
        owner, name = self.found.owner, self.found.name
        ancestors = mro_of(cls) if issubclass(type(cls), type) else ()
        if not any(each is owner for each in ancestors):
            return self.defined, "was called on something else"
        holder = next((each for each in ancestors if name in namespace_of(each)), None)
        if holder is not owner:
            return (None if self.found.kind == "constructor" else self.defined), ""
        # A subclass that the test made up is reached as the class that it extends.
        reached = next((each for each in ancestors if each is owner or self.watch.is_real(each)), owner)
        return self._address(reached), ""


def _kind_of(found: Found) -> str:
    flags = found.function.__code__.co_flags
    if found.is_entrance:
        return "async entrance" if flags & CO_ASYNC_GENERATOR else "entrance"
    for flag, kind in _KINDS.items():
        if flags & flag:
            return kind
    return "constructor" if found.kind == "constructor" else "plain"


def arguments_of(args: tuple[Any, ...], named: list[tuple[str, Any]], is_bound: bool) -> tuple[Arguments, str]:
    """Picture the arguments of a call, and say whether a double is among them."""
    positional = tuple(argument_of(value) for value in args)
    keywords = tuple((name, argument_of(value, name)) for name, value in named)
    has_doubles = any(has_double(each.shape) for each in (*positional, *(each for _, each in keywords)))
    arguments = Arguments(positional=positional, keywords=keywords, bound=is_bound)
    return arguments, "was handed a double" if has_doubles else ""
