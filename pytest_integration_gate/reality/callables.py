"""Which callables there are to watch: those of first-party modules, and those that doubles stand for.

Everything is read from namespaces; no attribute of the user's objects is evaluated and nothing is imported.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from sys import modules
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Literal

from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.values import dataclass

Kind = Literal["function", "method", "classmethod", "staticmethod", "property", "constructor"]

_LRU_WRAPPER = type(functools.lru_cache(lambda: None))
_CACHED_PROPERTY = functools.cached_property


async def _nothing() -> AsyncIterator[None]:
    yield


_CONTEXT_MANAGERS = (
    contextlib.contextmanager(lambda: iter(())).__code__,
    contextlib.asynccontextmanager(_nothing).__code__,
)
_GIVING = (
    *(FunctionType, BuiltinFunctionType, MethodType, _LRU_WRAPPER),
    *(classmethod, staticmethod, property, _CACHED_PROPERTY),
)

# Special methods that code calls in a way that reads as an interaction.
DUNDERS = frozenset(
    "__init__ __call__ __enter__ __exit__ __aenter__ __aexit__ __iter__ __next__ __aiter__ __anext__ __await__"
    " __getitem__ __setitem__ __delitem__ __len__ __contains__".split()
)

# Never touched, whatever doubles stand for them: the interpreter, pytest and the gate live on them.
_UNTOUCHED = frozenset(
    "builtins io _io sys time _thread threading importlib _frozen_importlib _frozen_importlib_external warnings "
    "contextlib functools collections _collections_abc abc typing types inspect traceback linecache tokenize re "
    "enum dataclasses weakref _weakrefset contextvars gc atexit signal faulthandler itertools operator _operator "
    "marshal unittest mock _pytest pytest pluggy py pytest_mock xdist execnet coverage pytest_integration_gate".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A Python function that can be watched. `owner` is the class whose namespace holds it, under `name`.

    `is_entrance` says that it is the generator beneath ``@contextmanager``: what it yields is what ``with`` gives.
    """

    function: FunctionType
    kind: Kind
    name: str
    module: str
    owner: type | None = None
    is_entrance: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBuiltin:
    """A function written in C, with the module that it is reached through."""

    function: Any
    name: str
    module: ModuleType


def is_untouched(module: object) -> bool:
    """Whether a module is one that must never be watched; so is everything that does not say where it lives."""
    return type(module) is not str or module.partition(".")[0] in _UNTOUCHED


def callables_in(module: ModuleType) -> Iterator[Found]:
    """Find the functions that a module defines, and the members of its classes."""
    home = module.__name__
    for name, value in list(vars(module).items()):
        if issubclass(type(value), type):
            if _home(value) == home:
                yield from members_of(value)
        else:
            function = value.__wrapped__ if type(value) is _LRU_WRAPPER else value
            if type(function) is FunctionType and function.__module__ == home:
                yield from _with_entrance(Found(function=function, kind="function", name=name, module=home))


def members_of(cls: type) -> Iterator[Found]:
    """Find the methods, properties and the constructor that a class itself defines, and those of its inner classes."""
    home = _home(cls)
    for name, raw in list(namespace_of(cls).items()):
        if type(name) is not str or (name[:2] == name[-2:] == "__" and name not in DUNDERS):
            continue
        if issubclass(type(raw), type):
            if raw is not cls and _home(raw) == home and raw.__qualname__.startswith(f"{cls.__qualname__}."):
                yield from members_of(raw)
            continue
        kind, function = _member(name, raw)
        if type(function) is FunctionType and not is_untouched(function.__module__):
            yield from _with_entrance(Found(function=function, kind=kind, name=name, module=home, owner=cls))


def _with_entrance(found: Found) -> Iterator[Found]:
    yield found
    if any(found.function.__code__ is code for code in _CONTEXT_MANAGERS):
        inner = found.function.__dict__.get("__wrapped__")
        if type(inner) is FunctionType and inner.__code__.co_flags & (CO_GENERATOR | CO_ASYNC_GENERATOR):
            yield replace(found, function=inner, is_entrance=True)


