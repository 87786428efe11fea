"""Entries of dictionaries that a test replaces: ``patch.dict`` and ``monkeypatch.setitem`` (SPEC section 7, rule 15).

Only what is called counts: the functions and classes in a registry of the project (``HANDLERS['csv']``), and modules in
``sys.modules``. Environment variables and settings are constants, which claim nothing.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import repr, type
from enum import Enum
from sys import modules
from types import ModuleType
from typing import Any

from pytest_integration_gate.doubles.marks import Patch, Place
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.source.naming import address_of, file_of
from pytest_integration_gate.values import dataclass

CONSTANTS = (type(None), bool, int, float, str, bytes, list, tuple, dict, set, frozenset)
"""What claims nothing when it is put in the place of something."""


class NoPatcher:
    """Says of a replacement what `Patch` asks of a patcher of ``unittest.mock``."""

    autospec = None


@dataclass(slots=True, eq=False, kw_only=True)
class ItemPatch(Patch):
    """An entry of a dict: `home` is the address of the dict (empty for ``sys.modules``), `text` writes the `key`."""

    home: str
    key: Any
    text: str
    value: Any

    @property
    def name(self) -> str:
        """The key, as it is written."""
        return self.text

    @property
    def installs_mock(self) -> bool:
        """Whether the library itself makes the replacement."""
        return False

    @property
    def replacement(self) -> Any:
        """What stands there now."""
        return self.value

    @property
    def is_active(self) -> bool:
        """Whether the replacement still stands there."""
        return self.value is not None and dict.get(self.target, self.key) is self.value

    def release(self) -> None:
        """Forget the replacement when it is no longer in force."""
        if not self.is_active:
            self.value = None

    def address(self) -> tuple[str, Any, tuple[str, ...]]:
        """Return the address of the entry, or of the module that ``sys.modules`` holds."""
        return f"{self.home}[{self.text}]" if self.home else str(self.key), self.original, ()

    def installed(self) -> Any:
        """What the dict holds now."""
        return dict.get(self.target, self.key)


def entry_replaced(book: Notebook, registry: Any, key: Any, old: Any, at: Place) -> None:
    """Take note that a test has put something else in the place of `old` in a dict."""
    if type(registry) is not dict or book.project.kind(at[0]) != "test":
        return
    value, text = dict.get(registry, key), _written(key)
    if type(value) in CONSTANTS or type(old) in CONSTANTS or not text:
        return
    home = "" if registry is modules else _home_of(registry, book)
    if home is None or (not home and type(old) is not ModuleType):
        return
    book.enter(
        ItemPatch(
            patcher=NoPatcher,
            target=registry,
            original=old,
            at=at,
            foreign=False,
            home=home,
            key=key,
            text=text,
            value=value,
        )
    )


def _written(key: Any) -> str:
    """Write a key as source would, empty when it could be mistaken for another."""
    if type(key) in (str, int):
        return repr(key)
    if Enum in mro_of(type(key)):
        return f"{type(key).__name__}.{key._name_}"
    return address_of(key) if type in mro_of(type(key)) else ""


def _home_of(registry: Any, book: Notebook) -> str | None:
    """The address of a dict that a module of the project, or a class there, holds."""
    for name, module in list(modules.items()):
        if not book.project.is_first_party(file_of(module)):
            continue
        for attribute, value in list(vars(module).items()):
            if value is registry:
                return f"{name}:{attribute}"
            if type in mro_of(type(value)) and namespace_of(value).get("__module__") == name:
                for inner, held in list(namespace_of(value).items()):
                    if held is registry:
                        return f"{address_of(value)}.{inner}"
    return None
