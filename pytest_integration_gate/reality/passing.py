"""What a function's own source proves about the values that go in and come out (SPEC section 7, rule 9)."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType

from pytest_integration_gate.source.syntax import function_at, statements_at, tree_of
from pytest_integration_gate.trampoline import code_of

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)


def definition_of(function: FunctionType) -> Function | None:
    """Give the syntax tree of a function; None when its source cannot be read or is not certainly its own."""
    return _definition(code_of(function))


@lru_cache(maxsize=2048)
def _definition(code: CodeType) -> Function | None:
    if code.co_name != "<lambda>":
        return function_at(code.co_filename, code.co_name, code.co_firstlineno)
    tree = tree_of(code.co_filename)
    around = statements_at(tree.module, code.co_firstlineno) if tree is not None else []
    found = [node for node in ast.walk(around[-1]) if isinstance(node, ast.Lambda)] if around else []
    return found[0] if len(found) == 1 else None


def inside(function: Function) -> Iterator[ast.AST]:
    """Walk over a function's own body, not over functions and classes defined in it."""
    pending: list[ast.AST] = list(function.body) if isinstance(function.body, list) else [function.body]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _NESTED):
            pending += ast.iter_child_nodes(node)


def results_of(function: Function) -> list[ast.expr]:
    """Give the expressions that a function returns, without the bare ``return`` and falling off the end."""
    if isinstance(function, ast.Lambda):
        return [function.body]
    return [node.value for node in inside(function) if isinstance(node, ast.Return) and node.value is not None]


