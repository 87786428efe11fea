"""How a run changes the evidence of earlier runs."""

from __future__ import annotations

from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.record import TestRecord

OLD = Claim(root="m:old", action="call", at="t.py:1")
NEW = Claim(root="m:new", action="call", at="t.py:1")


def record(nodeid: str, *claims: Claim) -> TestRecord:
    return TestRecord(nodeid=nodeid, claims=claims)


STORE = Store().updated([record("a.py::one", OLD), record("a.py::two", OLD), record("b.py::C::one", OLD)], date="1")


def test_a_test_that_ran_again_supersedes_its_entry() -> None:
    """Its claims, date and commit are those of the last run; others stay."""
    store = STORE.updated([record("a.py::one", NEW)], date="2", commit="c")
    assert [(test.record.claims, test.date) for test in store.tests.values()] == [
        ((NEW,), "2"),
        ((OLD,), "1"),
        ((OLD,), "1"),
    ]


def test_a_test_that_ran_and_has_nothing_left_to_say_drops_out() -> None:
    """The mock was removed from it: what it once claimed is no evidence any more."""
    assert list(STORE.updated([record("a.py::one")], date="2").tests) == ["a.py::two", "b.py::C::one"]


def test_a_test_that_its_file_no_longer_has_drops_out() -> None:
    """Only in files that were collected: what was not looked at stays."""
    store = STORE.updated([], {"a.py": {"a.py::two", "a.py::three"}}, date="2")
    assert list(store.tests) == ["a.py::two", "b.py::C::one"]


def test_a_file_without_tests_drops_all_of_its_entries() -> None:
    """A file that was collected and is empty now."""
    assert list(STORE.updated([], {"b.py": ()}, date="2").tests) == ["a.py::one", "a.py::two"]


def test_a_store_never_changes() -> None:
    """Updating gives another one."""
    before = dict(STORE.tests)
    STORE.updated([record("a.py::one", NEW)], {"a.py": ()}, date="2")
    assert dict(STORE.tests) == before
