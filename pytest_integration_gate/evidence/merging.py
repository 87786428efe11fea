"""Evidence of many tests, and how a run changes it (SPEC section 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import TypeAlias

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.edition import Edition, key_of
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.values import dataclass

_EARLIER = 3  # editions besides the last one


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTest:
    """What one test contributed when it last ran, and when and at which commit that was.

    `moment` is the end of its run, in UTC with microseconds, `python` the version it ran on; both are empty when an
    earlier version stored it. `earlier` is what it saw of collaborators that were of another edition then, the newest
    first: it counts again when the code is as it was, as on another branch.
    """

    record: TestRecord
    date: str
    commit: str = ""
    moment: str = ""
    python: str = ""
    earlier: tuple[StoredTest, ...] = ()

    def after(self, known: StoredTest | None) -> StoredTest:
        """Return what is stored of a test when it has run again; `known` is what was stored of it before."""
        if known is None:
            return self
        now = {edition.key: edition for edition in self.record.editions}
        found = (_of_others(one, now) for one in (known, *known.earlier))
        return replace(self, earlier=tuple(one for one in found if one.record.observations)[:_EARLIER])


def _of_others(test: StoredTest, now: Mapping[tuple[str, str], Edition]) -> StoredTest:
    """Keep of what a test saw what has another edition now."""
    editions = tuple(one for one in test.record.editions if now.get(one.key, one) != one)
    keys = {one.key for one in editions}
    observations = tuple(one for one in test.record.observations if key_of(one) in keys)
    record = replace(test.record, claims=(), facts=(), observations=observations, editions=editions)
    return replace(test, record=record, earlier=())


@dataclass(frozen=True, slots=True)
class Store:
    """Evidence by node id. It never changes: `updated` gives a new one."""

    tests: Mapping[str, StoredTest] = field(default_factory=lambda: MappingProxyType({}))

    def updated(
        self,
        records: Iterable[TestRecord],
        collected: Mapping[str, Collection[str]] | None = None,
        *,
        date: str,
        commit: str = "",
        moment: str = "",
        python: str = "",
    ) -> Store:
        """Return the store as it is after a run.

        `records` are those of the tests that ran; each supersedes what the store has of its test. A skipped test did
        not run: leave its record out, so that what it once saw stays. `collected` names, for each file that was
        collected as a whole, the node ids that it has (deselected ones too); stored tests that are not among them drop
        out.
        """
        tests = {
            nodeid: test
            for nodeid, test in self.tests.items()
            if nodeid in (collected or {}).get(nodeid.partition("::")[0], (nodeid,))
        }
        for record in records:
            if record.claims or record.observations:
                kept = replace(record, unbound=(), hygiene=(), warnings=())
                new = StoredTest(record=kept, date=date, commit=commit, moment=moment, python=python)
                tests[record.nodeid] = new.after(tests.get(record.nodeid))
            else:
                tests.pop(record.nodeid, None)
        return Store(MappingProxyType(tests))


def lasting(record: TestRecord) -> TestRecord:
    """Return what later runs need: all that was observed; of the claims only what they are about, which boundary tests
    watch also when they run alone. Facts of other tests are read afresh."""
    if not (record.claims or record.observations or record.facts):
        return record
    facts = record.facts if record.observations else ()
    return replace(record, claims=claims_about(about(record)), facts=facts, unbound=(), hygiene=(), warnings=())


About: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""What claims are about: roots and paths, each once."""


def about(record: TestRecord) -> About:
    """Return what the doubles of a test stand for, as far as a boundary test can watch it."""
    return tuple(
        dict.fromkeys((claim.root, claim.path) for claim in record.claims if claim.double not in ("stub", "pact"))
    )


def claims_about(named: About) -> tuple[Claim, ...]:
    """Return claims that say no more than what they are about."""
    return tuple(Claim(root=root, path=path, action="call", at="") for root, path in named)
