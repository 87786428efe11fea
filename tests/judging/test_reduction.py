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
    assert found == Dependence(victim=victim, partner=other, is_needed=is_needed)
    assert trials <= 14


def test_a_test_that_cleans_up_in_between_does_not_hide_the_pair() -> None:
    """What spoils is undone by a third test: only some orders fail, and still the two are found."""
    victim, spoiler, cleaner = TESTS[0], TESTS[17], TESTS[33]

    def passes(nodeid: str, before: Sequence[str]) -> bool:
        last = [test for test in before if test in (spoiler, cleaner)][-1:]
        return nodeid != victim or last != [spoiler]

    assert reduced(passes, victim)[0] == Dependence(victim=victim, partner=spoiler, is_needed=False)


def test_what_takes_three_tests_is_not_reduced_to_two() -> None:
    """Two tests that spoil a third only together are no pair."""
    victim, first, second = TESTS[0], TESTS[17], TESTS[33]
    assert reduced(lambda nodeid, before: nodeid != victim or not {first, second} <= {*before}, victim)[0] is None


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
    assert Dependence(victim="v", partner="p", is_needed=False).sentence == "v fails after p."
    assert Dependence(victim="v", partner="p", is_needed=True).sentence == "v fails unless p ran before it."
