"""What a caller did at a proxy: its attempts, and whether it retried, gave up and kept away as it should."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Literal, NoReturn

from pytest_integration_gate.values import dataclass

End = Literal["", "answered", "spoiled", "cut", "refused", "hung up", "kept waiting", "no server"]
"""How an attempt ended: answered whole; with a spoiled answer; reset or closed by the proxy; refused; the caller hung
up; the caller waited until the proxy's patience was over; the real server did not answer. Empty: it has not ended."""

SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

_TICK = 0.005
"""Seconds by which the proxy may see things later than the caller."""
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request, or one connection where no request was read. Times are seconds since the script began.

    `ended` is None while the attempt lasts; `status` is None without an HTTP answer; `identity` is equal for requests
    that are the same: method, target and body. `key` is the request's Idempotency-Key.
    """

    at: float
    ended: float | None = None
    end: End = ""
    fault: str = "ok"
    connection: int = 0
    method: str = ""
    target: str = ""
    status: int | None = None
    identity: str = ""
    key: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether a caller would call it a failure: no whole answer, or one that says so (408, 429, 5xx)."""
        if self.end != "answered":
            return self.end != ""
        return self.status is not None and (self.status >= 500 or self.status in (408, 429))

    @property
    def request(self) -> str:
        """The request line's beginning, or what there was instead."""
        return f"{self.method} {self.target}" if self.method else "connection"