def passes_on(wrapper: FunctionType, wrapped: object) -> tuple[bool, bool]:
    """Say whether a wrapper hands its arguments on unchanged to what it wraps, and whether it hands back the result."""
    node = definition_of(wrapper)
    names = [name for name, cell in _cells(wrapper) if cell is wrapped]
    if node is None or len(names) != 1:
        return False, False
    parameters = _parameters(node)
    calls = [
        n for n in inside(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == names[0]
    ]
    bound = {n.id for n in _everything(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    untouched = not _mutated(node, calls) & set(parameters) and not bound & {*parameters, names[0]}
    described = sum(isinstance(n, ast.Attribute) and n.attr.startswith("__") and getattr(n.value, "id", "") == names[0]
                    for n in _everything(node))  # fmt: skip
    mentions = sum(isinstance(n, ast.Name) and n.id == names[0] for n in _everything(node)) - described
    arguments = (
        bool(calls) and untouched and mentions == len(calls) and all(_handed_on(call) == parameters for call in calls)
    )
    return arguments, bool(calls) and _gives_back(node, calls)


def _cells(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue


def _everything(function: Function) -> Iterator[ast.AST]:
    body = function.body if isinstance(function.body, list) else [function.body]
    for statement in body:
        yield from ast.walk(statement)


def _parameters(function: Function) -> list[str]:
    """Parameters in the order of a call, stars included, keyword-only ones as ``name=``."""
    spec = function.args
    names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    names += [spec.vararg.arg] if spec.vararg else []
    names += [argument.arg for argument in spec.kwonlyargs]
    return names + ([spec.kwarg.arg] if spec.kwarg else [])


def _handed_on(call: ast.Call) -> list[str]:
    """Names of the variables that a call passes as they are; other expressions give no name that is a parameter."""
    names = []
    for argument in call.args:
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        names.append(inner.id if isinstance(inner, ast.Name) else "?")
    for keyword in call.keywords:
        same = isinstance(keyword.value, ast.Name) and keyword.arg in (None, keyword.value.id)
        names.append(keyword.value.id if same and isinstance(keyword.value, ast.Name) else "?")
    return names


def _mutated(function: Function, calls: list[ast.Call]) -> set[str]:
    """Variables that the function may change in place; a ``**kwargs`` dict may also be changed by whoever gets it."""
    changed: set[str] = set()
    harmless: set[int] = {id(keyword.value) for call in calls for keyword in call.keywords}
    for node in _everything(function):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            if isinstance(node.ctx, ast.Load):
                harmless.add(id(node.value))
            else:
                changed.add(node.value.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in _MUTATORS:
                changed.add(node.value.id)
            harmless.add(id(node.value))
        elif isinstance(node, ast.Compare):
            harmless |= {id(part) for part in node.comparators}
        elif isinstance(node, ast.Call):  # f(**kwargs) copies
            harmless |= {id(keyword.value) for keyword in node.keywords if keyword.arg is None}
    extra = function.args.kwarg
    if extra and any(
        isinstance(node, ast.Name) and node.id == extra.arg and id(node) not in harmless
        for node in _everything(function)
    ):
        changed.add(extra.arg)
    return changed


_MUTATORS = frozenset({"pop", "popitem", "update", "setdefault", "clear", "append", "extend", "insert", "remove"})


def _gives_back(function: Function, calls: list[ast.Call]) -> bool:
    """Whether every result is the wrapped call's own: directly, awaited, or through a name that nothing else sets."""
    results = results_of(function)
    if not results or any(isinstance(node, ast.Yield | ast.YieldFrom) for node in inside(function)):
        return False
    return all(_is_call(result, calls, function) or _is_held(result, calls, function) for result in results)


def _is_call(result: ast.AST | None, calls: list[ast.Call], function: Function) -> bool:
    if isinstance(function, ast.AsyncFunctionDef):
        result = result.value if isinstance(result, ast.Await) else None
    return any(result is call for call in calls)


def _is_held(result: ast.expr, calls: list[ast.Call], function: Function) -> bool:
    if not isinstance(result, ast.Name):
        return False
    targets = [n for n in _everything(function) if isinstance(n, ast.Name) and n.id == result.id]
    stores = [n for n in targets if not isinstance(n.ctx, ast.Load)]
    set_by_call = [
        node
        for node in inside(function)
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and node.targets[0] in stores
        and _is_call(node.value, calls, function)
    ]
    changed = [n for n in _everything(function) if isinstance(n, ast.Subscript | ast.Attribute)
               and isinstance(n.value, ast.Name) and n.value.id == result.id]  # fmt: skip
    returned = {id(value) for value in results_of(function)}
    elsewhere = [n for n in targets if isinstance(n.ctx, ast.Load) and id(n) not in returned]
    return len(stores) == len(set_by_call) > 0 and not changed and not elsewhere


def returns_itself(function: FunctionType) -> bool:
    """Say whether a method's every result is the object that it was called on (``return self``)."""
    node = definition_of(function)
    if node is None or isinstance(node, ast.Lambda) or not function.__code__.co_argcount:
        return False
    first = function.__code__.co_varnames[0]
    results = results_of(node)
    stored = any(isinstance(n, ast.Name) and n.id == first and not isinstance(n.ctx, ast.Load) for n in inside(node))
    generator = function.__code__.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR)
    return (
        bool(results)
        and not stored
        and not generator
        and always_returns(node.body)
        and all(isinstance(result, ast.Name) and result.id == first for result in results)
    )


def always_returns(body: list[ast.stmt]) -> bool:
    """Say whether control never falls off the end of a body."""
    last = body[-1]
    if isinstance(last, ast.Return | ast.Raise):
        return True
    if isinstance(last, ast.If):
        return bool(last.orelse) and always_returns(last.body) and always_returns(last.orelse)
    return isinstance(last, ast.With) and always_returns(last.body)


_PLAIN = (
    ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp,
    ast.GeneratorExp,
)  # fmt: skip


def returns_plain(function: FunctionType) -> bool:
    """Say whether no result of a plain function can be awaitable, because its source spells results that never are."""
    node = definition_of(function)
    if node is None:
        return False
    results = results_of(node)
    return all(_is_plain(result, node) for result in results) and not (not results and _is_stub(node))


def _is_stub(function: Function) -> bool:
    """Whether the body does nothing but raise or document, so that it may be there only to be overridden."""
    body = function.body if isinstance(function.body, list) else []
    return all(
        isinstance(statement, ast.Pass | ast.Raise)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in body
    )


def _is_plain(result: ast.expr, function: Function) -> bool:
    if isinstance(result, _PLAIN):
        return True
    if isinstance(result, ast.UnaryOp):
        return isinstance(result.op, ast.Not)
    if isinstance(result, ast.BoolOp):
        return all(_is_plain(value, function) for value in result.values)
    if isinstance(result, ast.IfExp):
        return _is_plain(result.body, function) and _is_plain(result.orelse, function)
    if isinstance(result, ast.BinOp | ast.Compare):
        parts = (result.left, *([result.right] if isinstance(result, ast.BinOp) else result.comparators))
        return isinstance(result, ast.BinOp) and any(_is_plain(part, function) for part in parts)
    if isinstance(result, ast.Name):
        return _is_plain_name(result.id, function)
    return False


def _is_plain_name(name: str, function: Function) -> bool:
    """A local name is plain when every statement that binds it is an assignment of something plain."""
    stores = [
        n for n in inside(function) if isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load)
    ]
    assigned = [
        node.value
        for node in inside(function)
        if isinstance(node, ast.Assign) and any(target in stores for target in node.targets)
    ]
    held = [value for value in assigned if isinstance(value, _PLAIN)]
    return bool(stores) and len(stores) == len(assigned) == len(held) and name not in _parameters(function)
