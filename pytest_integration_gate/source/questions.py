"""Whether code asks what kind of thing it was given, and then works with more than the annotation says; or tells it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import TypeGuard

from pytest_integration_gate.source.syntax import Function, function_at

ASKING = frozenset({"isinstance", "issubclass", "hasattr", "getattr", "cast", "type"})
"""Functions by which code asks, and `cast`, by which it tells."""

_BRANCHES = (ast.stmt, ast.Lambda, ast.IfExp, ast.BoolOp, ast.comprehension, ast.excepthandler, ast.match_case)


def asks_about(code: CodeType, name: str) -> bool:
    """Say whether the function of this code asks about a parameter or, by its name, about an attribute of its own."""
    return _asks_about(code.co_filename, code.co_name, code.co_firstlineno, name)


@lru_cache(maxsize=4096)
def _asks_about(filename: str, function_name: str, line: int, name: str) -> bool:
    function = function_at(filename, function_name, line)
    if function is None:
        return True  # nobody can tell
    casts = sum(is_cast(node) and _is_named(node.args[1], name) for node in ast.walk(function))
    # A cast in a branch means one kind of things among several.
    return casts > len([*_told(function, name)]) or any(_asks(node, name) for node in ast.walk(function))


def told_classes(code: CodeType, name: str) -> tuple[str, ...]:
    """Return the annotations by which a function says what a parameter of it, or an attribute of its own, is.

    ``repo = cast(Repo, given)`` and ``repo: Repo = given`` say so, where they stand on every way through the function:
    in a branch they speak of one kind of things among several.
    """
    return _told_classes(code.co_filename, code.co_name, code.co_firstlineno, name)


@lru_cache(maxsize=4096)
def _told_classes(filename: str, function_name: str, line: int, name: str) -> tuple[str, ...]:
    function = function_at(filename, function_name, line)
    if function is None:
        return ()
    declared = [
        statement.annotation
        for statement in _unconditional(function.body)
        if isinstance(statement, ast.AnnAssign) and statement.value is not None and _is_named(statement.value, name)
    ]
    return tuple(dict.fromkeys(map(ast.unparse, (*declared, *_told(function, name)))))


def _told(function: Function, name: str) -> Iterator[ast.expr]:
    """The annotations in casts of a name on every way through a function."""
    for statement in _unconditional(function.body):
        for node in _evaluated(statement):
            if is_cast(node) and _is_named(node.args[1], name):
                yield node.args[0]


def is_cast(node: ast.AST | None) -> TypeGuard[ast.Call]:
    """Whether an expression is ``cast(annotation, value)``, by that name."""
    return isinstance(node, ast.Call) and _name_of(node.func) == "cast" and len(node.args) == 2 and not node.keywords


def _unconditional(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body, those in its ``with`` blocks too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.With | ast.AsyncWith):
            yield from _unconditional(statement.body)


def _evaluated(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that are evaluated whenever it is."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, _BRANCHES)]


def _asks(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Match):
        return _is_named(node.subject, name)
    if not isinstance(node, ast.Call) or is_cast(node):
        return False
    return _name_of(node.func) in ASKING and any(_is_named(argument, name) for argument in node.args)


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_named(node: ast.expr, name: str) -> bool:
    return getattr(node, "attr" if isinstance(node, ast.Attribute) else "id", None) == name