def _home(cls: type) -> str:
    home = namespace_of(cls).get("__module__")
    return home if type(home) is str else ""


def _member(name: str, raw: Any) -> tuple[Kind, Any]:
    kind: Kind = "constructor" if name == "__init__" else "method"
    function = raw
    if type(raw) is staticmethod:
        kind, function = "staticmethod", raw.__func__
    elif type(raw) is classmethod:
        kind, function = "classmethod", raw.__func__
    elif type(raw) is property:
        kind, function = "property", raw.fget
    elif type(raw) is _CACHED_PROPERTY:
        kind, function = "property", raw.func
    return kind, function.__wrapped__ if type(function) is _LRU_WRAPPER else function


def find_target(dotted: str) -> Iterator[Found | FoundBuiltin | type]:
    """Find what a double stands for, given as ``package.module.Class.method``, with ``.*`` for all members.

    Classes that are named are given too: what is reached through them is called by their name. A target whose module is
    not imported yields nothing.
    """
    parts = dotted.removesuffix(".*").replace(":", ".").split(".")
    for length in range(len(parts), 0, -1):
        value: Any = modules.get(".".join(parts[:length]))
        if value is not None:
            break
    else:
        return
    holder, name = None, parts[-1]
    for part in parts[length:]:
        if type(value) in _GIVING:
            break  # the rest is a chain on what this gives
        holder, value, name = value, _look_up(value, part), part
    yield from _expand(holder, name, value)


def _look_up(value: Any, name: str) -> Any:
    if issubclass(type(value), ModuleType):
        return vars(value).get(name)
    cls = value if issubclass(type(value), type) else type(value)
    return next((namespace_of(base)[name] for base in mro_of(cls) if name in namespace_of(base)), None)


def _expand(holder: Any, name: str, value: Any) -> Iterator[Found | FoundBuiltin | type]:
    if value is None:
        return
    if issubclass(type(value), ModuleType):
        if not is_untouched(value.__name__):
            yield from _functions_of(value)
        return
    if type(value) is BuiltinFunctionType:
        is_safe = issubclass(type(holder), ModuleType) and not is_untouched(holder.__name__)
        if is_safe and not is_untouched(value.__module__):
            yield FoundBuiltin(function=value, name=name, module=holder)
        return
    if type(value) is MethodType:
        holder, value = value.__self__, value.__func__
        name = value.__name__
    if issubclass(type(holder), ModuleType):
        function = value.__wrapped__ if type(value) is _LRU_WRAPPER else value
        if type(function) is FunctionType:
            if not is_untouched(function.__module__):
                found = Found(function=function, kind="function", name=name, module=holder.__name__)
                yield from _with_entrance(found)
        else:
            yield from _reached_through(value if issubclass(type(value), type) else type(value))
        return
    cls = holder if issubclass(type(holder), type) else type(holder)
    yield from (found for found in _reached_through(cls) if not isinstance(found, Found) or found.name == name)


def _reached_through(cls: type) -> Iterator[Found | type]:
    if is_untouched(_home(cls)):
        return
    yield cls
    for base in mro_of(cls):
        if not is_untouched(_home(base)):
            yield from members_of(base)


def _functions_of(module: ModuleType) -> Iterable[Found | FoundBuiltin]:
    """Give the public functions that a module offers, also those that its own package defines elsewhere."""
    package = module.__name__.partition(".")[0]
    for name, value in list(vars(module).items()):
        if name.startswith("_"):
            continue
        if type(value) is FunctionType and str(value.__module__).partition(".")[0] == package:
            yield from _with_entrance(Found(function=value, kind="function", name=name, module=module.__name__))
        elif type(value) is BuiltinFunctionType and not is_untouched(value.__module__):
            yield FoundBuiltin(function=value, name=name, module=module)
