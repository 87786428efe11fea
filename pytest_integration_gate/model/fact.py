"""Facts: what is known of a collaborator without running it (SPEC section 7, evidence of kind 1)."""

from __future__ import annotations

from typing import Literal

from pytest_integration_gate.model.shape import ANYTHING, Shape
from pytest_integration_gate.values import dataclass

ParameterKind = Literal["positional", "standard", "args", "keyword", "kwargs"]
FactKind = Literal[
    "module",
    "class",
    "function",
    "method",
    "classmethod",
    "staticmethod",
    "property",
    "attribute",
    "missing",
    "unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter. `default` is the literal of a plain default value, normalised as in `Argument.text`."""

    name: str
    kind: ParameterKind
    required: bool
    default: str | None = None
    annotation: Shape = ANYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Parameters as the caller sees them. A method reached through its class or an instance has lost ``self``."""

    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known of one target.

    `kind` ``missing`` is proven absence; ``unknown`` means that the object may answer to any name (``__getattr__``, a
    C type with a ``__dict__`` …). An ``attribute`` is anything that is not called by itself: an instance attribute, a
    class constant, a module-level object.

    `signature` is None when it cannot be known. `inner` is the signature behind a ``functools.wraps`` wrapper that
    hands its arguments on unchanged (rule 9).
    `asynchronous`: calling gives an awaitable (True), certainly gives none (False), or cannot be known (None).
    `generator`: calling gives a generator (or, with `asynchronous`, an asynchronous one).
    `returns` is the return annotation of a callable as a shape; for an asynchronous callable what awaiting gives; for a
    property or attribute the shape of its value. `Anything` when there is none or it cannot be trusted (a wrapper that
    may change the result).
    `supports` are the special methods that instances of a class define beyond ``object``; None when unknown. For a
    ``module`` or ``attribute`` those of the object itself.
    `defined` is the target in the class that defines an inherited member, empty when it is the same.
    `near` are existing names like a missing one, the nearest first. `at` is ``file:line`` of the definition.
    """

    target: str
    kind: FactKind
    signature: Signature | None = None
    inner: Signature | None = None
    asynchronous: bool | None = None
    generator: bool = False
    returns: Shape = ANYTHING
    supports: tuple[str, ...] | None = None
    defined: str = ""
    near: tuple[str, ...] = ()
    at: str = ""
    first_party: bool = False
