"""Where a claim's path comes to, read off the facts alone (SPEC section 7, rule 15).

Targets are written with the class through which they are reached (``till.log:Receipt.total``). Where the class of a
value is not known, the chain itself is the target: ``sqlite3:connect().cursor().fetchone``. As in paths, the last call
is not part of a target: a function and a call of it share one address.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import field, replace

from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.shape import NONE, Awaitable, Object, Shape, Union
from pytest_integration_gate.values import dataclass

CALLABLE = frozenset({"function", "method", "classmethod", "staticmethod", "class"})
# The special methods that a missing one can be replaced by. What is not listed cannot be proven absent, because the
# other operand or a default of `object` may help out.
ALTERNATIVES: Mapping[str, frozenset[str]] = {
    **{
        name: frozenset({name})
        for name in (
            "__enter__", "__exit__", "__aenter__", "__aexit__", "__len__", "__next__", "__anext__", "__aiter__",
            "__await__", "__getitem__", "__setitem__", "__delitem__", "__call__",
        )
    },
    "__iter__": frozenset({"__iter__", "__getitem__"}),
    "__contains__": frozenset({"__contains__", "__iter__", "__getitem__"}),
    "__reversed__": frozenset({"__reversed__", "__getitem__"}),
}  # fmt: skip
_GENERATOR = frozenset({"__iter__", "__next__", "__contains__"})
_ASYNC_GENERATOR = frozenset({"__aiter__", "__anext__"})
# What decorators of `contextlib` make says nothing by its class: what ``with`` gives is known of the function alone.
_CONTEXTS: Mapping[str, frozenset[str]] = {
    "contextlib:_GeneratorContextManager": frozenset({"__enter__", "__exit__", "__call__"}),
    "contextlib:_AsyncGeneratorContextManager": frozenset({"__aenter__", "__aexit__", "__call__"}),
}
_EVERY_OBJECT = frozenset(dir(object)) | {
    "__dict__",
    "__module__",
    "__name__",
    "__qualname__",
    "__wrapped__",
    "__annotations__",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The end of a claim's path.

    `fact` is that of the target, None when there is none. `missing` is the fact that a step of the path is proven not
    to exist; `target` is then the address of that step, or for a special method the callable (or class) whose value
    lacks it.
    `through` is the callable that gave the object on which the last step was taken. `owner` is the class of that
    object. `instance` says that the last step went through an instance, so that nobody passes it by hand.
    `facts` is the whole table, for what hangs on the outcome.
    """

    target: str
    fact: Fact | None = None
    through: Fact | None = None
    missing: Fact | None = None
    owner: str = ""
    instance: bool = False
    facts: Mapping[str, Fact] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the walk stands: on the ``thing`` that has the address, or on an ``instance`` of class `cls`."""

    what: str
    text: str
    cls: str = ""
    fact: Fact | None = None
    through: Fact | None = None
    supports: frozenset[str] | None = None


def resolve(
    root: str, path: tuple[str, ...], facts: Mapping[str, Fact], observed_class: Callable[[str], tuple[str, ...]]
) -> Resolution:
    """Walk a claim's path over the facts.

    `observed_class` gives the canonical classes of the values that observed calls of a target returned. When there is
    exactly one, it is believed where no annotation speaks, or when it descends from the annotated class.
    """
    place = _Place(what="thing", text=root, fact=facts.get(root))
    place = _canonical(place, facts)
    end = Resolution(target=place.text, fact=place.fact, facts=facts)
    if place.fact is not None and place.fact.kind == "missing":
        return replace(end, missing=place.fact)
    for element in path:
        if element == "()":
            place = _call(place, facts, observed_class)
            end = Resolution(target=place.text, fact=None, through=place.through, owner=place.cls, facts=facts)
            continue
        if place.what == "thing" and place.fact is not None and place.fact.kind in ("property", "attribute"):
            place = _value(place, place.fact.returns, facts, observed_class)
        name = element[1:]
        instance = place.what == "instance"
        end = _step(place, name, facts)
        if end.missing is not None:
            return end
        place = _canonical(_Place(what="thing", text=end.target, fact=end.fact), facts)
        end = replace(end, target=place.text, fact=place.fact, instance=instance)
    return end


def called(end: Resolution) -> Resolution:
    """Step on from an instance to its ``__call__``, when the instance itself is what is called."""
    target = f"{end.owner}.__call__"
    if end.fact is not None or end.missing is not None or not end.owner or target not in end.facts:
        return end
    return replace(end, target=target, fact=end.facts[target], instance=True)


def _canonical(place: _Place, facts: Mapping[str, Fact]) -> _Place:
    """Go from the name under which a function or class was found to its own address; members keep their class."""
    fact = place.fact
    if place.text.endswith("]"):
        return place  # the entry of a registry keeps its own address
    if fact is not None and fact.defined and fact.kind in ("function", "class", "module") and fact.defined in facts:
        return replace(place, text=fact.defined, fact=facts[fact.defined])
    return place


def _call(place: _Place, facts: Mapping[str, Fact], observed_class: Callable[[str], tuple[str, ...]]) -> _Place:
    """Follow a call to the value that it gives."""
    fact = place.fact
    if place.what == "instance":
        target = f"{place.cls}.__call__"
        fact = facts.get(target)
        place = _Place(what="thing", text=target if fact is not None else place.text, fact=fact)
    if fact is None or fact.kind not in CALLABLE:
        return _value(replace(place, text=place.text + "()", fact=None), None, facts, observed_class, source=place.text)
    if fact.kind == "class":
        if isinstance(fact.returns, Object):
            return _Place(what="instance", text=fact.target, cls=fact.returns.cls, through=fact)
        return _Place(what="thing", text=place.text + "()", through=fact)
    if fact.generator:
        supports = _ASYNC_GENERATOR if fact.asynchronous else _GENERATOR
        return _Place(what="instance", text=place.text + "()", through=fact, supports=supports)
    return _value(
        replace(place, text=place.text + "()", fact=None, through=fact),
        fact.returns,
        facts,
        observed_class,
        source=place.text,
    )


def _value(
    place: _Place,
    shape: Shape | None,
    facts: Mapping[str, Fact],
    observed_class: Callable[[str], tuple[str, ...]],
    source: str = "",
) -> _Place:
    """Stand on a value: of the one class that the shape names beside None, narrowed by what was observed."""
    through = place.through or place.fact
    declared = _class_in(shape)
    seen = observed_class(source or place.text)
    if len(seen) == 1 and seen[0] in facts and (not declared or _descends(facts[seen[0]], declared)):
        declared = seen[0]
    if declared in _CONTEXTS:
        return _Place(what="instance", text=place.text, through=through, supports=_CONTEXTS[declared])
    if declared:
        return _Place(what="instance", text=place.text, cls=declared, through=through)
    return _Place(what="thing", text=place.text, through=through)


def _class_in(shape: Shape | None) -> str:
    if isinstance(shape, Awaitable):
        shape = shape.result
    options = [option for option in (shape.options if isinstance(shape, Union) else (shape,)) if option != NONE]
    return options[0].cls if len(options) == 1 and isinstance(options[0], Object) else ""


def _descends(fact: Fact, ancestor: str) -> bool:
    return isinstance(fact.returns, Object) and ancestor in fact.returns.bases


def _step(place: _Place, name: str, facts: Mapping[str, Fact]) -> Resolution:
    """Take one attribute, or say that it is missing."""
    special = name.startswith("__") and name.endswith("__")
    end = Resolution(target="", through=place.through, owner=place.cls, facts=facts)
    if place.what == "instance":
        target = f"{place.cls}.{name}" if place.cls else f"{place.text}.{name}"
        owner = facts.get(place.cls)
        if special:
            return _protocol(place, name, replace(end, target=target, fact=facts.get(target)), owner)
        fact = facts.get(target)
        if name.startswith("_") and (fact is None or fact.kind == "missing"):
            return replace(end, target=target)  # private names are also hung on by proxies and libraries
        return _existing(replace(end, target=target, fact=facts.get(target)), owner, name)
    fact = place.fact
    if fact is None:
        return replace(end, target=f"{place.text}.{name}")
    if fact.kind == "module":
        target = f"{fact.target}:{name}"
        return _existing(replace(end, target=target, fact=facts.get(target)), None, name)
    target = f"{place.text}.{name}"
    if fact.kind == "class" and not special:
        return _existing(replace(end, target=target, fact=facts.get(target), owner=fact.target), None, name)
    return _existing(replace(end, target=target, fact=facts.get(target)), None, name)


def _existing(end: Resolution, owner: Fact | None, name: str) -> Resolution:
    """Turn the absence of a name into a fact, when the class certainly has no such attribute."""
    if end.fact is not None:
        return replace(end, missing=end.fact) if end.fact.kind == "missing" else end
    gone = absence(owner, name)
    return end if gone is None else replace(end, missing=gone, fact=gone)


def absence(owner: Fact | None, name: str) -> Fact | None:
    """Give the fact that instances of a class lack an attribute; None when they may have it."""
    if owner is None or not isinstance(owner.returns, Object) or not owner.returns.complete:
        return None
    if name.startswith("_") or name in _EVERY_OBJECT:
        return None
    names = {*owner.returns.members, *(field.name for field in owner.returns.fields)}
    if name in names:
        return None
    near = tuple(difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.5))
    return Fact(target=f"{owner.target}.{name}", kind="missing", near=near, at=owner.at, first_party=owner.first_party)


def _protocol(place: _Place, name: str, end: Resolution, owner: Fact | None) -> Resolution:
    """Judge a special method on what gave the object: the callable, or the class whose instance it is."""
    supports = place.supports
    if supports is None and owner is not None and owner.supports is not None:
        supports = frozenset(owner.supports)
    if supports is None or end.fact is not None or not lacks(supports, name):
        return end
    giver = place.through or owner
    if giver is None:
        return end
    gone = Fact(
        target=giver.target,
        kind="missing",
        supports=tuple(sorted(supports)),
        at=giver.at,
        first_party=giver.first_party,
    )
    return replace(end, target=giver.target, fact=gone, missing=gone)


def lacks(supports: frozenset[str], name: str) -> bool:
    """Say whether an object with these special methods certainly cannot do what `name` stands for."""
    return name in ALTERNATIVES and not (ALTERNATIVES[name] & supports)
