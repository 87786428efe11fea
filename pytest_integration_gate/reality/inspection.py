"""Live objects as plain facts: what can be known of a collaborator without running it (SPEC section 7, kind 1).

Nothing here calls code of the inspected objects, apart from string annotations, which are evaluated as
``typing.get_type_hints`` does.
"""

from __future__ import annotations

import builtins
import os
import sys
from dataclasses import replace
from types import FunctionType, ModuleType

from pytest_integration_gate.model.classes import canonical, mro_of, namespace_of
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.shape import ANYTHING, NONE, Awaitable, Object, Shape, Union
from pytest_integration_gate.reality.addresses import class_at, owner_of
from pytest_integration_gate.reality.annotations import class_shape, instance_shape
from pytest_integration_gate.reality.attributes import (
    answers_anything,
    find,
    is_tractable,
    makes_instances,
    module_has,
    nearest,
    supports_of,
)
from pytest_integration_gate.reality.constructors import describe_class_call
from pytest_integration_gate.reality.members import describe_member, is_callable_kind, line_of
from pytest_integration_gate.reality.native import Spy
from pytest_integration_gate.reality.signatures import describe_callable
from pytest_integration_gate.reality.stores import functions_in, is_first_party
from pytest_integration_gate.source.naming import address_of, home_of
from pytest_integration_gate.values import dataclass

MEMBERS = 200
ABSENT = object()
"""Stands for the original of a name that does not exist (``create=True``, ``raising=False``)."""

