"""The parts of Markdown in which projects keep plans and tables: headings, list items and tables (GitHub's dialect)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pytest_integration_gate.values import dataclass

_FENCE = re.compile(r" {0,3}(```|~~~)")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_ITEM = re.compile(r"(\s*)(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*\S)")
_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_CELL_END = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_STRESSED = re.compile(r"(\*\*|__|\*|_|`)(.+)\1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading with its level (1 to 6), or an item of a list with its indentation. Lines count from 1."""

    kind: Literal["heading", "item"]
    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: the line of its head, the cells of the head, and the line and cells of each row."""

    line: int
    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def outline(text: str) -> list[Part]:
    """Return headings and list items in their order; an item runs on over the indented lines below it."""
    parts: list[Part] = []
    continues = False
    for number, line in _lines(text):
        if heading := _HEADING.match(line):
            parts.append(Part(kind="heading", line=number, level=len(heading[1]), text=plain(heading[2])))
            continues = False
        elif item := _ITEM.match(line):
            indent = len(item[1].expandtabs(4))
            parts.append(Part(kind="item", line=number, level=indent, text=plain(item[2])))
            continues = True
        elif continues and line.strip() and line[0].isspace():
            last = parts.pop()
            parts.append(Part(kind="item", line=last.line, level=last.level, text=f"{last.text} {plain(line)}"))
        else:
            continues = False
    return parts


def tables(text: str) -> list[Table]:
    """Return every table in its order."""
    lines = list(_lines(text))
    found: list[Table] = []
    position = 0
    while position < len(lines) - 1:
        number, line = lines[position]
        following = lines[position + 1][1]
        position += 1
        if "|" not in line or "|" not in following or not _DELIMITER.fullmatch(following):
            continue
        position += 1
        rows = []
        while position < len(lines) and "|" in lines[position][1]:
            rows.append((lines[position][0], _cells(lines[position][1])))
            position += 1
        found.append(Table(line=number, head=_cells(line), rows=tuple(rows)))
    return found


def plain(text: str) -> str:
    """Return text without links and without the marks of stress around the whole of it."""
    text = _LINK.sub(r"\1", text.strip())
    while stressed := _STRESSED.fullmatch(text):
        text = stressed[2].strip()
    return text


def _cells(line: str) -> tuple[str, ...]:
    row = line.strip().removeprefix("|")
    if row.endswith("|") and not row.endswith("\\|"):
        row = row[:-1]
    return tuple(plain(cell).replace("\\|", "|") for cell in _CELL_END.split(row))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Give the lines that are not code."""
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and fence == mark[1]:
            fence = ""
        elif not fence:
            yield number, line
