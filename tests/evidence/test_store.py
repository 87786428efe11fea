"""The embedded store: round trips, damage, newer formats, runs at the same time."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence import store as store_module
from pytest_integration_gate.evidence.merging import Store, StoredTest
from pytest_integration_gate.evidence.store import load, update
from pytest_integration_gate.model.claim import Claim, Hygiene, Unbound
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.fact import Fact, Parameter, Signature
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome, Site, Uses
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import NONE, Dictionary, Field, Object, Record, Scalar, Sequence, Union

SITE = Site(file="shop/api.py", function="show", call="repo.get(1)", line=7)
ROW = Record((Field("email", Scalar("str")), Field("tags", Sequence("list", Scalar("str")), required=False)))
CLAIM = Claim(
    root="shop.repo:Repo",
    path=("()", ".get"),
    action="call",
    arguments=Arguments(positional=(Argument(shape=Scalar("int"), text="1"),)),
    outcome=Outcome(kind="returned", shape=Union((NONE, ROW)), text="None"),
    uses=Uses(escapes=False, operations=frozenset({"__len__", "__getitem__"}), members=(("['email']", Uses()),)),
    at="tests/test_a.py:3",
    site=SITE,
)
OBSERVATION = Observation(
    target="shop.repo:Repo.get",
    arguments=Arguments(keywords=(("id", Argument(shape=Scalar("int"))),), bound=True),
    outcome=Outcome(kind="raised", shape=Object("shop.repo:Gone", ("builtins:Exception",)), awaiting=True),
    at="shop/repo.py:9",
    site=SITE,
)
FACT = Fact(
    target="shop.repo:Repo.get",
    kind="method",
    signature=Signature(parameters=(Parameter(name="id", kind="standard", required=True),)),
    returns=Dictionary(Scalar("str"), Scalar("int")),
    supports=("__len__",),
    first_party=True,
)
UNIT = TestRecord(nodeid="tests/test_a.py::test_unit", claims=(CLAIM,), facts=(FACT,))
BOUNDARY = TestRecord(
    nodeid="tests/test_b.py::test_real",
    boundaries=("database",),
    fidelity="emulated",
    observations=(OBSERVATION, OBSERVATION),
    facts=(FACT,),
    editions=(Edition(target="shop.repo:Repo.get", source="0123456789abcdef"),),
)

CLAIMS = st.builds(
    Claim,
    root=st.text(),
    path=st.lists(st.text()).map(tuple),
    action=st.sampled_from(["call", "read", "replace"]),
    outcome=st.none() | st.builds(Outcome, kind=st.just("returned"), text=st.none() | st.text()),
    at=st.text(),
)
RECORDS = st.builds(TestRecord, nodeid=st.text(), claims=st.lists(CLAIMS, min_size=1).map(tuple))


RUN = {"date": "2026-11-20", "commit": "1a2b3c4", "moment": "2026-11-20T10:00:00.000000Z", "python": "3.13.0"}


def keep(folder: Path, *records: TestRecord) -> str:
    return update(str(folder), lambda store: store.updated(records, {}, **RUN))


def kept(folder: Path) -> Store:
    store, warning = load(str(folder))
    assert warning == ""
    return store


def test_what_was_stored_is_loaded(tmp_path: Path) -> None:
    """Records come back equal, with the date, the commit, the moment and the Python of their run."""
    assert keep(tmp_path, UNIT, BOUNDARY) == ""
    assert kept(tmp_path).tests == {record.nodeid: StoredTest(record=record, **RUN) for record in (UNIT, BOUNDARY)}


def test_what_was_seen_of_earlier_editions_is_loaded(tmp_path: Path) -> None:
    """It stands with its test, with the run that saw it; a version that knows nothing of it leaves it out."""
    keep(tmp_path, UNIT, BOUNDARY)
    (edition,) = BOUNDARY.editions
    changed = replace(BOUNDARY, editions=(replace(edition, source="fedcba9876543210"),))
    update(str(tmp_path), lambda store: store.updated([changed], {}, date="2026-11-21"))
    test = kept(tmp_path).tests[BOUNDARY.nodeid]
    (earlier,) = test.earlier
    assert (test.record, test.date) == (changed, "2026-11-21")
    assert earlier == StoredTest(record=replace(BOUNDARY, facts=()), **RUN)


@given(st.lists(RECORDS))
def test_any_text_survives_the_store(records: list[TestRecord]) -> None:
    """Line breaks, quotes, lone surrogates: the lines are JSON and lose nothing."""
    store = Store().updated(records, date="\n", commit="\ud800")
    assert store_module._parse(store_module._lines(store), "evidence") == store


def test_a_missing_store_is_empty(tmp_path: Path) -> None:
    """The first run has nothing to say about it, and loading makes no folder."""
    assert load(str(tmp_path / "none")) == (Store(), "")
    assert not (tmp_path / "none").exists()


def test_equal_parts_are_stored_once(tmp_path: Path) -> None:
    """A hundred tests that see the same thing take one line for it and a short one each."""
    keep(tmp_path, *(TestRecord(nodeid=f"t.py::t{n}", claims=(CLAIM,), facts=(FACT,)) for n in range(100)))
    lines = (tmp_path / "evidence.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 + 100
    assert json.loads(lines[0]) == {"format": 1, "kind": "integration-gate evidence", "tests": 100}


def test_the_file_does_not_depend_on_the_order_of_tests(tmp_path: Path) -> None:
    """Two orders, the same bytes."""
    keep(tmp_path / "one", UNIT, BOUNDARY)
    keep(tmp_path / "two", BOUNDARY)
    keep(tmp_path / "two", UNIT)
    one, two = ((tmp_path / name / "evidence.jsonl").read_bytes() for name in ("one", "two"))
    assert one == two


def test_the_folder_is_ignored_by_git(tmp_path: Path) -> None:
    """As pytest's cache folder is; a file that stands there already is left alone."""
    keep(tmp_path / "store", UNIT)
    assert (tmp_path / "store" / ".gitignore").read_text().splitlines()[-1] == "*"
    (tmp_path / "store" / ".gitignore").write_text("mine")
    keep(tmp_path / "store", BOUNDARY)
    assert (tmp_path / "store" / ".gitignore").read_text() == "mine"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda _: "", "line 1 is not JSON"),
        (lambda _: "SQLite format 3\0", "line 1 is not JSON"),
        (lambda _: "[" * 100_000, "line 1 is not JSON"),
        (lambda _: '{"kind": "other", "format": 1}\n', "its first line does not say that it is evidence"),
        (lambda text: text.replace('"format":1', '"format":"1"'), "its first line does not say"),
        (lambda text: text[:-20], "is not JSON"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "it should have 1 tests and has 0"),
        (lambda text: text.replace('"record"', '"name"'), "cannot be understood: KeyError"),
        (lambda text: text.replace('"nodeid"', '"name"'), "cannot be understood: ValueError: TestRecord"),
        (lambda text: text.replace('"action":"call"', '"action":"dream"'), "line 2 cannot be understood: ValueError"),
        (lambda text: text.replace('"claims":[0]', '"claims":[7]'), "cannot be understood: IndexError"),
        (lambda text: text.replace('{"claims":{', '{"dreams":{'), "line 2 cannot be understood: KeyError"),
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, spoil: Callable[[str], str], why: str) -> None:
    """One sentence says what is wrong and where the file is now; nothing of it is lost, and the run goes on."""
    keep(tmp_path, UNIT)
    file = tmp_path / "evidence.jsonl"
    spoiled = spoil(file.read_text(encoding="utf-8"))
    file.write_text(spoiled, encoding="utf-8")
    store, warning = load(str(tmp_path))
    assert store == Store()
    assert why in warning
    assert warning.endswith(f"It was set aside as {file}.damaged-1.")
    assert (tmp_path / "evidence.jsonl.damaged-1").read_text(encoding="utf-8") == spoiled
    assert keep(tmp_path, BOUNDARY) == ""
    assert list(kept(tmp_path).tests) == [BOUNDARY.nodeid]


