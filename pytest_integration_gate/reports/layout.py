"""Lines for a terminal of a given width."""

from __future__ import annotations

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


def wrapped(text: str, width: int, *, indent: str = "", hanging: str = "", markup: Markup = PLAIN) -> list[Line]:
    """Break text at spaces; the first line begins with `indent`, the others with `hanging`. Long words stay whole."""
    wrapper = TextWrapper(
        width=max(width, _NARROWEST),
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [(line, markup) for line in wrapper.wrap(printable(text))]
