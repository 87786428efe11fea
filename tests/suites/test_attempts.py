"""What the assertions about a caller's attempts accept, and what they say otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.suites.attempts import Attempt, Attempts


def failures(*starts: float, lasting: float = 0.01, **known: Any) -> list[Attempt]:
    """Requests that were answered with 503."""
    return [
        Attempt(at=at, ended=at + lasting, end="answered", status=503, method="GET", target="/a", identity="a", **known)
        for at in starts
    ]


def success(at: float, **known: Any) -> Attempt:
    return Attempt(at=at, ended=at + 0.01, end="answered", **{"status": 200, "method": "GET", "target": "/a"} | known)


def complaint(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_intervals_pauses_and_concurrency() -> None:
    """Intervals count from start to start, pauses from end to start; what overlaps counts as concurrent."""
    seen = Attempts([*failures(0.0, 0.1), *failures(0.25, lasting=0.5), success(0.3)])
    assert seen.intervals == pytest.approx((0.1, 0.15, 0.05))
    assert seen.pauses == pytest.approx((0.09, 0.14, -0.45))
    assert seen.concurrency == 2


@pytest.mark.parametrize(
    ("one", "has_failed"),
    [
        (Attempt(at=0, ended=1, end="answered", status=200), False),
        (Attempt(at=0, ended=1, end="answered", status=404), False),
        (Attempt(at=0, ended=1, end="answered", status=429), True),
        (Attempt(at=0, ended=1, end="answered", status=500), True),
        (Attempt(at=0, ended=1, end="answered"), False),
        (Attempt(at=0, ended=1, end="hung up"), True),
        (Attempt(at=0, ended=1, end="spoiled", status=200), True),
        (Attempt(at=0), False),
    ],
)
def test_what_a_failure_is(one: Attempt, has_failed: bool) -> None:
    """No whole answer, or a status that asks to try again; an attempt that lasts has not failed yet."""
    assert one.has_failed is has_failed


def test_backoff() -> None:
    """Pauses that double are a back-off of 0.1 s; equal ones are not, and the message names the first short one."""
    Attempts([*failures(0.0, 0.11, 0.32), success(0.73)]).assert_backoff(0.1)
    steady = Attempts([*failures(0.0, 0.11, 0.22), success(0.33)])
    steady.assert_backoff(0.1, factor=1)
    steady.assert_backoff(0.1, maximum=0.1)
    text = complaint(steady.assert_backoff, 0.1)
    assert text.startswith("retry 2 of GET /a came after 0.100 s, not 0.200 s")
    assert "   4  at    0.330 s  GET /a  (ok): answered 200 after 0.010 s" in text


def test_backoff_of_each_request_by_itself() -> None:
    """Requests that interleave do not hide each other's pauses; a success starts the count afresh."""
    other = [Attempt(at=0.05, ended=0.06, end="answered", status=503, method="GET", target="/b")]
    other.append(Attempt(at=0.16, ended=0.17, end="answered", status=200, method="GET", target="/b"))
    seen = [*failures(0.0, 0.11), success(0.32), *failures(0.4, 0.51), *other]
    Attempts(sorted(seen, key=lambda one: one.at)).assert_backoff(0.1)


def test_no_retry_is_no_backoff() -> None:
    """A caller that never tried again has shown nothing."""
    assert "no failed attempt was retried" in complaint(Attempts(failures(0.0)).assert_backoff, 0.1)


def test_time_out() -> None:
    """Only attempts without an answer are looked at; too late, too early and never are told apart."""
    hung = Attempt(at=0.0, ended=1.0, end="hung up")
    Attempts([hung, success(2.0)]).assert_gave_up(1.0)
    assert "attempt 1 was given up after 1.000 s, not after 3 s" in complaint(Attempts([hung]).assert_gave_up, 3.0)
    patient = Attempts([Attempt(at=0.0, ended=60.0, end="kept waiting")])
    assert "attempt 1 was still waiting after 60.000 s" in complaint(patient.assert_gave_up, 1.0)
    assert "no time-out of 1 s was needed" in complaint(Attempts([success(0.0)]).assert_gave_up, 1.0)


def test_circuit_opened() -> None:
    """After three failures nothing may come, or nothing for the time that the circuit is open."""
    three = failures(0.0, 0.1, 0.2)
    Attempts(three).assert_circuit_opened(3)
    Attempts([*three, success(1.3)]).assert_circuit_opened(3, for_seconds=1.0)
    assert "1 attempt came after 3 failures" in complaint(Attempts([*three, success(0.3)]).assert_circuit_opened, 3)
    early = Attempts([*three, success(0.71)])
    assert "attempt 4 came 0.500 s after failure 3, not 1 s" in complaint(
        early.assert_circuit_opened, 3, for_seconds=1.0
    )
    assert "never 4 failures in a row" in complaint(Attempts(three).assert_circuit_opened, 4)


def test_circuit_half_opened() -> None:
    """One probe comes through; a second one beside it, or soon after a failed one, is no half-open circuit."""
    three = failures(0.0, 0.1, 0.2)
    probe = success(1.3)
    Attempts([*three, probe, success(1.32), success(1.33)]).assert_circuit_half_opened(3, for_seconds=1.0)
    Attempts([*three, *failures(1.3), success(2.4)]).assert_circuit_half_opened(3, for_seconds=1.0)
    half = Attempts([*three, probe, success(1.3)])
    assert "attempt 5 came while attempt 4 was probing" in complaint(
        half.assert_circuit_half_opened, 3, for_seconds=1.0
    )
    hasty = Attempts([*three, *failures(1.3), success(1.5)])
    assert "attempt 5 came 0.190 s after the probe had failed, not 1 s" in complaint(
        hasty.assert_circuit_half_opened, 3, for_seconds=1.0
    )
    assert "no attempt came after the circuit had opened" in complaint(
        Attempts(three).assert_circuit_half_opened, 3, for_seconds=1.0
    )


def test_unsafe_requests_are_not_repeated() -> None:
    """A failed POST that is sent again is found, unless it carries its Idempotency-Key; a GET may be repeated."""

    def post(at: float, status: int, key: str = "", method: str = "POST") -> Attempt:
        return Attempt(
            at=at, ended=at, end="answered", status=status, method=method, target="/pay", identity=method, key=key
        )

    assert "attempt 2 repeats attempt 1: POST /pay may have been carried out" in complaint(
        Attempts([post(0, 503), post(1, 201)]).assert_unsafe_not_retried
    )
    Attempts([post(0, 201), post(1, 201)]).assert_unsafe_not_retried()
    Attempts([post(0, 503, "k"), post(1, 201, "k")]).assert_unsafe_not_retried()
    Attempts([post(0, 503), *failures(1.0, 2.0)]).assert_unsafe_not_retried()
    puts = Attempts([post(0, 503, method="PUT"), post(1, 200, method="PUT")])
    puts.assert_unsafe_not_retried(allowed=("PUT",))
    assert "PUT /pay" in complaint(puts.assert_unsafe_not_retried)
    assert "no request came that changes something" in complaint(Attempts(failures(0.0)).assert_unsafe_not_retried)


def test_count() -> None:
    """The number of attempts, with the table of them when it is another."""
    Attempts(failures(0.0, 1.0)).assert_count(2)
    assert complaint(Attempts(failures(0.0), " at here").assert_count, 2) == (
        "2 attempts expected, 1 attempt seen\n"
        "1 attempt at here, 1 at the same time:\n"
        "   1  at    0.000 s  GET /a  (ok): answered 503 after 0.010 s"
    )
