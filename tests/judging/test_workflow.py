"""The steps of the work on a context: what is due, and what a run means for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate import workflow
from pytest_integration_gate.judging.workflow import Course, Result, State, follow, taken

START = State(context="orders")
GREEN = Course(has_own_tests=True, own_tests="passed", suite="passed")


def after(*steps: tuple[str, Result]) -> State:
    state = START
    for step, result in steps:
        state = taken(state, step, result)
    return state


def run(state: State, course: Course, modules: str = "a") -> State:
    return follow(state, course, modules=modules, date="2026-11-20", commit="1a2b3c4")


def test_there_are_nine_steps() -> None:
    """They have the names and the order of the specification."""
    assert workflow.steps() == (
        "initialize",
        "generate_integration_tests",
        "generate_context",
        "run_integration_tests",
        "fix_integration_test_failures",
        "run_test_suite",
        "fix_test_failures",
        "validate_acceptance_criteria",
        "finalize",
    )


@pytest.mark.parametrize(
    ("step", "result", "following"),
    [
        ("", "", "initialize"),
        ("initialize", "passed", "generate_integration_tests"),
        ("generate_integration_tests", "passed", "generate_context"),
        ("generate_context", "passed", "run_integration_tests"),
        ("run_integration_tests", "failed", "fix_integration_test_failures"),
        ("fix_integration_test_failures", "passed", "run_integration_tests"),
        ("run_integration_tests", "passed", "run_test_suite"),
        ("run_test_suite", "failed", "fix_test_failures"),
        ("fix_test_failures", "passed", "run_test_suite"),
        ("run_test_suite", "passed", "validate_acceptance_criteria"),
        ("validate_acceptance_criteria", "failed", "generate_integration_tests"),
        ("validate_acceptance_criteria", "passed", "finalize"),
    ],
)
def test_the_next_step(step: str, result: str, following: str) -> None:
    """Every step and result says what is due."""
    assert workflow.next_step(replace(START, step=step, result=result)) == following


def test_after_the_last_step_there_is_none() -> None:
    """Asking for one is an error that says when the work opens again."""
    with pytest.raises(
        workflow.SessionComplete, match=r"`orders` is complete\. It opens again when one of its modules"
    ):
        workflow.next_step(replace(START, step="finalize", result="passed"))


@pytest.mark.parametrize(("step", "result"), [("deploy", "passed"), ("initialize", "maybe"), ("initialize", "failed")])
def test_a_state_that_cannot_be(step: str, result: str) -> None:
    """An unknown step or result is an invalid interaction, with what there is."""
    with pytest.raises(workflow.InvalidInteraction, match="Steps: initialize, "):
        workflow.next_step(replace(START, step=step, result=result))


def test_only_the_step_that_is_due_can_be_taken() -> None:
    """Another one is an invalid interaction that names the one that is due."""
    with pytest.raises(workflow.InvalidInteraction, match=r"`finalize` is not due .* Due is `initialize`"):
        taken(START, "finalize", "passed")


def test_one_green_run_goes_through_to_the_end() -> None:
    """It takes every step that mends nothing; commit and date of the end are kept, the way there is not."""
    state = run(START, GREEN)
    assert (state.step, state.result, state.commit, state.date) == ("finalize", "passed", "1a2b3c4", "2026-11-20")
    assert [one.step for one in state.interactions] == ["finalize"]


@pytest.mark.parametrize(
    ("course", "step", "following"),
    [
        (Course(has_own_tests=False), "generate_integration_tests", "generate_integration_tests"),
        (Course(has_own_tests=True, has_modules=False), "generate_context", "generate_context"),
        (
            Course(has_own_tests=True, own_tests="failed"),
            "run_integration_tests",
            "fix_integration_test_failures",
        ),
        (Course(has_own_tests=True, own_tests="passed"), "run_integration_tests", "run_test_suite"),
        (Course(has_own_tests=True, own_tests="passed", suite="failed"), "run_test_suite", "fix_test_failures"),
        (replace(GREEN, criteria="failed"), "validate_acceptance_criteria", "generate_integration_tests"),
        (Course(has_own_tests=True), "generate_context", "run_integration_tests"),
    ],
)
def test_a_run_goes_as_far_as_it_gets(course: Course, step: str, following: str) -> None:
    """The step that fails is the last one, and so is the last one that the run could take."""
    state = run(START, course)
    assert (state.step, workflow.next_step(state)) == (step, following)


def test_over_several_runs() -> None:
    """Integration tests fail, are mended; the suite fails, is mended; a run of a part changes nothing."""
    state = run(START, Course(has_own_tests=True, own_tests="failed"))
    state = run(state, Course(has_own_tests=True, own_tests="passed", suite="failed"))
    assert (state.step, state.result) == ("run_test_suite", "failed")
    part = run(state, Course(has_own_tests=True, own_tests="passed"))
    assert (part.step, part.result) == (state.step, state.result)
    assert [one.step for one in part.interactions][-3:] == [
        "fix_integration_test_failures",
        "run_integration_tests",
        "run_test_suite",
    ]
    assert run(part, GREEN).is_complete


def test_own_integration_tests_that_break_later_take_the_work_back() -> None:
    """From wherever it stood."""
    state = run(START, Course(has_own_tests=True, own_tests="passed", suite="failed"))
    state = run(state, Course(has_own_tests=True, own_tests="failed"))
    assert (state.step, workflow.next_step(state)) == ("run_integration_tests", "fix_integration_test_failures")


def test_finished_work_opens_again_when_a_module_changes() -> None:
    """A failing run on the same modules leaves it finished; any run on other modules begins anew."""
    done = run(START, GREEN)
    assert run(done, Course(has_own_tests=True, own_tests="failed")) == done
    again = run(done, Course(has_own_tests=True, own_tests="passed", suite="failed"), modules="b")
    assert (again.step, again.result) == ("run_test_suite", "failed")
    assert again.interactions[0].step == "initialize"


RESULTS = st.sampled_from([None, "passed", "failed"])
COURSES = st.builds(
    Course,
    has_own_tests=st.booleans(),
    own_tests=RESULTS,
    suite=RESULTS,
    criteria=st.sampled_from(["passed", "failed"]),
)


@given(st.lists(st.tuples(COURSES, st.sampled_from("ab")), max_size=6))
def test_no_history_leads_astray(courses: list[tuple[Course, str]]) -> None:
    """Whatever runs follow each other: a state has a next step or is complete, and a failure shows."""
    state = START
    for course, modules in courses:
        was_complete = state.is_complete and state.modules == modules
        state = run(state, course, modules)
        assert state.is_complete or workflow.next_step(state) in workflow.steps()
        if course.own_tests == "failed" and course.has_own_tests and not was_complete:
            assert not state.is_complete
