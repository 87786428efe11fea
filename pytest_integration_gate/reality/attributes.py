"""All the ways in which an attribute can exist, found without touching any instance (SPEC section 7, kind 1)."""

from __future__ import annotations

import abc
import difflib
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import EnumMeta
from types import FunctionType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Generic, TypeVar

from pytest_integration_gate.model.classes import canonical, mro_of, namespace_of, profile_of, unmasked
from pytest_integration_gate.reality.hints import annotations_of
from pytest_integration_gate.reality.stores import (
    bound_names,
    functions_in,
    is_test_module,
    scan,
    stored_elsewhere,
    stores_of,
)
from pytest_integration_gate.source.naming import home_of

Result = TypeVar("Result")
_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_BOUND = 2000
_C_METHODS = (MethodDescriptorType, WrapperDescriptorType)
_object_names = frozenset(dir(object)) | {"__dict__", "__weakref__", "__module__", "__annotations__", "__slots__"}


def per_class(work: Callable[[type], Result]) -> Callable[[type], Result]:
    """Remember what was found out of a class. Keyed by id, because hashing a class may run code of its metaclass."""
    known: dict[int, tuple[type, Result]] = {}

    def remembered(cls: type) -> Result:
        held = known.get(id(cls))
        if held is None or held[0] is not cls:
            held = known[id(cls)] = (cls, work(cls))
        return held[1]

    return remembered


def find(cls: type, name: str) -> tuple[type, object] | None:
    """Give the class in the resolution order that defines `name`, with the raw value found there."""
    for owner in mro_of(cls):
        namespace = namespace_of(owner)
        if name in namespace:
            return owner, namespace[name]
    return None


def makes_instances(cls: type) -> bool:
    """Say whether calling the class certainly gives an instance of it."""
    calling = find(type(cls), "__call__")
    if calling is None or calling[0] is not type:
        return False
    if any("_fields" in namespace_of(each) for each in mro_of(cls)):
        return True  # a named tuple
    new = find(cls, "__new__")
    function = (
        new[1].__func__ if new is not None and type(new[1]) is staticmethod else new[1] if new is not None else None
    )
    # a __new__ that asks no other __new__ for the object gives something of its own
    return type(function) is not FunctionType or "__new__" in function.__code__.co_names


def real_subclasses(cls: type) -> Iterator[type]:
    """Give every loaded subclass that is not a test's own, each once."""
    seen: set[int] = set()
    pending = [cls]
    while pending and len(seen) < _BOUND:
        subs: list[type] = type.__subclasses__(pending.pop())
        for sub in subs:
            if id(sub) not in seen:
                seen.add(id(sub))
                pending.append(sub)
                if unmasked(sub) is sub and not is_test_module(str(namespace_of(sub).get("__module__"))):
                    yield sub


def is_tractable(cls: type) -> bool:
    """Say whether a class can be looked at without running code of its metaclass."""
    return not any(type(namespace_of(meta).get("__getattribute__")) is FunctionType for meta in mro_of(type(cls)))


def is_protocol(cls: type) -> bool:
    """Say whether the class is a ``typing.Protocol`` itself, which any object may satisfy."""
    return namespace_of(cls).get("_is_protocol") is True


def is_python_class(cls: type) -> bool:
    """Say whether a ``class`` statement (or its like) made the class, so that its code can be read."""
    namespace = namespace_of(cls)
    return (
        bool(type.__dict__["__flags__"].__get__(cls) & _HEAP)
        and "__module__" in namespace
        and not any(type(value) in _C_METHODS and value.__objclass__ is cls for value in namespace.values())
    )


def has_dict(cls: type) -> bool:
    """Say whether instances have a ``__dict__``, so that attributes can be added to them."""
    return bool(type.__dict__["__dictoffset__"].__get__(cls))


@per_class
def members_of(cls: type) -> frozenset[str] | None:
    """Give every name that instances of a class, or of its loaded subclasses, may have; None when that cannot be known.

    The names of `object` are left out. Too many names are harmless, a forgotten one is not.
    """
    if is_protocol(cls):
        return None
    names = _own_members(cls)
    if names is None:
        return None
    for sub in real_subclasses(cls):
        more = _own_members(sub)
        if more is None:
            return None
        names = names | more
    if len(names) > _BOUND or _is_unimplemented(cls):
        return None  # whoever implements it has not been loaded
    return frozenset(names - _object_names)


def _is_unimplemented(cls: type) -> bool:
    """Whether a class is an interface, by its abstract methods or as a direct child of ``ABC``, of which no
    implementation is loaded."""
    if namespace_of(cls).get("__abstractmethods__"):
        return not any(_concrete(cls))
    base = type.__dict__["__base__"].__get__(cls)
    return base is abc.ABC and not any(True for _ in real_subclasses(cls))


def _concrete(cls: type) -> Iterator[bool]:
    return (not namespace_of(sub).get("__abstractmethods__") for sub in real_subclasses(cls))


