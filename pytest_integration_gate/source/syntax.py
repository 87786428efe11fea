"""The syntax tree of a source file, and the expression that an instruction of its code belongs to."""

from __future__ import annotations

import ast
import linecache
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import field
from dis import opname
from functools import lru_cache
from inspect import CO_OPTIMIZED
from io import BytesIO, TextIOWrapper
from itertools import islice
from tokenize import detect_encoding
from types import CodeType

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.values import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef
Block = ast.With | ast.AsyncWith | ast.For | ast.AsyncFor
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")
_PLACED = (ast.expr, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor)
Position = tuple[int, int, int, int]  # first line, last line, first column, last column


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A parsed file: its lines in UTF-8 (what columns count in), its syntax tree and the parents of its nodes.

    Only the parts that somebody looks at are walked (`open`): files are long, and few of their functions meet a double.
    `opened` has the nodes of each, outer ones first.
    """

    lines: list[bytes]
    module: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    by_end: dict[tuple[int, int], list[ast.expr | Block]] = field(default_factory=lambda: defaultdict(list))
    opened: dict[ast.stmt, list[ast.AST]] = field(default_factory=dict)
    looked_at: set[tuple[bool, int]] = field(default_factory=set)

    def open(self, code: CodeType, line: int) -> None:
        """Walk the outermost function that holds a line of some code, once.

        It is a method for code in a class. What stands in no function is walked with the statement of its module.
        """
        in_function = bool(code.co_flags & CO_OPTIMIZED)
        if (in_function, line) in self.looked_at:
            return
        self.looked_at.add((in_function, line))
        holder: ast.Module | ast.ClassDef = self.module
        while True:
            found = [*_at_level(holder, line)]
            for statement in found:
                self.parents[statement] = holder
            if not (in_function and len(found) == 1 and isinstance(found[0], ast.ClassDef)):
                break
            inner = next((part for part in found[0].body if _holds(part, line)), None)
            if not isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                break
            holder = found[0]
        for statement in found:
            if statement not in self.opened:
                self.opened[statement] = self._walk(statement)

    def _walk(self, statement: ast.stmt) -> list[ast.AST]:
        nodes: list[ast.AST] = [statement]
        for node in nodes:  # grows
            for child in _children(node):
                self.parents[child] = node
                nodes.append(child)
            if isinstance(node, _PLACED) and node.end_lineno is not None and node.end_col_offset is not None:
                self.by_end[node.end_lineno, node.end_col_offset].append(node)
        return nodes

    def expression(self, position: Position, kind: type[ast.expr]) -> ast.expr | None:
        """The expression of a kind that stands exactly there, or that opens the block which stands there."""
        line, end_line, column, end_column = position
        for node in self.by_end.get((end_line, end_column), ()):
            if (line, column) in _starts(node):
                # Before Python 3.13 the instructions that enter a block stand for the whole statement.
                head = _head(node) if isinstance(node, Block) else node
                if isinstance(head, kind) and (head is node or kind is ast.expr):
                    return head
        return None

    def segment(self, node: ast.expr) -> str:
        """The source text of an expression."""
        # Before Python 3.12 columns inside f-strings were not always those of the file.
        if sys.version_info < (3, 12) and any(isinstance(above, ast.JoinedStr) for above in self.ancestors(node)):
            return ast.unparse(node)
        lines = self.lines[node.lineno - 1 : node.end_lineno]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode()

    def ancestors(self, node: ast.AST) -> list[ast.AST]:
        """The nodes around a node, the nearest first."""
        found = []
        while (above := self.parents.get(node)) is not None:
            found.append(above)
            node = above
        return found


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes in a node that have parts of their own: no operators, and nothing that says whether a name is read."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (part for part in value if isinstance(part, ast.AST) and part._fields)
        elif isinstance(value, ast.AST) and value._fields:
            yield value


def _start(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", ())
    line: int = (decorators[0] if decorators else statement).lineno
    return line


def _holds(statement: ast.stmt, line: int) -> bool:
    return line <= (statement.end_lineno or statement.lineno) and _start(statement) <= line


def _at_level(holder: ast.Module | ast.ClassDef, line: int) -> Iterator[ast.stmt]:
    """The statements of a module or class at a line; several when they share it. Files are long: not all are asked."""
    for statement in reversed(holder.body[: bisect_right(holder.body, line, key=_start)]):
        if not _holds(statement, line):
            return
        yield statement


def statements_at(module: ast.Module, line: int) -> list[ast.stmt]:
    """The statements around a line, outer ones first; a decorator belongs to its function or class."""
    found: list[ast.stmt] = [*_at_level(module, line)]
    waiting: list[ast.AST] = [*found]
    while waiting:
        for child in _inside(waiting.pop()):
            if not isinstance(child, ast.stmt):
                waiting.append(child)
            elif _holds(child, line):
                found.append(child)
                waiting.append(child)
    return found


def statements_in(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements inside a statement, those of functions and classes in it too. No expression is looked at."""
    waiting = [node]
    while waiting:
        for child in _inside(waiting.pop()):
            waiting.append(child)
            if isinstance(child, ast.stmt):
                yield child


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The statements right inside a node, and its ``except`` and ``case`` parts."""
    for name in _BLOCKS:
        yield from getattr(node, name, ())


def function_at(filename: str, name: str, line: int) -> Function | None:
    """The function whose code has this name and first line, which may be that of a decorator."""
    tree = tree_of(filename)
    for node in statements_at(tree.module, line) if tree is not None else ():
        if isinstance(node, Function) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if line in (node.lineno, first):
                return node
    return None


def _head(block: Block) -> ast.expr:
    return block.iter if isinstance(block, (ast.For, ast.AsyncFor)) else block.items[0].context_expr


def _starts(node: ast.expr | Block) -> tuple[tuple[int, int], ...]:
    """Where instructions of an expression may be said to start.

    In a chain of calls over several lines the compiler lets a method call start at the name of the method.
    """
    start = (node.lineno, node.col_offset)
    attribute = node.func if isinstance(node, ast.Call) else node
    if isinstance(attribute, ast.Attribute) and attribute.end_lineno and attribute.end_col_offset:
        return start, (attribute.end_lineno, attribute.end_col_offset - len(attribute.attr.encode()))
    return (start,)


@lru_cache(maxsize=512)
def tree_of(filename: str) -> Tree | None:
    """The parsed file, None when it cannot be read or is no Python source. Read once."""
    try:
        text = _text_of(filename)
        return Tree(text.encode().split(b"\n"), ast.parse(text))
    except (OSError, SyntaxError, ValueError, LookupError, RecursionError):
        return None


def _text_of(filename: str) -> str:
    try:
        with open_file(filename, "rb") as stream:
            data = BytesIO(stream.read())
    except OSError:  # code that was made without a file may have left its source there, as doctest does
        return "".join(linecache.getlines(filename))
    encoding, _ = detect_encoding(data.readline)
    data.seek(0)
    return TextIOWrapper(data, encoding).read()


def value_at(tree: Tree, code: CodeType, lasti: int) -> ast.expr | None:
    """The expression whose value the instruction is about to produce, None when it is not certain which.

    A frame that waits for a double or a collaborator stands at such an instruction: a call, an ``await``, the read of a
    property, an index.
    """
    index, operation = _instruction(code, lasti)
    position = _position(code, index)
    if position is None:
        return None
    tree.open(code, position[0])
    if operation in ("CALL", "CALL_KW", "CALL_FUNCTION_EX"):
        # The calls that a `with` block makes are said to stand where its context expression stands; their arguments,
        # constants or special methods, then stand at the same place.
        before, argument = _instruction(code, 2 * (index - 1))
        if argument in ("LOAD_CONST", "LOAD_SPECIAL") and operation == "CALL" and _position(code, before) == position:
            return None
        return tree.expression(position, ast.Call)
    if operation == "SEND":
        return tree.expression(position, ast.Await)
    if operation in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
        return tree.expression(position, ast.Attribute)
    if operation in ("BINARY_SUBSCR", "BINARY_SLICE", "BINARY_OP"):
        return tree.expression(position, ast.Subscript)
    return None


def expression_at(tree: Tree, code: CodeType, lasti: int) -> ast.expr | None:
    """The expression that best says where a frame stands: a call where there is one."""
    index, _ = _instruction(code, lasti)
    position = _position(code, index)
    if position is None:
        return None
    tree.open(code, position[0])
    found = tree.expression(position, ast.Call) or tree.expression(position, ast.expr)
    return found.value if isinstance(found, ast.Await) and isinstance(found.value, ast.Call) else found


def line_at(code: CodeType, lasti: int) -> int:
    """The line of the instruction, the first line of the code when there is none."""
    index, _ = _instruction(code, lasti)
    line, *_ = next(islice(code.co_positions(), index, None))
    return line or code.co_firstlineno


def _instruction(code: CodeType, lasti: int) -> tuple[int, str]:
    """Index and name of the instruction; inline caches count with the instruction before them."""
    bytecode = code.co_code
    index = max(lasti, 0) // 2
    while index > 0 and opname[bytecode[2 * index]] == "CACHE":
        index -= 1
    return index, opname[bytecode[2 * index]]


def _position(code: CodeType, index: int) -> Position | None:
    line, end_line, column, end_column = next(islice(code.co_positions(), index, None))
    if line is None or end_line is None or column is None or end_column is None:
        return None
    return line, end_line, column, end_column
