"""What a double said came of a call, against what reality gave: one claim, one observation."""

from __future__ import annotations

from typing import Literal

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.comparison import fit_detail, fits_exception
from pytest_integration_gate.model.finding import Difference, Kind
from pytest_integration_gate.model.interaction import Outcome
from pytest_integration_gate.model.shape import Anything, Awaitable, Double, Object, Shape
from pytest_integration_gate.model.text import text_of_outcome

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


def differences_of(claim: Claim, seen: Outcome, shape: Shape) -> tuple[Differing, ...]:
    """Return where the claim's outcome departs from one that was seen; empty when it fits.

    `shape` is the part of `seen` that bears on the claim: its value, or for an attribute that part of it.
    """
    said = claim.outcome
    if said is None:
        return ()
    whole = Difference(path="$", claim=text_of_outcome(said), reality=text_of_outcome(seen))
    if said.kind == "raised" or seen.kind == "raised":
        both = said.kind == seen.kind and isinstance(said.shape, Object) and isinstance(seen.shape, Object)
        if both and fits_exception(said.shape, seen.shape):  # type: ignore[arg-type]  # `both` has just said so
            return ()
        return ((whole, "exception"),)
    if claim.action == "call":
        awaited = _asynchrony(said, seen, shape)
        if awaited is False:
            return ((whole, "async"),)
        if isinstance(shape, Awaitable) and seen.kind != "awaited":
            shape = shape.result
    if said.kind == "unconfigured":
        return ()
    value = said.shape.result if isinstance(said.shape, Awaitable) else said.shape
    return fit_detail(value, shape, claim.uses, text=said.text)


def _asynchrony(said: Outcome, seen: Outcome, shape: Shape) -> bool | None:
    """Whether claim and reality agree on what has to be awaited; None when one of them does not tell."""
    really_async = seen.kind == "awaited" or isinstance(shape, Awaitable)
    if said.awaiting or isinstance(said.shape, Awaitable):
        return really_async or (None if isinstance(shape, Anything) else False)
    if isinstance(said.shape, Anything | Double):
        return None
    return not really_async
