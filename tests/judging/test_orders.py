"""Random orders, rates and their bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.judging.orders import Outcome, Run, flaky_tests, random_orders, reversed_order, upper_bound

TESTS = [
    f"tests/{file}.py::{group}test_{number}" for file in "abc" for group in ("", "TestX::") for number in range(4)
] + ["tests/d.py::test_p[a::b]", "tests/d.py::test_p[c]"]


def test_orders_hold_every_test_once_and_are_reproducible() -> None:
    """The seed decides, not the order in which the tests are given."""
    orders = random_orders(TESTS, 5, seed=7)
    assert [sorted(order) for order in orders] == [sorted(TESTS)] * 5
    assert len({tuple(order) for order in orders}) == 5
    assert random_orders(TESTS, 5, seed=7) == orders
    assert random_orders(TESTS, 5, seed=8) != orders


@given(st.integers())
def test_files_and_classes_stay_together(seed: int) -> None:
    """Each file and each class stands in one piece, so that fixtures of a wide scope are made once."""
    (order,) = random_orders(TESTS, 1, seed)
    for groups in (
        [nodeid.partition("::")[0] for nodeid in order],
        [nodeid.rpartition("::")[0] for nodeid in order if "TestX" in nodeid],
    ):
        changes = sum(first != second for first, second in pairwise(groups))
        assert changes == len(set(groups)) - 1


@given(st.integers())
def test_a_file_that_is_fixed_keeps_its_order(seed: int) -> None:
    """Forwards and backwards, the tests of such a file follow each other as they were given."""
    (order,) = random_orders(TESTS, 1, seed, fixed={"tests/a.py"})
    given_order = [nodeid for nodeid in TESTS if nodeid.startswith("tests/a.py")]
    for one in (order, reversed_order(order, fixed={"tests/a.py"})):
        assert [nodeid for nodeid in one if nodeid.startswith("tests/a.py")] == given_order


def test_backwards_every_pair_of_free_tests_is_turned_around() -> None:
    """What hangs on one test running before another shows up in an order or in its reverse."""
    (order,) = random_orders(TESTS, 1, seed=1)
    assert reversed_order(order) == order[::-1]


@pytest.mark.parametrize(
    ("failed", "runs", "bound"),
    [(0, 10, 0.259), (1, 10, 0.394), (5, 10, 0.778), (10, 10, 1.0), (0, 1, 0.95), (0, 59, 0.05)],
)
def test_the_bound_is_that_of_clopper_and_pearson(failed: int, runs: int, bound: float) -> None:
    """Ten passes say only that the rate is at most 26 %; the values are those of the tables, one-sided, 95 %."""
    assert upper_bound(failed, runs) == bound


def test_a_test_with_both_outcomes_is_flaky() -> None:
    """Skips count for nothing; what always fails or always passes is steady."""
    outcomes: list[dict[str, Outcome]] = [
        {"a": "passed", "b": "failed", "c": "passed", "d": "skipped"},
        {"a": "failed", "b": "failed", "c": "passed", "d": "failed"},
        {"a": "passed", "b": "skipped", "c": "passed", "d": "failed"},
    ]
    (flaky,) = flaky_tests(Run(order=tuple(one), outcomes=one, is_fresh=True) for one in outcomes)
    assert (flaky.nodeid, flaky.passed, flaky.failed, flaky.rate) == ("a", 2, 1, 0.333)
    assert flaky.upper_bound == upper_bound(1, 3)
