"""One member of a class as a fact: what kind of thing it is, what it takes, what it gives."""

from __future__ import annotations

import functools
import sys
import types
from dataclasses import replace

from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.model.classes import canonical, mro_of, namespace_of
from pytest_integration_gate.model.fact import Fact, FactKind
from pytest_integration_gate.model.shape import ANYTHING, Object, Shape
from pytest_integration_gate.reality.annotations import class_shape, instance_shape
from pytest_integration_gate.reality.assignments import shape_of_assigned
from pytest_integration_gate.reality.attributes import (
    find,
    has_dict,
    makes_instances,
    members_of,
    nearest,
    real_subclasses,
    set_on_self,
)
from pytest_integration_gate.reality.constructors import describe_class_call
from pytest_integration_gate.reality.hints import annotations_of
from pytest_integration_gate.reality.signatures import Callable, describe_callable
from pytest_integration_gate.reality.stores import is_first_party, is_stored_by_libraries
from pytest_integration_gate.trampoline import code_of

_KINDS: dict[type, FactKind] = {
    types.FunctionType: "method",
    types.BuiltinFunctionType: "staticmethod",
    types.MethodDescriptorType: "method",
    types.WrapperDescriptorType: "method",
    types.ClassMethodDescriptorType: "classmethod",
    types.MethodType: "method",
    functools.partialmethod: "method",
    functools.partial: "staticmethod",
    functools.singledispatchmethod: "method",
    type(functools.lru_cache(lambda: None)): "method",
    staticmethod: "staticmethod",
    classmethod: "classmethod",
}
_UNSET = object()


def is_callable_kind(value: object) -> bool:
    """Say whether a raw value is one of the known kinds of callables and their wrappers in a class."""
    return type(value) in _KINDS or type(value) in (property, functools.cached_property)


def describe_member(cls: type, name: str, raw: object = _UNSET) -> Fact | None:
    """Give the fact of a member as it is reached through `cls`; None when nothing is known of it.

    `raw` is the member's own value where it is known better than by looking (it may be patched just now).
    """
    target = f"{canonical(cls)}.{name}"
    found = find(cls, name)
    if raw is _UNSET:
        if found is None:
            return _without_value(cls, name, target)
        raw = found[1]
    owner = found[0] if found is not None else cls
    fact = _of_value(cls, owner, name, target, raw)
    if owner is not cls:
        fact = replace(fact, defined=f"{canonical(owner)}.{name}")
    if name in set_on_self(cls) and fact.kind not in ("attribute", "property"):
        return replace(_bare(fact), kind="unknown")  # instances may replace it by something else
    return _with_overrides(cls, name, raw, fact)


def _bare(fact: Fact) -> Fact:
    return Fact(target=fact.target, kind=fact.kind, defined=fact.defined, at=fact.at)


def _without_value(cls: type, name: str, target: str) -> Fact | None:
    """An attribute that only instances have, if any."""
    shape = instance_shape(cls)
    for field in shape.fields:
        if field.name == name:
            return Fact(target=target, kind="attribute", returns=field.shape)
    if name.startswith("__") and name.endswith("__"):
        return None  # judged by what the class supports
    members = members_of(cls)
    if members is None or hasattr(object, name):
        return Fact(target=target, kind="unknown")
    if name in members:
        return Fact(target=target, kind="attribute", returns=shape_of_assigned(cls, name))
    module = sys.modules.get(target.partition(":")[0])
    if not is_first_party(module) and has_dict(cls) and is_stored_by_libraries(name):
        return Fact(target=target, kind="unknown")
    own = {each for owner in mro_of(cls)[:-1] for each in namespace_of(owner)}
    own |= set_on_self(cls) | {field.name for field in shape.fields}
    return Fact(target=target, kind="missing", near=nearest(name, (each for each in own if not each.startswith("_"))))


