"""Noticing modules that are imported while a test runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from pytest_integration_gate.isolation import quiet


class ImportWatch:
    """A finder that finds nothing itself: it asks the others, and listens at the loader until the module has run.

    The loader keeps its type and, once the module has run, has no trace of the listener.
    """

    def __init__(self, is_wanted: Callable[[str], bool], imported: Callable[[ModuleType], None]) -> None:
        self._is_wanted = is_wanted
        self._imported = imported

    def install(self) -> None:
        """Stand before all other finders."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        """Leave."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Let the other finders find the module."""
        if quiet.busy or not self._is_wanted(name):
            return None
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find and find(name, path, target)
            if spec is not None:
                self._listen(spec)
                return spec
        return None

    def _listen(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        if loader is None or getattr(loader, "name", None) != spec.name:
            return  # a loader of many modules is not ours to touch

        def exec_module(module: ModuleType) -> None:
            __tracebackhide__ = True
            del loader.exec_module
            loader.exec_module(module)
            self._imported(module)

        try:
            loader.exec_module = exec_module  # type: ignore[method-assign]
        except AttributeError:
            return
