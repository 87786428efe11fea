"""Evidence on its way from job to job: what a file of ``--gate-export`` holds, and how files merge (SPEC section 9).

Merging is commutative, associative and idempotent: of each test the newest record stays, and that of a run rather than
what a store kept of it. `evidence.export_merging` merges files by the same rules without reading them into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field, replace
from hashlib import blake2b
from json import dumps
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from pytest_integration_gate.evidence.merging import Store, StoredTest, lasting
from pytest_integration_gate.model.claim import Claim, Hygiene, Unbound
from pytest_integration_gate.model.codec import to_data
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import TestOutcome
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.target_waivers import TargetWaiver

Name = TypeVar("Name")
Value = TypeVar("Value")
Age: TypeAlias = tuple[str | bool | int, ...]
Key: TypeAlias = tuple[str, bool]
"""The node id of a test, and whether it was skipped."""

PARTS: dict[str, tuple[str, Any]] = {
    "claim": ("claims", Claim),
    "observation": ("observations", Observation),
    "edition": ("editions", Edition),
    "fact": ("facts", Fact),
    "unbound": ("unbound", Unbound),
    "hygiene": ("hygiene", Hygiene),
}
"""What tests share, by the name of its lines: the field of a record that holds it, and its class."""
_EMPTY: dict[str, Any] = {name: () for name, _ in PARTS.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedTest:
    """The record of a test. `is_whole` says that its run exported it; a store keeps only a part of it.

    `moment` is when its run ended, in UTC with microseconds, `python` the version it ran on; `is_skipped` says that the
    test did not run.
    """

    record: TestRecord
    date: str
    commit: str = ""
    moment: str = ""
    python: str = ""
    is_whole: bool = False
    is_skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedEnd:
    """How a test ended, and the waivers that its markers give."""

    outcome: TestOutcome
    moment: str
    waivers: tuple[TargetWaiver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRun:
    """A run that exported. `files` are those whose tests all ran; `seconds` is how long it took."""

    moment: str
    started: str
    seconds: float
    commit: str = ""
    python: str = ""
    pytest: str = ""
    workers: int = 0
    seed: int | None = None
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """Evidence and outcomes of any number of runs: tests by node id and whether they were skipped, ends by node id."""

    tests: Mapping[Key, CarriedTest] = field(default_factory=lambda: MappingProxyType({}))
    ends: Mapping[str, CarriedEnd] = field(default_factory=lambda: MappingProxyType({}))
    runs: frozenset[CarriedRun] = frozenset()


def carried(
    tests: Iterable[CarriedTest] = (), ends: Iterable[CarriedEnd] = (), runs: Iterable[CarriedRun] = ()
) -> Carried:
    """Put together what is carried. The order within a record makes no difference to anybody."""
    return Carried(
        MappingProxyType({(one.record.nodeid, one.is_skipped): one for one in tests}),
        MappingProxyType({end.outcome.nodeid: end for end in ends}),
        frozenset(runs),
    )


def merge(many: Iterable[Carried]) -> Carried:
    """Merge what is carried, in any order and grouping."""
    tests: dict[Key, CarriedTest] = {}
    ends: dict[str, CarriedEnd] = {}
    runs: set[CarriedRun] = set()
    for one in many:
        _keep_newer(tests, one.tests, lambda test: age_of(test, _weight(test)))
        _keep_newer(ends, one.ends, end_age)
        runs |= one.runs
    return Carried(MappingProxyType(tests), MappingProxyType(ends), frozenset(runs))


def of_store(store: Store) -> Carried:
    """Return what a store has, ready to be carried."""
    return carried(
        CarriedTest(record=one.record, date=one.date, commit=one.commit, moment=one.moment, python=one.python)
        for one in store.tests.values()
    )


def adopt(store: Store, imported: Carried) -> Store:
    """Return a store with what was imported, as far as that is newer."""
    tests = dict(store.tests)
    for (nodeid, is_skipped), one in imported.tests.items():
        known = tests.get(nodeid)
        if is_skipped or (known is not None and (known.date, known.moment) >= (one.date, one.moment)):
            continue
        record = lasting(one.record)
        if record.claims or record.observations:
            new = StoredTest(record=record, date=one.date, commit=one.commit, moment=one.moment, python=one.python)
            tests[nodeid] = new.after(known)
        else:
            tests.pop(nodeid, None)
    return Store(MappingProxyType(tests))


def without_gone(one: Carried, collected: Mapping[str, Collection[str]]) -> Carried:
    """Leave out the tests that their file, collected as a whole, no longer has."""
    return Carried(
        MappingProxyType({key: test for key, test in one.tests.items() if _is_there(key[0], collected)}),
        MappingProxyType({nodeid: end for nodeid, end in one.ends.items() if _is_there(nodeid, collected)}),
        one.runs,
    )


def _is_there(nodeid: str, collected: Mapping[str, Collection[str]]) -> bool:
    file, _, name = nodeid.partition("::")
    return name in ("", "teardown") or nodeid in collected.get(file, (nodeid,))


def _keep_newer(known: dict[Name, Value], others: Mapping[Name, Value], age: Callable[[Value], Age]) -> None:
    for name, other in others.items():
        mine = known.get(name)
        if mine is None or (mine != other and age(mine) < age(other)):
            known[name] = other


def age_of(test: CarriedTest, weight: int) -> Age:
    """Return what tells which of two records of a test stays; `weight` is that of all that it has."""
    return test.date, test.moment, test.is_whole, test.commit, weight


def end_age(end: CarriedEnd) -> Age:
    """Return what tells which of two ends of a test stays. One that was skipped somewhere and ran elsewhere ran."""
    return end.outcome.outcome != "skipped", end.moment, text_of(end)


def without_parts(test: CarriedTest) -> CarriedTest:
    """Leave out what has lines of its own."""
    return replace(test, record=replace(test.record, **_EMPTY))


def text_of(value: object) -> str:
    """Return how a value is written in a line."""
    return dumps(to_data(value), separators=(",", ":"))


def weight_of(name: str, text: str) -> int:
    """Return a number that tells a part of a record from others; the sum of all stands for the record, in any order."""
    return int.from_bytes(blake2b(f"{name}{text}".encode(), digest_size=8).digest())


def _weight(test: CarriedTest) -> int:
    parts = ((name, part) for name, (field, _) in PARTS.items() for part in getattr(test.record, field))
    return weight_of("test", text_of(without_parts(test))) + sum(weight_of(name, text_of(part)) for name, part in parts)
