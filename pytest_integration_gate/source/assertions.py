"""Statements of tests that look like assertions about mocks and assert nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import get_close_matches
from opcode import opmap
from types import CodeType

from pytest_integration_gate.source.syntax import function_at, statements_at, statements_in, tree_of, value_at

_METHODS = (
    "called called_once called_with called_once_with any_call has_calls not_called "
    "awaited awaited_once awaited_with awaited_once_with any_await has_awaits not_awaited"
).split()
_COUNTS = "called call_count call_args call_args_list mock_calls method_calls await_count await_args".split()
_ASSERTIONS = frozenset(f"assert_{name}" for name in _METHODS)
_READS = bytes(opmap[name] for name in ("LOAD_ATTR", "COMPARE_OP", "CONTAINS_OP", "IS_OP"))
# Such an instruction, its argument, its inline caches, which `co_code` shows as zeros, and then the value is dropped.
_DROPPED = re.compile(b"[%s].(?:\\x00.)*%s" % (re.escape(_READS), re.escape(bytes([opmap["POP_TOP"]]))), re.DOTALL)
_SAID_LIKE = re.compile(r"^(was|is|has_been|have_been|to_have_been|should_be)_")


def nearest_assertion(name: str) -> str:
    """Return what an attribute of a mock was meant to be, empty when it is an assertion, or nothing like one."""
    if name in _ASSERTIONS or name in _COUNTS:
        return ""
    bare = _SAID_LIKE.sub("", name)
    if bare in _METHODS:
        return f"assert_{bare}"
    close = get_close_matches(name, [*_ASSERTIONS, *_COUNTS, *_METHODS], n=1, cutoff=0.85)
    return f"assert_{close[0]}" if close and close[0] in _METHODS and close[0] not in _COUNTS else "".join(close)


def stands_alone(filename: str, line: int, name: str) -> bool:
    """Say whether the statement at a line is ``mock.name``, ``mock.name(…)`` or an ``assert`` of one of the two."""
    tree = tree_of(filename)
    around = statements_at(tree.module, line) if tree is not None else []
    match around[-1] if around else None:
        case ast.Expr(value=expression) | ast.Assert(test=expression):
            function = expression.func if isinstance(expression, ast.Call) else expression
            return isinstance(function, ast.Attribute) and function.attr == name
    return False


def idle_assertions_in(code: CodeType) -> Iterator[tuple[int, str]]:
    """Give line and explanation of the statements of a test that have no effect and name what mocks are asked for."""
    if _ASSERTIONS.isdisjoint(code.co_names) and frozenset(_COUNTS).isdisjoint(code.co_names):
        return
    if not _drops_something(code):
        return
    function = function_at(code.co_filename, code.co_name, code.co_firstlineno)
    for node in statements_in(function) if function is not None else ():
        match node:
            case ast.Expr(value=ast.Attribute(attr=name)) if name in _ASSERTIONS:
                yield node.lineno, f"{name} is not called: write {name}(…)"
            case ast.Expr(value=ast.Attribute(attr=name)) if name in _COUNTS:
                yield node.lineno, f"{name} is looked at and not asserted"
            case ast.Expr(value=ast.Compare(left=ast.Attribute(attr=name))) if name in _COUNTS:
                yield node.lineno, f"{name} is compared and not asserted"


def _drops_something(code: CodeType) -> bool:
    """Whether code may read an attribute, or compare, and throw the value away; the source is parsed only for such."""
    return _DROPPED.search(code.co_code) is not None or any(
        _drops_something(part) for part in code.co_consts if isinstance(part, CodeType)
    )


def asks_for(code: CodeType, lasti: int, name: str) -> int:
    """Return the line where code asks ``hasattr(…, name)`` at an instruction, 0 when it does something else there."""
    tree = tree_of(code.co_filename)
    node = value_at(tree, code, lasti) if tree is not None else None
    match node:
        case ast.Call(func=ast.Name(id="hasattr"), args=[_, ast.Constant(value=asked)]) if asked == name:
            return node.lineno
    return 0
