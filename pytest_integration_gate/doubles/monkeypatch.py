"""The private parts of pytest's ``MonkeyPatch``: the only module that knows them.

``setattr`` and ``setitem`` are replaced in place while a session listens. What they did is read off the list that
``undo`` works through: an entry that is still there is a replacement that is still in force.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
import builtins
from builtins import any, isinstance, len, repr, type
from collections.abc import Callable
from sys import modules
from types import FrameType, ModuleType
from typing import Any

import pytest

from pytest_integration_gate.doubles.marks import Patch
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.isolation import getframe
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.source.naming import address_of, file_of
from pytest_integration_gate.values import dataclass

_BUILTINS = dict(vars(builtins))  # reached through every module
_ABSENT = object()
_PLAIN = (type(None), bool, int, float, str, bytes, list, tuple, dict, set, frozenset)


class _Patcher:
    """Says of a monkeypatch what `Patch` asks of a patcher of ``unittest.mock``."""

    autospec = None


@dataclass(slots=True, eq=False, kw_only=True)
class AttributePatch(Patch):
    """``monkeypatch.setattr``: `entry` is what `undo` will work through, in `entries`."""

    attribute: str
    value: Any
    entry: Any
    entries: list[Any]

    @property
    def name(self) -> str:
        """The attribute that is replaced."""
        return self.attribute

    @property
    def installs_mock(self) -> bool:
        """Whether the library itself makes the replacement."""
        return False

    @property
    def replacement(self) -> Any:
        """What stands there now."""
        return self.value

    def release(self) -> None:
        """Forget the replacement when it is no longer in force."""
        if not self.is_active:
            self.value = self.entry = None

    @property
    def is_active(self) -> bool:
        """Whether the replacement has not been undone."""
        entry = self.entry
        return entry is not None and any(one is entry for one in self.entries)


@dataclass(slots=True, eq=False, kw_only=True)
class ItemPatch(AttributePatch):
    """``monkeypatch.setitem`` on a registry: `home` is the address of the dict, `attribute` the key as text."""

    home: str
    key: Any

    def address(self) -> tuple[str, Any, tuple[str, ...]]:
        """Return the address of the entry, or of the module that ``sys.modules`` holds."""
        return f"{self.home}[{self.attribute}]" if self.home else str(self.key), self.original, ()

    def installed(self) -> Any:
        """What the dict holds now."""
        return dict.get(self.target, self.key)


def hook_monkeypatch(book: Notebook) -> Callable[[], None]:
    """Let `book` hear what ``monkeypatch`` installs; return the function that undoes it."""
    library: Any = pytest.MonkeyPatch
    set_attribute, set_item = library.setattr, library.setitem

    def set_attribute_(self: Any, /, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        set_attribute(self, *args, **kwargs)
        try:
            _attribute_set(book, self, args, kwargs, getframe(1))
        except Exception as error:
            book.fail(error)

    def set_item_(self: Any, /, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        set_item(self, *args, **kwargs)
        try:
            _item_set(book, self, getframe(1))
        except Exception as error:
            book.fail(error)

    library.setattr, library.setitem = set_attribute_, set_item_

    def unhook() -> None:
        # Somebody who replaced it after us keeps theirs.
        if library.__dict__.get("setattr") is set_attribute_:
            library.setattr = set_attribute
        if library.__dict__.get("setitem") is set_item_:
            library.setitem = set_item

    return unhook


def _attribute_set(book: Notebook, monkeypatch: Any, args: Any, kwargs: Any, frame: FrameType) -> None:
    entries = monkeypatch._setattr
    if not entries:
        return
    entry = entries[-1]
    target, name, old = entry
    value = _static(target, name)
    is_optional = not kwargs.get("raising", args[3] if len(args) > 3 else True)
    original = _inherited(target, name) if _is_marker(old) else old
    is_missing = original is _ABSENT and is_optional
    if is_missing and type(target) is ModuleType and name in _BUILTINS:
        original, is_missing = _BUILTINS[name], False
    if type(value) in _PLAIN and not is_missing:
        return  # a constant claims nothing
    book.enter(
        AttributePatch(
            patcher=_Patcher,
            target=target,
            original=None if original is _ABSENT else original,
            at=(frame.f_code.co_filename, frame.f_lineno),
            foreign=book.project.kind(frame.f_code.co_filename) != "test",
            is_missing=is_missing,
            attribute=name,
            value=value,
            entry=entry,
            entries=entries,
        )
    )


def _item_set(book: Notebook, monkeypatch: Any, frame: FrameType) -> None:
    project = book.project
    entry = monkeypatch._setitem[-1]
    target, key, old = entry
    value = dict.get(target, key) if type(target) is dict else None
    if project.kind(frame.f_code.co_filename) != "test" or type(value) in _PLAIN or _is_marker(old):
        return
    home = "" if target is modules else _home_of(target, book)
    if home is None or (not home and not isinstance(old, ModuleType)):
        return
    book.enter(
        ItemPatch(
            patcher=_Patcher,
            target=target,
            original=old,
            at=(frame.f_code.co_filename, frame.f_lineno),
            foreign=False,
            attribute=repr(key) if type(key) in (str, int) else "…",
            value=value,
            entry=entry,
            entries=monkeypatch._setitem,
            home=home,
            key=key,
        )
    )


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


def _static(target: Any, name: str) -> Any:
    """What stands at a name now, without running any descriptor."""
    namespace = namespace_of(target) if type in mro_of(type(target)) else _namespace(target)
    return namespace.get(name) if namespace is not None else None


def _inherited(target: Any, name: str) -> Any:
    """What was found at a name although the target itself did not hold it."""
    cls = target if type in mro_of(type(target)) else type(target)
    for each in mro_of(cls):
        if each is not target and name in namespace_of(each):
            return namespace_of(each)[name]
    return _ABSENT


def _namespace(target: Any) -> Any:
    try:
        return object.__getattribute__(target, "__dict__")
    except AttributeError:
        return None


def _is_marker(value: Any) -> bool:
    """Whether pytest remembers that there was nothing."""
    return type(value).__name__ == "NotSetType"
