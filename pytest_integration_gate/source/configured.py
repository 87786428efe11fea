"""The statement that configured a double, read from the test's source."""

from __future__ import annotations

import ast

from pytest_integration_gate.source.syntax import tree_of

_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def statement_span(filename: str, line: int) -> tuple[int, int]:
    """Return the first and the last line of the innermost statement or decorator that holds a line.

    Of a ``with`` statement or another block only the head counts, up to where its body begins.
    """
    tree = tree_of(filename)
    span = (line, line)
    for node in ast.walk(tree.module) if tree is not None else ():  # outer statements come before inner ones
        if not isinstance(node, ast.stmt):
            continue
        for decorator in node.decorator_list if isinstance(node, _BLOCKS) else ():
            if decorator.lineno <= line <= (decorator.end_lineno or decorator.lineno):
                span = (decorator.lineno, decorator.end_lineno or decorator.lineno)
        end = node.end_lineno or node.lineno
        body = getattr(node, "body", None)
        if isinstance(body, list) and body:
            end = max(node.lineno, body[0].lineno - 1)
        if node.lineno <= line <= end:
            span = (node.lineno, end)
    return span
