"""Where the statement that configures a double begins and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_integration_gate.source.configured import statement_span

SOURCE = """\
from unittest.mock import Mock, patch

@patch(
    "shop.get",
    return_value=1,
)
@patch("shop.put")
def test_one(put, get):
    repo = Mock(
        get=1,
    )
    with patch("shop.a"), patch(
        "shop.b"
    ):
        repo.x = 1
    repo.y = {
        "a": 1,
    }
"""


@pytest.mark.parametrize(
    ("line", "span"),
    [
        (1, (1, 1)),
        (4, (3, 6)),
        (7, (7, 7)),
        (10, (9, 11)),
        (12, (12, 14)),
        (13, (12, 14)),
        (15, (15, 15)),
        (17, (16, 18)),
    ],
)
def test_a_statement_has_all_of_its_lines(tmp_path: Path, line: int, span: tuple[int, int]) -> None:
    """Calls over several lines, decorators and the heads of blocks are whole."""
    path = tmp_path / "test_it.py"
    path.write_text(SOURCE)
    assert statement_span(str(path), line) == span


def test_a_file_that_cannot_be_read_has_single_lines(tmp_path: Path) -> None:
    """Without a source the line stands for itself."""
    assert statement_span(str(tmp_path / "gone.py"), 7) == (7, 7)
