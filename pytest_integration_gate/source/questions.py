"""Whether code asks what kind of thing it was given: it then works with more than the annotation says."""

from __future__ import annotations

import ast
from types import CodeType

from pytest_integration_gate.source.syntax import tree_of

ASKING = frozenset({"isinstance", "issubclass", "hasattr", "getattr", "cast", "type"})
"""Functions by which code asks."""


def asks_about(code: CodeType, name: str) -> bool:
    """Say whether the function of this code asks about a parameter or, by its name, about an attribute of its own."""
    tree = tree_of(code.co_filename)
    for function in ast.walk(tree.module) if tree is not None else ():
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _is_of(function, code):
            return any(_asks(node, name) for node in ast.walk(function))
    return True  # nobody can tell


def _is_of(function: ast.FunctionDef | ast.AsyncFunctionDef, code: CodeType) -> bool:
    lines = {function.lineno, *(decorator.lineno for decorator in function.decorator_list)}
    return function.name == code.co_name and code.co_firstlineno in lines


def _asks(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Match):
        return _is_named(node.subject, name)
    if not isinstance(node, ast.Call):
        return False
    function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return function in ASKING and any(_is_named(argument, name) for argument in node.args)


def _is_named(node: ast.expr, name: str) -> bool:
    return getattr(node, "attr" if isinstance(node, ast.Attribute) else "id", None) == name
