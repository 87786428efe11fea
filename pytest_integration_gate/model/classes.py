"""What a class is called and what its instances can do, read without running any of its code.

Everything goes through the slots of ``type`` itself: a metaclass, a property or a ``__getattr__`` cannot interfere.
"""

from __future__ import annotations

import functools
import types
import weakref
from builtins import all, any, getattr, len, reversed, sorted, tuple, zip
from collections.abc import Iterable
from typing import Any

from pytest_integration_gate.values import dataclass

_type_of = type  # tests patch builtins
_id_of = id

mro_of = type.__dict__["__mro__"].__get__
namespace_of = type.__dict__["__dict__"].__get__
_module_of = type.__dict__["__module__"].__get__
_name_of = type.__dict__["__name__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__
_attribute = object.__getattribute__

MEMBERS = 128
"""A class with more public names than this is pictured as incomplete."""

STANDS_FOR = "__pytest_integration_gate_stands_for__"
"""Where a class that the gate made keeps the one that it extends and passes for."""

_PROTOCOL_NAMES = """
    enter exit aenter aexit await iter next aiter anext len length_hint getitem setitem delitem contains reversed call
    bool index int float complex bytes fspath format round abs neg pos invert hash eq ne lt le gt ge
    add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor
    radd rsub rmul rtruediv rfloordiv rmod rand ror rxor iadd isub imul iand ior ixor get set delete
"""
PROTOCOLS = frozenset(f"__{name}__" for name in _PROTOCOL_NAMES.split())
"""Special methods that make a protocol which code can rely on."""

FUNCTION_TYPES = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    _type_of(functools.lru_cache(lambda: None)),
)
_C_METHODS = (
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
)
_WRAPPERS = (types.MethodType, staticmethod, classmethod)
_DOUBLES = ("unittest.mock", "mock.mock", "mock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of a class. `slots` are the descriptors of public instance slots, by name.

    `names` are the canonical names of the class and its ancestors. `dynamic` says that instances may answer to any
    attribute. `record_fields` are the names of a named tuple, `data_fields` those of a dataclass.
    """

    name: str
    names: frozenset[str]
    bases: tuple[str, ...]
    supports: tuple[str, ...]
    members: tuple[str, ...]
    slots: tuple[tuple[str, Any], ...]
    dynamic: bool
    record_fields: tuple[str, ...] | None
    data_fields: tuple[str, ...] | None


# Keyed by id and pinned by a weak reference: hashing or comparing a class may run code of its metaclass.
_profiles: dict[int, tuple[weakref.ref[type], Profile]] = {}


def profile_of(cls: type) -> Profile:
    """What is known of a class; worked out once for each."""
    key = _id_of(cls)
    known = _profiles.get(key)
    if known is not None and known[0]() is cls:
        return known[1]
    profile = _examine(cls)

    def forget(reference: weakref.ref[type]) -> None:
        if key in _profiles and _profiles[key][0] is reference:
            del _profiles[key]

    _profiles[key] = (weakref.ref(cls, forget), profile)
    return profile


def is_one_of(cls: object, classes: Iterable[type]) -> bool:
    """Whether a class is one of several, by identity."""
    return any(cls is each for each in classes)


def descends(cls: type, base: type) -> bool:
    """Whether a class is or inherits another, by identity."""
    return any(base is each for each in mro_of(cls))


def is_double(value: object) -> bool:
    """Whether a value is a mock object of ``unittest.mock`` or its backport.

    Every mock has a class of its own, so that this does not go through `profile_of`.
    """
    for each in mro_of(_type_of(value)):
        if _name_of(each) == "NonCallableMock":
            return _module_of(each) in _DOUBLES
    return False


def canonical(obj: object) -> str:
    """The address of a class or function, ``module:qualname``; empty when it has none."""
    try:
        cls = _type_of(obj)
        if descends(cls, _type_of):
            return _address(_module_of(obj), _qualname_of(obj))
        while is_one_of(cls, _WRAPPERS):
            obj = _attribute(obj, "__func__")
            cls = _type_of(obj)
        if cls is functools.partial:
            return canonical(_attribute(obj, "func"))
        if not is_one_of(cls, FUNCTION_TYPES):
            return ""
        qualname = _attribute(obj, "__qualname__")
        module = None if is_one_of(cls, _C_METHODS) else _attribute(obj, "__module__")
        return _address(_owner_module(obj) if module is None else module, qualname)
    except Exception:  # a hostile class has no address
        return ""


def _owner_module(obj: object) -> object:
    """The module of the C class that a method belongs to."""
    owner = getattr(obj, "__objclass__", None) or getattr(obj, "__self__", None)
    return _module_of(owner if descends(_type_of(owner), _type_of) else _type_of(owner))


def _address(module: object, qualname: object) -> str:
    if _type_of(module) is not str or _type_of(qualname) is not str:
        return ""
    return f"{module}:{qualname}"


def unmasked(cls: type) -> type:
    """The class itself, or the one that a class of the gate's own making passes for."""
    original: type = namespace_of(cls).get(STANDS_FOR, cls)
    return original


def _examine(cls: type) -> Profile:
    if unmasked(cls) is not cls:
        return profile_of(unmasked(cls))
    ancestors = [each for each in mro_of(cls) if each is not object]
    namespaces = [(each, namespace_of(each)) for each in ancestors]
    names = tuple(canonical(each) for each in ancestors)
    bases = names[1:]
    merged: dict[str, Any] = {}
    for _, namespace in reversed(namespaces):
        merged.update({name: value for name, value in dict.items(dict(namespace)) if _type_of(name) is str})
    slots = {
        name: value
        for name, value in merged.items()
        if _type_of(value) is types.MemberDescriptorType and not name.startswith("_")
    }
    members = sorted(
        name
        for name, value in merged.items()
        if not name.startswith("_") and name not in slots and _type_of(value) is not cls  # members of an enum
    )
    dynamic = any(_is_dynamic(name, *each) for name, each in zip(names, namespaces, strict=True))
    return Profile(
        name=canonical(cls),
        names=frozenset(names),
        bases=bases,
        supports=_supports(merged),
        members=tuple(members[:MEMBERS]),
        slots=tuple(sorted(slots.items(), key=lambda item: item[0])),
        dynamic=dynamic or len(members) > MEMBERS,
        record_fields=_strings(merged.get("_fields")) if "builtins:tuple" in bases else None,
        data_fields=_strings(merged.get("__dataclass_fields__")),
    )


def _supports(merged: dict[str, Any]) -> tuple[str, ...]:
    """Special methods beyond ``object``; None as a value takes a method away, and items make iteration."""
    found = {name for name in PROTOCOLS if merged.get(name) is not None}
    if "__getitem__" in found:
        found |= {name for name in ("__iter__", "__contains__") if name not in merged}
    elif "__iter__" in found and "__contains__" not in merged:
        found.add("__contains__")
    return tuple(sorted(found))


def _is_dynamic(name: str, cls: type, namespace: Any) -> bool:
    if name == "pydantic.main:BaseModel":  # its __getattr__ serves private attributes only
        return False
    if "__getattr__" in namespace:
        return True
    hook = namespace.get("__getattribute__")
    # Every C class has the slot; only in the standard library's builtins is it known to be the usual one.
    return hook is not None and (_type_of(hook) is types.FunctionType or _module_of(cls) not in ("builtins", "_io"))


def _strings(value: object) -> tuple[str, ...] | None:
    """The names in a tuple or dict of names, None when it is anything else."""
    if _type_of(value) is dict or _type_of(value) is tuple:
        names = tuple(value)
        if all(_type_of(name) is str for name in names):
            return names
    return None
