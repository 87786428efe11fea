"""Judging a claim by facts, which hold for every argument (SPEC section 7, evidence of kind 1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.fact import Fact, Parameter, Signature
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.model.shape import (
    Anything,
    Array,
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
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.verdicts.binding import bind, text_of_call, text_of_signature, wrong_arguments
from pytest_integration_gate.verdicts.contradiction import Contradiction
from pytest_integration_gate.verdicts.declared import check_outcome, check_sync, check_value
from pytest_integration_gate.verdicts.files import check_file
from pytest_integration_gate.verdicts.resolution import CALLABLE, Resolution, absence, lacks


def check(claim: Claim, resolution: Resolution) -> tuple[Contradiction, ...]:
    """Give every contradiction between a claim and the facts; none when they agree or nothing is known."""
    if _is_machinery(claim):
        return ()
    opened = check_file(claim, resolution.target)
    if opened is not None:
        return (opened,)
    if resolution.missing is not None:
        return (_missing(claim, resolution, resolution.missing),)
    fact = resolution.fact
    if fact is None or fact.kind in ("unknown", "missing"):
        return ()
    if claim.action == "call":
        return tuple(_check_call(claim, resolution, fact))
    if claim.action == "read":
        return tuple(_check_read(claim, resolution, fact))
    return ()


def declares(claim: Claim, resolution: Resolution) -> bool:
    """Say whether at least one fact spoke about the claim and none contradicts it."""
    fact = resolution.fact
    if fact is None or fact.kind in ("unknown", "missing") or check(claim, resolution):
        return False
    return claim.action != "call" or fact.signature is not None or not isinstance(fact.returns, Anything)


def allows(claim: Claim, resolution: Resolution) -> bool:
    """Say whether the annotation names this outcome as one of several, so that others do not exclude it (rule 3)."""
    fact, outcome = resolution.fact, claim.outcome
    if fact is None or outcome is None or outcome.kind not in ("returned", "awaited"):
        return False
    declared = fact.returns
    if not isinstance(declared, Union) and not (isinstance(declared, Scalar) and declared.values):
        return False
    return not isinstance(outcome.shape, Anything) and not fit(outcome.shape, declared, claim.uses, text=outcome.text)


def _is_machinery(claim: Claim) -> bool:
    """Whether the outcome is the mock library's own complaint, or the call was passed on to reality."""
    outcome = claim.outcome
    return outcome is not None and outcome.kind == "real"


def _missing(claim: Claim, resolution: Resolution, gone: Fact) -> Contradiction:
    if gone.supports is None:
        return _missing_attribute(gone)
    name = next((step[1:] for step in claim.path if step[1:] in _needs(gone, claim)), "")
    return _protocol(resolution.target, (name,), gone.supports, gone.at)


def _missing_attribute(gone: Fact) -> Contradiction:
    near = f" (nearest: {gone.near[0]})" if gone.near else ""
    name = gone.target.rpartition(":")[2].rpartition(".")[2]
    return Contradiction(
        kind="missing_attribute",
        target=gone.target,
        differences=(Difference(path=f"$.{name}", claim="exists", reality=f"absent{near}"),),
        reality=f"there is no {gone.target}{near}",
        at=gone.at,
    )


def _needs(gone: Fact, claim: Claim) -> frozenset[str]:
    supports = frozenset(gone.supports or ())
    return frozenset(step[1:] for step in claim.path if lacks(supports, step[1:]))


def _protocol(target: str, names: tuple[str, ...], supports: tuple[str, ...], at: str) -> Contradiction:
    there = ", ".join(supports) or "no special methods"
    return Contradiction(
        kind="protocol",
        target=target,
        differences=tuple(Difference(path=f"$.{name}", claim="supported", reality="absent") for name in names),
        reality=f"what it gives supports {there}",
        at=at,
    )


# Calls


def _check_call(claim: Claim, resolution: Resolution, fact: Fact) -> Iterator[Contradiction]:
    if fact.kind in ("property", "attribute"):
        if _is_never_callable(fact.returns):
            yield _not_callable(claim, resolution, fact)
        entry = resolution.facts.get(f"{fact.returns.cls}.__call__") if isinstance(fact.returns, Object) else None
        if entry is not None and entry.kind == "method":
            yield from _check_arguments(claim, resolution, entry)
        return
    if fact.kind not in CALLABLE:
        return
    yield from _check_arguments(claim, resolution, fact)
    outcome = claim.outcome
    if outcome is not None and outcome.kind == "raised":
        yield from _check_exception(outcome, resolution)
    if outcome is None or fact.kind == "class":
        return
    mixed = check_sync(claim, resolution, fact, outcome)
    if mixed is not None:
        yield mixed
        return
    yield from check_outcome(claim, resolution, fact, outcome)


