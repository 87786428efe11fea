"""How a run changes the evidence of earlier runs."""

from __future__ import annotations

from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import Scalar

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


def ran(target: str, source: str, value: str) -> TestRecord:
    """A boundary test that saw one target, when it was of one edition."""
    outcome = Outcome(kind="returned", shape=Scalar(value))
    return TestRecord(
        nodeid="i.py::t",
        boundaries=("database",),
        observations=(Observation(target=target, arguments=Arguments(), outcome=outcome),),
        editions=(Edition(target=target, source=source),),
    )


def seen_before(store: Store) -> list[tuple[str, str, str]]:
    """What a test saw of earlier editions: source, value and day."""
    return [
        (one.record.editions[0].source, one.record.observations[0].outcome.shape.name, one.date)  # type: ignore[union-attr]
        for one in store.tests["i.py::t"].earlier
    ]


def test_evidence_of_several_editions_stands_side_by_side() -> None:
    """What was seen of another edition stays, the newest first; the same edition seen again is superseded."""
    store = Store()
    for day, (source, value) in enumerate([("a", "int"), ("b", "str"), ("b", "bytes"), ("a", "bool"), ("c", "float")]):
        store = store.updated([ran("m:f", source, value)], date=str(day))
    assert seen_before(store) == [("a", "bool", "3"), ("b", "bytes", "2")]
    for day in range(5, 12):
        store = store.updated([ran("m:f", str(day), "int")], date=str(day))
    assert [date for _, _, date in seen_before(store)] == ["10", "9", "8"]


def test_what_a_test_no_longer_calls_is_not_kept() -> None:
    """A test that was changed to see something else supersedes all that it had seen."""
    store = Store().updated([ran("m:f", "a", "int")], date="1").updated([ran("m:g", "a", "int")], date="2")
    assert seen_before(store) == []


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
