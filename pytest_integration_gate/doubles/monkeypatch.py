"""The private parts of pytest's ``MonkeyPatch``: the only module that knows them.

``setattr`` and ``setitem`` are replaced in place while a session listens. What they did is read off the list that
``undo`` works through: an entry that is still there is a replacement that is still in force.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
import builtins
from builtins import len, type
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

import pytest

from pytest_integration_gate.doubles.marks import Patch
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.doubles.registries import CONSTANTS, NoPatcher, entry_replaced
from pytest_integration_gate.isolation import getframe
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.values import dataclass

_BUILTINS = dict(vars(builtins))  # reached through every module
_ABSENT = object()


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
        if entry is not None:
            for one in self.entries:  # asked of every patch after every test: a generator would double the price
                if one is entry:
                    return True
        return False


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
    if type(value) in CONSTANTS and not is_missing:
        return  # a constant claims nothing
    book.enter(
        AttributePatch(
            patcher=NoPatcher,
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
    registry, key, old = monkeypatch._setitem[-1]
    if not _is_marker(old):
        entry_replaced(book, registry, key, old, (frame.f_code.co_filename, frame.f_lineno))


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
