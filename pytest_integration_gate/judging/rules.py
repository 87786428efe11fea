"""Rules for boundary tests, each a warning that can be made an error (SPEC section 11)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from pytest_integration_gate.judging.plan import ends

RULES = ("docstring", "internal_mock", "name", "order_dependence", "private_state")
LEVELS = ("warning", "error", "off")

_NAME = re.compile(r"test_+[^\W_]+(?:_+[^\W_]+)+_*")
_PRIVATE = re.compile(r"_(?!_)\w*[^\W_]\w*")
# What namedtuple names with an underscore because it is public.
_PUBLIC = frozenset({"_asdict", "_field_defaults", "_fields", "_make", "_replace"})


def broken_name(name: str) -> str:
    """Say what is wrong with the name of a test function, empty when nothing is."""
    if _NAME.fullmatch(name):
        return ""
    return f"`{name}` does not say what happens. Write test_<scenario>_<outcome>"


def broken_docstring(docstring: str | None, seams: Iterable[str]) -> str:
    """Say what is wrong with a docstring that should name one of the seams, empty when nothing is.

    A seam is named by its ends, in any order and case. Without seams to choose from ``A → B`` names one.
    """
    known = [*seams]
    if not docstring:
        return "no docstring names the seam"
    text = " ".join(docstring.split()).casefold()
    if known:
        if any(ends(seam)[0] in text and ends(seam)[-1] in text for seam in known):
            return ""
        return f"the docstring does not name the seam {' or '.join(known)}"
    return "" if any(len(ends(line)) > 1 for line in docstring.splitlines()) else "the docstring names no seam `A → B`"


def private_state(function: ast.AST) -> Iterator[tuple[int, str]]:
    """Give line and text of every assertion of a test function that looks at a private attribute."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            parts: list[ast.AST] = [node.test]
        elif isinstance(node, ast.Call) and _method(node).startswith("assert"):
            parts = [*node.args, *node.keywords]
        else:
            continue
        for inner in (inner for part in parts for inner in ast.walk(part)):
            if isinstance(inner, ast.Attribute) and _is_private(inner):
                yield inner.lineno, f"asserts on {ast.unparse(inner)}"


def _is_private(attribute: ast.Attribute) -> bool:
    owner = attribute.value
    is_own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
    return not is_own and _PRIVATE.fullmatch(attribute.attr) is not None and attribute.attr not in _PUBLIC


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
