"""The steps in which the work on a context goes on, and what a run means for them (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.values import dataclass

Result = Literal["passed", "failed"]

STEPS = (
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
"""The steps in their order; the two that mend failures are taken only when there are some."""

_NEXT: dict[tuple[str, str], str] = {
    ("initialize", "passed"): "generate_integration_tests",
    ("generate_integration_tests", "passed"): "generate_context",
    ("generate_integration_tests", "failed"): "generate_integration_tests",
    ("generate_context", "passed"): "run_integration_tests",
    ("generate_context", "failed"): "generate_context",
    ("run_integration_tests", "passed"): "run_test_suite",
    ("run_integration_tests", "failed"): "fix_integration_test_failures",
    ("fix_integration_test_failures", "passed"): "run_integration_tests",
    ("fix_integration_test_failures", "failed"): "fix_integration_test_failures",
    ("run_test_suite", "passed"): "validate_acceptance_criteria",
    ("run_test_suite", "failed"): "fix_test_failures",
    ("fix_test_failures", "passed"): "run_test_suite",
    ("fix_test_failures", "failed"): "fix_test_failures",
    ("validate_acceptance_criteria", "passed"): "finalize",
    ("validate_acceptance_criteria", "failed"): "generate_integration_tests",
    ("finalize", "failed"): "finalize",
}


class SessionComplete(GateError):
    """The work on the context is finished: there is no next step until one of its modules changes."""

    slug = "workflow"


class InvalidInteraction(GateError):
    """A step that is not due, or that does not exist, was reported."""

    slug = "workflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One step that was taken: by a run at a commit on a day."""

    step: str
    result: Result
    date: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the work on one context of a project stands.

    `step` is the last step that was taken, empty before the first, and `result` how it ended. `modules` names the state
    of the context's modules at that time; `date` and `commit` are those of the run that took the step.
    `interactions` are the steps since the work began, the newest last; of finished work only the last one is kept.
    """

    context: str
    account: str = ""
    project: str = ""
    step: str = ""
    result: str = ""
    modules: str = ""
    date: str = ""
    commit: str = ""
    interactions: tuple[Interaction, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the last step was taken."""
        return (self.step, self.result) == ("finalize", "passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What one run says about the work on a context.

    `has_own_tests` and `has_modules` say that the context's own integration tests and its modules are there.
    `own_tests` and `suite` are how these ended, None when they did not run as a whole; `criteria` whether the
    acceptance criteria of the context are met.
    """

    has_own_tests: bool
    has_modules: bool = True
    own_tests: Result | None = None
    suite: Result | None = None
    criteria: Result | None = "passed"


def steps() -> tuple[str, ...]:
    """Return the names of the nine steps in their order."""
    return STEPS


def next_step(state: State) -> str:
    """Return the name of the step that is due.

    Raises `SessionComplete` after the last one, `InvalidInteraction` when the state names a step or a result that there
    is not.
    """
    if state.is_complete:
        raise SessionComplete(
            f"The work on context `{state.context}` is complete.",
            remedy="It opens again when one of its modules changes.",
        )
    if not state.step:
        return STEPS[0]
    following = _NEXT.get((state.step, state.result))
    if following is None:
        raise InvalidInteraction(
            f"Step `{state.step}` of context `{state.context}` cannot have the result `{state.result}`.",
            remedy=f"Steps: {', '.join(STEPS)}; results: passed, failed.",
        )
    return following


def taken(state: State, step: str, result: Result, *, date: str = "", commit: str = "") -> State:
    """Return the state after a step that was due.

    Raises `InvalidInteraction` for any other step or result, `SessionComplete` at the end.
    """
    due = next_step(state)
    if step != due:
        raise InvalidInteraction(f"Step `{step}` is not due for context `{state.context}`.", remedy=f"Due is `{due}`.")
    interaction = Interaction(step=step, result=result, date=date, commit=commit)
    after = replace(
        state, step=step, result=result, date=date, commit=commit, interactions=(*state.interactions, interaction)
    )
    if (step, result) == ("finalize", "passed"):
        return replace(after, interactions=(interaction,))  # what was kept for the work is no longer needed
    if (step, result) not in _NEXT:
        raise InvalidInteraction(f"Step `{step}` cannot have the result `{result}`.", remedy="Results: passed, failed.")
    return after


def follow(state: State, course: Course, *, modules: str, date: str = "", commit: str = "") -> State:
    """Take the steps that a run takes: from the one that is due as far as the run got.

    A run goes through all that comes before what it did: its own integration tests, then the suite, then the criteria.
    A finished state stays as it is until the context's modules change.
    """
    if state.is_complete:
        if state.modules == modules:
            return state
        state = State(context=state.context, account=state.account, project=state.project)
    results: dict[str, Result | None] = {
        "initialize": "passed",
        "generate_integration_tests": "passed" if course.has_own_tests else "failed",
        "generate_context": "passed" if course.has_modules else "failed",
        "run_integration_tests": course.own_tests,
        "fix_integration_test_failures": "passed" if course.own_tests else None,
        "run_test_suite": course.suite,
        "fix_test_failures": "passed" if course.suite or course.own_tests == "failed" else None,
        "validate_acceptance_criteria": course.criteria,
        "finalize": "passed",
    }
    if course.own_tests == "failed":
        state = _back_to_own_tests(state)
    while not state.is_complete and (result := results[next_step(state)]) is not None:
        state = taken(state, next_step(state), result, date=date, commit=commit)
        if result == "failed":
            break
    return replace(state, modules=modules)


def _back_to_own_tests(state: State) -> State:
    """What broke the context's own integration tests takes the work back to them, wherever it stood."""
    later: Sequence[str] = STEPS[STEPS.index("run_integration_tests") + 2 :]
    if state.step in later or (state.step, state.result) == ("run_integration_tests", "passed"):
        return replace(state, step="generate_context", result="passed")
    return state
