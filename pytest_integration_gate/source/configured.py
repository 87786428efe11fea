"""Where a test configured a double, read from the test's source."""

from __future__ import annotations

import ast
from functools import lru_cache
from types import CodeType

from pytest_integration_gate.source.syntax import Tree, tree_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def patch_line(func_code: CodeType, attribute: str, target_text: str) -> int | None:
    """The line of the decorator, ``with`` or call of a test that patches an attribute.

    `func_code` is the code of the test function itself, `target_text` what is patched, as an import path with or
    without the attribute. Decorators of the function come first, then those of its class, then calls in its body. A
    call that spells the whole path is preferred to one that names the attribute alone. None when there is none.
    """
    tree = tree_of(func_code.co_filename)
    function = _definition(tree, func_code) if tree else None
    if tree is None or function is None:
        return None
    owner = tree.parents[function]
    decorators = [*function.decorator_list, *(owner.decorator_list if isinstance(owner, ast.ClassDef) else [])]
    calls = [node for place in (*decorators, *function.body) for node in ast.walk(place) if isinstance(node, ast.Call)]
    best = max(calls, key=lambda call: _likeness(call, attribute, target_text), default=None)
    if best is None or not _likeness(best, attribute, target_text):
        return None
    return best.lineno


@lru_cache(maxsize=4096)
def statement_line(filename: str, line: int) -> int:
    """The first line of the statement that holds a line: a call over several lines is named by its first one."""
    tree = tree_of(filename)
    if tree is None:
        return line
    found = line
    for node in ast.walk(tree.module):  # outer statements come before inner ones
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            found = node.lineno
        for decorator in getattr(node, "decorator_list", ()):
            if decorator.lineno <= line <= (decorator.end_lineno or decorator.lineno):
                found = decorator.lineno
    return found


def _definition(tree: Tree, code: CodeType) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for node in ast.walk(tree.module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if code.co_firstlineno == first:
                return node
    return None


def _likeness(call: ast.Call, attribute: str, target_text: str) -> int:
    """How surely a call patches the attribute of the target: 0 not at all, 3 beyond doubt."""
    if "patch" not in ast.unparse(call.func):
        return 0
    texts = [node.value if isinstance(node, ast.Constant) else ast.unparse(node) for node in call.args[:2]]
    path = target_text.removesuffix(f".{attribute}")
    match texts:
        case [str(whole), *_] if whole in (target_text, f"{path}.{attribute}"):
            return 3
        case [owner, name, *_] if name == attribute:
            return 3 if str(owner).rpartition(".")[2] == path.rpartition(".")[2] else 2
        case [owner, *_] if any(keyword.arg == attribute for keyword in call.keywords):
            return 3 if str(owner).rpartition(".")[2] == path.rpartition(".")[2] else 2
        case [str(whole), *_] if whole.rpartition(".")[2] == attribute:
            return 1
    return 0
