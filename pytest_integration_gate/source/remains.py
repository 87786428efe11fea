"""What a change may leave behind: in modules of others, in the process, in files.

A test can break because of a file that it never reaches, when a test or module that ran before left something behind.
The answer is told from the source alone: it knows the usual ways to do it, and takes for granted what it sees.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

_HARMLESS = frozenset({"contextlib", "dataclasses", "functools", "logging", "pytest", "time", "typing", "warnings"})
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
_WIDE = ("session", "package", "module")


def may_leave_behind(old: str | None, new: str | None, packages: Collection[str] = ()) -> bool:
    """Say whether what differs between two sources of a file may outlast the test or import that runs it.

    None stands for a file that was not there, or that nobody can read. `packages` are the top-level names of the
    project's own modules: what they decorate may be registered there.
    """
    try:
        before, after = (ast.parse(one or "").body for one in (old, new))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    texts = [{ast.dump(statement) for statement in body} for body in (before, after)]
    for body, others in ((before, texts[1]), (after, texts[0])):
        changed = [statement for statement in body if ast.dump(statement) not in others]
        shared = dict(_imported(body))
        if any(_outlasts(statement, shared, packages) for statement in changed):
            return True
    return False


def _imported(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Give each name that a source imports anywhere, with the package that it comes from."""
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for one in node.names:
                module = (node.module or "") if isinstance(node, ast.ImportFrom) else one.name
                package = "." if isinstance(node, ast.ImportFrom) and node.level else module.partition(".")[0]
                yield one.asname or one.name.partition(".")[0], package


def _outlasts(statement: ast.stmt, shared: dict[str, str], packages: Collection[str]) -> bool:
    for node in ast.walk(statement):
        match node:
            case ast.Global():
                return True
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                if any(_is_inside(target, shared) for target in targets):
                    return True
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                if _is_inside(target, shared):
                    return True
            case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
                if _is_for_its_effect(call, shared):
                    return True
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[first, *_]) if _root(first) in shared:
                return True
            case ast.Call(func=ast.Name(id="open"), args=[_, ast.Constant(value=str(mode)), *_]) if set(mode) & set(
                "wax+"
            ):
                return True
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if name.startswith("pytest_") or any(_registers(one, shared, packages) for one in node.decorator_list):
                    return True
    return False


def _is_inside(target: ast.expr, shared: dict[str, str]) -> bool:
    """Whether an assignment changes something that was imported."""
    return isinstance(target, (ast.Attribute, ast.Subscript)) and _root(target) in shared


def _is_for_its_effect(call: ast.Call, shared: dict[str, str]) -> bool:
    """Whether a call of something imported is a statement, so that what it returns cannot be its purpose."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return shared.get(_root(call), "logging") not in _HARMLESS and name not in _LOGGING


def _registers(decorator: ast.expr, shared: dict[str, str], packages: Collection[str]) -> bool:
    """Whether a decorator may tell a module of the project what it decorates, or makes a fixture that stays."""
    if "fixture" in ast.unparse(decorator):
        return isinstance(decorator, ast.Call) and any(
            isinstance(one.value, ast.Constant) and one.value.value in _WIDE for one in decorator.keywords
        )
    return shared.get(_root(decorator)) in {".", *packages}


def _root(node: ast.AST) -> str:
    """Return the name with which an expression begins, empty when it begins otherwise."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
