"""Lines for a terminal of a given width."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import TextWrapper
from typing import TypeAlias

Markup: TypeAlias = Mapping[str, bool]
Line: TypeAlias = tuple[str, Markup]

PLAIN: Markup = {}
BOLD: Markup = {"bold": True}
RED: Markup = {"red": True, "bold": True}
YELLOW: Markup = {"yellow": True, "bold": True}

_NARROWEST = 40


class _ShapeWrapper(TextWrapper):
    """Keeps the text of a shape readable: a name and its type stay on one line."""

    wordsep_simple_re = re.compile(r"((?<!:)\s+)")


def printable(text: str) -> str:
    """Escape what could steer a terminal; white space becomes one space each."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else char.encode("unicode_escape").decode()
        for char in text
    )


def separator(char: str, title: str, width: int) -> str:
    """Return a title in the middle of a full line, as pytest's own headings are."""
    side = char * max((width - len(title) - 2) // 2, 1)
    line = f"{side} {title} {side}"
    return line + char if len(line) < width else line


def wrapped(
    text: str, width: int, *, indent: str = "", hanging: str = "", markup: Markup = PLAIN, is_shape: bool = False
) -> list[Line]:
    """Break text at spaces; the first line begins with `indent`, the others with `hanging`. Long words stay whole, and
    in the text of a shape (`is_shape`) each name with its type."""
    wrapper = (_ShapeWrapper if is_shape else TextWrapper)(
        width=max(width, _NARROWEST),
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [(line, markup) for line in wrapper.wrap(printable(text))]
