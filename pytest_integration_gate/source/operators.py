"""What operators need of a value."""

from __future__ import annotations

import ast

from pytest_integration_gate.source.formatting import asked_by_template
from pytest_integration_gate.source.parts import Part

_ARITHMETIC = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.MatMult: "__matmul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
}
_SIGNS = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
_COMPARISONS = {  # asked of the left side, asked of the right side
    ast.Lt: ("__lt__", "__gt__"),
    ast.Gt: ("__gt__", "__lt__"),
    ast.LtE: ("__le__", "__ge__"),
    ast.GtE: ("__ge__", "__le__"),
    ast.Eq: ("__eq__", "__eq__"),
    ast.NotEq: ("__eq__", "__eq__"),
    ast.In: ("__eq__", "__contains__"),
    ast.NotIn: ("__eq__", "__contains__"),
}
_COMBINING = (ast.Add, ast.BitOr, ast.BitAnd)  # may make a container of what is in both sides


def sign(node: ast.UnaryOp, part: Part) -> None:
    """``-v`` needs a special method, ``not v`` asks whether it is true."""
    if isinstance(node.op, ast.Not):
        part.operation("truth")
    elif name := _SIGNS.get(type(node.op)):
        part.operation(name)


def calculate(node: ast.BinOp, operand: ast.expr, part: Part) -> None:
    """Arithmetic needs a special method of the left side; what the right side has to be the left side decides."""
    if node.left is operand:
        part.operation(_ARITHMETIC[type(node.op)])
        if isinstance(node.op, _COMBINING) and not isinstance(node.right, (ast.Constant, ast.JoinedStr)):
            part.escape()
    elif isinstance(node.op, ast.Mod) and is_plain_template(node.left):
        part.operation(*asked_by_template(node.left, 0))
    else:
        part.escape()


def compare(node: ast.Compare, operand: ast.expr, part: Part) -> None:
    """A comparison with None asks whether it is None. ``==`` is listed because it shows that the value counts."""
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
        other = right if left is operand else left
        if operand not in (left, right):
            continue
        if isinstance(other, ast.Constant) and other.value is None:
            part.operation("none")
        else:
            of_left, of_right = _COMPARISONS.get(type(operator), ("", ""))
            if of_left:
                part.operation(of_left if left is operand else of_right)


def is_plain_template(node: ast.expr) -> bool:
    """A text with ``%s`` in it; ``%(name)s`` would read a key."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "%(" not in node.value
