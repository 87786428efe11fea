"""Names that code assigns to attributes, read from its bytecode without running it.

A class whose instances have a ``__dict__`` has no list of its attributes anywhere but in the code that sets them.
"""

from __future__ import annotations

import dis
import inspect
import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from importlib.machinery import BuiltinImporter, ExtensionFileLoader
from types import CodeType, FunctionType, ModuleType

from pytest_integration_gate.source.naming import file_of
from pytest_integration_gate.values import dataclass

_STORE_ATTR = dis.opmap["STORE_ATTR"]
_READERS = frozenset({"copy", "items", "get", "keys", "values", "__contains__"})
_HARMLESS = frozenset({"RETURN_VALUE", "DICT_UPDATE", "DICT_MERGE", "CONTAINS_OP", "GET_ITER", "POP_TOP"})
_COMPUTING = frozenset({"setattr", "__setattr__", "__dict__", "vars"})
_FORWARDERS = frozenset({"__setattr__", "__setstate__", "__copy__", "__deepcopy__"})  # they set what exists elsewhere
_NOISE = frozenset({"PUSH_NULL", "PRECALL", "CACHE", "NOP", "EXTENDED_ARG", "RESUME"})
_SILENT = frozenset(dis.opmap[name] for name in _NOISE if name in dis.opmap)
# Instructions that leave a local variable on top, with the bits of their argument that tell which.
_LOADS = {
    dis.opmap[name]: mask
    for name, mask in (
        ("LOAD_FAST", ~0),
        ("LOAD_FAST_BORROW", ~0),
        ("LOAD_FAST_LOAD_FAST", 15),
        ("LOAD_FAST_BORROW_LOAD_FAST_BORROW", 15),
        ("STORE_FAST_LOAD_FAST", 15),
    )
    if name in dis.opmap
}
_RARE_LOADS = frozenset(
    code
    for name, code in dis.opmap.items()
    if name.startswith("LOAD_") and name.endswith(("CHECK", "CLEAR", "DEREF", "NAME", "GLOBAL", "GLOBALS"))
)
_LIBRARIES = tuple(
    os.path.join(path, "")
    for path in {
        *(path for key, path in sysconfig.get_paths().items() if key in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)
_PACKAGES = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What one module's code does to attributes.

    `own` maps the qualified name of a class (empty for plain functions) to the names that its methods set on ``self``;
    `other` are names set on anything else. `dynamic` lists the classes (empty: plain functions) whose code sets
    attributes under names that it computes. `bodies` are the names that the body of a class mentions: those that it
    binds only on some platforms too.
    """

    own: dict[str, frozenset[str]]
    other: frozenset[str]
    dynamic: frozenset[str]
    bodies: dict[str, frozenset[str]] = field(default_factory=dict)


EMPTY = Stores(own={}, other=frozenset(), dynamic=frozenset())
_cache: dict[tuple[str, int], Stores | None] = {}


def stores_of(module: ModuleType) -> Stores | None:
    """Give the attribute names that the module's code sets; None when it has no readable bytecode."""
    name = module.__dict__.get("__name__")
    if type(name) is not str:
        return None
    key = (name, id(module))
    if key not in _cache:
        codes = _codes_of(module, name)
        _cache[key] = None if codes is None else scan(*codes)
    return _cache[key]


@lru_cache(maxsize=256)
def bound_names(module: ModuleType) -> frozenset[str]:
    """Give the names that the code of a module binds in it on any way through it."""
    found: set[str] = set()
    for code in _nested(tuple(_codes_of(module, module.__name__) or ())):
        binding = ("STORE_NAME", "STORE_GLOBAL") if code.co_name == "<module>" else ("STORE_GLOBAL",)
        found.update(str(step.argval) for step in dis.get_instructions(code) if step.opname in binding)
    return frozenset(found)


def _codes_of(module: ModuleType, name: str) -> list[CodeType] | None:
    spec = module.__dict__.get("__spec__")
    loader = getattr(spec, "loader", None)
    if type(loader) is ExtensionFileLoader or loader is BuiltinImporter:
        return None
    try:
        code = loader.get_code(getattr(spec, "name", name))  # type: ignore[union-attr]
    except Exception:
        code = None
    if type(code) is CodeType:
        return [code]
    # no loader that can be asked (a script, a test file): what hangs on the module itself
    values = list(module.__dict__.values())
    functions = [value.__code__ for value in values if type(value) is FunctionType]
    return functions + [code for value in values if issubclass(type(value), type) for code in functions_in(value)]


def scan(*codes: CodeType) -> Stores:
    """Collect the attribute names that these code objects and all code nested in them set."""
    own: dict[str, set[str]] = {}
    other: set[str] = set()
    dynamic: set[str] = set()
    bodies: dict[str, frozenset[str]] = {}
    for code in _nested(codes):
        if "__qualname__" in code.co_names and not code.co_flags & inspect.CO_OPTIMIZED:
            bodies[code.co_qualname] = frozenset(code.co_names)
        if not _COMPUTING.isdisjoint(code.co_names) or _STORE_ATTR in code.co_code[::2]:
            mine, others, computes = _scan_one(code)
            holder = _holder_of(code)
            own.setdefault(holder, set()).update(mine)
            other |= others
            if computes:
                dynamic.add(holder)
    return Stores(
        own={holder: frozenset(names) for holder, names in own.items()},
        other=frozenset(other),
        dynamic=frozenset(dynamic),
        bodies=bodies,
    )


def _holder_of(code: CodeType) -> str:
    """The qualified name of the class that a method, or what it defines, belongs to; empty for plain functions."""
    return code.co_qualname.split(".<locals>")[0].rpartition(".")[0]


@lru_cache(maxsize=4096)
def _scan_one(code: CodeType) -> tuple[frozenset[str], frozenset[str], bool]:
    """Names set on ``self``, names set on anything else, and whether names are computed."""
    first = code.co_varnames[0] if code.co_argcount and "<locals>" not in code.co_qualname else "self"
    if _COMPUTING.isdisjoint(code.co_names):
        plain = _plain_stores(code, first)
        if plain is not None:
            return *plain, False
    mine: set[str] = set()
    others: set[str] = set()
    computes = False
    before = ""
    steps = [step for step in dis.get_instructions(code) if step.opname not in _NOISE]
    for index, step in enumerate(steps):
        if step.opname == "STORE_ATTR":
            on_self = _holder_of(code) and before.split(", ")[-1] == first
            (mine if on_self else others).add(str(step.argval))
            computes = computes or step.argval == "__dict__"
        elif step.argval in _COMPUTING and step.opname.startswith("LOAD_") and code.co_name not in _FORWARDERS:
            names = _computed(steps, index)
            computes = computes or names is None
            others |= names or set()
        before = step.argrepr
    return frozenset(mine), frozenset(others), computes


def _plain_stores(code: CodeType, first: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """What `_scan_one` finds in code that computes no names, read from the bytes; None when `dis` has to help."""
    mine: set[str] = set()
    others: set[str] = set()
    is_method = bool(_holder_of(code))
    high = before = variable = 0
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        if operation == dis.EXTENDED_ARG:
            high = (high | argument) << 8
            continue
        if operation == _STORE_ATTR:
            if before in _RARE_LOADS:
                return None
            index = variable & _LOADS[before] if before in _LOADS else len(code.co_varnames)
            on_self = is_method and code.co_varnames[index : index + 1] == (first,)
            (mine if on_self else others).add(code.co_names[high | argument])
        if operation not in _SILENT:
            before, variable = operation, high | argument
        high = 0
    if "__dict__" in mine | others:
        return None
    return frozenset(mine), frozenset(others)


def _nested(codes: tuple[CodeType, ...]) -> Iterator[CodeType]:
    pending = list(codes)
    while pending:
        code = pending.pop()
        yield code
        pending += [const for const in code.co_consts if type(const) is CodeType]


def _computed(steps: list[dis.Instruction], index: int) -> set[str] | None:
    """Names set here through ``setattr`` or ``__dict__``, possibly none; None when they cannot be told."""
    step = steps[index]
    following = steps[index + 1 : index + 5]
    if step.argval in ("setattr", "__setattr__"):
        name = next((s for s in following if s.opname == "LOAD_CONST"), None)
        position = following.index(name) if name is not None else -1
        # setattr(x, "name", …) and super().__setattr__("name", …); two variables loaded at once are object and name
        plain = position == 0 or (position == 1 and type(following[0].argval) is str)
        return {name.argval} if name is not None and plain and type(name.argval) is str else None
    if step.argval == "__dict__":
        return set() if _only_reads(following) else None
    if step.argval == "vars":
        after = next((i for i, s in enumerate(following) if s.opname.startswith("CALL")), None)
        return set() if after is not None and _only_reads(following[after + 1 :]) else None
    return set()


def _only_reads(following: list[dis.Instruction]) -> bool:
    step = following[0] if following else None
    if step is None:
        return False
    if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
        return step.argval in _READERS
    return step.opname in _HARMLESS


def functions_in(cls: type) -> list[CodeType]:
    """Give the code of the plain functions that stand in the class itself, generated ones (attrs, dataclasses) too."""
    found = []
    for value in type.__dict__["__dict__"].__get__(cls).values():
        for function in (
            value,
            getattr(value, "__func__", None) if type(value) in (staticmethod, classmethod) else None,
        ):
            if type(function) is FunctionType:
                found.append(function.__code__)
        if type(value) is property:
            found += [f.__code__ for f in (value.fget, value.fset, value.fdel) if type(f) is FunctionType]
    return found


def is_first_party(module: ModuleType | None) -> bool:
    """Say whether the module's file lies outside the interpreter and its installed packages."""
    file = file_of(module)
    return bool(file) and not file.startswith(_LIBRARIES) and not any(part in file for part in _PACKAGES)


def _is_own(name: str) -> bool:
    # In a checkout the gate's own modules lie outside the installed packages.
    return name.partition(".")[0] == __name__.partition(".")[0]


def is_test_module(name: str) -> bool:
    """Say whether a module's name reads as a test module, so that its classes and assignments are not reality."""
    parts = name.split(".")
    last = parts[-1]
    return (
        last.startswith("test_")
        or last.endswith("_test")
        or last == "conftest"
        or "tests" in parts
        or "test" in parts[:1]
    )


def stored_elsewhere(package: str) -> tuple[frozenset[str], bool]:
    """Give what loaded modules of a package, and all first-party ones, set on objects other than ``self``.

    The second part says whether some module of the package also sets names that it computes.
    """
    return _stored_elsewhere(package, len(sys.modules))


@lru_cache(maxsize=256)
def _stored_elsewhere(package: str, _loaded: int) -> tuple[frozenset[str], bool]:
    names: set[str] = set()
    computes = False
    for name, module in list(sys.modules.items()):
        if type(module) is not ModuleType or is_test_module(name) or _is_own(name):
            continue
        related = name.partition(".")[0] == package
        if related or is_first_party(module):
            stores = stores_of(module) or EMPTY
            names |= stores.other
            computes = computes or (related and bool(stores.dynamic))
    return frozenset(names), computes


def is_stored_by_libraries(name: str) -> bool:
    """Say whether any loaded library sets an attribute of this name on objects other than ``self``."""
    return any(
        name in (stores_of(module) or EMPTY).other
        for module in list(sys.modules.values())
        if type(module) is ModuleType and any(part in file_of(module) for part in _PACKAGES)
    )
