"""Which file a text in a program means."""

from __future__ import annotations

import pytest

from pytest_integration_gate.source.mentions import names_file, names_file_by_pattern


@pytest.mark.parametrize(
    ("text", "path", "does"),
    [
        ("rates.json", "shop/data/rates.json", True),
        ("data/rates.json", "shop/data/rates.json", True),
        ("./../data/rates.json", "shop/data/rates.json", True),
        ("/srv/app/shop/data/rates.json", "shop/data/rates.json", True),
        ("*/data/rates.json", "shop/data/rates.json", True),
        ("docs/rates.json", "shop/data/rates.json", False),
        ("s.json", "shop/data/rates.json", False),
        ("rates.json", "rates.json", True),
    ],
)
def test_a_name_with_its_folders(text: str, path: str, does: bool) -> None:
    """As far as both have some they must agree."""
    assert names_file(text, path) is does


@pytest.mark.parametrize(
    ("text", "path", "does"),
    [
        ("*.json", "shop/data/rates.json", True),
        ("data/*.json", "shop/data/rates.json", True),
        ("docs/*.json", "shop/data/rates.json", False),
        ("data/", "shop/data/rates.json", True),
        ("shop/data", "shop/data/rates.json", True),
        ("data/*", "shop/data/rates.json", True),
        ("shop", "shop/data/rates.json", False),
        ("*", "shop/data/rates.json", False),
        ("data", "rates.json", False),
        ("rates.json", "shop/data/rates.json", False),
    ],
)
def test_a_pattern_or_the_folder(text: str, path: str, does: bool) -> None:
    """The innermost folder is the one that counts."""
    assert names_file_by_pattern(text, path) is does
