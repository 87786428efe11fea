"""What running the tests again in other orders brings to light (SPEC section 11)."""

from __future__ import annotations

from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaky:
    """A test that gave both outcomes. `rate` is the share of its runs that failed; the true rate is at most
    `upper_bound` with 95 % confidence (Clopper and Pearson, one-sided)."""

    nodeid: str
    passed: int
    failed: int
    rate: float
    upper_bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDependence:
    """Tests: the outcome of `victim` hangs on whether `polluter` ran before it in the same process.

    `also` are tests that must have run besides, where one does not do it alone. `undone_by` is a test that undoes it
    when it runs in between.
    """

    victim: str
    polluter: str
    also: tuple[str, ...] = ()
    undone_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """How often everything ran. The true failure rate of a test that never failed is at most `upper_bound`."""

    orders: int
    seed: int
    upper_bound: float
