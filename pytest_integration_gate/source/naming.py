"""Canonical addresses of real things (SPEC section 2, "target"; section 7, rule 15)."""

from __future__ import annotations

from builtins import getattr, isinstance, len, list, type, vars  # tests patch these
from functools import lru_cache
from sys import modules
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from pytest_integration_gate.model.classes import namespace_of

# Functions that say they live in the module that implements them, not in the one that people import.
_PUBLIC = {"posix": "os", "nt": "os", "_io": "io", "posixpath": "os.path", "ntpath": "os.path", "_thread": "threading"}


def address_of(value: object, module: str = "", name: str = "") -> str:
    """Return the canonical address of a class, function or module; else where it was found, ``module:name``.

    Classes and functions are known by where they are defined, so that the same function patched under three names is
    one target. Everything else (instances, constants, local functions) is known by the place that holds it.
    """
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, MethodType):
        owner = value.__self__
        owner = owner if isinstance(owner, type) else type(owner)
        return f"{address_of(owner)}.{value.__func__.__name__}"
    if isinstance(value, type | FunctionType | BuiltinFunctionType):
        home, qualname = _text(value, "__module__"), _text(value, "__qualname__")
        if home and qualname and "<" not in qualname:
            return f"{_public_module(home, qualname)}:{qualname}"
    return f"{module}:{name}" if module else ""


def home_of(cls: type) -> ModuleType | None:
    """Return the loaded module that a class says it was defined in; None when there is none."""
    module = modules.get(str(namespace_of(cls).get("__module__", "builtins")))
    return module if type(module) is ModuleType else None


def file_of(module: object) -> str:
    """Return the file of a module; empty when it has none, or is no plain module."""
    file = vars(module).get("__file__") if type(module) is ModuleType else None
    return file if type(file) is str else ""


def module_in(file: str) -> ModuleType | None:
    """Return the loaded module that was imported from a file; None when there is none."""
    return _module_in(file, len(modules))


@lru_cache(maxsize=512)
def _module_in(file: str, _: int) -> ModuleType | None:
    # Asked again when something has been imported since.
    for module in list(modules.values()):
        if type(module) is ModuleType and vars(module).get("__file__") == file:
            return module
    return None


def _public_module(home: str, qualname: str) -> str:
    if home in _PUBLIC:
        return _PUBLIC[home]
    # A C module behind a public one (`_sqlite3` behind `sqlite3`) that exports the name, be it patched just now.
    public = modules.get(home.lstrip("_")) if home.startswith("_") else None
    if public is not None and qualname.partition(".")[0] in vars(public):
        return public.__name__
    return home


def _text(value: object, attribute: str) -> str:
    # A class body may define `__module__` as anything; only a text is an address.
    try:
        text = getattr(value, attribute, "")
    except Exception:
        return ""
    return text if type(text) is str else ""