def _of_value(cls: type, owner: type, name: str, target: str, raw: object) -> Fact:
    kind = _KINDS.get(type(raw))
    if kind is not None:
        call = _call_of(cls, raw, kind)
        return Fact(
            target=target,
            kind=kind,
            signature=call.signature,
            inner=call.inner,
            asynchronous=call.asynchronous,
            generator=call.generator,
            returns=call.returns,
            at=line_of(raw),
        )
    if isinstance(raw, property | functools.cached_property):
        getter = raw.fget if isinstance(raw, property) else raw.func
        read = describe_callable(getter, bound=True, owner=cls)
        shape = read.returns if read.asynchronous is not True and not read.generator else ANYTHING
        return Fact(target=target, kind="property", returns=shape, at=line_of(getter))
    if type in mro_of(type(raw)):
        return _of_class(target, raw)  # type: ignore[arg-type]
    return Fact(target=target, kind="attribute", returns=_value_shape(cls, owner, name, raw))


def _call_of(cls: type, raw: object, kind: FactKind) -> Callable:
    name = getattr(raw, "__name__", "")
    if name == "__new__":
        return Callable()  # a replacement may be given the class or not
    if name in ("__init_subclass__", "__class_getitem__"):
        kind = "classmethod"
    if type(raw) is functools.singledispatchmethod:
        return Callable()
    return describe_callable(raw, bound=kind in ("method", "classmethod"), owner=cls)


def _of_class(target: str, cls: type) -> Fact:
    call = describe_class_call(cls)
    address = canonical(cls)
    return Fact(
        target=target,
        kind="class",
        signature=call.signature,
        asynchronous=call.asynchronous,
        returns=instance_shape(cls) if makes_instances(cls) else ANYTHING,
        defined=address if address != target else "",
    )


def _value_shape(cls: type, owner: type, name: str, raw: object) -> Shape:
    """The shape of an attribute, by its annotation or as an enumeration's member. A class constant may be shadowed."""
    members = namespace_of(cls).get("_member_map_")
    if type(members) is dict and name in members:
        return shape_of(members[name])
    if any("__get__" in namespace_of(each) for each in mro_of(type(raw))) and not _is_slot(raw):
        return ANYTHING  # a descriptor gives what it likes
    shape = class_shape(cls)
    fields = shape.fields if isinstance(shape, Object) else ()
    return next((field.shape for field in fields if field.name == name), ANYTHING)


def _is_slot(raw: object) -> bool:
    return type(raw) in (types.MemberDescriptorType, types.GetSetDescriptorType)


def _with_overrides(cls: type, name: str, raw: object, fact: Fact) -> Fact:
    """Take back what a loaded subclass, whose instance may be what is met, does otherwise."""
    for sub in real_subclasses(cls):
        found = find(sub, name)
        if found is None or found[1] is raw:
            continue
        other = _of_value(sub, found[0], name, fact.target, found[1])
        if (other.kind == "property") != (fact.kind == "property") or (other.kind == "class") != (fact.kind == "class"):
            return replace(_bare(fact), kind="unknown")
        if other.signature != fact.signature or other.inner != fact.inner:
            fact = replace(fact, signature=None, inner=None)
        if other.asynchronous != fact.asynchronous:
            fact = replace(fact, asynchronous=None)
        if other.generator != fact.generator:
            fact = replace(fact, generator=False, returns=ANYTHING)
        if other.returns != fact.returns and "return" not in annotations_of(raw):
            fact = replace(fact, returns=ANYTHING)  # read off the source, which the subclass replaced
    return fact


def line_of(value: object) -> str:
    """Give ``file:line`` of a function behind its wrappers; empty when it has no code."""
    for _ in range(10):
        if type(value) is types.FunctionType:
            if "__wrapped__" in value.__dict__:
                value = value.__dict__["__wrapped__"]
                continue
            code = code_of(value)
            return f"{code.co_filename}:{code.co_firstlineno}"
        if type(value) in (staticmethod, classmethod, types.MethodType):
            value = value.__func__  # type: ignore[attr-defined]
        elif type(value) in (functools.partial, functools.partialmethod, functools.singledispatchmethod):
            value = value.func  # type: ignore[attr-defined]
        elif type(value) in _KINDS and hasattr(value, "cache_clear"):
            value = value.__wrapped__  # type: ignore[attr-defined]
        else:
            return ""
    return ""
