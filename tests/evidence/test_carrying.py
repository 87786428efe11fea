"""Carried evidence: the text form, and merging in any order and grouping."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence import export
from pytest_integration_gate.evidence.carrying import (
    Carried,
    CarriedEnd,
    CarriedRun,
    CarriedTest,
    adopt,
    carried,
    merge,
    of_store,
)
from pytest_integration_gate.evidence.export import export_lines, read_export, write_export
from pytest_integration_gate.evidence.export_merging import merge_exports
from pytest_integration_gate.evidence.merging import Store, StoredTest
from pytest_integration_gate.model.claim import Claim, Hygiene, Unbound
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import TestOutcome
from pytest_integration_gate.model.shape import Field, Record, Scalar
from pytest_integration_gate.verdicts.target_waivers import TargetWaiver

NAMES = st.sampled_from(["a.py::t", "a.py::u", "b.py::t"])
MOMENTS = st.sampled_from(["", "2026-11-20T10:00:00.000000Z", "2026-11-21T10:00:00.000000Z"])
CLAIMS = st.builds(
    Claim,
    root=st.text(max_size=3),
    action=st.sampled_from(["call", "read"]),
    outcome=st.none() | st.builds(Outcome, kind=st.just("returned"), text=st.none() | st.text(max_size=3)),
    at=st.sampled_from(["", "a.py:3"]),
)
OBSERVATIONS = st.builds(
    Observation, target=st.text(max_size=3), arguments=st.just(Arguments()), outcome=st.just(Outcome(kind="returned"))
)
EDITIONS = st.builds(Edition, target=st.text(max_size=3), source=st.text(max_size=2), version=st.text(max_size=2))
RECORDS = st.builds(
    TestRecord,
    nodeid=NAMES,
    boundaries=st.lists(st.sampled_from(["database", "http"]), unique=True).map(tuple),
    claims=st.lists(CLAIMS, max_size=3).map(tuple),
    observations=st.lists(OBSERVATIONS, max_size=3).flatmap(lambda seen: st.just((*seen, *seen[:1]))),
    editions=st.lists(EDITIONS, max_size=2).map(tuple),
    unbound=st.lists(st.builds(Unbound, at=st.text(max_size=2)), max_size=1).map(tuple),
    hygiene=st.lists(st.builds(Hygiene, kind=st.just("dead_double"), at=st.text(max_size=2)), max_size=1).map(tuple),
    warnings=st.lists(st.text(max_size=2), max_size=2).map(tuple),
)
TESTS = st.builds(
    CarriedTest,
    record=RECORDS,
    date=st.sampled_from(["2026-11-20", "2026-11-21"]),
    commit=st.sampled_from(["", "1a2b3c4"]),
    moment=MOMENTS,
    python=st.sampled_from(["", "3.13.0"]),
    is_whole=st.booleans(),
    is_skipped=st.booleans(),
)
WAIVERS = st.builds(TargetWaiver, where=NAMES, target=st.just("a:b"), reason=st.text(), until=st.text(), test=NAMES)
ENDS = st.builds(
    CarriedEnd,
    outcome=st.builds(
        TestOutcome,
        nodeid=NAMES,
        outcome=st.sampled_from(["passed", "failed", "skipped", "error", "flaky"]),
        reason=st.text(max_size=3),
        details=st.none() | st.just({"actual": {"$.a": [1, None]}}),
    ),
    moment=MOMENTS,
    waivers=st.lists(WAIVERS, max_size=1).map(tuple),
)
RUNS = st.builds(
    CarriedRun, moment=MOMENTS, started=MOMENTS, seconds=st.floats(0, 9), seed=st.none() | st.integers(0, 9)
)
CARRIED = st.builds(carried, st.lists(TESTS, max_size=4), st.lists(ENDS, max_size=3), st.lists(RUNS, max_size=2))
CLAIM = Claim(
    root="shop:Repo.get",
    action="call",
    outcome=Outcome(kind="returned", shape=Record((Field("email", Scalar("str")),))),
    at="a.py:3",
)


def text(what: Carried) -> str:
    """How it is written; the order within a record makes no difference."""
    return "".join(export_lines(what))


def whole(record: TestRecord, moment: str = "2026-11-20T10:00:00.000000Z", *, is_whole: bool = True) -> CarriedTest:
    return CarriedTest(record=record, date=moment[:10], moment=moment, is_whole=is_whole)


@given(CARRIED, CARRIED)
def test_merging_is_commutative(one: Carried, two: Carried) -> None:
    """Which shard comes first makes no difference, not even to a byte of the text."""
    assert text(merge((one, two))) == text(merge((two, one)))


@given(CARRIED, CARRIED, CARRIED)
def test_merging_is_associative(one: Carried, two: Carried, three: Carried) -> None:
    """Shards may be merged in groups."""
    in_groups = text(merge((merge((one, two)), three))), text(merge((one, merge((two, three)))))
    assert in_groups == (text(merge((one, two, three))),) * 2


@given(CARRIED)
def test_merging_is_idempotent(one: Carried) -> None:
    """The same shard twice is that shard."""
    assert merge((one, one)) == merge((one,)) == one


@given(many=st.lists(CARRIED, max_size=4), data=st.data())
def test_files_merge_as_what_they_hold(
    tmp_path_factory: pytest.TempPathFactory, many: list[Carried], data: st.DataObject
) -> None:
    """Files are merged side by side, in any order and also when somebody has shuffled their lines, to the same text."""
    folder = tmp_path_factory.getbasetemp()
    paths = [folder / f"{number}.jsonl" for number, _ in enumerate(many)]
    for path, one in zip(paths, many, strict=True):
        first, *lines = export_lines(one)
        path.write_text(first + "".join(data.draw(st.permutations(lines))))
    merge_exports(data.draw(st.permutations(paths)), folder / "merged.jsonl")
    assert (folder / "merged.jsonl").read_text() == text(merge(many))


def test_lines_that_do_not_fit_into_memory_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are sorted in parts, which are merged; none is lost and none comes twice but those that were there twice."""
    monkeypatch.setattr(export, "_AT_ONCE", 100)
    lines = [f"{number * 7919 % 1000:03}\n" for number in range(1000)]
    number, found = export.sorted_lines([*lines, "500\n"])
    assert (number, [*found]) == (1001, sorted([*lines, "500\n"]))


