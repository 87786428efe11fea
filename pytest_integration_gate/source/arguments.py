"""What becomes of a value that is passed to a builtin function or printed; other functions are not followed."""

from __future__ import annotations

import ast
import builtins
from string import Formatter
from typing import TYPE_CHECKING

from pytest_integration_gate.source.parts import NOTHING, Gathered, Part, Row
from pytest_integration_gate.source.scopes import Names

if TYPE_CHECKING:
    from pytest_integration_gate.source.uses import Walk

_SCALAR = frozenset(
    {"bool", "int", "float", "complex", "abs", "round", "id", "hash"}
    | {"ord", "chr", "hex", "oct", "bin", "divmod", "pow"}
)
_PRINTING = frozenset({"print", "str", "repr", "ascii", "format"})
_ASKING = frozenset({"isinstance", "issubclass", "callable", "hasattr", "type"})
_COPYING = frozenset({"list", "tuple", "set", "frozenset", "iter", "sorted", "reversed"})
_LOGGERS = frozenset({"log", "logger", "logging", "_log", "_logger", "LOG", "LOGGER", "_LOG", "_LOGGER"})
_LOG_METHODS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
_BUILTINS = frozenset(vars(builtins)) - {"open", "input", "exec", "eval", "compile", "__import__", "exit", "quit"}


def hides_its_callee(call: ast.Call, names: Names) -> bool:
    """The expression calls a builtin, which calls the double for its own ends, as ``sorted(rows, key=double)``."""
    return _builtin(call, names) in _BUILTINS


def is_printed(call: ast.Call, names: Names) -> bool:
    """The call makes text of its positional arguments and asks nothing else of them."""
    if _builtin(call, names) == "print":
        return True
    match call.func:
        case ast.Attribute(attr=method, value=ast.Name(id=logger) | ast.Attribute(attr=logger)):
            return method in _LOG_METHODS and logger in _LOGGERS
        case ast.Attribute(attr="format", value=ast.Constant(value=str(template))):
            return not any(set(".[") & set(name or "") for _, name, _, _ in _fields(template))
    return False


def pass_value(walk: Walk, call: ast.Call, value: ast.expr, part: Part) -> None:
    """A value is a positional argument of a call."""
    if is_printed(call, walk.names):
        part.operation("__format__")
        return
    name = _builtin(call, walk.names)
    if name and not any(isinstance(argument, ast.Starred) for argument in call.args):
        _pass_to_builtin(name, walk, call, call.args.index(value), part)
    elif isinstance(call.func, ast.Attribute) and call.func.attr == "join" and _is_text(call.func.value):
        part.operation("__iter__")
        part.member("[*]").escape()
    else:
        if _decides(walk, call):
            part.test()
        part.escape()


def _pass_to_builtin(name: str, walk: Walk, call: ast.Call, index: int, part: Part) -> None:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    match name, index:
        case ("getattr", 0):
            if [*map(type, call.args[1:])] == [ast.Constant]:
                walk.follow(call, part.member(f".{ast.literal_eval(call.args[1])}"))
                return
            part.test()
            part.escape()
        case ("len", 0):
            part.operation("__len__")
        case ("next", 0):
            part.operation("__next__")
            walk.follow(call, part.member("[*]"))
        case ("enumerate", 0):
            part.operation("__iter__")
            walk.follow(call, Gathered(lambda: Row(NOTHING, part.member("[*]"))))
        case ("zip", _):
            part.operation("__iter__")
            places = [NOTHING] * len(call.args)
            places[index] = part.member("[*]")
            walk.follow(call, Gathered(lambda: Row(*places)))
        case ("any" | "all", 0):
            part.operation("__iter__")
        case ("sum", 0):
            part.operation("__iter__")
            part.member("[*]").escape()
        case ("min" | "max", _) if len(call.args) > 1:
            walk.follow(call, part)
        case ("min" | "max", 0):
            part.operation("__iter__")
            _order(walk, keywords.get("key"), part.member("[*]"))
            walk.follow(call, part.member("[*]"))
        case ("map" | "filter", 1):
            part.operation("__iter__")
            _apply(walk, call.args[0], part.member("[*]"))
            if name == "filter":
                walk.follow(call, Gathered(lambda: part.member("[*]")))
        case (_, 0) if name in _COPYING:
            part.operation("__reversed__" if name == "reversed" else "__iter__")
            if name == "sorted":
                _order(walk, keywords.get("key"), part.member("[*]"))
            walk.follow(call, Gathered(lambda: part.member("[*]")))
        case _ if name in _PRINTING:
            part.operation("__format__")
        case _ if name in _SCALAR:
            pass
        case (_, 0) if name in _ASKING:
            part.test()
        case _:
            part.escape()


def _apply(walk: Walk, function: ast.expr, element: Part) -> None:
    """Each element is handed to a function: it is followed into a lambda, otherwise it escapes."""
    if isinstance(function, ast.Lambda):
        walk.follow_parameter(function, element)
    elif not (isinstance(function, ast.Constant) and function.value is None):
        element.escape()


def _order(walk: Walk, key: ast.expr | None, element: Part) -> None:
    """The elements are compared, by themselves or by what a function makes of them."""
    if key is None:
        element.operation("__lt__")
    else:
        _apply(walk, key, element)


def _decides(walk: Walk, call: ast.Call) -> bool:
    """What the call says of the value decides which way the code goes, so it may be a question of kind."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name.startswith("is"):
        return True
    node: ast.AST = call
    for above in walk.tree.ancestors(call):
        if isinstance(above, (ast.If, ast.IfExp, ast.While, ast.Assert)):
            return above.test is node
        if isinstance(above, ast.stmt):
            return False
        node = above
    return False


def _builtin(call: ast.Call, names: Names) -> str:
    if isinstance(call.func, ast.Name) and names.is_builtin(call.func, call.func.id):
        return call.func.id
    return ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _fields(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(template))
    except ValueError:
        return []
