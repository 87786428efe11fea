"""Reductions against suites that are simulated: a test is a function of what ran before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.judging.orders import Outcome, Run, random_orders, reversed_order
from pytest_integration_gate.judging.reduction import Dependence, reduction, suspected

TESTS = [f"tests/test_{file}.py::test_{number}" for file in "abcd" for number in range(10)]
Passes = Callable[[str, Sequence[str]], bool]


def outcome(passes: Passes, nodeid: str, before: Sequence[str]) -> Outcome:
    return "passed" if passes(nodeid, before) else "failed"


def run_all(passes: Passes, seed: int) -> list[Run]:
    """Seven orders in one process, three in processes of their own, the first of these backwards."""
    orders = random_orders(TESTS, 9, seed)
    orders.append(reversed_order(orders[0]))
    runs = []
    past: list[str] = []
    for number, order in enumerate(orders):
        is_here = number < 7
        before = past if is_here else []
        ends = {nodeid: outcome(passes, nodeid, [*before, *order[:place]]) for place, nodeid in enumerate(order)}
        runs.append(Run(order=tuple(order), outcomes=ends, is_fresh=number == 0 or not is_here))
        if is_here:
            past += order
    return runs


def reduced(passes: Passes, victim: str, seed: int = 0) -> tuple[Dependence | None, int]:
    """Reduce; return what was found and how many trials it took."""
    search = reduction(victim, run_all(passes, seed))
    order = next(search)
    for trials in count(1):
        try:
            order = search.send(outcome(passes, order[-1], order[:-1]))
        except StopIteration as end:
            return end.value, trials
    raise AssertionError


@given(victim=st.sampled_from(TESTS), other=st.sampled_from(TESTS), is_needed=st.booleans(), seed=st.integers())
def test_every_pair_is_found(victim: str, other: str, is_needed: bool, seed: int) -> None:
    """Whichever two tests they are, and whether the one spoils the other or makes it ready, in few trials."""
    if victim == other:
        return
    found, trials = reduced(lambda nodeid, before: nodeid != victim or (other in before) is is_needed, victim, seed)
    assert found == Dependence(victim=victim, partners=(other,), is_needed=is_needed)
    assert trials <= 16


THREE = st.lists(st.sampled_from(TESTS), min_size=3, max_size=3, unique=True)


@given(tests=THREE, is_needed=st.booleans(), seed=st.integers())
def test_a_third_test_that_undoes_it_is_found(tests: list[str], is_needed: bool, seed: int) -> None:
    """Polluter, victim and cleaner, or what makes a brittle test ready and what undoes that: never a wrong test."""
    victim, other, undoing = tests

    def passes(nodeid: str, before: Sequence[str]) -> bool:
        last = [test for test in before if test in (other, undoing)][-1:]
        return nodeid != victim or (last == [other]) is is_needed

    runs = run_all(passes, seed)
    found, trials = reduced(passes, victim, seed)
    if len({run.outcomes[victim] for run in runs}) < 2:
        return  # no order brought it to light
    assert found is not None
    assert (found.victim, found.partners, found.is_needed) == (victim, (other,), is_needed)
    assert found.undone_by in ("", undoing)
    between = (
        run.order.index(other) < run.order.index(undoing) < run.order.index(victim)
        for run in runs
        if passes(victim, run.order[: run.order.index(victim)]) is not is_needed
    )
    assert found.undone_by or not any(between)
    assert trials <= 54  # alone, suspects and their halves, histories and theirs, confirmation, what undoes it


@given(tests=THREE, is_needed=st.booleans(), seed=st.integers())
def test_what_two_tests_do_together_is_reduced_to_three(tests: list[str], is_needed: bool, seed: int) -> None:
    """Two tests that spoil a third, or make it ready, only together are both named."""
    victim, *others = tests
    found, trials = reduced(
        lambda nodeid, before: nodeid != victim or ({*others} <= {*before}) is is_needed, victim, seed
    )
    assert found is not None
    assert (found.victim, {*found.partners}, found.is_needed) == (victim, {*others}, is_needed)
    assert trials <= 90


def test_what_takes_too_many_tests_is_not_named() -> None:
    """What five tests do only together stays flaky, and nobody is accused."""
    victim, others = TESTS[0], {*TESTS[10:35:5]}
    assert reduced(lambda nodeid, before: nodeid != victim or not others <= {*before}, victim)[0] is None


@pytest.mark.parametrize("period", range(2, 9))
def test_chance_is_no_dependence(period: int) -> None:
    """A test that fails every so often, wherever it stands, hangs on nothing."""
    counter = count(1)
    found, _ = reduced(lambda nodeid, before: nodeid != TESTS[5] or next(counter) % period != 0, TESTS[5])
    assert found is None


def test_a_test_that_fails_everywhere_takes_one_trial() -> None:
    """It fails alone, and nothing ever helped."""
    assert reduced(lambda nodeid, before: nodeid != TESTS[5], TESTS[5]) == (None, 1)


def test_suspects_explain_every_outcome() -> None:
    """A test is suspected when the victim failed exactly where it had run before."""
    runs = [
        Run(order=("p", "q", "v"), outcomes={"p": "passed", "q": "passed", "v": "failed"}, is_fresh=True),
        Run(order=("q", "v", "p"), outcomes={"p": "passed", "q": "passed", "v": "passed"}, is_fresh=True),
    ]
    assert suspected("v", runs, "failed") == ["p"]
    assert suspected("v", runs, "passed") == []


def test_a_dependence_says_what_it_is() -> None:
    """One sentence for each direction."""
    assert Dependence(victim="v", partners=("p",), is_needed=False).sentence == "v fails after p."
    assert Dependence(victim="v", partners=("p",), is_needed=True).sentence == "v fails unless p ran before it."
    undone = Dependence(victim="v", partners=("p", "q"), is_needed=False, undone_by="r")
    assert undone.sentence == "v fails after p and q together. r in between undoes it."