_builtins_at_import = (isinstance, issubclass, getattr, type, open, len)
_described: dict[tuple[str, tuple[str, ...]], tuple[object, tuple[Fact, ...]]] = {}
_classes: dict[int, tuple[type, tuple[Fact, ...]]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a walk stands: on a class or module itself, on an instance of a class, or on a callable with its result."""

    kind: str
    cls: type | None = None
    module: ModuleType | None = None
    result: Shape = ANYTHING


def describe(root: str, obj: object, path: tuple[str, ...]) -> list[Fact]:
    """Give the facts on the way from a real object along a claim's path, as far as it can be followed.

    `root` is the canonical address of `obj`; `obj` is a class, a function, what ``inspect.getattr_static`` gave for a
    method, a module, an instance at module level, or `ABSENT`.
    """
    if type(obj) is Spy:
        obj = obj.original
    # classes and functions are kept, of anything else only the type, so that no object lives longer than its test
    key = obj if type in mro_of(type(obj)) or canonical(obj) else type(obj)
    known = _described.get((root, path))
    if known is not None and known[0] is key:
        return list(known[1])
    if not _is_undisturbed():
        return []
    try:
        facts = _walk(root, obj, path)
    except Exception:  # a hostile class: nothing is known of it
        facts = {}
    _described[root, path] = (key, tuple(facts.values()))
    return list(facts.values())


def describe_class(cls: type) -> list[Fact]:
    """Give the facts of a class and of its members, for a class whose instances were seen."""
    known = _classes.get(id(cls))
    if known is not None:
        return list(known[1])
    if not _is_undisturbed():
        return []
    facts: dict[str, Fact] = {}
    try:
        if _add_class(facts, cls) is None:
            return list(facts.values())
        names = dict.fromkeys(name for owner in mro_of(cls)[:-1] for name in namespace_of(owner))
        shape = instance_shape(cls)
        names |= dict.fromkeys(field.name for field in shape.fields)
        public = [name for name in names if not name.startswith("_") or name in shape.supports]
        for name in public[:MEMBERS]:
            _add_member(facts, cls, name)
    except Exception:  # a hostile class: what was found so far stands
        pass
    _classes[id(cls)] = (cls, tuple(facts.values()))
    return list(facts.values())


def _is_undisturbed() -> bool:
    """Whether the builtins that `inspect` and `typing` need are not being patched just now."""
    now = (
        builtins.isinstance, builtins.issubclass, builtins.getattr, builtins.type, builtins.open, builtins.len,
    )  # fmt: skip
    return all(a is b for a, b in zip(now, _builtins_at_import, strict=True))


def _walk(root: str, obj: object, path: tuple[str, ...]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    if type in mro_of(type(obj)) and not is_tractable(obj):  # type: ignore[arg-type]
        return {root: Fact(target=root, kind="unknown")}
    place = _start(facts, root, obj)
    for element in path:
        if place is None:
            break
        if element == path[0] != "()" and type(obj) is FunctionType and place.kind == "callable":
            _reach_in_function(facts, root, obj, element[1:])
            break
        place = _enter(facts, place) if element == "()" else _reach(facts, place, element[1:])
    if place is not None and (place.kind == "callable" or (place.kind == "instance" and path[-1:] == ("()",))):
        _enter(facts, place)  # the claim may be about calling it
    return facts


def _start(facts: dict[str, Fact], root: str, obj: object) -> _Place | None:
    owner, name = owner_of(root)
    if obj is ABSENT:
        _absent(facts, owner, name)
        return None
    if type in mro_of(type(obj)):
        return _add_class(facts, obj, target=root)  # type: ignore[arg-type]
    if type(obj) is ModuleType:
        facts[root] = Fact(target=root, kind="module", first_party=is_first_party(obj))
        return _Place(kind="module", module=obj)
    if is_callable_kind(obj):
        if isinstance(owner, type) and not root.endswith("]"):  # the entry of a registry is nobody's method
            return _add_member(facts, owner, name, raw=obj)
        return _add_function(facts, root, obj)
    cls = type(obj)
    shape = class_shape(cls)
    held = replace(shape, members=(*shape.members, *_instance_names(obj))) if isinstance(shape, Object) else ANYTHING
    target = f"{canonical(owner)}.{name}" if isinstance(owner, type) else root
    facts[target] = Fact(target=target, kind="attribute", returns=held)
    if isinstance(shape, Object):
        if find(cls, "__call__") is not None:
            _add_member(facts, cls, "__call__")
        return _add_class(facts, cls) and _Place(kind="instance", cls=cls)
    return None


def _reach_in_function(facts: dict[str, Fact], root: str, function: FunctionType, name: str) -> None:
    """Say that a function lacks an attribute: its own ones and those of every function are all that there are."""
    if name not in vars(function) and not hasattr(FunctionType, name):
        target = f"{root}.{name}"
        facts[target] = Fact(target=target, kind="missing", at=line_of(function))


def _instance_names(obj: object) -> tuple[str, ...]:
    try:
        names = object.__getattribute__(obj, "__dict__")
    except Exception:
        return ()
    return tuple(name for name in names if type(name) is str) if type(names) is dict else ()


def _absent(facts: dict[str, Fact], owner: object, name: str) -> None:
    """Say that the name is gone, when its owner certainly lacks it. Builtins are reached through every module."""
    if type(owner) is ModuleType:
        _reach(facts, _Place(kind="module", module=owner), name)
    elif isinstance(owner, type):
        _reach(facts, _Place(kind="class", cls=owner), name)


def _reach(facts: dict[str, Fact], place: _Place, name: str) -> _Place | None:
    """Follow an attribute."""
    if place.module is not None:
        return _reach_in_module(facts, place.module, name)
    if place.kind == "callable":
        return None  # an attribute of a function
    cls = place.cls
    assert cls is not None
    if find(cls, name) is None:
        target = f"{canonical(cls)}.{name}"
        if place.kind == "class" and any(name in namespace_of(meta) for meta in mro_of(type(cls))):
            return None
        if place.kind == "class" and answers_anything(each for each in mro_of(type(cls)) if each is not type):
            facts[target] = Fact(target=target, kind="unknown")
            return None
    return _add_member(facts, cls, name)


def _reach_in_module(facts: dict[str, Fact], module: ModuleType, name: str) -> _Place | None:
    target = f"{module.__name__}:{name}"
    has = module_has(module, name)
    if has is None or (has is False and name in vars(builtins)):
        return None
    if not has:
        facts[target] = Fact(
            target=target, kind="missing", near=nearest(name, vars(module)), first_party=is_first_party(module)
        )
        return None
    value = module.__dict__.get(name, ABSENT)
    if value is ABSENT:
        return None
    if type(value) is ModuleType:
        facts[target] = Fact(target=target, kind="module", defined=value.__name__)
        facts[value.__name__] = Fact(target=value.__name__, kind="module", first_party=is_first_party(value))
        return _Place(kind="module", module=value)
    address = address_of(value)
    place = _start(facts, address or target, value)
    if address and address != target and address in facts:
        facts[target] = replace(facts[address], target=target, defined=address)
    return place


def _enter(facts: dict[str, Fact], place: _Place) -> _Place | None:
    """Follow a call."""
    if place.kind == "class":
        assert place.cls is not None
        return _Place(kind="instance", cls=place.cls) if makes_instances(place.cls) else None
    if place.kind == "instance":
        assert place.cls is not None
        called = _add_member(facts, place.cls, "__call__") if find(place.cls, "__call__") else None
        return _enter(facts, called) if called is not None and called.kind == "callable" else None
    if place.kind != "callable":
        return None
    return _settle(facts, place.result)


def _settle(facts: dict[str, Fact], shape: Shape) -> _Place | None:
    """Stand on an instance of the one class that a shape allows beside None; describe every class that it names."""
    if isinstance(shape, Awaitable):
        shape = shape.result
    options = [option for option in (shape.options if isinstance(shape, Union) else (shape,)) if option != NONE]
    classes = [class_at(option.cls) for option in options if isinstance(option, Object)]
    for cls in classes:
        if cls is not None:
            _add_class(facts, cls)
    return _Place(kind="instance", cls=classes[0]) if len(options) == len(classes) == 1 and classes[0] else None


def _add_class(facts: dict[str, Fact], cls: type, target: str = "") -> _Place | None:
    address = canonical(cls)
    if not is_tractable(cls):
        facts[target or address] = Fact(target=target or address, kind="unknown")
        return None
    target = target or address
    module = home_of(cls)
    call = describe_class_call(cls)
    fact = Fact(
        target=target,
        kind="class",
        signature=call.signature,
        inner=call.inner,
        asynchronous=call.asynchronous,
        returns=instance_shape(cls) if makes_instances(cls) else ANYTHING,
        supports=supports_of(cls),
        defined=address if address != target else "",
        at=_line_of(cls, module),
        first_party=is_first_party(module),
    )
    facts.setdefault(target, fact)
    facts.setdefault(address, replace(fact, target=address, defined=""))
    return _Place(kind="class", cls=cls)


def _add_function(facts: dict[str, Fact], root: str, value: object) -> _Place:
    call = describe_callable(value, bound=False)
    module = sys.modules.get(root.partition(":")[0])
    facts[root] = Fact(
        target=root,
        kind="function",
        signature=call.signature,
        inner=call.inner,
        asynchronous=call.asynchronous,
        generator=call.generator,
        returns=call.returns,
        at=line_of(value),
        first_party=is_first_party(module),
    )
    return _Place(kind="callable", result=call.returns)


def _add_member(facts: dict[str, Fact], cls: type, name: str, raw: object = ABSENT) -> _Place | None:
    fact = describe_member(cls, name) if raw is ABSENT else describe_member(cls, name, raw)
    if fact is None:
        return None
    module = sys.modules.get((fact.defined or fact.target).partition(":")[0])
    facts[fact.target] = replace(fact, first_party=is_first_party(module))
    if fact.kind in ("method", "classmethod", "staticmethod"):
        return _Place(kind="callable", result=fact.returns)
    if fact.kind == "class":
        inner = class_at(fact.defined or fact.target)
        return _add_class(facts, inner) if inner is not None else None
    if fact.kind in ("property", "attribute"):
        return _settle(facts, fact.returns)
    return None


def _line_of(cls: type, module: ModuleType | None) -> str:
    file = module.__dict__.get("__file__") if module is not None else None
    if type(file) is not str:
        return ""
    first = namespace_of(cls).get("__firstlineno__")
    lines = [
        code.co_firstlineno
        for code in functions_in(cls)
        if os.path.basename(code.co_filename) == os.path.basename(file)
    ]
    line = first if type(first) is int else min(lines, default=0)
    return f"{file}:{line}" if line else file