@per_class
def _own_members(cls: type) -> set[str] | None:
    order = mro_of(cls)[:-1]
    names: set[str] = set()
    if answers_anything(order):
        return None
    qualified = {canonical(owner).partition(":")[2] for owner in order}
    for owner in order:
        namespace = namespace_of(owner)
        names |= namespace.keys()
        names |= annotations_of(owner).keys()
        fields = namespace.get("__dataclass_fields__")
        names |= fields.keys() if type(fields) is dict else set()
    for owner in mro_of(type(cls)):
        if owner is not type and owner is not object:
            names |= namespace_of(owner).keys()
    if "mro" not in names:
        names.add("mro")
    if isinstance(cls, EnumMeta):
        names |= {"name", "value", *namespace_of(cls).get("_member_map_", {})}
    if not has_dict(cls):
        return names  # slots and C structures: nothing can be added
    return _with_assigned(names, order, qualified)


def _is_stdlib(cls: type) -> bool:
    return canonical(cls).partition(":")[0].partition(".")[0] in sys.stdlib_module_names


def answers_anything(order: Iterable[type]) -> bool:
    """Say whether one of the classes has a ``__getattr__`` or its like, so that any name may exist."""
    for owner in order:
        namespace = namespace_of(owner)
        if "__getattr__" in namespace and not _is_closed_model(owner, order):
            return True
        lookup = namespace.get("__getattribute__")
        # C types have their own slot, which only in the standard library is known to be for the usual lookup
        if lookup is not None and (
            type(lookup) is FunctionType or owner in (super, ModuleType) or not _is_stdlib(owner)
        ):
            return True
    return False


@per_class
def set_on_self(cls: type) -> frozenset[str]:
    """Give the names that methods of the class or its ancestors set on ``self``."""
    names: set[str] = set()
    for owner in mro_of(cls)[:-1]:
        if is_python_class(owner):
            module = home_of(owner)
            stores = stores_of(module) if module is not None else None
            if stores is not None:
                names |= stores.own.get(canonical(owner).partition(":")[2], frozenset())
    return frozenset(names)


def _is_closed_model(owner: type, order: Iterable[type]) -> bool:
    """Whether the ``__getattr__`` is pydantic's, which serves private attributes, and no model takes extra fields."""
    if canonical(owner) != "pydantic.main:BaseModel":
        return False
    return not any("allow" in str(namespace_of(each).get("model_config")) for each in order)


_INTERFACES = "collections.abc"  # sets nothing, and its code cannot be read on every Python


def _with_assigned(names: set[str], order: tuple[type, ...], qualified: set[str]) -> set[str] | None:
    """Add what the code of the classes and of their modules assigns; None when some of it cannot be read."""
    if not any(is_python_class(owner) for owner in order):
        return None  # C code may put anything into the instance's __dict__
    is_bag = not any(_says_what_it_holds(owner) for owner in order if is_python_class(owner))
    for owner in order:
        if not is_python_class(owner) or owner is Generic or namespace_of(owner).get("__module__") == _INTERFACES:
            continue
        generated = scan(*functions_in(owner))
        names |= generated.other.union(*generated.own.values())
        module = home_of(owner)
        stores = stores_of(module) if module is not None else None
        if generated.dynamic & qualified or module is None or stores is None:
            return None  # computed names, or compiled code of which nobody can say what it sets
        classes = {key for key, value in vars(module).items() if issubclass(type(value), type)}
        for holder in stores.dynamic:
            if holder in qualified or holder.partition(".")[0] not in classes:
                return None
        for holder, stored in stores.own.items():
            if holder in qualified or holder.partition(".")[0] not in classes:
                names |= stored
        names |= stores.other
        names |= stores.bodies.get(canonical(owner).partition(":")[2], frozenset())
        assigned, computes = stored_elsewhere(module.__name__.partition(".")[0])
        names |= assigned
        if computes and (is_bag or "__dict__" in str(namespace_of(owner).get("__slots__"))):
            return None  # made to be filled by others
    return names


def _says_what_it_holds(owner: type) -> bool:
    names = namespace_of(owner)
    return "__init__" in names or bool(annotations_of(owner)) or not all(name.startswith("__") for name in names)


@per_class
def supports_of(cls: type) -> tuple[str, ...] | None:
    """Give the special methods that a class or a loaded subclass of it defines beyond `object`; None when unknown."""
    if is_protocol(cls) or _is_unimplemented(cls):
        return None
    return tuple(sorted({name for each in (cls, *real_subclasses(cls)) for name in profile_of(each).supports}))


def module_has(module: ModuleType, name: str) -> bool | None:
    """Say whether a module has an attribute; None when that depends.

    A module-level ``__getattr__`` or a subclass may answer, the module's code may bind the name on another platform, or
    a test made the module up.
    """
    names = module.__dict__
    if name in names:
        return True
    if "__getattr__" in names or type(module) is not ModuleType:
        return None
    if names.get("__spec__") is None and "__file__" not in names:
        return None
    return None if name in bound_names(module) else _has_submodule(module, name)


def _has_submodule(module: ModuleType, name: str) -> bool | None:
    """Say whether a package has a submodule, which `import` would bind, without importing it."""
    path = module.__dict__.get("__path__")
    if path is None:
        return False
    full = f"{module.__dict__.get('__name__')}.{name}"
    if full in sys.modules:
        return True
    for finder in list(sys.meta_path):
        try:
            find_spec = getattr(finder, "find_spec", None)
            if find_spec is not None and find_spec(full, path) is not None:
                return True
        except Exception:
            return None
    return False


def nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Give existing names that resemble a missing one, the nearest first."""
    return tuple(difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.5))
