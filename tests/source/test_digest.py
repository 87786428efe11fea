"""The digest of code: what changes it and what does not."""

from __future__ import annotations

import textwrap
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.source.digest import ModuleSource

SHOP = '''
"""A shop."""
import sqlite3

TABLE = "users"
OTHER = "orders"
try:
    LIMIT = 5
except ImportError:
    LIMIT = 6

def clean(text):
    """Clean."""
    return text.strip()

def unused():
    return OTHER

class Base:
    kind = "row"

    def hello(self):
        return 1

@decorated
class Repo(Base):
    """Rows."""
    table = TABLE

    def __init__(self, db):
        self.db = db

    def get(self, key):
        """Give a row."""
        row = self.db.execute(self.query(), (key,))  # ask
        return {"id": clean(row[0]), "email": 'a'}

    def query(self):
        return f"SELECT {self.table} LIMIT {LIMIT}"

    def delete(self, key):
        def inner():
            return key
        return inner

    class Meta:
        def name(self):
            return "meta"
'''
PATHS = ("Repo", "Repo.get", "Repo.delete", "Repo.Meta.name", "clean", "unused", "TABLE")


def digests(text: str) -> dict[str, str]:
    source = ModuleSource(text)
    return {path: source.digest(path) for path in PATHS}


def changed(old: str, new: str) -> set[str]:
    """Change the shop, and tell which digests change."""
    assert old in SHOP
    before, after = digests(SHOP), digests(SHOP.replace(old, new))
    return {path for path in PATHS if before[path] != after[path]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# ask", "# ask again"),
        ('"""Give a row."""', '"""Give one row."""'),
        ('"""Rows."""', ""),
        ("'a'", '"a"'),
        ("        return {", "\n\n        return {"),
        ("import sqlite3", "import sqlite3, os"),
        (
            '{"id": clean(row[0]), "email": \'a\'}',
            '{\n            "id": clean(row[0]),\n            "email": "a",\n        }',
        ),
    ],
)
def test_what_is_only_written_otherwise_is_the_same(old: str, new: str) -> None:
    """Comments, docstrings, quotes and white space say nothing about what code does."""
    assert changed(old, new) == set()


@pytest.mark.parametrize(
    ("old", "new", "concerned"),
    [
        ("row[0]", "row[1]", {"Repo.get"}),
        ("text.strip()", "text.lower()", {"Repo.get", "clean"}),
        ('"users"', '"people"', {"Repo", "Repo.get", "Repo.delete", "Repo.Meta.name", "TABLE"}),
        ("LIMIT = 6", "LIMIT = 7", {"Repo.get"}),
        ("LIMIT {LIMIT}", "LIMIT 9", {"Repo.get"}),
        ("self.db = db", "self.db = db.copy()", {"Repo", "Repo.get", "Repo.delete", "Repo.Meta.name"}),
        ("return key", "return [key]", {"Repo.delete"}),
        ('"meta"', '"Meta"', {"Repo.Meta.name"}),
        ("return OTHER", "return TABLE", {"unused"}),
        ("@decorated\n", "", {"Repo", "Repo.get", "Repo.delete", "Repo.Meta.name"}),
        ("return 1", "return 2", set()),
    ],
)
def test_what_code_uses_of_its_module_belongs_to_it(old: str, new: str, concerned: set[str]) -> None:
    """A change is seen by everything that runs it, over any number of steps, and by nothing else."""
    assert changed(old, new) == concerned


def test_what_is_not_there_has_no_digest() -> None:
    """An attribute that only instances have, an inherited member, a name of nothing."""
    source = ModuleSource(SHOP)
    assert [source.digest(path) for path in ("Repo.db", "Repo.hello", "nothing", "")] == ["", "", "", ""]


def test_what_is_behind_a_call_belongs_to_the_function() -> None:
    """The steps of a chain and functions inside a function have the digest of the function."""
    source = ModuleSource(SHOP)
    whole = source.digest("Repo.delete")
    assert source.digest("Repo.delete.<locals>.inner") == whole == source.digest("Repo.delete().thing") != ""


@given(st.text(max_size=200))
def test_any_text_is_digested_or_refused(text: str) -> None:
    """What is no Python raises what the callers expect, and nothing else."""
    with suppress(SyntaxError, ValueError):
        assert ModuleSource(text).digest("x") == ModuleSource(text).digest("x")


def test_the_digest_is_the_same_in_every_python() -> None:
    """What was stored under one version is compared under another: the text below covers what their trees spell."""
    text = textwrap.dedent(
        """
        async def get(key: int = 1, /, *rest, flag: bool = True, **more) -> 'str | None':
            async with pool as db, other:
                match key:
                    case {'a': [1, *_]} | None: return f'{key!r:>{flag}} {db}' 'b' "c"
            return [x async for x in db if not x] or (lambda: {**more, -1: b'1'[1:2]})() if rest else ...
        """
    )
    assert ModuleSource(text).digest("get") == "09fc2d4f347f9211"
