"""Watching what is written in C: functions through a spy in their place, methods through a class that extends
theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pkgutil import resolve_name
from types import FrameType, FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.model.interaction import Outcome
from pytest_integration_gate.reality.callables import DUNDERS, FoundBuiltin, is_untouched
from pytest_integration_gate.reality.calls import UNSEEN, ObservedCall, Progress, Unseen
from pytest_integration_gate.reality.observers import Observer, Watch, arguments_of
from pytest_integration_gate.source.naming import address_of
from pytest_integration_gate.source.sites import caller

# Changes the arguments of a call on their way to the C code.
Adapt = Callable[[tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]

# The constructor is not an interaction of its own, and what `iter` gives is the object itself or says nothing.
_METHODS = DUNDERS - {"__init__", "__iter__", "__call__"}
_module_of = type.__dict__["__module__"].__get__  # static types have it elsewhere than in their namespace
_C_METHODS = (MethodDescriptorType, WrapperDescriptorType)


class Spy:
    """Stands for a C function: equal to it, with its attributes, and it does what the function does."""

    __slots__ = ("adapt", "enter", "original")

    def __init__(
        self, original: Callable[..., Any], enter: Callable[..., ObservedCall | Unseen], adapt: Adapt | None = None
    ) -> None:
        self.original = original
        self.enter = enter
        self.adapt = adapt

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Do what the function does, and let the observer hear it."""
        __tracebackhide__ = True
        call = self.enter((), args, kwargs)
        if self.adapt is not None and call is not UNSEEN:
            args, kwargs = self.adapt(args, kwargs)
        try:
            result = self.original(*args, **kwargs)
        except BaseException:
            call.raised()
            raise
        call.returned(result)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    @property  # type: ignore[misc]  # `isinstance` and `inspect` take it for what it stands for
    def __class__(self) -> Any:
        return type(self.original)

    __module__ = property(lambda self: self.original.__module__)
    __doc__ = property(lambda self: self.original.__doc__)

    def __eq__(self, other: object) -> bool:
        return self is other or self.original is other

    def __hash__(self) -> int:
        return hash(self.original)

    def __repr__(self) -> str:
        return repr(self.original)

    def __reduce__(self) -> Any:
        return resolve_name, (f"{self.original.__module__}:{self.original.__qualname__}",)


class _NativeObserver(Observer):
    """What observers of C code share: arguments are known as they were written, and only direct calls count.

    What C code calls in turn (`execute` of a connection makes a cursor), and what libraries call, is nobody's.
    """

    is_named = True
    target = ""

    def _open(
        self,
        progress: Progress,
        frame: FrameType | None,
        values: tuple[Any, ...],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> ObservedCall | Unseen:
        if not self._is_direct(frame):
            return UNSEEN
        arguments, has_doubles = arguments_of(args, list(kwargs.items()), is_bound=False)
        return ObservedCall(
            target=self.target,
            arguments=arguments,
            standing=caller(frame, self.watch.project),
            kind="plain",
            contaminated=has_doubles,
            progress=progress,
            observer=self,
        )


class BuiltinObserver(_NativeObserver):
    """Watches a function written in C through a spy that stands in for it as module attribute."""

    def __init__(self, watch: Watch, found: FoundBuiltin, adapt: Adapt | None = None) -> None:
        super().__init__(watch)
        self.found = found
        self.target = self.defined = address_of(found.function, found.module.__name__, found.name)
        self.spy = Spy(found.function, self.enter, adapt)
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


class NativeMethod(_NativeObserver):
    """Watches a method written in C, as it is reached through a class, by a Python method that overrides it."""

    def __init__(self, watch: Watch, cls: type, name: str, *, only_linked: bool = False) -> None:
        super().__init__(watch)
        self.only_linked = only_linked
        self.name = name
        self.target = f"{address_of(cls)}.{name}"
        owner = next(each for each in mro_of(cls) if name in namespace_of(each))
        self.defined = f"{address_of(owner)}.{name}"
        self._method = namespace_of(owner)[name]

    def override(self, instead: Callable[..., Any] | None = None) -> FunctionType:
        """Make the method that tells this observer and does what the C method does, or what is given `instead`."""
        function = _override(self.enter, instead or self._method)
        function.__name__ = self.name
        function.__qualname__ = self._method.__qualname__
        function.__doc__ = self._method.__doc__
        return function

    def ended(self, call: ObservedCall, outcome: Outcome | None, value: Any) -> None:
        """Hand over what was observed. That an iterator is exhausted says nothing about what it gives."""
        if self.name != "__next__" or (outcome is not None and outcome.kind == "returned"):
            super().ended(call, outcome, value)


def native_methods(cls: type) -> Iterator[str]:
    """Find the names of the methods of a class that are written in C, apart from those that every builtin has."""
    seen: set[str] = set()
    for base in mro_of(cls):
        for name, raw in list(namespace_of(base).items()):
            if type(name) is not str or name in seen:
                continue
            seen.add(name)
            is_wanted = name in _METHODS or not name.startswith("_")
            if type(raw) in _C_METHODS and is_wanted and not is_untouched(_module_of(base)):
                yield name


def _override(enter: Callable[..., ObservedCall | Unseen], method: Callable[..., Any]) -> FunctionType:
    def override(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        call = enter((self,), args, kwargs)
        try:
            result = method(self, *args, **kwargs)
        except BaseException:
            call.raised()
            raise
        call.returned(result)
        return result

    return override  # type: ignore[return-value]  # a function, whatever its signature
