"""A digest of what a function, method or class does, which changes when its code does.

It covers the code of the definition and what that uses of its own module, over any number of steps:

- functions, classes and variables of the module that the code names;
- of a class that is reached, as its own is by a method: decorators, bases, what its body sets, ``__init__``,
  ``__new__`` and ``__post_init__``, and every member whose name the code uses behind a dot, on whatever object.

Comments, docstrings, white space, quotes and line numbers make no difference. What other modules define is not covered.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TypeGuard

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_MAKERS = ("__init__", "__new__", "__post_init__")
# What says nothing that the rest of the tree does not say.
_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_Place = tuple[str, str]
"""A scope, empty for the module and ``Outer.Inner`` for a class, and a name in it."""


class ModuleSource:
    """The definitions of one source file. Raises SyntaxError or ValueError when it is no Python."""

    def __init__(self, text: str | bytes) -> None:
        self._scopes: dict[str, dict[str, list[ast.stmt]]] = {}
        self._parts: dict[_Place, _Part] = {}
        self._enter("", ast.parse(text).body)

    def digest(self, path: str) -> str:
        """Return the digest of a definition, written as ``UserRepo.get``; empty when it does not stand here.

        What stands inside a function (``make.<locals>.inner``) or behind its call (``connect().cursor``) is covered by
        that function. Raises RecursionError for code that is nested too deep.
        """
        place = self._place_of(path)
        if place is None:
            return ""
        code = "\n".join(f"{each!r}{self._part(each).text}" for each in sorted(self._reached(place)))
        return sha256(f"{place!r}\n{code}".encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _enter(self, scope: str, body: Iterable[ast.stmt]) -> None:
        """Take down what the body of the module or of a class defines, under ``if`` and ``try`` too."""
        names = self._scopes.setdefault(scope, {})
        for statement in body:
            for name in _defined(statement):
                names.setdefault(name, []).append(statement)
            if isinstance(statement, ast.ClassDef):
                self._enter(_join(scope, statement.name), statement.body)
            elif not isinstance(statement, _FUNCTIONS):
                self._enter(scope, _inner(statement))

    def _place_of(self, path: str) -> _Place | None:
        """Find the definition that a path leads to, or the function that it leads into."""
        scope = ""
        place = None
        for name in path.partition("(")[0].split("."):
            if name not in self._scopes.get(scope, ()):
                # A class is there and this member is not; in a function everything belongs to it.
                return None if scope and place is not None and self._is_class(place) else place
            place = (scope, name)
            scope = _join(scope, name)
        return place

    def _is_class(self, place: _Place) -> bool:
        return _join(*place) in self._scopes

    def _reached(self, start: _Place) -> set[_Place]:
        waiting = [start]
        reached: set[_Place] = set()
        classes: set[str] = set()
        used: set[str] = set()
        while waiting:
            while waiting:
                place = waiting.pop()
                if place in reached:
                    continue
                reached.add(place)
                scope, _ = place
                outer, _, cls = scope.rpartition(".")
                if cls:
                    waiting.append((outer, cls))
                if self._is_class(place):
                    own = _join(*place)
                    classes.add(own)
                    waiting += [(own, name) for name in _MAKERS if name in self._scopes[own]]
                part = self._part(place)
                used |= part.attributes
                waiting += [
                    (where, name) for name in part.names for where in {scope, ""} if name in self._scopes[where]
                ]
            waiting = [
                (cls, name) for cls in classes for name in used & self._scopes[cls].keys() if (cls, name) not in reached
            ]
        return reached

    def _part(self, place: _Place) -> _Part:
        part = self._parts.get(place)
        if part is None:
            scope, name = place
            part = self._parts[place] = _Part(self._scopes[scope][name])
        return part


class _Part:
    """One name's definitions: their code as text, and the names and attributes that they use."""

    def __init__(self, statements: Iterable[ast.stmt]) -> None:
        nodes = [node for statement in statements for node in _head(statement)]
        self.text = _text(nodes)
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        for node in nodes:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    self.names.add(inner.id)
                elif isinstance(inner, ast.Attribute):
                    self.attributes.add(inner.attr)


def _head(statement: ast.stmt) -> Iterator[ast.AST]:
    """Give a definition itself, of a class without its functions and classes: those count when they are used."""
    if not isinstance(statement, ast.ClassDef):
        yield statement
        return
    yield from (*statement.decorator_list, *statement.bases, *statement.keywords)
    yield from (part for part in _without_docstring(statement.body) if not isinstance(part, _SCOPES))


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Give the names that a statement binds, without those of the statements inside it."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (node.id for target in targets for node in ast.walk(target) if _is_bound(node))
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from (node.id for node in ast.walk(target) if _is_bound(node))
        case _:
            alias = getattr(statement, "name", None)  # `type X = …` from Python 3.12 on
            if isinstance(alias, ast.Name):
                yield alias.id


def _is_bound(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _inner(statement: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(statement, name, ())
    for handler in getattr(statement, "handlers", ()):
        yield from handler.body


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


def _text(value: object) -> str:
    """Write a tree as text, the same in every version of Python: what is empty is left out."""
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    if not isinstance(value, ast.AST):
        return f"{type(value).__name__} {value!r}"
    parts = [type(value).__name__]
    for name in value._fields:
        inner = getattr(value, name, None)
        if name == "body" and isinstance(value, _SCOPES):
            inner = _without_docstring(value.body)
        elif isinstance(value, ast.JoinedStr):
            # Python 3.12 ends a format specification with an empty text.
            inner = [part for part in value.values if not (isinstance(part, ast.Constant) and part.value == "")]
        if inner is not None and inner != [] and name not in _SKIPPED:
            parts.append(f"{name}={_text(inner)}")
    return f"({' '.join(parts)})"


def _join(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name
