"""What the project expects of things that it is handed: the members of the classes that its annotations name.

Only a class that has one of them can be a fake which is received by an annotated parameter, so the others need not be
listened to.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator, Mapping
from sys import modules
from types import FunctionType, ModuleType
from typing import Any

from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.source.naming import file_of
from pytest_integration_gate.source.project import Project

_NAMES = re.compile(r"[^\W\d]\w*")
_BUILTIN = ("builtins", "typing", "collections.abc", "types")
_BUILTIN_NAMES = frozenset(vars(builtins)) | {"Any", "Optional", "Union", "Callable", "Literal", "typing"}
_DEEPEST = 6


class Expectations:
    """Reads the annotations of first-party modules, each once."""

    def __init__(self, project: Project, annotations_of: Callable[[object], Mapping[str, object]]) -> None:
        self._project = project
        self._annotations_of = annotations_of
        self._read: set[str] = set()
        self._members: frozenset[str] = frozenset()
        self._named: dict[str, object] = {}

    def members(self) -> frozenset[str]:
        """Return the names of all members of classes that annotations name."""
        new = [
            module
            for name, module in list(modules.items())
            if name not in self._read and type(module) is ModuleType and self._is_ours(module)
        ]
        self._read.update(modules)
        if new:
            found = set(self._members)
            self._named.clear()
            for module in new:
                for annotation in self._annotations(module):
                    self._collect(annotation, vars(module), found, 0)
            self._members = frozenset(found)
        return self._members

    def _is_ours(self, module: ModuleType) -> bool:
        return self._project.is_first_party(file_of(module))

    def _annotations(self, module: ModuleType) -> Iterator[object]:
        for value in list(vars(module).values()):
            if type(value) is FunctionType:
                yield from self._annotations_of(value).values()
            elif type in mro_of(type(value)) and namespace_of(value).get("__module__") == module.__name__:
                yield from self._annotations_of(value).values()
                for raw in list(namespace_of(value).values()):
                    function = raw.__func__ if type(raw) in (staticmethod, classmethod) else raw
                    if type(function) is FunctionType:
                        yield from self._annotations_of(function).values()

    def _collect(self, annotation: object, namespace: Mapping[str, Any], found: set[str], depth: int) -> None:
        if type(annotation) is str:
            for name in _NAMES.findall(annotation):
                if name not in _BUILTIN_NAMES:
                    self._collect(self._find(name, namespace), namespace, found, depth + 1)
        elif type in mro_of(type(annotation)):
            cls: Any = annotation
            if namespace_of(cls).get("__module__") not in _BUILTIN:
                found.update(name for each in mro_of(cls) if each is not object for name in namespace_of(each))
        elif depth < _DEEPEST and type(annotation).__module__ in (
            "typing",
            "types",
            "annotationlib",
            "collections.abc",
        ):
            forward = getattr(annotation, "__forward_arg__", None)
            if type(forward) is str:
                self._collect(forward, namespace, found, depth + 1)
            arguments = getattr(annotation, "__args__", ())
            for argument in arguments if type(arguments) is tuple else ():
                self._collect(argument, namespace, found, depth + 1)

    def _find(self, name: str, namespace: Mapping[str, Any]) -> object:
        """A class by its name; one that is imported for type checkers only may stand in any module of the project."""
        if name in namespace:
            value = namespace[name]
            return value if type(value) is not str else None
        if name not in self._named:
            self._named[name] = self._found_anywhere(name)
        return self._named[name]

    def _found_anywhere(self, name: str) -> object:
        for module in list(modules.values()):
            if type(module) is ModuleType and name in vars(module) and self._is_ours(module):
                value = vars(module)[name]
                if type in mro_of(type(value)):
                    return value
        return None
