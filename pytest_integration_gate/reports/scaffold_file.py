"""The file that scaffolded tests stand in: written once, completed later, never overwritten."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from pytest_integration_gate.reports.scaffold_text import Draft, string

_STDLIB = frozenset({"asyncio"})


def completed(text: str, boundary: str, drafts: Sequence[Draft]) -> tuple[str, tuple[str, ...]]:
    """Add to a file what it has not, and return it with the names of the tests that are new.

    `text` is empty for a new file. What stands in it stays as it is. Raises SyntaxError when it is no Python.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    old, text = text, text.replace("\r\n", "\n")
    tree = ast.parse(text)
    known = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    new = [one for one in drafts if one.name not in known]
    if not new:
        return old, ()
    blocks: dict[str, None] = {}
    for one in new:
        if one.fixture not in known:
            blocks[one.fixture_source] = None
        blocks[one.source] = None
    head = _with_imports(text, tree, {name for one in new for name in one.imports}, boundary)
    return "\n\n".join([head.rstrip("\n") + "\n", *blocks]).replace("\n", ending), tuple(one.name for one in new)


def _with_imports(text: str, tree: ast.Module, names: set[str], boundary: str) -> str:
    if not text.strip():
        own, others = sorted(names & _STDLIB), sorted(names - _STDLIB)
        groups = ["".join(f"import {name}\n" for name in group) for group in (own, others) if group]
        title = string(f"What doubles claim of the boundary {boundary}, and what is planned for it.")[1:-1]
        return "\n".join([f'"""{title}"""\n', *groups])
    there = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in there if isinstance(node, ast.Import) for alias in node.names}
    missing = [f"import {name}" for name in sorted(names - imported)]
    if not missing:
        return text
    lines = text.splitlines()
    is_documented = ast.get_docstring(tree) is not None
    after = max((node.end_lineno or 0 for node in there), default=tree.body[0].end_lineno or 0 if is_documented else 0)
    lines[after:after] = missing
    return "\n".join(lines) + "\n"
