"""Watching sqlite3: connections and cursors of classes that extend the ones asked for, by the library's own
``factory``.

The classes of sqlite3 cannot be changed and its C code insists on them, so a connection is made as an instance of a
class that overrides every C method and else is what the caller wanted.
"""

from __future__ import annotations

from functools import partial
from sys import modules
from types import ModuleType
from typing import Any

from pytest_integration_gate.model.classes import STANDS_FOR, descends, mro_of, namespace_of, unmasked
from pytest_integration_gate.reality.native import NativeMethod, native_methods
from pytest_integration_gate.reality.observers import Watch

_SHORTCUTS = frozenset({"execute", "executemany", "executescript"})
_FACTORY = 5  # where `connect` takes it by position


def is_connect(function: object) -> bool:
    """Whether a function is the one that makes connections."""
    return function is _names().get("connect")


def uses_sqlite(module: ModuleType) -> bool:
    """Whether a module holds the library, or its function, under a name of its own."""
    connect = _names().get("connect")
    if connect is None:
        return False
    wanted = connect, modules.get("sqlite3"), modules["sqlite3.dbapi2"]
    return any(any(value is each for each in wanted) for value in list(vars(module).values()))


def _names() -> dict[str, Any]:
    module = modules.get("sqlite3.dbapi2")  # where `sqlite3` has them from
    return {} if module is None else vars(module)


class Factories:
    """The classes that stand in for those of sqlite3 during one test, and the observers of their methods."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._made: dict[int, type] = {}

    def forget(self) -> None:
        """Let the classes of the last test go. Connections that outlive it keep theirs."""
        self._made = {}

    def connecting(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Change the arguments of `connect` so that it makes a connection that is watched."""
        base = _names()["Connection"]
        if len(args) > _FACTORY:
            return (*args[:_FACTORY], self._watched(args[_FACTORY], base), *args[_FACTORY + 1 :]), kwargs
        return args, {**kwargs, "factory": self._watched(kwargs.get("factory", base), base)}

    def _watched(self, factory: Any, base: type) -> Any:
        """Extend a class; what is no class, or has a say in what extends it, stays as it is and is not watched."""
        if type(factory) is not type or unmasked(factory) is not factory or not descends(factory, base):
            return factory
        if any("__init_subclass__" in namespace_of(each) for each in mro_of(factory)[:-1]):
            return factory
        made = self._made.get(id(factory))  # which extends it, so that the number is not given to another class
        if made is None:
            made = self._made[id(factory)] = type(factory.__name__, (factory,), self._namespace(factory))
        return made

    def _namespace(self, factory: type) -> dict[str, Any]:
        namespace: dict[str, Any] = {
            "__slots__": (),
            "__module__": factory.__module__,
            "__qualname__": factory.__qualname__,
            "__doc__": factory.__doc__,
            "__class__": property(lambda self: factory),
            STANDS_FOR: factory,
        }
        is_connection = descends(factory, _names()["Connection"])
        for name in native_methods(factory):
            instead = None
            if is_connection and name == "cursor":
                instead = self._cursor
            elif is_connection and name in _SHORTCUTS:
                instead = partial(self._shortcut, name)
            namespace[name] = NativeMethod(self._watch, factory, name).override(instead)
        return namespace

    def _cursor(self, connection: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Make a cursor that is watched."""
        names = _names()
        base = names["Cursor"]
        if args:
            args = (self._watched(args[0], base), *args[1:])
        else:
            kwargs = {**kwargs, "factory": self._watched(kwargs.get("factory", base), base)}
        return names["Connection"].cursor(connection, *args, **kwargs)

    def _shortcut(self, name: str, connection: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Do what a connection does for `execute` and its like: make a cursor and call its method of that name."""
        return getattr(_names()["Cursor"], name)(self._cursor(connection), *args, **kwargs)
