"""What functions, classes and instances that a test patches in stand for.

``patch(…, new=…)`` and pytest's ``monkeypatch`` put things that are no mocks in the place of real ones. Those that the
test itself defines are heard: a function as what it replaces, a class or an instance as a hand-written fake. What is
defined elsewhere is not the author's word about reality, and is left alone.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, getattr, id, isinstance, len, property, staticmethod, type
from functools import partial
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from pytest_integration_gate.doubles.ears import Ears
from pytest_integration_gate.doubles.fakes import Fakes
from pytest_integration_gate.doubles.marks import Mark, Patch, Root
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.model.classes import descends, mro_of


class Replacements:
    """Hears the functions that patches install, and tells `fakes` of classes and instances."""

    def __init__(self, book: Notebook, ears: Ears, fakes: Fakes) -> None:
        self._ears = ears
        self._fakes = fakes
        self._roles: dict[int, tuple[FunctionType, _Roles]] = {}
        book.entered = self.entered

    def release(self) -> None:
        """Forget the functions whose patches are over."""
        for key, (function, roles) in list(self._roles.items()):
            roles.keep_active()
            if not roles.stands:
                self._ears.forget(function, roles)
                del self._roles[key]

    def entered(self, patch: Patch) -> None:
        """A patch is about to install, or has installed, its replacement."""
        value = patch.replacement
        on_class = isinstance(patch.target, type)
        receiver, is_mute, is_property = None, False, False
        while True:
            kind = type(value)
            if kind is staticmethod:
                value, on_class = value.__func__, False
            elif kind is classmethod:
                value = value.__func__
            elif kind is property:
                value, is_property = value.fget, True
            elif kind is MethodType:
                value, receiver = value.__func__, value.__self__
            elif kind is partial:
                value, is_mute = value.func, True
            elif kind is FunctionType and "__wrapped__" in value.__dict__:
                value, is_mute = value.__dict__["__wrapped__"], True
            else:
                break
        if type(value) is not FunctionType:
            self._hear_fake(patch, value)
        elif self._ears.can_hear(value):
            stand = _Stand(patch, receiver, on_class, self._mark(patch, value, is_mute, is_property))
            self._roles_of(value).add(stand)

    def _roles_of(self, function: FunctionType) -> _Roles:
        known = self._roles.get(id(function))
        if known is None:
            known = self._roles[id(function)] = function, _Roles(self._fakes)
            self._ears.hear(function, known[1])
        return known[1]

    def _mark(self, patch: Patch, function: FunctionType, is_mute: bool, is_property: bool) -> Mark:
        address, real, path = patch.address()
        foreign = patch.foreign or is_mute or patch.is_missing or patch.name == "__new__"
        root = Root(address, real, path, patch.at, foreign=foreign, is_patch=True, double="replacement")
        passes_on = _reaches(function, patch.original)
        return Mark(root=root, path=path, passes_on=passes_on, is_property=is_property)

    def _hear_fake(self, patch: Patch, value: Any) -> None:
        fakes = self._fakes
        if patch.foreign or patch.is_missing:
            return
        address, real, path = patch.address()
        if not address:
            return
        if isinstance(value, type):
            if isinstance(patch.original, type):
                fakes.cast(value, address, real, path, patch)
        elif value is not None and not isinstance(value, ModuleType):
            fakes.cast_instance(value, address, real, path)


class _Stand:
    """One place that a function was patched into."""

    __slots__ = ("mark", "on_class", "patch", "receiver")

    def __init__(self, patch: Patch, receiver: Any, on_class: bool, mark: Mark) -> None:
        self.patch = patch
        self.receiver = receiver
        self.on_class = on_class
        self.mark = mark


class _Roles:
    """Everything that one function replaces in a test."""

    def __init__(self, fakes: Fakes) -> None:
        self.stands: list[_Stand] = []
        self._fakes = fakes

    def add(self, stand: _Stand) -> None:
        self.stands.append(stand)
        places = {(one.mark.root.target, one.mark.path) for one in self.stands if one.mark.root is not None}
        if len(places) > 1:  # only the name in the calling code tells them apart
            for one in self.stands:
                one.mark.asked = one.patch.name

    def keep_active(self) -> None:
        self.stands = [one for one in self.stands if one.patch.is_active]

    def marks(self, receiver: Any, frame: FrameType) -> tuple[Mark, ...]:
        return tuple(
            [
                one.mark
                for one in self.stands
                if one.patch.is_active and (one.receiver is None or one.receiver is receiver)
            ]
        )

    def receivers(self, first: Any) -> int:
        for one in self.stands:
            if one.receiver is not None and one.receiver is first:
                return 1
            if one.on_class and (_is_instance(first, one.patch.target)):
                return 1
        return 0

    def gave(self, mark: Mark, value: Any) -> bool:
        """What a replacement gives stands for what the real thing gives."""
        if mark.root is not None and mark.root.target:
            self._fakes.cast_instance(value, mark.root.target, mark.root.real, (*mark.path, "()"))
        return True


def _is_instance(value: Any, cls: type) -> bool:
    return descends(type(value), cls) or (type in mro_of(type(value)) and descends(value, cls))


def _reaches(function: FunctionType, original: Any) -> bool:
    """Whether a function holds what it replaces, to pass calls on: in a closure, a default or a global name."""
    if original is None:
        return False
    wanted = [original, getattr(original, "__func__", original)]
    held = [*_cells(function), *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    namespace = function.__globals__
    held += [namespace[name] for name in _names(function.__code__) if name in namespace]
    return any(one is each or _function(one) is each for one in held for each in wanted)


def _function(value: Any) -> Any:
    """The function of a bound method; anything else is what it is."""
    return value.__func__ if type(value) is MethodType else value


def _cells(function: FunctionType) -> list[Any]:
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    return found


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if type(constant) is CodeType:
            names |= _names(constant)
    return names