def _check_exception(outcome: Outcome, resolution: Resolution) -> Iterator[Contradiction]:
    """An attribute that a test hung on an exception, and that its class does not give it."""
    raised = outcome.shape
    owner = resolution.facts.get(raised.cls) if isinstance(raised, Object) else None
    for field in raised.fields if isinstance(raised, Object) else ():
        gone = absence(owner, field.name)
        if gone is not None:
            yield replace(_missing_attribute(gone), kind="exception")


def _not_callable(claim: Claim, resolution: Resolution, fact: Fact) -> Contradiction:
    word = "a property" if fact.kind == "property" else "an attribute"
    return Contradiction(
        kind="protocol",
        target=resolution.target,
        differences=(Difference(path="$", claim="called", reality=f"{word} of {text_of(fact.returns)}"),),
        reality=f"{word} of {text_of(fact.returns)}",
        at=fact.at,
    )


def _is_never_callable(shape: Shape) -> bool:
    if isinstance(shape, Union):
        return all(_is_never_callable(option) for option in shape.options)
    if isinstance(shape, Scalar):
        return shape.name not in ("function", "class")
    if isinstance(shape, Object):
        return shape.complete and "__call__" not in shape.supports
    return isinstance(shape, Record | Dictionary | Sequence | Tuple)


def _check_arguments(claim: Claim, resolution: Resolution, fact: Fact) -> Iterator[Contradiction]:
    arguments = claim.arguments
    if arguments is None or arguments.bound or fact.signature is None or _raises_type_error(claim.outcome):
        return
    signatures = list(_signatures(fact))
    if claim.takes_self and fact.kind == "method":
        if not arguments.positional:
            return
        arguments = replace(arguments, positional=arguments.positional[1:])
    elif claim.on_class and fact.kind == "method":
        if any(name == "self" for name, _ in arguments.keywords):
            return
        signatures = [_with_instance(each) for each in signatures]
    elif fact.kind == "method" and not resolution.instance and _starts_with_instance(arguments, resolution):
        # Class.method(instance, …): whoever binds is right
        without = replace(arguments, positional=arguments.positional[1:])
        if not any(bind(each, without).problem for each in signatures):
            return
    for signature in signatures:
        bound = bind(signature, arguments)
        if bound.problem:
            yield Contradiction(
                kind="signature",
                target=resolution.target,
                differences=(
                    Difference(path="$", claim=text_of_call(arguments), reality=text_of_signature(signature)),
                ),
                reality=f"{bound.problem}: {text_of_signature(signature)}",
                at=fact.at,
            )
            return
        wrong = tuple(wrong_arguments(bound))
        if wrong:
            yield Contradiction(
                kind="argument_shape",
                target=resolution.target,
                differences=wrong,
                reality=text_of_signature(signature),
                at=fact.at,
            )
            return


def _signatures(fact: Fact) -> Iterator[Signature]:
    if fact.signature is not None:
        yield fact.signature
    if fact.inner is not None:
        yield fact.inner


def _with_instance(signature: Signature) -> Signature:
    """The signature as the class itself has it: the caller passes the instance."""
    instance = Parameter(name="self", kind="standard", required=True)
    return replace(signature, parameters=(instance, *signature.parameters))


def _starts_with_instance(arguments: Arguments, resolution: Resolution) -> bool:
    first = arguments.positional[0].shape if arguments.positional else None
    return isinstance(first, Object | Double | Anything)


def _raises_type_error(outcome: Outcome | None) -> bool:
    """A simulated TypeError is what reality does with such arguments."""
    return (
        outcome is not None
        and outcome.kind == "raised"
        and (isinstance(outcome.shape, Object) and "builtins:TypeError" in (outcome.shape.cls, *outcome.shape.bases))
    )


# Reads


def _check_read(claim: Claim, resolution: Resolution, fact: Fact) -> Iterator[Contradiction]:
    outcome = claim.outcome
    if outcome is None or outcome.kind != "returned":
        return
    shape = outcome.shape
    if fact.kind in ("method", "classmethod", "staticmethod", "function"):
        if isinstance(shape, Scalar | Record | Dictionary | Sequence | Tuple | Array) and shape not in _CALLABLE_VALUES:
            yield Contradiction(
                kind="protocol",
                target=resolution.target,
                differences=(Difference(path="$", claim=f"a value: {text_of(shape)}", reality=f"a {fact.kind}"),),
                reality=f"a {fact.kind}",
                at=fact.at,
            )
        return
    if fact.kind in ("property", "attribute"):
        for found in check_value(shape, fact.returns, claim.uses, outcome.text, resolution, fact):
            yield replace(found, kind="attribute_shape") if found.kind == "return_annotation" else found


_CALLABLE_VALUES = (Scalar("function"), Scalar("class"))
