"""The event log: written line by line, read again as far as it goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.event_log import EventLog
from pytest_integration_gate.evidence.events import DamagedLog, read_events
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import (
    ClaimCounts,
    Contexts,
    Gate,
    RunReport,
    Summary,
    TestOutcome,
    TestRun,
    WorkflowStep,
)

NODEIDS = ("tests/test_a.py::test_1", "tests/test_a.py::test_2", "tests/test_a.py::test_3")
CLAIM = Claim(root="shop:Repo", path=("get",), action="call", at="tests/test_a.py:3")
REPORT = RunReport(
    test_run=TestRun(timestamp="2026-11-20T10:30:00Z", duration="0.1s", python="3.12.1", pytest="9.2.0"),
    summary=Summary(total_tests=1, passed=1, failed=0, skipped=0, errors=0),
    gate=Gate(status="PASSED", reasons=(), claims=ClaimCounts(), evidence=None, agreement=1.0),
    boundaries=(),
    mismatches=(),
    unverified=(),
    unbound_doubles=(),
    hygiene=(),
    failed_tests=(),
    warnings=(),
    recommendations=(),
)


def moment(second: int) -> str:
    return f"2026-11-20T10:30:{second:02}.000000Z"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a whole run of three tests that make the same claim."""
    path = tmp_path / "logs/events.jsonl"
    events = EventLog(path)
    events.add("run", at=moment(0), commit="1a2b3c4", python="3.12.1", pytest="9.2.0", seed=None, options=["--x"])
    events.collected(NODEIDS)
    for second, nodeid in enumerate(NODEIDS, start=1):
        events.add("began", at=moment(second), test=nodeid)
        events.outcome(TestOutcome(nodeid=nodeid, outcome="passed", duration=0.5))
        record = TestRecord(nodeid=nodeid, claims=(CLAIM,), warnings=("hm",))
        events.ended(nodeid, record, at=moment(second), worker=f"gw{second % 2}")
    events.add("warning", text="mind the gap")
    events.judged(REPORT)
    events.add("finished", at=moment(9), exit_status=1)
    events.close()
    assert not events.failure
    return path


def test_a_whole_log_is_read_as_it_was_written(log: Path) -> None:
    """Records, outcomes and the report come back; nothing was running, nothing is missing."""
    run = read_events(log)
    assert [test.record.claims for test in run.what.tests.values()] == [(CLAIM,)] * 3
    assert [outcome.nodeid for outcome in run.outcomes] == list(NODEIDS)
    assert (run.running, run.not_run, run.options, run.exit_status) == ((), (), ("--x",), 1)
    assert run.report == REPORT
    (about,) = run.what.runs
    assert (about.seconds, about.workers, about.warnings) == (9.0, 2, ("mind the gap",))
    assert about.started == "2026-11-20T10:30:00Z"


def test_what_tests_share_is_written_once(log: Path) -> None:
    """The claim of three tests has one line."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum(line.get("event") == "claim" for line in lines) == 1


def test_a_log_that_was_cut_anywhere_is_read(log: Path, tmp_path: Path) -> None:
    """After the header every byte may be the last one: tests that ended are there, one may be running, none is lost."""
    whole = log.read_bytes()
    cut = tmp_path / "cut.jsonl"
    for length in range(whole.index(b"\n") + 1, len(whole)):
        cut.write_bytes(whole[:length])
        run = read_events(cut)
        happened = [json.loads(line).get("event") for line in whole[:length].split(b"\n") if _is_json(line)]
        ended = [nodeid for nodeid, _ in run.what.tests]
        assert ended == list(NODEIDS[: happened.count("ended")])
        assert len(run.running) == happened.count("began") - happened.count("ended")
        if "collected" in happened:
            assert sorted((*ended, *run.running, *run.not_run)) == sorted(NODEIDS)
        assert (run.report is not None) is ("judged" in happened)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "hello\n", "is no event log"),
        (lambda text: "", "is no event log"),
        (lambda text: text.replace('"format":1', '"format":2', 1), "has format 2; this version reads up to 1"),
        (lambda text: text.replace('"event":"began"', '"event":"begun"', 1), "is damaged: line 4"),
        (lambda text: text.replace('{"event":"collected"', "{", 1), "is damaged: line 3"),
    ],
    ids=["foreign", "empty", "newer", "unknown event", "no JSON"],
)
def test_a_bad_log_is_one_clear_error(log: Path, change: Callable[[str], str], said: str) -> None:
    """It names the file and the line, and the file stays as it is."""
    text = change(log.read_text())
    log.write_text(text)
    with pytest.raises(StoreError, match=said) as raised:
        read_events(log)
    assert str(log) in str(raised.value)
    assert log.read_text() == text
    assert isinstance(raised.value, DamagedLog) is ("damaged" in said)


def test_a_log_that_is_not_there() -> None:
    """One clear error."""
    with pytest.raises(StoreError, match="cannot be read: No such file"):
        read_events(Path("/nowhere/events.jsonl"))


def test_a_full_disk_is_one_failure(tmp_path: Path) -> None:
    """What cannot be written any more is left out; nothing is raised."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    log = EventLog(full)
    assert log.failure == f"The events of this run are not kept: {full} cannot be written (No space left on device)."
    log.add("began", test="a")
    log.close()


def test_a_disk_that_fills_up_keeps_what_was_written(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log ends, and can be read."""
    events = EventLog(log)
    events.add("run", at=moment(0), commit="", python="", pytest="", seed=None, options=[])
    events._stream.close()
    events._stream = open("/dev/full", "w")  # noqa: SIM115
    events.collected(NODEIDS)
    events.flush()
    assert "No space left on device" in events.failure
    assert read_events(log).not_run == ()


def test_steps_and_contexts_come_back_by_themselves_and_in_numbers(log: Path) -> None:
    """Where a report has one value or several, each comes back as what it was."""
    step = WorkflowStep(context="orders", step="finalize", result="passed", next=None)
    for active, steps in (("orders", step), (("a", "b"), (step, step)), (None, None)):
        contexts = Contexts(active=active, in_context=(), out_of_context=(), violations=(), continuations=())
        report = replace(REPORT, contexts=contexts, workflow=steps)
        events = EventLog(log)
        events.judged(report)
        events.close()
        assert read_events(log).report == report
