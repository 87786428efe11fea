"""What has been found out about a value and its parts while the source is being read."""

from __future__ import annotations

from collections.abc import Callable

from pytest_integration_gate.model.interaction import ASKED, EVERYTHING, Uses


class Part:
    """Some value. This class stands for values of which nothing is asked: numbers that were counted, texts …"""

    def operation(self, *names: str) -> None:
        """The code applies special methods to it."""

    def member(self, name: str) -> Part:
        """The code reads a part of it."""
        return self

    def overwrite(self, name: str) -> None:
        """The code puts something else in the place of a part."""

    def escape(self) -> None:
        """It goes where the analysis does not follow."""

    def test(self) -> None:
        """The code asks what kind of value it is, so what is done with it depends on that."""


class Found(Part):
    """The value that came out of the call, or a part of it."""

    def __init__(self) -> None:
        self.operations: set[str] = set()
        self.members: dict[str, Found] = {}
        self.overwritten: set[str] = set()
        self.escaped = False
        self.tested = False

    def operation(self, *names: str) -> None:
        """Remember them."""
        self.operations.update(names)

    def member(self, name: str) -> Found:
        """Give the one part of that name."""
        return self.members.setdefault(name, Found())

    def overwrite(self, name: str) -> None:
        """Remember it."""
        self.overwritten.add(name)

    def escape(self) -> None:
        """Remember it."""
        self.escaped = True

    def test(self) -> None:
        """Remember it."""
        self.tested = True

    def uses(self, escaped: bool = False) -> Uses:
        """The result. Parts of a value that escapes escape with it."""
        if self.tested and (self.operations - ASKED or self.members):
            return EVERYTHING
        escaped = escaped or self.escaped
        # A part that the code itself replaces may be read from the replacement.
        kept = sorted(name for name in self.members if name not in self.overwritten)
        return Uses(
            escapes=escaped,
            operations=frozenset(self.operations),
            members=tuple((name, self.members[name].uses(escaped)) for name in kept),
        )


class Gathered(Part):
    """A new container of parts of the value: ``list(v)``, ``v[1:]``, ``sorted(v)``, ``[v for ...]``."""

    def __init__(self, element: Callable[[], Part]) -> None:
        self.element = element

    def member(self, name: str) -> Part:
        """An element is a part of the value."""
        if name.startswith("["):
            return self.element()
        self.element().escape()  # a method of the new container may hand out anything
        return NOTHING

    def escape(self) -> None:
        """Its elements escape."""
        self.element().escape()


class Row(Part):
    """A new tuple, some places of which are parts of the value: what ``enumerate`` and ``zip`` yield."""

    def __init__(self, *places: Part) -> None:
        self.places = places

    def member(self, name: str) -> Part:
        """A place is a part of the value; a computed place may be any."""
        index = name.strip("[]")
        if index.isdecimal() and int(index) < len(self.places):
            return self.places[int(index)]
        self.escape()
        return NOTHING

    def escape(self) -> None:
        """Its places escape."""
        for place in self.places:
            place.escape()


NOTHING = Part()
