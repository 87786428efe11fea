"""When evidence of earlier runs no longer counts (SPEC section 9).

Evidence is stale when it is too old, when the code that it saw has changed, or when another version of the
distribution is installed. What cannot be told is not stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pytest_integration_gate.evidence.editions import Editions
from pytest_integration_gate.evidence.merging import StoredTest
from pytest_integration_gate.model.edition import Edition, key_of
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.verdicts.evidence import Witnessed

if TYPE_CHECKING:  # only runs that carry evidence need it
    from pytest_integration_gate.evidence.carrying import CarriedTest

_DAY = 86_400.0


class Staleness:
    """Parts the evidence of earlier runs into what counts and what does not.

    `max_age` is in seconds, None without a limit; `now` is in seconds since the epoch.
    """

    def __init__(self, editions: Editions, *, max_age: float | None, now: float) -> None:
        self._editions = editions
        self._max_age = max_age
        self._now = now

    def dated(self, record: TestRecord) -> TestRecord:
        """Return a record of this run with the editions of what it observed."""
        found = {self._editions.of(observation) for observation in record.observations}
        editions = sorted(filter(None, found), key=lambda one: one.key)
        return replace(record, editions=tuple(editions)) if editions else record

    def witnessed(self, test: StoredTest | CarriedTest) -> Iterator[Witnessed]:
        """Give the record without its stale observations first, then those by the reason why they are stale.

        At the end comes what the test saw of earlier editions, as far as they are the present ones again.
        """
        yield from self._witnessed(test)
        for one in test.earlier if isinstance(test, StoredTest) else ():
            fresh = _only(one.record, self._reasons(one), "")
            if fresh.observations:
                yield Witnessed(fresh, one.date, one.commit)

    def _witnessed(self, test: StoredTest | CarriedTest) -> Iterator[Witnessed]:
        record = test.record
        reasons = self._reasons(test)
        if not any(reasons):
            yield Witnessed(record, test.date, test.commit)
            return
        yield Witnessed(_only(record, reasons, ""), test.date, test.commit)
        for reason in sorted({*reasons} - {""}):
            bare = replace(record, claims=(), facts=(), unbound=(), hygiene=(), warnings=())
            yield Witnessed(_only(bare, reasons, reason), test.date, test.commit, reason)

    def why_stale(self, test: StoredTest | CarriedTest) -> dict[Observation, str]:
        """Say for each stale observation of a test why it no longer counts."""
        return {
            one: reason for one, reason in zip(test.record.observations, self._reasons(test), strict=True) if reason
        }

    def _reasons(self, test: StoredTest | CarriedTest) -> list[str]:
        observations = test.record.observations
        if not observations:
            return []
        too_old = self._too_old(test)
        if too_old:
            return [too_old] * len(observations)
        editions = {one.key: one for one in test.record.editions}
        return [self._change(editions.get(key_of(one))) for one in observations]

    def _change(self, edition: Edition | None) -> str:
        return self._editions.change_since(edition) if edition is not None else ""

    def _too_old(self, test: StoredTest | CarriedTest) -> str:
        if self._max_age is None:
            return ""
        seen = _seconds(test.moment, "%Y-%m-%dT%H:%M:%S.%fZ")
        if seen is None:  # an earlier version noted only the day: it may have been the end of it
            day = _seconds(test.date, "%Y-%m-%d")
            seen = None if day is None else day + _DAY
        return (
            f"it is older than {_span(self._max_age)}" if seen is not None and self._now - seen > self._max_age else ""
        )


def _only(record: TestRecord, reasons: Collection[str], wanted: str) -> TestRecord:
    kept = tuple(one for one, reason in zip(record.observations, reasons, strict=True) if reason == wanted)
    return replace(record, observations=kept)


def _seconds(text: str, form: str) -> float | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _span(seconds: float) -> str:
    days, hours = seconds / _DAY, seconds / 3600
    number, unit = (days, "day") if days >= 1 else (hours, "hour")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
