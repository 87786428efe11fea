"""What a double said came of a call, against what reality gave: one claim, one observed outcome."""

from __future__ import annotations

from dataclasses import field, replace
from functools import lru_cache
from typing import Literal

from pytest_integration_gate.model.claim import Action
from pytest_integration_gate.model.comparison import fit_detail, fits_exception
from pytest_integration_gate.model.finding import Difference, Kind
from pytest_integration_gate.model.interaction import Outcome, OutcomeKind, Uses
from pytest_integration_gate.model.shape import (
    Anything,
    Awaitable,
    Double,
    Object,
    Sequence,
    Shape,
)
from pytest_integration_gate.model.text import text_of_outcome
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.variation import has_empty

Reason = Literal["shape", "protocol", "attribute", "async", "exception", "value"]
Differing = tuple[Difference, Reason]

KIND_OF: dict[Reason, Kind] = {
    "shape": "return_shape",
    "protocol": "protocol",
    "attribute": "attribute_shape",
    "async": "sync_async",
    "exception": "exception",
    "value": "return_value",
}


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a claim asks of an observation. Many claims ask the same, and each question is answered once.

    Equal questions are one object, so that answers are found again without looking at shapes.
    """

    action: Action
    said: Outcome | None
    uses: Uses


@lru_cache(maxsize=16_384)
def ask(action: Action, said: Outcome | None, uses: Uses) -> Question:
    """Return the question of claims of one action, outcome (`without_text`) and use."""
    return Question(action, said, uses)


def without_text(outcome: Outcome) -> Outcome:
    """Return an outcome by shape alone: what was seen has no values that a claim would have to be among."""
    return outcome if outcome.text is None else replace(outcome, text=None)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One kind of outcome that was observed. Equal ones are one object, which remembers the answers that it gave.

    `text` are the words for it; `has_empty` says that the value was or held an empty container.
    """

    outcome: Outcome
    text: str
    has_empty: bool
    answers: dict[Question, tuple[Differing, ...]] = field(default_factory=dict, repr=False)

    def differences(self, question: Question) -> tuple[Differing, ...]:
        """Return where a claimed outcome departs from this one; empty when it fits."""
        found = self.answers.get(question)
        if found is None:
            found = self.answers[question] = _differences(question, self.outcome)
        return found

    @property
    def value(self) -> Shape:
        """What the caller got."""
        return value_of(self.outcome)


@lru_cache(maxsize=65_536)
def saw(kind: OutcomeKind, shape: Shape, awaiting: bool = False) -> Seen:
    """Return the one object for outcomes of a kind and shape."""
    outcome = Outcome(kind=kind, shape=shape, awaiting=awaiting)
    return Seen(outcome, text_of_outcome(outcome), has_empty(shape))


def _differences(question: Question, seen: Outcome) -> tuple[Differing, ...]:
    said = question.said
    if said is None:
        return ()
    whole = Difference(path="$", claim=text_of_outcome(said), reality=text_of_outcome(seen))
    if said.kind == "raised" or seen.kind == "raised":
        both = said.kind == seen.kind and isinstance(said.shape, Object) and isinstance(seen.shape, Object)
        if both and fits_exception(said.shape, seen.shape):  # type: ignore[arg-type]  # `both` has just said so
            return ()
        return ((whole, "exception"),)
    shape = value_of(seen)
    if question.action == "call":
        if _asynchrony(said, seen) is False:
            return ((whole, "async"),)
        if isinstance(shape, Awaitable) and seen.kind != "awaited":
            shape = shape.result
    if said.kind == "unconfigured":
        return ()
    value = value_of(said)
    return fit_detail(value.result if isinstance(value, Awaitable) else value, shape, question.uses)


def value_of(outcome: Outcome) -> Shape:
    """Return what the caller got."""
    return Sequence("generator", outcome.shape) if outcome.kind == "yielded" else outcome.shape


def _asynchrony(said: Outcome, seen: Outcome) -> bool | None:
    """Whether claim and reality agree on what has to be awaited; None when one of them does not tell."""
    really_async = seen.kind == "awaited" or isinstance(seen.shape, Awaitable)
    if said.awaiting or said.kind == "awaited" or isinstance(said.shape, Awaitable):
        return really_async or (None if isinstance(seen.shape, Anything) else False)
    if isinstance(said.shape, Anything | Double):
        return None
    return not really_async
