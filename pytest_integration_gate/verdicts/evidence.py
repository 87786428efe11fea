"""The evidence of a run: observations by target, by the code that they ran, and the parts of what was given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import TypeAlias

from pytest_integration_gate.model.exchange import text_of_answer
from pytest_integration_gate.model.finding import Fidelity, Reality, Shown
from pytest_integration_gate.model.joining import join_all, options_of
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Awaitable,
    Dictionary,
    Object,
    Record,
    Shape,
    Tuple,
    Union,
)
from pytest_integration_gate.model.shape import (
    Sequence as Elements,
)
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.observed import Seen, saw
from pytest_integration_gate.verdicts.routes import is_local


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The record of a test with the day and the commit of its run; both empty when unknown.

    `stale` says why what it observed no longer counts, empty when it does.
    """

    record: TestRecord
    date: str = ""
    commit: str = ""
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation and everybody who made it. `seen` is what bears on a claim: its outcome, or one attribute of it.

    `text` are the words for the whole outcome.
    """

    observation: Observation
    seen: Seen
    text: str
    tests: tuple[str, ...]
    fidelity: Fidelity
    date: str
    commit: str
    stale: str = ""

    def as_reality(self) -> Reality:
        """Say what was seen, where and by whom, for a report."""
        return Reality(
            outcome=self.text,
            source="observed",
            at=self.observation.at,
            tests=self.tests,
            fidelity=self.fidelity,
            date=self.date,
            commit=self.commit,
            stale=self.stale,
        )

    def as_shown(self) -> Shown:
        """Give what was seen as data."""
        whole, exchange = self.observation.outcome, self.observation.exchange
        return Shown(
            target=self.observation.target,
            outcome=whole if whole.shape == self.seen.outcome.shape else self.seen.outcome,
            answer=exchange.answer if exchange is not None else None,
        )


rank = attrgetter("tests", "observation.at", "date", "commit", "stale")
"""The place of a piece of evidence among others, by what a report shows of it besides the outcome."""

_ENVIRONMENT = ("os:_Environ.", "os:getenv")
"""Environment variables are the world of a test: that another test had others contradicts nobody."""

_all_but_outcome = attrgetter(*(field.name for field in fields(Observation) if field.name != "outcome"))
_Sightings: TypeAlias = dict[str, list[tuple[Observation, Witnessed]]]


class EvidenceIndex:
    """All clean observations of a run and its store.

    Equal observations are merged when their target is first asked for. The order in which the records come makes no
    difference to a report.
    """

    def __init__(self, witnessed: Iterable[Witnessed]) -> None:
        self._by_target: _Sightings = defaultdict(list)
        self._by_definition: _Sightings = defaultdict(list)
        for one in witnessed:
            for observation in one.record.observations:
                if observation.contaminated or observation.target.startswith(_ENVIRONMENT):
                    continue
                self._by_target[observation.target].append((observation, one))
                if observation.defined not in ("", observation.target):
                    self._by_definition[observation.defined].append((observation, one))
        self.is_empty = not self._by_target
        self._merged: dict[tuple[str, str], tuple[Evidence, ...]] = {}
        self._parts: dict[str, list[Evidence]] | None = None

    def of(self, target: str, defined: str = "") -> tuple[Evidence, ...]:
        """Return the observations of a target, else those of the inherited code that it runs.

        Where there are real ones, emulated ones are silent.
        """
        key = (target, defined)
        if key not in self._merged:
            names = (target, defined) if defined else (target,)
            found = (table.get(name) for name in names for table in (self._by_target, self._by_definition))
            self._merged[key] = most_real(_merge(next(filter(None, found), ())))
        return self._merged[key]

    def of_part(self, target: str) -> tuple[Evidence, ...]:
        """Return what observed instances of a class had at an attribute, ``module:Class.attribute``."""
        if self._parts is None:
            self._parts = self._find_parts()
        return most_real(
            sorted(
                (
                    *_merge(self._by_target.get(target, ())),
                    *self._parts.get(target, ()),
                ),
                key=rank,
            )
        )

    def classes_given_by(self, target: str) -> tuple[str, ...]:
        """Return the canonical classes of the objects that observed calls of a target returned."""
        seen = dict.fromkeys(one.seen.outcome for one in self.of(target))
        shape = join_all(outcome.shape for outcome in seen if outcome.kind in ("returned", "awaited"))
        return tuple(option.cls for option in options_of(shape) if isinstance(option, Object))

    def received(self, function: str, parameter: str) -> tuple[Shape, ...]:
        """Return what observed calls of a function, or of a class for its constructor, had at a parameter."""
        sightings = (*self._by_target.get(function, ()), *self._by_definition.get(function, ()))
        return tuple(
            dict.fromkeys(
                argument.shape
                for observation, _ in sightings
                for name, argument in observation.arguments.keywords
                if name == parameter
            )
        )

    def exchanges(self) -> tuple[Evidence, ...]:
        """Return all HTTP requests that were observed with what answered them."""
        return tuple(
            replace(one, text=text_of_answer(exchange.answer, exchange.error))
            for sightings in self._by_target.values()
            if sightings[0][0].exchange is not None
            for one in _merge(sightings)
            if (exchange := one.observation.exchange) is not None
        )

    def boundaries_of(self, target: str) -> tuple[str, ...]:
        """Return the boundaries whose tests observed a target."""
        seen = (*self._by_target.get(target, ()), *self._by_definition.get(target, ()))
        return tuple(sorted({name for _, one in seen for name in one.record.boundaries}))

    def _find_parts(self) -> dict[str, list[Evidence]]:
        known: dict[Shape, frozenset[tuple[str, Shape]]] = {}
        found: dict[str, list[Evidence]] = defaultdict(list)
        for sightings in self._by_target.values():
            holding = []
            for observation, one in sightings:
                shape = observation.outcome.shape
                if shape not in known:
                    known[shape] = frozenset(_parts(shape))
                if known[shape]:
                    holding.append((observation, one))
            for evidence in _merge(holding):
                for target, part in known[evidence.seen.outcome.shape]:
                    found[target].append(replace(evidence, seen=saw("returned", part)))
        return found


def _merge(sightings: Sequence[tuple[Observation, Witnessed]]) -> list[Evidence]:
    """Make one piece of evidence of equal observations, in an order that depends on nothing but what a report shows."""
    found: dict[Hashable, tuple[Observation, Seen, list[Witnessed]]] = {}
    for observation, one in sightings:
        outcome = observation.outcome
        seen = saw(outcome.kind, outcome.shape, outcome.awaiting)
        key = (_all_but_outcome(observation), seen, outcome.text, one.record.fidelity_of(observation))
        if key in found:
            found[key][2].append(one)
        else:
            found[key] = (observation, seen, [one])
    return sorted((_evidence(*each) for each in found.values()), key=rank)


def _evidence(observation: Observation, seen: Seen, who: list[Witnessed]) -> Evidence:
    newest = max(who, key=lambda one: (one.date, one.commit, one.stale)) if len(who) > 1 else who[0]
    return Evidence(
        observation=observation,
        seen=seen,
        text=seen.text,
        tests=tuple(sorted({one.record.nodeid for one in who})) if len(who) > 1 else (newest.record.nodeid,),
        fidelity=newest.record.fidelity_of(observation),
        date=newest.date,
        commit=newest.commit,
        stale=newest.stale,
    )


def across_ports(found: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Merge what was seen of one service at several ports of this machine, each of a server that some tests started.

    Which tests had the same port depends on the number of workers, and a report must not.
    """
    origins = {exchange.request.origin for one in found if (exchange := one.observation.exchange) is not None}
    if len(origins) < 2:
        return tuple(sorted(found, key=rank))
    together: dict[Hashable, list[Evidence]] = defaultdict(list)
    for one in found:
        observation, exchange = one.observation, one.observation.exchange
        if exchange is not None and is_local(exchange.request.origin):
            exchange = replace(exchange, request=replace(exchange.request, origin=""))
            observation = replace(observation, target="", exchange=exchange)
        together[observation, one.seen, one.text, one.fidelity].append(one)
    return tuple(sorted(map(_as_one, together.values()), key=rank))


def _as_one(several: list[Evidence]) -> Evidence:
    newest = max(several, key=lambda one: (one.date, one.commit, one.stale))
    if len(several) == 1:
        return newest
    return replace(newest, tests=tuple(sorted({test for one in several for test in one.tests})))


def most_real(found: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the real observations among some, all when there are none (emulated ones are then the best there is)."""
    return tuple(one for one in found if one.fidelity == "real") or tuple(found)


def _parts(shape: Shape) -> Iterator[tuple[str, Shape]]:
    """Give the attributes of every object inside a shape, under its class and under each ancestor that it has."""
    match shape:
        case Object(cls=cls, bases=bases, fields=fields, duck=False):
            for field in fields:
                # What was None when the object was seen may have been filled later.
                seen = ANYTHING if field.shape == NONE else field.shape
                for owner in (cls, *bases):
                    yield f"{owner}.{field.name}", seen
                yield from _parts(field.shape)
        case Record(fields=fields):
            for field in fields:
                yield from _parts(field.shape)
        case Dictionary(value=inner) | Elements(element=inner) | Awaitable(result=inner):
            yield from _parts(inner)
        case Tuple(elements=several) | Union(options=several):
            for inner in several:
                yield from _parts(inner)
        case _:
            return
