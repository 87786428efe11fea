"""Evidence of many tests, and how a run changes it (SPEC section 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from types import MappingProxyType

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTest:
    """What one test contributed when it last ran, and when and at which commit that was.

    `moment` is the end of its run, in UTC with microseconds, `python` the version it ran on; both are empty when an
    earlier version stored it.
    """

    record: TestRecord
    date: str
    commit: str = ""
    moment: str = ""
    python: str = ""


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
                tests[record.nodeid] = StoredTest(record=kept, date=date, commit=commit, moment=moment, python=python)
            else:
                tests.pop(record.nodeid, None)
        return Store(MappingProxyType(tests))


def lasting(record: TestRecord) -> TestRecord:
    """Return what later runs need: all that was observed; of the claims only what they are about, which boundary tests
    watch also when they run alone. Facts of other tests are read afresh."""
    if not (record.claims or record.observations or record.facts):
        return record
    about = dict.fromkeys((claim.root, claim.path) for claim in record.claims if claim.double not in ("stub", "pact"))
    claims = tuple(Claim(root=root, path=path, action="call", at="") for root, path in about)
    facts = record.facts if record.observations else ()
    return replace(record, claims=claims, facts=facts, unbound=(), hygiene=(), warnings=())
