"""Chains: what observed calls of named collaborators give is watched in turn, link by link.

``connect().cursor().fetchone()`` begins at a call that a double stands for. The connection that it really gave is
remembered, and with it the class whose methods are worth watching; what other code does with other instances of that
class stays nobody's interaction. So what is seen does not depend on which tests ran before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from weakref import ref

from pytest_integration_gate.model.classes import mro_of, namespace_of, unmasked
from pytest_integration_gate.reality.callables import Found, is_untouched, members_of
from pytest_integration_gate.reality.native import NativeMethod, native_methods
from pytest_integration_gate.reality.observers import Watch

_MAX_LINKS = 10_000
_MAX_FUNCTIONS = 200  # of one class with its ancestors
_IMMUTABLE, _MADE_IN_PYTHON = 1 << 8, 1 << 9  # Py_TPFLAGS_IMMUTABLETYPE and Py_TPFLAGS_HEAPTYPE
_DATA = frozenset({"numpy", "pandas", "polars", "pyarrow", "datetime", "decimal", "fractions", "uuid", "string"})


class Links:
    """The living objects that observed calls gave."""

    def __init__(self) -> None:
        self._objects: dict[int, ref[Any]] = {}

    def add(self, value: Any) -> bool:
        """Remember an object for as long as it lives; False for one that cannot be remembered so."""
        if value in self:
            return True
        if len(self._objects) >= _MAX_LINKS:
            return False
        key = id(value)
        try:
            self._objects[key] = ref(value, lambda _: self._objects.pop(key, None))
        except TypeError:
            return False
        return True

    def __contains__(self, value: Any) -> bool:
        known = self._objects.get(id(value))
        return known is not None and known() is value


class LinkedClass:
    """What there is to watch of the class of linked objects: its Python functions, and its methods in C.

    The latter are overridden in the class itself while the watcher is at work; a class that cannot be changed, or
    whose metaclass may mind, is left alone.
    """

    def __init__(self, watch: Watch, cls: type) -> None:
        self.cls = cls
        self.functions = tuple(islice(_functions_of(cls), _MAX_FUNCTIONS))
        flags = cls.__flags__
        is_open = type(cls) is type and flags & _MADE_IN_PYTHON and not flags & _IMMUTABLE
        names = native_methods(cls) if is_open else ()
        self._overrides = {name: NativeMethod(watch, cls, name, only_linked=True).override() for name in names}

    def install(self) -> None:
        """Override the methods in C."""
        for name, function in self._overrides.items():
            if name not in namespace_of(self.cls):
                type.__setattr__(self.cls, name, function)

    def uninstall(self) -> None:
        """Take the overriding methods out again."""
        for name, function in self._overrides.items():
            if namespace_of(self.cls).get(name) is function:
                type.__delattr__(self.cls, name)


def may_be_linked(cls: type) -> bool:
    """Whether instances of a class can be collaborators: not the interpreter's own, no data, no stand-ins."""
    home = namespace_of(cls).get("__module__")
    return not is_untouched(home) and str(home).partition(".")[0] not in _DATA and unmasked(cls) is cls


def _functions_of(cls: type) -> Iterator[Found]:
    for base in mro_of(cls):
        if not is_untouched(namespace_of(base).get("__module__")):
            yield from (found for found in members_of(base) if found.kind != "constructor")
