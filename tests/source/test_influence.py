"""How far a change of names carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_integration_gate.source.import_graph import ImportGraph
from pytest_integration_gate.source.influence import ALL, changed_names, influence_of, means_the_same, names_defined

OLD = (
    '"""Docs."""\nRATE = 2\nUNUSED = 1\n\ndef _scale(n):\n    return n * RATE\n\ndef total(n):\n    return _scale(n)\n'
)


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("RATE = 2", "RATE = 3", {"RATE", "_scale", "total"}),
        ("UNUSED = 1", "UNUSED = 2", {"UNUSED"}),
        ("return _scale(n)", "return _scale(n) + 1", {"total"}),
        ("def total(n)", "def totals(n)", {"total"}),
        ("def total(n)", "def total(n, m)", {"total"}),
        ('"""Docs."""', "print()", {ALL}),
        ('"""Docs."""', '"""Other docs."""  # and a comment', set()),
        ("UNUSED = 1", "UNUSED = 1\nNEW = 2", set()),
        ("UNUSED = 1", "UNUSED = 1\ndef pytest_runtest_setup(): pass", {ALL}),
        ("UNUSED = 1", "UNUSED = 1\n@pytest.fixture\ndef base(): pass", {"base"}),
    ],
)
def test_changed_names(old: str, new: str, names: set[str]) -> None:
    """What changed and what uses it in the same file; layout, comments and new names change nothing."""
    assert changed_names(OLD, OLD.replace(old, new)) == names


def test_what_does_not_parse_is_not_known() -> None:
    """Neither before nor after."""
    assert changed_names(OLD, "def (") is None
    assert changed_names("def (", OLD) is None


def test_what_means_the_same() -> None:
    """Comments and layout; not a new name, which may shadow another, nor a docstring, which may be shown to users."""
    assert means_the_same("def f():\n    return 1\n", "def f():\n\n    return (1)  # one\n")
    assert not means_the_same("x = 1\n", "x = 1\ny = 2\n")
    assert not means_the_same("def f():\n    'docs'\n", "def f():\n    'other'\n")
    assert not means_the_same("def (", "def (")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b\nfrom c import d as e\nX: int = 1\nif X:\n    def f(): pass", {"a", "e", "X", "f"}),
        ("from c import *", None),
        ("def __getattr__(name): pass", None),
        ("def (", None),
    ],
)
def test_names_that_a_module_has(source: str, names: set[str] | None) -> None:
    """Those that it defines or imports at its top; a star, a function for attributes or a mistake leaves it open."""
    assert names_defined(source) == names


FILES = {
    "shop/__init__.py": "from shop.money import total\n",
    "shop/money.py": OLD,
    "shop/invoice.py": (
        "from shop import money\n\nclass Invoice:\n    def sum(self):\n        return money.total(1)\n\n"
        "def make():\n    return Invoice()\n\ndef other():\n    return 2\n"
    ),
    "shop/table.py": "def rates():\n    return open('data/rates.json')\n\ndef nothing():\n    pass\n",
    "tests/conftest.py": (
        "import pytest\nfrom shop.invoice import make\n\n@pytest.fixture\ndef invoice():\n    return make()\n\n"
        "@pytest.fixture\ndef paid(invoice):\n    return invoice\n"
    ),
    "shop/loading.py": (
        "from importlib import import_module\n\ndef load():\n    return import_module('.money', __package__)\n\n"
        "def other():\n    return 1\n"
    ),
    "tests/test_loading.py": (
        "from shop.loading import load, other\n\ndef test_load():\n    load()\n\ndef test_other():\n    other()\n"
    ),
    "tests/test_a.py": (
        "import shop\nfrom shop.invoice import make as build, other\nfrom shop.table import *\n\n"
        "def test_class():\n    build()\n\ndef test_other():\n    other()\n\n"
        "def test_fixture(paid):\n    paid.sum()\n\n"
        "def test_exported():\n    shop.total(1)\n\nclass TestGroup:\n    def test_x(self):\n        build()\n\n"
        "def test_table():\n    rates()\n"
    ),
}


@pytest.mark.parametrize(
    ("test", "names", "does"),
    [
        ("test_class", {"total"}, True),
        ("test_class", {"UNUSED"}, False),
        ("test_other", {"total"}, False),
        ("test_fixture", {"total"}, True),
        ("test_exported", {"total"}, True),
        ("TestGroup::test_x", {"total"}, True),
        ("", {"total"}, True),
        ("test_other", {ALL}, True),
    ],
)
def test_what_a_change_carries_to(tmp_path: Path, test: str, names: set[str], does: bool) -> None:
    """Through modules, names, aliases, classes, exports and fixtures; a file that fails to import takes all along."""
    influence = influence_of("shop/money.py", frozenset(names), graph_in(tmp_path), FILES)
    assert influence.carries_to(f"tests/test_a.py::{test}" if test else "tests/test_a.py") is does


@pytest.mark.parametrize(("test", "does"), [("test_load", True), ("test_other", False)])
def test_a_change_carries_to_who_loads_the_module_by_name(tmp_path: Path, test: str, does: bool) -> None:
    """Where the name is told."""
    influence = influence_of("shop/money.py", frozenset({"total"}), graph_in(tmp_path), FILES)
    assert influence.carries_to(f"tests/test_loading.py::{test}") is does


@pytest.mark.parametrize(("test", "does"), [("test_table", True), ("test_class", False)])
def test_a_data_file_reaches_whoever_names_it(tmp_path: Path, test: str, does: bool) -> None:
    """And who uses that, here by a star import."""
    influence = influence_of("shop/data/rates.json", frozenset(), graph_in(tmp_path), FILES)
    assert influence.carries_to(f"tests/test_a.py::{test}[1]") is does


def graph_in(root: Path) -> ImportGraph:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return ImportGraph(str(root), FILES)
