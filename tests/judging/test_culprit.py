"""Which changed file broke a test, and when that is certain."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from pytest_integration_gate.judging.culprit import Carry, Culprit, Reach, find_culprit
from pytest_integration_gate.model.change import Change
from pytest_integration_gate.model.failure import Failure
from pytest_integration_gate.source.import_graph import ImportGraph

TEST = "tests/billing/test_invoice.py"
FILES = {
    "shop/__init__.py": "",
    "shop/money.py": "RATE = 2",
    "shop/text.py": "",
    "shop/alone.py": "",
    "shop/log.py": "import importlib\ndef load(name):\n    return importlib.import_module(f'shop.{name}')\n",
    "shop/invoice.py": "from shop import money\nimport shop.text\nFILE = 'rates.json'\n",
    "tests/conftest.py": "",
    "tests/orders/conftest.py": "",
    TEST: "from shop.invoice import total",
    "tests/billing/test_log.py": "from shop.log import load\n\ndef test_log():\n    load('alone')\n",
}
FAILURE = Failure(nodeid=f"{TEST}::test_total", cls="AssertionError", files=(TEST,))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def found(
    root: Path,
    *changes: Change | str,
    failure: Failure = FAILURE,
    passed: bool = True,
    carry: Mapping[str, Carry] | None = None,
    lost: bool | None = None,
    leaving: Collection[str] = (),
) -> Culprit | None:
    all_changes = [Change(path=one) if isinstance(one, str) else one for one in changes]
    gone = [one.path for one in all_changes if one.kind in ("deleted", "renamed")]
    others = [one.path for one in all_changes if not one.path.endswith(".py")]
    graph = ImportGraph(str(root), [*FILES, *gone], others=others)
    reach = Reach(failure.nodeid.partition("::")[0], failure.files, all_changes, graph)
    return find_culprit(
        failure,
        reach,
        passed_before=passed,
        carries=lambda path, _: (carry or {}).get(path, "unknown"),
        lost=lambda change, name: lost,
        leaves_behind=lambda change: change.path in leaving,
    )


def test_the_only_change_within_reach_is_the_culprit(root: Path) -> None:
    """With the chain of imports from the test to it, and certain when the test passed before."""
    assert found(root, "shop/money.py") == Culprit(
        name="shop.money", chain=(TEST, "shop.invoice", "shop.money"), is_certain=True
    )


@pytest.mark.parametrize(
    ("path", "name", "chain"),
    [
        ("tests/conftest.py", "tests/conftest.py", (TEST, "tests/conftest.py")),
        ("shop/data/rates.json", "shop/data/rates.json", (TEST, "shop.invoice", "shop/data/rates.json")),
        ("shop/__init__.py", "shop", (TEST, "shop")),
        (TEST, TEST, (TEST,)),
    ],
)
def test_conftest_data_package_and_the_test_itself(root: Path, path: str, name: str, chain: tuple[str, ...]) -> None:
    """What is no module is called by its path."""
    assert found(root, path) == Culprit(name=name, chain=chain, is_certain=True)


@pytest.mark.parametrize(
    "changes",
    [
        ("shop/money.py", "shop/text.py"),
        ("shop/money.py", "shop/data/other.bin"),
    ],
)
def test_nothing_is_certain_when_something_else_could_have_done_it(root: Path, changes: tuple[str, ...]) -> None:
    """Another change within reach, or one of which nobody knows who reads it."""
    culprit = found(root, *changes)
    assert culprit is not None
    assert not culprit.is_certain


def test_nothing_is_certain_when_the_test_is_not_known_to_have_passed(root: Path) -> None:
    """The cause may be older than the change."""
    culprit = found(root, "shop/money.py", passed=False)
    assert culprit is not None
    assert not culprit.is_certain


@pytest.mark.parametrize("carry", ["no", "nothing"])
def test_a_change_that_does_not_carry_to_the_test_is_not_certain(root: Path, carry: Carry) -> None:
    """Names say that it cannot matter, so it is likely to be something else."""
    culprit = found(root, "shop/money.py", carry={"shop/money.py": carry})
    assert culprit is not None
    assert not culprit.is_certain


def test_documentation_and_unreached_modules_do_not_matter(root: Path) -> None:
    """A changed README or a module that the test does not need leave the culprit certain."""
    culprit = found(root, "shop/money.py", "README.md", "shop/alone.py", "tests/orders/conftest.py")
    assert culprit is not None
    assert (culprit.name, culprit.is_certain, culprit.others) == ("shop.money", True, ())


def test_what_carries_to_the_test_comes_before_what_is_nearer(root: Path) -> None:
    """The others are listed after it."""
    carry: dict[str, Carry] = {"shop/invoice.py": "no", "shop/text.py": "nothing", "shop/money.py": "yes"}
    culprit = found(root, "shop/invoice.py", "shop/money.py", "shop/text.py", carry=carry)
    assert culprit is not None
    assert (culprit.name, culprit.others) == ("shop.money", ("shop.invoice", "shop.text"))


def test_the_nearest_comes_first_otherwise(root: Path) -> None:
    """And where the traceback ends before that."""
    culprit = found(root, "shop/invoice.py", "shop/money.py")
    assert culprit is not None
    assert culprit.name == "shop.invoice"
    deep = Failure(nodeid=FAILURE.nodeid, cls="ValueError", files=("shop/money.py", "shop/invoice.py", TEST))
    culprit = found(root, "shop/invoice.py", "shop/money.py", failure=deep)
    assert culprit is not None
    assert culprit.name == "shop.money"


@pytest.mark.parametrize(
    ("missing", "change"),
    [
        ("shop.gone", Change(path="shop/gone.py", kind="deleted")),
        ("shop.gone", Change(path="shop/gone.py", kind="renamed", now="shop/came.py")),
        ("shop.gone.deeper", Change(path="shop/gone/__init__.py", kind="deleted")),
    ],
)
def test_a_module_that_is_gone_is_called_by_its_old_name(root: Path, missing: str, change: Change) -> None:
    """The exception names it, so it is certain whatever else changed."""
    (root / "shop/invoice.py").write_text("from shop import money, gone\n")
    failure = Failure(nodeid=TEST, cls="ModuleNotFoundError", files=("shop/invoice.py", TEST), missing=missing)
    culprit = found(root, "shop/money.py", change, failure=failure, passed=False)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain) == ("shop.gone", True)


def test_a_name_that_is_gone_from_a_changed_module(root: Path) -> None:
    """The exception names module and name; in a circle of imports any of them may have closed it."""
    failure = Failure(nodeid=TEST, cls="ImportError", missing="shop.money.RATE")
    culprit = found(root, "shop/invoice.py", "shop/money.py", failure=failure, lost=True)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain) == ("shop.money", True)
    circle = Failure(nodeid=TEST, cls="ImportError", missing="shop.money.RATE", message="partially initialized module")
    culprit = found(root, "shop/invoice.py", "shop/money.py", failure=circle, lost=True)
    assert culprit is not None
    assert not culprit.is_certain


def test_who_asks_for_a_name_that_never_was_is_to_blame(root: Path) -> None:
    """Not the module that was asked; it may be, when nobody knows what it had, or when it has the name still."""
    failure = Failure(nodeid=TEST, cls="ImportError", missing="shop.money.NOPE", place="shop/invoice.py::<module>")
    culprit = found(root, "shop/invoice.py", "shop/money.py", failure=failure, lost=False)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain) == ("shop.invoice", False)
    culprit = found(root, "shop/invoice.py", "shop/money.py", failure=failure, lost=True)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain) == ("shop.money", True)
    culprit = found(root, "shop/invoice.py", "shop/money.py", failure=failure, lost=None)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain) == ("shop.money", False)


@pytest.mark.parametrize("cls", ["ConnectionRefusedError", "requests.exceptions.ReadTimeout", "crash"])
def test_what_comes_from_outside_may_have_failed_by_itself(root: Path, cls: str) -> None:
    """The change is named, and nothing is certain."""
    culprit = found(root, "shop/money.py", failure=Failure(nodeid=FAILURE.nodeid, cls=cls))
    assert culprit is not None
    assert (culprit.name, culprit.is_certain) == ("shop.money", False)


def test_a_change_elsewhere_may_have_left_something_behind(root: Path) -> None:
    """Then the only change within reach is not certain."""
    changes = ("shop/money.py", "tests/orders/conftest.py")
    assert found(root, *changes) == Culprit(
        name="shop.money", chain=(TEST, "shop.invoice", "shop.money"), is_certain=True
    )
    culprit = found(root, *changes, leaving=("tests/orders/conftest.py",))
    assert culprit is not None
    assert (culprit.name, culprit.is_certain) == ("shop.money", False)
    culprit = found(root, *changes, leaving=("shop/money.py",))
    assert culprit is not None
    assert culprit.is_certain


@pytest.mark.parametrize(
    ("change", "is_certain"),
    [
        (Change(path="docs/money.md"), True),
        (Change(path="shop/templates/mail.md"), False),
        (Change(path="shop/other.csv", is_loose=True), True),
        (Change(path="shop/other.csv"), False),
        (Change(path="tests/a.py", kind="renamed", now="tests/b.py"), True),
    ],
)
def test_what_else_changed(root: Path, change: Change, is_certain: bool) -> None:
    """Documents are not read by programs, nor what git does not have unless it is named; texts in packages may be."""
    culprit = found(root, "shop/money.py", change)
    assert culprit is not None
    assert culprit.is_certain is is_certain


def test_a_suite_that_is_no_python(root: Path) -> None:
    """It may run anything: what its words name is the likeliest, and nothing is certain."""
    (root / "tests/billing/test_s.gate.yaml").write_text("command: python -m shop.alone\n")
    failure = Failure(nodeid="tests/billing/test_s.gate.yaml::Says")
    culprit = found(root, "shop/alone.py", "shop/money.py", failure=failure)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain, culprit.others) == ("shop.alone", False, ("shop.money",))


def test_a_file_that_does_not_parse(root: Path) -> None:
    """A syntax error names its file; the graph goes through it all the same."""
    (root / "shop/invoice.py").write_text("from shop import money\ndef (\n")
    failure = Failure(nodeid=TEST, cls="SyntaxError", place="shop/invoice.py", files=("shop/invoice.py", TEST))
    culprit = found(root, "shop/invoice.py", "shop/money.py", failure=failure)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain, culprit.others) == ("shop.invoice", True, ("shop.money",))


def test_a_module_that_is_loaded_by_name(root: Path) -> None:
    """It may be any; one that the test spells is the likeliest, and none is certain."""
    failure = Failure(nodeid="tests/billing/test_log.py::test_log", cls="AssertionError")
    culprit = found(root, "shop/alone.py", "shop/money.py", failure=failure)
    assert culprit is not None
    assert (culprit.name, culprit.is_certain, culprit.others) == ("shop.alone", False, ("shop.money",))


def test_what_the_test_was_seen_to_run_comes_first(root: Path) -> None:
    """Of two that are equally likely and equally near, the one that its coverage has."""
    changes = [Change(path="shop/money.py"), Change(path="shop/text.py")]
    reach = Reach(TEST, FAILURE.files, changes, ImportGraph(str(root), FILES))
    for path, name in (("shop/money.py", "shop.money"), ("shop/text.py", "shop.text")):
        culprit = find_culprit(FAILURE, reach, passed_before=True, ran=path.__eq__)
        assert culprit is not None
        assert culprit.name == name


def test_none_within_reach(root: Path) -> None:
    """Then nobody is accused."""
    assert found(root, "shop/alone.py") is None
    assert found(root) is None