class Attempts(Sequence[Attempt]):
    """The attempts of one caller in the order in which they began.

    The assertions say in their message all that was seen. Those about retries look at each request (method and target)
    by itself.
    """

    def __init__(self, attempts: Sequence[Attempt], where: str = "") -> None:
        self._attempts = tuple(attempts)
        self._where = where

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._attempts[index]

    def __len__(self) -> int:
        return len(self._attempts)

    def __repr__(self) -> str:
        return self._table()

    @property
    def intervals(self) -> tuple[float, ...]:
        """Seconds from the beginning of each attempt to that of the next."""
        return tuple(later.at - earlier.at for earlier, later in pairwise(self._attempts))

    @property
    def pauses(self) -> tuple[float, ...]:
        """Seconds from the end of each attempt to the beginning of the next; negative where they overlap."""
        return tuple(_pause(earlier, later) for earlier, later in pairwise(self._attempts))

    @property
    def concurrency(self) -> int:
        """How many attempts there were at the same time, at most."""
        steps = [(one.at, 1) for one in self] + [(one.ended, -1) for one in self if one.ended is not None]
        most = now = 0
        for _, step in sorted(steps):
            now += step
            most = max(most, now)
        return most

    # -- assertions -----------------------------------------------------------------------------------------------

    def assert_count(self, expected: int) -> None:
        """There were exactly so many attempts."""
        __tracebackhide__ = True
        if len(self) != expected:
            self._fail(f"{_times(expected)} expected, {_times(len(self))} seen")

    def assert_backoff(self, minimum: float, *, factor: float = 2.0, maximum: float | None = None) -> None:
        """After a failure the caller waited at least `minimum` seconds, after each further one `factor` times as long.

        `maximum` bounds what is asked for: a caller whose back-off grows up to a limit. With jitter, ask for the least
        that can happen. Fails when nothing was retried.
        """
        __tracebackhide__ = True
        retried = False
        for requests in self._by_request():
            failures = 0
            for earlier, later in pairwise(requests):
                if not earlier.has_failed:
                    failures = 0
                    continue
                retried = True
                wanted = minimum * factor**failures
                wanted = wanted if maximum is None else min(wanted, maximum)
                failures += 1
                pause = _pause(earlier, later)
                if pause < wanted - _TICK:
                    self._fail(f"retry {failures} of {later.request} came after {pause:.3f} s, not {wanted:.3f} s")
        if not retried:
            self._fail("no failed attempt was retried, so there is no back-off to look at")

    def assert_gave_up(self, within: float, *, slack: float = 0.25) -> None:
        """The caller honoured its time-out: each attempt without an answer was given up after `within` seconds.

        It may be `slack` seconds early or late. Fails when every attempt was answered.
        """
        __tracebackhide__ = True
        waited = [one for one in self if one.end in ("hung up", "kept waiting")]
        if not waited:
            self._fail(f"no attempt was left without an answer, so no time-out of {within:g} s was needed")
        for number, one in enumerate(self, 1):
            if one.end == "kept waiting":
                self._fail(f"attempt {number} was still waiting after {_lasted(one):.3f} s")
            if one.end == "hung up" and abs(_lasted(one) - within) > slack:
                self._fail(f"attempt {number} was given up after {_lasted(one):.3f} s, not after {within:g} s")

    def assert_circuit_opened(self, after: int, *, for_seconds: float | None = None) -> None:
        """After so many failures in a row no attempt came any more: none at all, or none `for_seconds` seconds."""
        __tracebackhide__ = True
        self._probes(after, for_seconds)

    def assert_circuit_half_opened(self, after: int, *, for_seconds: float) -> None:
        """After the silence of an open circuit one single attempt came to see whether the server is back.

        While it lasted there was no other; if it failed, silence followed again.
        """
        __tracebackhide__ = True
        probes = self._probes(after, for_seconds)
        if not probes:
            self._fail(f"no attempt came after the circuit had opened, {_times(after)} having failed")
        number = len(self) - len(probes)
        for probe, following in pairwise(probes):
            number += 1
            if not probe.has_failed and probe.ended is not None and following.at >= probe.ended - _TICK:
                return
            pause = _pause(probe, following)
            if pause < 0:
                self._fail(f"attempt {number + 1} came while attempt {number} was probing: half open lets one through")
            if pause < for_seconds - _TICK:
                self._fail(f"attempt {number + 1} came {pause:.3f} s after the probe had failed, not {for_seconds:g} s")

    def assert_unsafe_not_retried(self, *, allowed: Collection[str] = ()) -> None:
        """No failed request that changes something was sent again, unless it has the same Idempotency-Key.

        `allowed` names methods that may be: ``PUT`` and ``DELETE`` where the server keeps to RFC 9110, section 9.2.2.
        Fails when no such request came at all.
        """
        __tracebackhide__ = True
        unsafe = [one for one in self if one.method and one.method not in SAFE]
        if not unsafe:
            self._fail("no request came that changes something")
        for number, one in enumerate(self, 1):
            if one not in unsafe or one.method in allowed:
                continue
            for again, other in enumerate(self[number:], number + 1):
                is_keyed = bool(one.key) and one.key == other.key
                if other.identity == one.identity and one.has_failed and not is_keyed:
                    self._fail(f"attempt {again} repeats attempt {number}: {one.request} may have been carried out")

    def _probes(self, after: int, for_seconds: float | None) -> Sequence[Attempt]:
        """Return what came after the circuit had opened; fail when it did not open."""
        __tracebackhide__ = True
        failures = 0
        for number, one in enumerate(self, 1):
            failures = failures + 1 if one.has_failed else 0
            if failures < after:
                continue
            later = self._attempts[number:]
            if later and for_seconds is None:
                self._fail(f"{_times(len(later))} came after {after} failures: the circuit did not open")
            if later and for_seconds is not None and (pause := _pause(one, later[0])) < for_seconds - _TICK:
                self._fail(f"attempt {number + 1} came {pause:.3f} s after failure {after}, not {for_seconds:g} s")
            return later
        return self._fail(f"there were never {after} failures in a row, so no circuit had to open")

    def _by_request(self) -> list[list[Attempt]]:
        """Group by request; a connection that was refused or cut early belongs to whichever request follows."""
        named = list(dict.fromkeys(one.request for one in self if one.method))
        if len(named) <= 1:
            return [list(self)]
        return [[one for one in self if one.request == name] for name in named]

    # -- words ----------------------------------------------------------------------------------------------------

    def _fail(self, reason: str) -> NoReturn:
        __tracebackhide__ = True
        raise AssertionError(f"{reason}\n{self._table()}")

    def _table(self) -> str:
        if not self._attempts:
            return f"no attempt{self._where}"
        lines = [f"{_times(len(self))}{self._where}, {self.concurrency} at the same time:"]
        lines += [_row(number, one) for number, one in enumerate(self._attempts[:_SHOWN], 1)]
        if len(self) > _SHOWN:
            lines.append(f"  … and {len(self) - _SHOWN} more")
        return "\n".join(lines)


def _row(number: int, one: Attempt) -> str:
    status = f" {one.status}" if one.status is not None else ""
    ended = "not ended" if one.ended is None else f"{one.end}{status} after {_lasted(one):.3f} s"
    return f"{number:4}  at {one.at:8.3f} s  {one.request}  ({one.fault}): {ended}"


def _lasted(one: Attempt) -> float:
    return (one.at if one.ended is None else one.ended) - one.at


def _pause(earlier: Attempt, later: Attempt) -> float:
    return later.at - earlier.ended if earlier.ended is not None else -1.0


def _times(number: int) -> str:
    return f"{number} attempt{'' if number == 1 else 's'}"
