"""What the author of a test says that a double is, in the annotations around the line that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from pytest_integration_gate.source.questions import is_cast
from pytest_integration_gate.source.syntax import Function, statements_at, tree_of

_GENERATORS = frozenset({"Iterator", "Generator", "Iterable", "AsyncIterator", "AsyncGenerator", "AsyncIterable"})


@lru_cache(maxsize=4096)
def declared_at(filename: str, line: int) -> tuple[str, ...]:
    """Return the annotations of the one mock that a line makes; none when it makes several, or says nothing.

    ``repo: Repo = Mock()`` and ``cast(Repo, Mock())`` say it, ``return Mock()`` in a function that is annotated to
    return a `Repo`, and a fixture whose name is an annotated parameter of a test in the same file.
    """
    tree = tree_of(filename)
    if tree is None:
        return ()
    around = statements_at(tree.module, line)
    statement = around[-1] if around else None
    if statement is None or isinstance(statement, Function | ast.ClassDef):
        return ()
    function = next((node for node in reversed(around) if isinstance(node, Function)), None)
    made = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and "mock" in _last_name(node).lower()]
    if len(made) != 1:
        return ()
    return tuple(dict.fromkeys(map(ast.unparse, _said_of(made[0], statement, function, tree.module))))


def _said_of(mock: ast.Call, statement: ast.stmt, function: Function | None, module: ast.Module) -> Iterator[ast.expr]:
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Expr) and isinstance(value, ast.Yield):
        value = value.value
    if is_cast(value) and value.args[1] is mock:
        yield value.args[0]
    elif value is not mock:
        return  # the mock is a part of something
    name = ""
    match statement:
        case ast.AnnAssign(annotation=annotation, target=target):
            yield annotation
            name = getattr(target, "id", "")
        case ast.Assign(targets=[ast.Name(id=name)]):
            pass
    if function is None or not (function.returns or function.decorator_list) or not _gives(function, mock, name):
        return
    if function.returns is not None:
        returned = _element(function.returns) if _is_generator(function) else function.returns
        if returned is not None:
            yield returned
    if any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list):
        yield from _received(function.name, module)


def _gives(function: Function, mock: ast.Call, name: str) -> bool:
    """Whether all that a function gives is the mock, by itself or by the name that it was bound to."""
    found = (node.value for node in ast.walk(function) if isinstance(node, ast.Return | ast.Yield))
    given = [each.args[1] if is_cast(each) else each for each in found if each is not None]
    return bool(given) and all(each is mock or (isinstance(each, ast.Name) and each.id == name) for each in given)


def _is_generator(function: Function) -> bool:
    return any(isinstance(node, ast.Yield) for node in ast.walk(function))


def _element(annotation: ast.expr) -> ast.expr | None:
    match annotation:
        case ast.Subscript(value=ast.Name(id=kind) | ast.Attribute(attr=kind), slice=inner) if kind in _GENERATORS:
            return inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
    return None


def _received(fixture: str, module: ast.Module) -> Iterator[ast.expr]:
    """The annotations of the parameters that receive a fixture."""
    for function in ast.walk(module):
        if isinstance(function, Function):
            for parameter in (*function.args.args, *function.args.kwonlyargs):
                if parameter.arg == fixture and parameter.annotation is not None:
                    yield parameter.annotation


def _last_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
