"""Documents that refer to each other, and what their references name."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import abspath, dirname, join, normpath, relpath
from urllib.parse import unquote

from pytest_integration_gate.evidence.documents import Data, DocumentError, escaped, lines_of, load
from pytest_integration_gate.values import dataclass

_LINES = 6
"""Steps of a pointer for which lines are known: an answer of an operation, an entry of the components."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a document: its data, the path of its file and its JSON pointer in there."""

    data: Data
    file: str
    pointer: str = ""

    def at(self, *steps: str | int) -> Part:
        """Give the part below; the data of one that is not there is None."""
        data, pointer = self.data, self.pointer
        for step in steps:
            found = isinstance(data, dict) or (isinstance(data, list) and isinstance(step, int) and step < len(data))
            data = (data.get(step) if isinstance(data, dict) else data[step]) if found else None
            pointer = f"{pointer}/{escaped(str(step))}"
        return Part(data=data, file=self.file, pointer=pointer)


class BrokenReference(Exception):
    """A reference that names nothing; the text says why."""


class Library:
    """The files of a description, loaded when they are first referred to.

    `names` are what messages call the files. `files` are the data of those that are known already.
    """

    def __init__(self, path: str, name: str, files: Mapping[str, Data] | None = None) -> None:
        self.path = abspath(path)
        self.files: dict[str, Data] = dict(files or {})
        self._names = {self.path: name}
        self._lines: dict[tuple[str, int], Mapping[str, int]] = {}

    @property
    def root(self) -> Part:
        """The whole of the first file; raises `DocumentError`."""
        return Part(data=self._data(self.path), file=self.path)

    def name_of(self, file: str) -> str:
        """Say what messages call a file: others by the way from the first one."""
        if file not in self._names:
            name = join(dirname(self._names[self.path]), relpath(file, dirname(self.path)))
            self._names[file] = normpath(name).replace("\\", "/")
        return self._names[file]

    def place_of(self, file: str, pointer: str, depth: int = _LINES) -> str:
        """Write a part as ``docs/payments.yaml:12``, of a JSON file as ``docs/payments.json#/paths/~1users``.

        Below a depth it is the line of what the part is in.
        """
        if (file, depth) not in self._lines:
            self._lines[file, depth] = lines_of(file, depth)
        known, inner = self._lines[file, depth], pointer
        while inner and inner not in known:
            inner = inner.rpartition("/")[0]
        return f"{self.name_of(file)}:{known[inner]}" if inner else f"{self.name_of(file)}#{pointer}"

    def find(self, reference: str, file: str) -> Part:
        """Give what a reference names that stands in a file; raise `BrokenReference`."""
        path, _, fragment = reference.partition("#")
        if "://" in path:
            raise BrokenReference("another host is not asked. Put the part into this document or into a file beside it")
        file = normpath(join(dirname(file), unquote(path))) if path else file
        try:
            part = Part(data=self._data(file), file=file)
        except DocumentError as error:
            place = f"{self.name_of(file)}:{error.place}" if error.place else self.name_of(file)
            raise BrokenReference(f"{place}: {error.fault}") from None
        if not fragment.startswith("/"):
            # Names of schemas (`$anchor`) are not looked for: nothing is known of what they stand for.
            return part if not fragment else Part(data={}, file=file)
        for step in fragment[1:].split("/"):
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            inner = part.at(int(key) if isinstance(part.data, list) and key.isdecimal() else key)
            if not (isinstance(part.data, dict) and key in part.data) and inner.data is None:
                raise BrokenReference(f"{self.name_of(file)} has no {part.pointer or '#'}/{step}")
            part = inner
        return part

    def follow(self, part: Part) -> Part:
        """Give what a part stands for when it is a reference, itself otherwise; raise `BrokenReference`."""
        seen = set()
        while isinstance(part.data, dict) and isinstance(part.data.get("$ref"), str):
            reference = part.data["$ref"]
            if (part.file, reference) in seen:
                raise BrokenReference("it leads back to itself")
            seen.add((part.file, reference))
            part = self.find(reference, part.file)
        return part

    def _data(self, file: str) -> Data:
        if file not in self.files:
            self.files[file] = load(file)
        return self.files[file]
