"""Watching one callable: what it is called, what goes in, what comes out.

`enter` runs in the middle of a test, between the caller and the callable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import CO_COROUTINE, CO_GENERATOR, CO_VARARGS
from types import FrameType
from typing import Any, Protocol

from pytest_integration_gate.isolation import getframe, quiet
from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome
from pytest_integration_gate.reality.callables import Found, FoundBuiltin
from pytest_integration_gate.reality.calls import UNSEEN, ObservedCall, Progress, Unseen, has_double
from pytest_integration_gate.source.naming import address_of
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import Standing, caller
from pytest_integration_gate.trampoline import Trampoline

_MAX_CALLS = 2_000  # of one callable in one test; after that it runs at full speed, unobserved


class Watch(Protocol):
    """What an observer needs of the watcher."""

    project: Project
    progress: Progress | None

    def is_first_party(self, name: object) -> bool:
        """Whether an imported module of that name is the project's own code and no test."""

    def is_named(self, cls: type) -> bool:
        """Whether what is reached through a class is called by the name of that class."""

    def keep(self, observer: Observer, call: ObservedCall, outcome: Outcome, value: Any) -> None:
        """Take an observation."""

    def give_up(self, observer: Observer, error: Exception) -> None:
        """Take note that an observer has failed."""


class Observer:
    """The part that all observers share."""

    defined = ""
    at = ""
    first_party = False

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
        standing = caller(frame, self.watch.project)
        if standing is not None or self.first_party:
            return True, standing
        return frame is not None and self.watch.project.is_test(frame.f_code.co_filename), None


class FunctionObserver(Observer):
    """Watches a Python function through a trampoline."""

    def __init__(self, watch: Watch, found: Found) -> None:
        super().__init__(watch)
        self.found = found
        code = found.function.__code__
        project = watch.project
        self.first_party = watch.is_first_party(found.module)
        self.defined = self._address(found.owner)
        if not code.co_filename.startswith("<"):
            self.at = f"{project.relative(code.co_filename)}:{code.co_firstlineno}"
        self._names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self._has_receiver = found.kind not in ("function", "staticmethod")
        receivers = 1 if self._has_receiver else 0
        # A wrapper that takes anything sees the arguments as they were written.
        self._is_bound = len(self._names) > receivers or not code.co_flags & CO_VARARGS
        self._kind = "constructor" if found.kind == "constructor" else "plain"
        if code.co_flags & CO_GENERATOR:
            self._kind = "generator"
        elif code.co_flags & CO_COROUTINE:
            self._kind = "coroutine"
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
            return address_of(found.function, found.module, found.name)
        address = address_of(cls, found.module, cls.__name__)
        return address if found.kind == "constructor" else f"{address}.{found.name}"

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
        arguments, has_doubles = _arguments(args, [*zip(names, values, strict=True), *kwargs.items()], self._is_bound)
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
        reached = next((each for each in ancestors if each is owner or self.watch.is_named(each)), owner)
        return self._address(reached), ""


class BuiltinObserver(Observer):
    """Watches a function written in C through a spy that stands in for it as module attribute."""

    def __init__(self, watch: Watch, found: FoundBuiltin) -> None:
        super().__init__(watch)
        self.found = found
        self.defined = address_of(found.function, found.module.__name__, found.name)
        self.spy = Spy(found.function, self.enter)
        self._places: list[tuple[dict[str, Any], str]] = []

    def place(self, namespace: dict[str, Any]) -> None:
        """Stand in for the function wherever a module namespace holds it."""
        for name, value in list(namespace.items()):
            if value is self.found.function and not self.is_broken:
                namespace[name] = self.spy
                self._places.append((namespace, name))

    def uninstall(self) -> None:
        """Leave every place where the spy still stands, and those where it was imported to."""
        super().uninstall()
        for namespace, name in self._places:
            if namespace.get(name) is self.spy:
                namespace[name] = self.found.function
        self._places = []

    def _open(
        self,
        progress: Progress,
        frame: FrameType | None,
        values: tuple[Any, ...],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> ObservedCall | Unseen:
        if frame is None or self.watch.project.kind(frame.f_code.co_filename) not in ("first-party", "test"):
            return UNSEEN
        arguments, has_doubles = _arguments(args, list(kwargs.items()), is_bound=False)
        return ObservedCall(
            target=self.defined,
            arguments=arguments,
            standing=caller(frame, self.watch.project),
            kind="plain",
            contaminated=has_doubles,
            progress=progress,
            observer=self,
        )


class Spy:
    """Stands for a C function: equal to it, with its attributes, and it does what the function does."""

    __slots__ = ("enter", "original")

    def __init__(self, original: Callable[..., Any], enter: Callable[..., ObservedCall | Unseen]) -> None:
        self.original = original
        self.enter = enter

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Do what the function does, and let the observer hear it."""
        __tracebackhide__ = True
        call = self.enter((), args, kwargs)
        try:
            result = self.original(*args, **kwargs)
        except BaseException:
            call.raised()
            raise
        call.returned(result)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def __eq__(self, other: object) -> bool:
        return self is other or self.original is other

    def __hash__(self) -> int:
        return hash(self.original)

    def __repr__(self) -> str:
        return repr(self.original)

    def __reduce__(self) -> str:
        return str(self.original.__name__)


def _arguments(args: tuple[Any, ...], named: list[tuple[str, Any]], is_bound: bool) -> tuple[Arguments, str]:
    positional = tuple(_argument(value, "") for value in args)
    keywords = tuple((name, _argument(value, name)) for name, value in named)
    has_doubles = any(has_double(each.shape) for each in (*positional, *(each for _, each in keywords)))
    arguments = Arguments(positional=positional, keywords=keywords, bound=is_bound)
    return arguments, "was handed a double" if has_doubles else ""


def _argument(value: Any, name: str) -> Argument:
    shape, text = picture(value, name=name)
    return Argument(shape=shape, text=text)