def test_what_is_not_text_is_damaged(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are set aside like other damage."""
    (tmp_path / "evidence.jsonl").write_bytes(b'{"kind": "\xff"}')
    assert "it is not UTF-8 text" in load(str(tmp_path))[1]


def test_no_file_that_was_set_aside_is_overwritten(tmp_path: Path) -> None:
    """The second damaged file gets the next number."""
    for content in ("one", "two"):
        (tmp_path / "evidence.jsonl").write_text(content)
        load(str(tmp_path))
    aside = [(tmp_path / f"evidence.jsonl.damaged-{number}").read_text() for number in (1, 2)]
    assert aside == ["one", "two"]


def test_a_newer_format_is_an_error_and_stays_untouched(tmp_path: Path) -> None:
    """Loading raises with a remedy; updating keeps its hands off and says so."""
    file = tmp_path / "evidence.jsonl"
    file.write_text('{"format": 2, "kind": "integration-gate evidence"}\n{"anything": 1}\n')
    with pytest.raises(StoreError, match=r"has format 2; this version reads up to 1\. Upgrade pytest-integration-gate"):
        load(str(tmp_path))
    assert "This run's evidence is not kept" in keep(tmp_path, UNIT)
    assert file.read_text().startswith('{"format": 2')
    assert not list(tmp_path.glob("*.damaged*"))


def test_a_store_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    """A file stands where the folder should be: the run goes on."""
    (tmp_path / "store").write_text("in the way")
    assert load(str(tmp_path / "store")) == (Store(), "")
    assert keep(tmp_path / "store", UNIT).startswith(f"This run's evidence is not kept: {tmp_path / 'store'} cannot")


def test_a_store_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    """What this run cannot read may still be good: both ends of the run say the same and leave it."""
    (tmp_path / "evidence.jsonl").mkdir()
    store, warning = load(str(tmp_path))
    assert store == Store()
    assert warning.startswith("Stored evidence is neither used nor kept")
    assert keep(tmp_path, UNIT) == warning
    assert os.listdir(tmp_path / "evidence.jsonl") == []


def test_runs_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Each adds what it has to what the others stored in the meantime."""
    records = [TestRecord(nodeid=f"t{n}.py::t", claims=(CLAIM,)) for n in range(8)]
    threads = [threading.Thread(target=keep, args=(tmp_path, record)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept(tmp_path).tests) == sorted(record.nodeid for record in records)


def test_a_store_that_is_held_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the run gives up with a sentence instead of waiting for ever."""
    monkeypatch.setattr(store_module, "_LOCK_TIMEOUT", 0.01)
    keep(tmp_path, UNIT)
    with FileLock(tmp_path / "evidence.lock"):
        warning = keep(tmp_path, BOUNDARY)
    assert warning.startswith("This run's evidence is not kept: another run has held")
    assert list(kept(tmp_path).tests) == [UNIT.nodeid]


def test_the_run_s_own_remarks_are_not_stored(tmp_path: Path) -> None:
    """Unbound doubles, untidiness and warnings concern one run; a test with nothing else leaves no trace."""
    remarks = {"unbound": (Unbound(at="t.py:1"),), "hygiene": (Hygiene(kind="k", at="t.py:1"),), "warnings": ("w",)}
    keep(tmp_path, TestRecord(nodeid="a", claims=(CLAIM,), **remarks), TestRecord(nodeid="b", **remarks))
    assert {nodeid: test.record for nodeid, test in kept(tmp_path).tests.items()} == {
        "a": TestRecord(nodeid="a", claims=(CLAIM,))
    }
