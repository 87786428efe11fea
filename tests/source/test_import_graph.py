"""Who needs whom: imports, conftest files, and names in texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_integration_gate.source.import_graph import ImportGraph

FILES = (
    "shop/__init__.py",
    "shop/a.py",
    "shop/sub/__init__.py",
    "shop/sub/b.py",
    "tests/conftest.py",
    "tests/helper.py",
)


def needs(
    root: Path, text: str, path: str = "tests/test_a.py", *, others: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    for name in (*FILES, path):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / path).write_text(text)
    graph = ImportGraph(str(root), [*FILES, path], others=others)
    return [(need.path, need.kind) for need in graph.needs(path)]


SHOP, SUB = ("shop/__init__.py", "package"), ("shop/sub/__init__.py", "package")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("import shop.a", "tests/test_a.py", [("shop/a.py", "import"), SHOP]),
        ("from shop import a", "tests/test_a.py", [("shop/a.py", "import"), SHOP]),
        ("from shop.a import x", "tests/test_a.py", [("shop/a.py", "import"), SHOP]),
        ("from shop import x", "tests/test_a.py", [("shop/__init__.py", "import")]),
        ("import shop.gone", "tests/test_a.py", [("shop/__init__.py", "import")]),
        ("from . import b", "shop/sub/c.py", [("shop/sub/b.py", "import"), SUB, SHOP]),
        ("from .b import x", "shop/sub/c.py", [("shop/sub/b.py", "import"), SUB, SHOP]),
        ("from ..a import x", "shop/sub/c.py", [("shop/a.py", "import"), SHOP]),
        ("from .a import x", "shop/__init__.py", [("shop/a.py", "import")]),
        ("import helper", "tests/test_a.py", [("tests/helper.py", "import")]),
        ("import json, os.path", "tests/test_a.py", []),
        ("def f():\n    import shop.a", "tests/test_a.py", [("shop/a.py", "import"), SHOP]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shop.a", "tests/test_a.py", []),
        ("patch('shop.a.RATE')", "tests/test_a.py", [("shop/a.py", "text")]),
        ("HANDLERS = {'b': 'shop.sub.b:run'}", "tests/test_a.py", []),
        ("import shop.a\ndef (", "tests/test_a.py", [("shop/a.py", "import"), SHOP]),
        ("from shop import (a,\ndef (", "tests/test_a.py", [("shop/a.py", "import"), SHOP]),
    ],
)
def test_needs(tmp_path: Path, text: str, path: str, expected: list[tuple[str, str]]) -> None:
    """Imports of every make, also in a file that does not parse; packages that run with them; modules in texts."""
    if ":run" in text:
        expected = [("shop/sub/b.py", "text")]
        text = text.replace(":run", ".run")
    assert needs(tmp_path, text, path) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("open('rates.json')", "text"),
        ("Path('data/rates.json')", "text"),
        ("glob('*.json')", "pattern"),
        ("Path('data')", "pattern"),
        ("'rates'", None),
    ],
)
def test_files_that_are_no_modules(tmp_path: Path, text: str, kind: str | None) -> None:
    """A text with their name needs them; a pattern or the name of their folder may."""
    expected = [] if kind is None else [("shop/data/rates.json", kind)]
    assert needs(tmp_path, text, others=("shop/data/rates.json",)) == expected


def test_one_of_several_files_of_a_name(tmp_path: Path) -> None:
    """The name alone may mean any of them, with a folder it means one."""
    (tmp_path / "a.py").write_text("'rates.json'\n'docs/zones.csv'\n")
    others = ("shop/rates.json", "docs/zones.csv", "shop/zones.csv")
    graph = ImportGraph(str(tmp_path), ["a.py"], others=others, all_files=("docs/rates.json",))
    assert [(need.path, need.kind) for need in graph.needs("a.py")] == [
        ("shop/rates.json", "pattern"),
        ("docs/zones.csv", "text"),
    ]


def test_conftests_from_near_to_far(tmp_path: Path) -> None:
    """All above the test file, none beside its way."""
    files = ["conftest.py", "tests/conftest.py", "tests/a/conftest.py", "tests/b/conftest.py", "tests/a/test_x.py"]
    graph = ImportGraph(str(tmp_path), files)
    assert graph.conftests("tests/a/test_x.py") == ("tests/a/conftest.py", "tests/conftest.py", "conftest.py")


def test_plugins_come_after_the_conftests(tmp_path: Path) -> None:
    """Those that lie in the project are loaded for every test."""
    graph = ImportGraph(
        str(tmp_path), ["conftest.py", "shop/testing.py", "t.py"], for_all=["shop/testing.py", "gone.py"]
    )
    assert graph.conftests("t.py") == ("conftest.py", "shop/testing.py")


def test_modules_below_other_roots(tmp_path: Path) -> None:
    """The name starts below the deepest root; tests keep their path when they are shown."""
    graph = ImportGraph(str(tmp_path), ["src/shop/a.py", "tests/test_a.py"], ["", "src/"])
    assert graph.modules["shop.a"] == "src/shop/a.py"
    assert graph.shown("src/shop/a.py") == "shop.a"
    assert graph.shown("tests/test_a.py") == "tests/test_a.py"


@pytest.mark.parametrize(
    ("text", "is_dynamic"),
    [
        ("import_module(name)", True),
        ("importlib.import_module(f'shop.{x}')", True),
        ("__import__(name)", True),
        ("import_module('shop.a')", False),
        ("entry_points(group='x')", True),
        ("load(name)", False),
    ],
)
def test_what_loads_by_name(tmp_path: Path, text: str, is_dynamic: bool) -> None:
    """A name that is not spelled may be any."""
    needs(tmp_path, text)
    assert ImportGraph(str(tmp_path), ["tests/test_a.py"]).is_dynamic("tests/test_a.py") is is_dynamic
