"""What making a text of a value asks of it: ``{:.2f}`` and ``%d`` want a number, ``{:%d.%m.%Y}`` a day or a time."""

from __future__ import annotations

import ast
import re

_NUMBER = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?\d*[_,]?(?:\.\d+)?[bcdoxXneEfFgG%]")
_CONVERSION = re.compile(r"%[-+ #0]*(?:\d+)?(?:\.\d+)?([a-zA-Z%])")


def asked_by(spec: ast.expr | str | None) -> tuple[str, ...]:
    """Return the operations that a format specification needs, as `Uses` names them."""
    if isinstance(spec, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "1" for part in spec.values]
        spec = "".join(map(str, parts))  # a width or precision that is computed
    if not isinstance(spec, str):
        return ("__format__",)
    if _NUMBER.fullmatch(spec):
        return ("__format__", "number")
    return ("__format__", "strftime") if "%" in spec else ("__format__",)


def asked_by_template(template: ast.expr, index: int) -> tuple[str, ...]:
    """Return what ``%`` needs of the value at an index, when the text on its left is plain (`is_plain_template`)."""
    text = template.value if isinstance(template, ast.Constant) else ""
    letters = [letter for letter in _CONVERSION.findall(text) if letter != "%"] if isinstance(text, str) else []
    is_number = index < len(letters) and "*" not in str(text) and letters[index] in "diouxXeEfFgG"
    return ("__format__", "number") if is_number else ("__format__",)