def test_merging_files_does_not_hold_what_they_claim(tmp_path: Path) -> None:
    """Memory grows with the tests: ten times the claims of the same tests take no more."""

    def peak(claims: int) -> int:
        records = (
            TestRecord(nodeid=f"a.py::t{n}", claims=tuple(replace(CLAIM, at=f"{n}:{i}") for i in range(claims)))
            for n in range(20)
        )
        write_export(tmp_path / "one.jsonl", carried([whole(one) for one in records]))
        tracemalloc.start()
        merge_exports([tmp_path / "one.jsonl"] * 2, tmp_path / "merged.jsonl")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(200) < peak(20) + 200_000


@given(one=CARRIED)
def test_what_was_exported_is_read(tmp_path_factory: pytest.TempPathFactory, one: Carried) -> None:
    """Nothing is lost on the way through a file, how often something was observed included."""
    path = tmp_path_factory.getbasetemp() / "export.jsonl"
    write_export(path, one)
    assert text(read_export(path)) == text(one)


def test_the_newest_record_of_a_test_stays() -> None:
    """A test that ran again supersedes what is known of it; the record of its run beats what the store kept of it."""
    record = TestRecord(nodeid="a.py::t", claims=(CLAIM,))
    old, new = whole(record), whole(TestRecord(nodeid="a.py::t"), "2026-11-21T10:00:00.000000Z")
    assert merge((carried([old]), carried([new]))) == carried([new])
    part = whole(TestRecord(nodeid="a.py::t"), is_whole=False)
    assert merge((carried([old]), carried([part]))) == carried([old])


