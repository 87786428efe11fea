"""The evidence of a run, indexed for matching: observations by target, by arguments, by call site, and parts of
objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_integration_gate.model.finding import Fidelity, Reality
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import (
    Awaitable,
    Dictionary,
    Object,
    Record,
    Sequence,
    Shape,
    Tuple,
    Union,
)
from pytest_integration_gate.model.text import text_of, text_of_outcome


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The record of a test with the day and the commit of its run; both empty when unknown."""

    record: TestRecord
    date: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation and everybody who made it. `shape` is the part of it that bears on a claim."""

    observation: Observation
    shape: Shape
    tests: tuple[str, ...]
    boundaries: tuple[str, ...]
    fidelity: Fidelity
    date: str
    commit: str

    def as_reality(self, text: str = "") -> Reality:
        """Say what was seen, where and by whom, for a report."""
        return Reality(
            outcome=text or text_of_outcome(self.observation.outcome),
            source="observed",
            at=self.observation.at,
            tests=self.tests,
            fidelity=self.fidelity,
            date=self.date,
            commit=self.commit,
        )


class EvidenceIndex:
    """All clean observations of a run and its store. Nothing in it depends on the order in which they came."""

    def __init__(self, witnessed: Iterable[Witnessed]) -> None:
        merged: dict[tuple[Observation, Fidelity], list[Witnessed]] = defaultdict(list)
        for one in witnessed:
            for observation in one.record.observations:
                if not observation.contaminated:
                    merged[observation, one.record.fidelity].append(one)
        self._by_target: dict[str, list[Evidence]] = defaultdict(list)
        self._by_definition: dict[str, list[Evidence]] = defaultdict(list)
        self._parts: dict[str, list[Evidence]] = defaultdict(list)
        found = [_evidence(observation, fidelity, who) for (observation, fidelity), who in merged.items()]
        for evidence in sorted(found, key=_order):
            self._by_target[evidence.observation.target].append(evidence)
            if evidence.observation.defined not in ("", evidence.observation.target):
                self._by_definition[evidence.observation.defined].append(evidence)
            for target, part in set(_parts(evidence.observation.outcome.shape)):
                self._parts[target].append(_with_shape(evidence, part))

    def of(self, target: str, defined: str = "") -> list[Evidence]:
        """Return the observations of a target, else those of the inherited code that it runs."""
        found = self._by_target.get(target) or self._by_definition.get(target)
        if not found and defined:
            found = self._by_target.get(defined) or self._by_definition.get(defined)
        return _most_real(found or [])

    def of_part(self, target: str) -> list[Evidence]:
        """Return what observed instances of a class had at an attribute, ``module:Class.attribute``."""
        return _most_real([*self._by_target.get(target, []), *self._parts.get(target, [])])

    def classes_given_by(self, target: str) -> tuple[str, ...]:
        """Return the canonical classes of the objects that observed calls of a target returned."""
        shape = join_all(evidence.observation.outcome.shape for evidence in self._given(target))
        options = shape.options if isinstance(shape, Union) else (shape,)
        return tuple(option.cls for option in options if isinstance(option, Object))

    def given_by(self, target: str) -> Shape:
        """Return what the observed calls of a target that returned have in common; `Never` when there was none."""
        return join_all(evidence.observation.outcome.shape for evidence in self._given(target))

    def boundaries_of(self, target: str) -> tuple[str, ...]:
        """Return the boundaries whose tests observed a target."""
        found = [*self._by_target.get(target, []), *self._by_definition.get(target, [])]
        return tuple(sorted({name for evidence in found for name in evidence.boundaries}))

    def targets(self) -> Iterator[tuple[str, list[Evidence]]]:
        """Give every observed target with its evidence."""
        yield from self._by_target.items()

    def _given(self, target: str) -> Iterator[Evidence]:
        return (one for one in self.of(target) if one.observation.outcome.kind in ("returned", "awaited"))


def _evidence(observation: Observation, fidelity: Fidelity, who: list[Witnessed]) -> Evidence:
    newest = max(who, key=lambda one: (one.date, one.commit))
    return Evidence(
        observation=observation,
        shape=observation.outcome.shape,
        tests=tuple(sorted({one.record.nodeid for one in who})),
        boundaries=tuple(sorted({name for one in who for name in one.record.boundaries})),
        fidelity=fidelity,
        date=newest.date,
        commit=newest.commit,
    )


def _with_shape(evidence: Evidence, shape: Shape) -> Evidence:
    return Evidence(
        evidence.observation,
        shape,
        evidence.tests,
        evidence.boundaries,
        evidence.fidelity,
        evidence.date,
        evidence.commit,
    )


def _order(evidence: Evidence) -> tuple[str, ...]:
    observation = evidence.observation
    site = observation.site.key if observation.site is not None else ()
    return (observation.target, evidence.fidelity, text_of(observation.outcome.shape), *evidence.tests, *site)


def _most_real(found: list[Evidence]) -> list[Evidence]:
    return [one for one in found if one.fidelity == "real"] or found


def _parts(shape: Shape) -> Iterator[tuple[str, Shape]]:
    """Give the attributes of every object inside a shape, under its class and under each ancestor that it has."""
    match shape:
        case Object(cls=cls, bases=bases, fields=fields, duck=False):
            for field in fields:
                for owner in (cls, *bases):
                    yield f"{owner}.{field.name}", field.shape
                yield from _parts(field.shape)
        case Record(fields=fields):
            for field in fields:
                yield from _parts(field.shape)
        case Dictionary(value=inner) | Sequence(element=inner) | Awaitable(result=inner):
            yield from _parts(inner)
        case Tuple(elements=several) | Union(options=several):
            for inner in several:
                yield from _parts(inner)
        case _:
            return
