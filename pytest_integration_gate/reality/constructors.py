"""What calling a class takes, and whether it gives an instance."""

from __future__ import annotations

import types

from pytest_integration_gate.model.classes import namespace_of
from pytest_integration_gate.model.fact import Parameter, Signature
from pytest_integration_gate.reality.attributes import find
from pytest_integration_gate.reality.signatures import Callable, describe_callable, read_signature


def describe_class_call(cls: type) -> Callable:
    """Describe what calling a class takes. What it gives is an instance, unless a metaclass or ``__new__`` decides."""
    # Other metaclasses may make classes that convert what they take.
    annotations = type(cls).__name__ in ("type", "ABCMeta")
    return Callable(signature=constructor(cls, annotations=annotations), asynchronous=False)


def constructor(cls: type, *, annotations: bool) -> Signature | None:
    """Give the signature that a call of the class has to satisfy; None when ``__new__`` and ``__init__`` differ."""
    calling = find(type(cls), "__call__")
    if calling is None or calling[0] is not type:
        return (
            None if type(calling[1] if calling else None) is not types.FunctionType else _by_inspect(cls, annotations)
        )
    if "__signature__" in namespace_of(cls):
        return _by_inspect(cls, annotations)
    new, init = find(cls, "__new__"), find(cls, "__init__")
    parts = []
    for place, first in ((new, True), (init, True)):
        if place is None or place[0] is object:
            continue
        raw = place[1].__func__ if type(place[1]) is staticmethod else place[1]
        described = describe_callable(raw, bound=first, owner=cls)
        parts.append(described)
    if not parts:
        return _by_inspect(cls, annotations) if _is_heap(cls) else None
    known = [part for part in parts if part.signature is not None]
    if len(known) != len(parts):
        return None
    narrow = [
        part for part in known if part.signature is not None and part.signature.parameters != _takes_all(part.signature)
    ]
    if len(narrow) > 1 and narrow[0].signature != narrow[1].signature:
        return None  # both bind; neither alone is what the caller sees
    chosen = (narrow or known)[-1]
    signature = chosen.inner or chosen.signature
    return signature if annotations or signature is None else _bare(signature)


def _is_heap(cls: type) -> bool:
    return "__module__" in namespace_of(cls)


def _takes_all(signature: Signature) -> tuple[Parameter, ...]:
    """The parameters themselves when they are ``*args, **kwargs``, which narrow nothing."""
    return signature.parameters if [p.kind for p in signature.parameters] == ["args", "kwargs"] else ()


def _bare(signature: Signature) -> Signature:
    return Signature(
        parameters=tuple(
            Parameter(name=p.name, kind=p.kind, required=p.required, default=p.default) for p in signature.parameters
        )
    )


def _by_inspect(cls: type, annotations: bool) -> Signature | None:
    signature = read_signature(cls, bound=False)
    return signature if annotations or signature is None else _bare(signature)