def test_a_test_that_was_skipped_elsewhere_ran() -> None:
    """A later shard that skips it takes nothing away."""
    ran = CarriedEnd(outcome=TestOutcome(nodeid="a.py::t", outcome="failed"), moment="1")
    skipped = CarriedEnd(outcome=TestOutcome(nodeid="a.py::t", outcome="skipped"), moment="2")
    assert merge((carried(ends=[ran]), carried(ends=[skipped]))).ends["a.py::t"] == ran


def test_a_shape_is_one_line() -> None:
    """When one claim of a hundred tests changes, one line goes and one comes, besides those of the test."""
    tests = [whole(TestRecord(nodeid=f"a.py::t{number}", claims=(CLAIM,))) for number in range(100)]
    before = list(export_lines(carried(tests)))
    assert len(before) == 1 + 1 + 100
    assert before[1:] == sorted(before[1:])
    changed = Claim(root=CLAIM.root, action="call", at="a.py:9")
    tests[0] = whole(TestRecord(nodeid="a.py::t0", claims=(changed,)))
    after = list(export_lines(carried(tests)))
    assert len(set(after[1:]) - set(before[1:])) == 2  # the new claim, and the old one without this test


def test_the_store_adopts_what_is_newer() -> None:
    """Claims are reduced to what they are about, as the store keeps them; what it has of a later run stays."""
    seen = Observation(target="shop:Repo.get", arguments=Arguments(), outcome=Outcome(kind="returned"))
    test = whole(TestRecord(nodeid="a.py::t", claims=(CLAIM,), observations=(seen,)))
    store = adopt(Store(), carried([test]))
    (kept,) = store.tests.values()
    assert kept.record.observations == (seen,)
    assert kept.record.claims == (Claim(root=CLAIM.root, action="call", at=""),)
    later = Store({"a.py::t": StoredTest(record=test.record, date="2026-11-22", moment="2026-11-22")})
    assert adopt(later, carried([test])) == later
    assert of_store(store).tests["a.py::t", False].moment == test.moment


HEADER = {"format": 1, "kind": "integration-gate export", "lines": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "its first line does not say|line 1 is not JSON"),
        (b"hello\n", "line 1 is not JSON"),
        (b'{"format": 1, "kind": "integration-gate evidence"}\n', "its first line does not say"),
        (json.dumps({**HEADER, "format": 2}).encode(), "has format 2; this version reads format 1. Upgrade"),
        (json.dumps({**HEADER, "format": 0}).encode(), "has format 0; this version reads format 1. Export it again"),
        (json.dumps(HEADER).encode(), "it should have 1 lines below the first and has 0"),
        (json.dumps(HEADER).encode() + b'\n{"test": \n', "line 2 is not JSON"),
        (json.dumps(HEADER).encode() + b'\n{"nonsense": 1}\n', "line 2 cannot be understood"),
        (json.dumps(HEADER).encode() + b"\n[]\n", "line 2 cannot be understood"),
        (json.dumps(HEADER).encode() + b'\n{"claim": {"root": "a", "action": "call", "at": ""}, "tests": {"x": 1}}\n',
         "the test x has no line"),
        (b"\xff\xfe", "it is not UTF-8 text"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_understood_is_one_clear_error(tmp_path: Path, text: bytes, said: str) -> None:
    """Damaged, foreign, older and newer files; none is touched."""
    path = tmp_path / "export.jsonl"
    path.write_bytes(text)
    for read in (read_export, lambda path: merge_exports([path], tmp_path / "merged.jsonl")):
        with pytest.raises(StoreError, match=said):
            read(path)
    assert not (tmp_path / "merged.jsonl").exists()
    assert path.read_bytes() == text


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    """It is named, with who writes such files."""
    with pytest.raises(StoreError, match=r"none\.jsonl cannot be read: No such file"):
        read_export(tmp_path / "none.jsonl")
