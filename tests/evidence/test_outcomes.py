"""How tests ended on earlier states of the tree, and where the work stands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_integration_gate import workflow
from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.outcomes import FILE, RunOutcomes, keep_outcomes, load_outcomes
from pytest_integration_gate.evidence.workflow import keep_states, state_of
from pytest_integration_gate.judging.workflow import State, taken
from pytest_integration_gate.model.change import TreeState

ONE = TreeState(id="one", commit="1a2b3c4", is_clean=True, files={"a.py": "1"})
TWO = TreeState(id="two", files={"a.py": "2"})


def test_outcomes_come_back_as_they_were_kept(tmp_path: Path) -> None:
    """One record a state, the newest last; the folder is ignored by git."""
    runs = [
        RunOutcomes(state=ONE, tests={"t::a": "passed", "t::b": "f00"}),
        RunOutcomes(state=TWO, tests={"t::a": "x"}, environment="e", loose={"b.csv": "3"}),
    ]
    assert [keep_outcomes(str(tmp_path), run) for run in runs] == ["", ""]
    assert load_outcomes(str(tmp_path)) == (runs, "")
    assert (tmp_path / ".gitignore").exists()


def test_runs_on_one_state_are_one_record(tmp_path: Path) -> None:
    """A test that did not run again keeps its outcome; one that ended in both ways is mixed."""
    keep_outcomes(str(tmp_path), RunOutcomes(state=ONE, tests={"a": "passed", "b": "f00", "c": "passed", "d": "f00"}))
    keep_outcomes(str(tmp_path), RunOutcomes(state=TWO, tests={"a": "passed"}))
    keep_outcomes(str(tmp_path), RunOutcomes(state=ONE, tests={"b": "passed", "c": "passed", "d": "f11"}))
    records, _ = load_outcomes(str(tmp_path))
    assert [record.state.id for record in records] == ["two", "one"]
    assert records[-1].tests == {"a": "passed", "b": "mixed", "c": "passed", "d": "f11"}


def test_runs_with_different_packages_on_one_state(tmp_path: Path) -> None:
    """Nobody knows with which of them the tests ended as they did; the files beside the state are the last ones."""
    for environment, loose in (("e", "1"), ("e", "2")):
        run = RunOutcomes(state=ONE, tests={"a": "passed"}, environment=environment, loose={"b.csv": loose})
        keep_outcomes(str(tmp_path), run)
    assert load_outcomes(str(tmp_path))[0] == [run]
    keep_outcomes(str(tmp_path), replace(run, environment="other"))
    assert load_outcomes(str(tmp_path))[0] == [replace(run, environment="")]


def test_a_record_of_an_earlier_version(tmp_path: Path) -> None:
    """It has neither environment nor files beside the state, and is used."""
    keep_outcomes(str(tmp_path), RunOutcomes(state=ONE, tests={"a": "passed"}, environment="e", loose={"b": "1"}))
    first, line = (tmp_path / FILE).read_text().splitlines()
    old = {key: value for key, value in json.loads(line).items() if key not in ("environment", "loose")}
    (tmp_path / FILE).write_text(f"{first}\n{json.dumps(old)}\n")
    assert load_outcomes(str(tmp_path)) == ([RunOutcomes(state=ONE, tests={"a": "passed"})], "")


def test_old_states_drop_out(tmp_path: Path) -> None:
    """Twenty are kept."""
    for number in range(23):
        keep_outcomes(str(tmp_path), RunOutcomes(state=replace(ONE, id=str(number)), tests={"a": "passed"}))
    records, _ = load_outcomes(str(tmp_path))
    assert [record.state.id for record in records] == [str(number) for number in range(3, 23)]


@pytest.mark.parametrize("text", ["not ours\n", '{"format": 1}\n', "", "[]\n"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, text: str) -> None:
    """Its content stays under another name, and the next run can keep its outcomes."""
    (tmp_path / FILE).write_text(text)
    records, warning = load_outcomes(str(tmp_path))
    assert records == []
    assert "is damaged" in warning
    assert (tmp_path / f"{FILE}.damaged-1").read_text() == text
    assert keep_outcomes(str(tmp_path), RunOutcomes(state=ONE, tests={"a": "passed"})) == ""


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    """It is an error with a remedy."""
    text = json.dumps({"format": 9, "kind": "integration-gate outcomes"}) + "\n"
    (tmp_path / FILE).write_text(text)
    with pytest.raises(StoreError, match=r"format 9.*Upgrade"):
        load_outcomes(str(tmp_path))
    assert "format 9" in keep_outcomes(str(tmp_path), RunOutcomes(state=ONE))
    assert (tmp_path / FILE).read_text() == text


def test_states_of_the_work_by_account_project_and_context(tmp_path: Path) -> None:
    """They do not meet; without account and project the one that was worked on last counts."""
    store = str(tmp_path / ".integration_gate")
    begun = taken(State(context="orders", account="acme", project="shop"), "initialize", "passed", date="2026-11-20")
    other = State(context="orders", project="shop", step="run_test_suite", result="failed")
    assert keep_states(store, [begun]) == keep_states(store, [other, State(context="billing")]) == ""
    assert state_of(store, "orders", account="acme", project="shop") == begun
    assert state_of(store, "orders", account="", project="shop") == other
    assert state_of(store, "stock", account="acme", project="shop") == State(
        context="stock", account="acme", project="shop"
    )
    assert workflow.load(tmp_path, "orders") == other
    keep_states(store, [begun])
    assert workflow.load(tmp_path, "orders") == begun
    assert workflow.next_step(workflow.load(tmp_path, "nowhere")) == "initialize"
