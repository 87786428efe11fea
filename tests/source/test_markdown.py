"""Headings, lists and tables of Markdown files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.source.markdown import outline, plain, tables

TEXT = """\
# Plan ##
intro | no table

- [x] **first**
  goes on
    * below
1. second
```
## no heading
| a | b |
|---|---|
```
| ID | Text |
|:--|--:|
| `FR-01` | one \\| two |
| [FR-02](x.md) |
|  |  | third |
"""


def test_headings_and_items_in_their_order() -> None:
    """Each has its line, its level or indentation, and its text without marks; an item runs on over indented lines."""
    assert [(part.kind, part.line, part.level, part.text) for part in outline(TEXT)] == [
        ("heading", 1, 1, "Plan"),
        ("item", 4, 0, "first goes on"),
        ("item", 6, 4, "below"),
        ("item", 7, 0, "second"),
    ]


def test_a_table_has_a_head_and_rows_with_lines() -> None:
    """Escaped bars, links and code marks are plain text; what stands in a code block is no table."""
    (table,) = tables(TEXT)
    assert (table.line, table.head) == (13, ("ID", "Text"))
    assert table.rows == ((15, ("FR-01", "one | two")), (16, ("FR-02",)), (17, ("", "", "third")))


def test_plain_text_stays_as_it_is() -> None:
    """Stress goes only when it holds the whole text."""
    assert [plain(text) for text in ("**a**", "`_a_`", "a *b* c", "snake_case_", "[a](b) c")] == [
        "a",
        "a",
        "a *b* c",
        "snake_case_",
        "a c",
    ]


@given(st.text(alphabet="|-#*`\\ \nab:[]()", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    """Whatever stands in a file, reading it ends, and every part lies within it."""
    lines = len(text.splitlines())
    assert all(1 <= part.line <= lines for part in outline(text))
    assert all(1 <= table.line <= lines for table in tables(text))
