"""Tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pytest_integration_gate.reports.layout import printable


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def cell(text: str) -> str:
    """Keep a text in its cell: no line breaks, no bars, no HTML."""
    kept = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|*`])", r"\\\1", kept)


def cell_of_lines(texts: Iterable[str]) -> str:
    """Return a cell in which each text has its own line."""
    return "<br>".join(map(cell, texts))
