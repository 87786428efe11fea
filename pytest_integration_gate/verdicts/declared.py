"""Judging the outcome of a claimed call, or a claimed value, by what is declared of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.comparison import fit_detail
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Difference, Kind
from pytest_integration_gate.model.interaction import Outcome, Uses
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Array,
    Awaitable,
    Dictionary,
    Double,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
    Union,
)
from pytest_integration_gate.model.text import text_of, text_of_outcome
from pytest_integration_gate.verdicts.contradiction import Contradiction
from pytest_integration_gate.verdicts.resolution import Resolution

_KIND_OF: dict[str, Kind] = {"protocol": "protocol", "attribute": "missing_attribute", "async": "sync_async"}


def check_sync(claim: Claim, resolution: Resolution, fact: Fact, outcome: Outcome) -> Contradiction | None:
    """Give the contradiction of what has to be awaited and what has not; None when nobody can tell."""
    if fact.generator:
        words = ("an asynchronous generator" if fact.asynchronous else "a generator", outcome.kind == "awaited")
    elif fact.asynchronous is True:
        words = ("a coroutine", outcome.kind == "returned" and _is_plain(outcome.shape, claim.uses))
    elif fact.asynchronous is False:
        awaited = outcome.kind == "awaited" or (outcome.kind == "raised" and outcome.awaiting)
        words = ("a plain value", awaited or isinstance(outcome.shape, Awaitable))
    else:
        return None
    reality, wrong = words
    if not wrong:
        return None
    return Contradiction(
        kind="sync_async",
        target=resolution.target,
        differences=(Difference(path="$", claim=text_of_outcome(outcome), reality=reality),),
        reality=f"calling it gives {reality}",
        at=fact.at,
    )


def _is_plain(shape: Shape, uses: Uses) -> bool:
    """Whether a value is certainly none that can be awaited."""
    if not uses.operations.isdisjoint({"__await__", "__aenter__", "__aiter__"}):
        return False
    if isinstance(shape, Object):
        return "__await__" not in shape.supports and not shape.duck
    return isinstance(shape, Scalar | Record | Dictionary | Sequence | Tuple | Array)


def check_outcome(claim: Claim, resolution: Resolution, fact: Fact, outcome: Outcome) -> Iterator[Contradiction]:
    """Compare what a double gave with what the annotation of the callable allows."""
    shape, declared = outcome.shape, fact.returns
    if outcome.kind == "yielded":
        shape = Sequence("async generator" if fact.asynchronous else "generator", shape)
    elif outcome.kind not in ("returned", "awaited"):
        return
    elif fact.asynchronous is True and not fact.generator and outcome.kind == "returned":
        if not isinstance(shape, Awaitable):
            return  # something that can be awaited, to nobody knows what
        shape = shape.result
    elif outcome.kind == "awaited" and isinstance(declared, Awaitable):
        declared = declared.result
    yield from check_value(shape, declared, claim.uses, outcome.text, resolution, fact)


def check_value(
    shape: Shape, declared: Shape, uses: Uses, text: str | None, resolution: Resolution, fact: Fact
) -> Iterator[Contradiction]:
    """Compare a value with what an annotation allows; a stand-in by the attributes that the test gave it."""
    if "__format__" in uses.operations:
        # What is only printed is used all the same, and an annotation says what kind of value it is.
        uses = replace(uses, operations=uses.operations | {"__str__"})
    found: dict[tuple[Kind, str], list[Difference]] = {}
    owners = _owners(declared) if isinstance(shape, Double) or (isinstance(shape, Object) and shape.duck) else ()
    for difference, reason in fit_detail(_as_instances(shape), declared, uses, text=text):
        name = difference.path[2:] if difference.path.startswith("$.") else ""
        target = f"{owners[0]}.{re.split('[.[]', name)[0]}" if name and len(owners) == 1 else resolution.target
        kind: Kind = _KIND_OF.get(reason, "attribute_shape" if target != resolution.target else "return_annotation")
        found.setdefault((kind, target), []).append(difference)
    for (kind, target), differences in found.items():
        yield Contradiction(
            kind=kind,
            target=target,
            differences=tuple(differences),
            reality=f"gives {text_of(declared)}",
            at=fact.at,
        )


def _as_instances(shape: Shape) -> Shape:
    """A shape without what real objects hold: their own class made them, whatever it annotates."""
    match shape:
        case Object(duck=False, fields=fields):
            return replace(shape, fields=tuple(replace(field, shape=ANYTHING) for field in fields))
        case Object() | Double() | Record():
            return replace(
                shape, fields=tuple(replace(field, shape=_as_instances(field.shape)) for field in shape.fields)
            )
        case Dictionary():
            return replace(shape, value=_as_instances(shape.value))
        case Sequence():
            return replace(shape, element=_as_instances(shape.element))
        case Tuple():
            return replace(shape, elements=tuple(_as_instances(element) for element in shape.elements))
        case Awaitable():
            return replace(shape, result=_as_instances(shape.result))
        case Union():
            return replace(shape, options=tuple(_as_instances(option) for option in shape.options))
    return shape


def _owners(declared: Shape) -> tuple[str, ...]:
    """The classes that an annotation names."""
    options = declared.options if isinstance(declared, Union) else (declared,)
    return tuple(option.cls for option in options if isinstance(option, Object))
