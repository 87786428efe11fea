"""Whose a failure is, and which imports cross a border."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_integration_gate.checkout.grimp_graph import read_with_grimp
from pytest_integration_gate.judging.borders import violations
from pytest_integration_gate.judging.contexts import Past, changed_contexts, sort_failures
from pytest_integration_gate.model.change import Change, changes_between
from pytest_integration_gate.model.context import Component, Context, context_of
from pytest_integration_gate.model.failure import Failure, normalised
from pytest_integration_gate.source.import_graph import ImportGraph

ORDERS = Context(
    name="orders",
    modules=("shop.orders",),
    public="shop.orders.api",
    uses=("shop.kernel",),
    tests=("tests/orders",),
    components=(
        Component(name="store", modules=("shop.orders.store",)),
        Component(name="all", modules=("shop.orders",)),
    ),
)
BILLING = Context(name="billing", modules=("shop.billing",), public="shop.billing", tests=("tests/test_billing.py",))
FRONT = Context(name="front", kind="coordination", modules=("shop.front",), public="shop.front", tests=("tests/front",))
FAILURE = Failure(nodeid="tests/orders/test_a.py::test_a", cls="ValueError", place="shop/a.py::f", message="no")
SAME, OTHER = Past(before="failed", fingerprint=FAILURE.fingerprint), Past(before="failed", fingerprint="x")


@pytest.mark.parametrize(
    ("active", "past", "is_flaky", "category"),
    [
        ((ORDERS,), Past(), False, "in_context"),
        ((ORDERS, BILLING), OTHER, False, "in_context"),
        ((BILLING,), Past(before="passed"), False, "out_of_context"),
        ((BILLING,), OTHER, False, "out_of_context"),
        ((BILLING,), Past(), False, "out_of_context"),
        ((ORDERS,), SAME, False, "pre_existing"),
        ((BILLING,), SAME, False, "pre_existing"),
        ((BILLING,), SAME, True, "flaky"),
        ((), SAME, False, "unclassified"),
        ((), Past(), True, "flaky"),
    ],
)
def test_categories(active: tuple[Context, ...], past: Past, is_flaky: bool, category: str) -> None:
    """Flaky comes before pre-existing, that before the context; without a context nothing is said."""
    flaky = (FAILURE.nodeid,) if is_flaky else ()
    (one,) = sort_failures([FAILURE], active, {FAILURE.nodeid: past}, flaky)
    assert (one.category, one.before) == (category, past.before)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<Repo object at 0x7f3ed3bd4c10>", "<Repo object at 0x10e4>"),
        ("assert '<object obje...7fe320861580>' == ''", "assert '<object obje...7f0000000000>' == ''"),
        ("no file /tmp/pytest-of-me/pytest-12/test_a0/x", "no file /tmp/pytest-of-me/pytest-13/test_a0/x"),
        ("late: 2026-11-20T10:30:00.123Z", "late: 2026-11-21T11:00:00Z"),
        ("{'b', 'a'} is wrong", "{'a', 'b'} is wrong"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174000"),
        ("took 0.123 s", "took 12 s"),
        ("refused by 127.0.0.1:54321", "refused by 127.0.0.1:50001"),
    ],
)
def test_what_changes_from_run_to_run_is_no_part_of_a_message(one: str, other: str) -> None:
    """Addresses, folders, times, ids, ports and the order of sets."""
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("assert 3 == 4", "assert 3 == 5"), ("key 'a'", "key 'b'"), ("wrong\nassert 1 == 2", "wrong\nassert 2 == 2")],
)
def test_another_cause_has_another_message(one: str, other: str) -> None:
    """Numbers and names that a failure is about stay."""
    assert normalised(one) != normalised(other)


def test_changed_contexts() -> None:
    """A context is worked on when a module or a test of it changed, was deleted or renamed."""
    modules = {
        "shop/orders/store.py": "shop.orders.store",
        "shop/kernel.py": "shop.kernel",
        "shop/front.py": "shop.front",
    }
    changes = [Change(path="shop/kernel.py"), Change(path="shop/front.py", kind="renamed", now="x.py")]
    assert changed_contexts([ORDERS, BILLING, FRONT], changes, modules) == (FRONT,)
    changes = [Change(path="shop/orders/store.py", kind="deleted"), Change(path="tests/test_billing.py")]
    assert changed_contexts([ORDERS, BILLING, FRONT], changes, modules) == (ORDERS, BILLING)


def test_changes_between_two_states() -> None:
    """A file that went and came elsewhere with the same content was renamed; the others were added or deleted."""
    old = {"a.py": "1", "b.py": "2", "c.py": "3", "same.py": "4"}
    new = {"z.py": "1", "b.py": "9", "new.py": "5", "same.py": "4"}
    assert changes_between(old, new) == (
        Change(path="a.py", kind="renamed", now="z.py"),
        Change(path="b.py"),
        Change(path="c.py", kind="deleted"),
        Change(path="new.py", kind="added"),
    )


def test_modules_and_tests_of_a_context() -> None:
    """A package includes what is below it and nothing that is only spelled alike; the inner component counts."""
    assert context_of("shop.orders.store", [BILLING, ORDERS]) is ORDERS
    assert context_of("shop.orders_old", [BILLING, ORDERS]) is None
    assert ORDERS.has_test("tests/orders/test_a.py::test_a[tests/x]")
    assert not ORDERS.has_test("tests/orders2/test_a.py::test_a")
    assert BILLING.has_test("tests/test_billing.py")
    component = ORDERS.component_of("shop.orders.store.rows")
    assert component is not None
    assert component.name == "store"


def test_borders(tmp_path: Path) -> None:
    """A domain context imports itself, what it declares and what is nobody's; a coordination one the public modules."""
    files = {
        "shop/__init__.py": "",
        "shop/kernel.py": "",
        "shop/util.py": "import shop.orders.store",
        "shop/orders/__init__.py": "",
        "shop/orders/api.py": "from shop.orders import store",
        "shop/orders/store.py": (
            "import json\nfrom shop import util, kernel\n\n"
            "def late():\n    from .. import billing\n    return billing\n"
        ),
        "shop/billing.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.orders.api import x\n",
        "shop/front.py": "from shop.orders import api\nfrom shop.orders.store import late\nimport shop.billing\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = violations([ORDERS, BILLING, FRONT], ImportGraph(str(tmp_path), files))
    assert [(one.kind, one.importer, one.imported, one.at) for one in found] == [
        ("domain_border", "shop.billing", "shop.orders.api", "shop/billing.py:3"),
        ("coordination_border", "shop.front", "shop.orders.store", "shop/front.py:2"),
        ("domain_border", "shop.orders.store", "shop.billing", "shop/orders/store.py:5"),
    ]


FORMS = (
    "from ..orders import store",
    "from .. import orders",
    "def f():\n    import shop.orders.store",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.orders.store import x",
    "import typing as t\nif t.TYPE_CHECKING:\n    import shop.orders",
    "import shop.orders.store as s",
    "from shop.orders import *",
    "try:\n    from shop.orders.store import x\nexcept ImportError:\n    x = None",
    "import os, shop.orders.store, sys",
    "from shop import orders as o, kernel",
    "class A:\n    from shop.orders.store import x",
    "from shop.orders import (\n    store as s,\n)",
    "x = 1; import shop.orders.store",
    "import importlib\nC = importlib.import_module('shop.orders.store')",
    "from importlib import import_module as load\n\ndef f():\n    return load('..orders.store', __package__)",
    "C = __import__('shop.orders.store')",
)
LINES = dict(zip(FORMS, (1, 1, 2, 3, 3, 1, 1, 2, 1, 1, 2, 1, 1, 2, 4, 1), strict=True))


@pytest.mark.parametrize("is_known", [True, False], ids=["by grimp", "by ourselves"])
@pytest.mark.parametrize("form", FORMS)
def test_a_border_is_crossed_by_imports_of_every_form(
    tmp_path: Path, form: str, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative, local, for types, under another name, told to a function: with file and line, once for a module."""
    files = [f"shop/{name}/__init__.py" for name in ("orders", "billing", "kernel")]
    files += ["shop/__init__.py", "shop/orders/store.py", "shop/billing/core.py"]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "shop/billing/core.py").write_text(f"{form}\n\n\n{form}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    known = read_with_grimp(["shop"], str(tmp_path), for_types=True) if is_known else None
    found = violations([ORDERS, BILLING], ImportGraph(str(tmp_path), files, known=known))
    name = "shop.orders.store" if "store" in form else "shop.orders"
    assert [(one.importer, one.imported, one.at) for one in found] == [
        ("shop.billing.core", name, f"shop/billing/core.py:{LINES[form]}")
    ]
