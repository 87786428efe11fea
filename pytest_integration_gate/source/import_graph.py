"""Which file of the project needs which other: imports, conftest files, and names of modules and files in texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from pytest_integration_gate.source.imports import Import, read_imports
from pytest_integration_gate.values import dataclass

NeedKind = Literal["import", "conftest", "package", "text", "pattern"]
CONFTEST = "conftest.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One file needs another.

    `kind` says how that is known: an import statement, a conftest that pytest loads for a test, the ``__init__`` of a
    package that an import runs, a text that names a module or a file, or a text that is a pattern for its name or the
    name of its folder.
    """

    path: str
    kind: NeedKind = "import"
    line: int = 0


class ImportGraph:
    """The needs of every file, read when they are asked for.

    `root` is the root directory, `files` are the project's files below it, those that are gone but once were there
    included. `roots` are the folders, relative to the root, from which modules are imported, the first one first.
    `others` are files that are no Python but may be read. `known` has the imports, module by module with their lines,
    that were read in another way.
    """

    def __init__(
        self,
        root: str,
        files: Iterable[str],
        roots: Sequence[str] = ("",),
        *,
        others: Iterable[str] = (),
        known: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.root = root
        self._roots = sorted(roots, key=len, reverse=True)
        self._modules: dict[str, str] = {}
        self._files = frozenset(files)
        for path in sorted(self._files):
            for name in self._names(path):
                self._modules.setdefault(name, path)
        self._others = tuple(others)
        self._known = known or {}
        self._needs: dict[str, tuple[Need, ...]] = {}

    @property
    def modules(self) -> Mapping[str, str]:
        """Every module's file by its dotted name."""
        return self._modules

    def module(self, path: str) -> str:
        """Return the dotted name of a file, the path itself for what is no module."""
        return next(self._names(path), path)

    def shown(self, path: str) -> str:
        """Return how people call a file: a module by its dotted name, what belongs to the tests by its path."""
        return path if is_of_tests(path) else self.module(path)

    def _names(self, path: str) -> Iterator[str]:
        if not path.endswith(".py"):
            return
        for folder in self._roots:
            if path.startswith(folder):
                name = path[len(folder) :].removesuffix(".py").replace("/", ".").removesuffix(".__init__")
                if all(part.isidentifier() for part in name.split(".")):
                    yield name

    def needs(self, path: str) -> tuple[Need, ...]:
        """Return what a file needs, each other file once, the strongest reason first."""
        known = self._needs.get(path)
        if known is None:
            found: dict[str, Need] = {}
            for need in self._all_needs(path):
                if need.path != path:
                    found.setdefault(need.path, need)
            known = self._needs[path] = tuple(found.values())
        return known

    def imports(self, path: str) -> Iterator[Need]:
        """Give the project's modules that a file imports, those for type checkers too."""
        if (known := self._known.get(self.module(path))) is not None:
            for name, line in known.items():
                if name in self._modules:
                    yield Need(path=self._modules[name], line=line)
            return
        for one in read_imports(self._absolute(path)).imports:
            if need := self._need(path, one):
                yield need

    def is_dynamic(self, path: str) -> bool:
        """Say whether a file imports or runs something that it does not name."""
        return path.endswith(".py") and read_imports(self._absolute(path)).is_dynamic

    def texts(self, path: str) -> frozenset[str]:
        """Return the texts of a file that could name a module or a file."""
        return read_imports(self._absolute(path)).texts if path.endswith(".py") else frozenset()

    def conftests(self, path: str) -> tuple[str, ...]:
        """Return the conftest files that pytest loads for a test file, the nearest first."""
        folders = path.split("/")[:-1]
        above = ["/".join([*folders[:depth], CONFTEST]) for depth in range(len(folders), -1, -1)]
        return tuple(conftest for conftest in above if conftest in self._files and conftest != path)

    def _absolute(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _all_needs(self, path: str) -> Iterator[Need]:
        if not path.endswith(".py"):
            return
        reading = read_imports(self._absolute(path))
        imports = []
        for one in reading.imports:
            need = None if one.is_for_types else self._need(path, one)
            if need:
                imports.append(need)
        yield from imports
        for text in sorted(reading.texts):
            if "." in text and "/" not in text and (found := self._named(text)):
                yield Need(path=found, kind="text")
        for other in self._others:
            yield from _mentions(other, reading.texts)
        for one in reading.imports:
            if not one.is_for_types:
                for package in self.packages(path, one):
                    yield Need(path=package, kind="package", line=one.line)

    def resolve(self, path: str, one: Import) -> tuple[str, str] | None:
        """Return the file that an import in a file leads to and the name in it, empty when it is the module itself."""
        base = self._base(path, one)
        for name, used in ((f"{base}.{one.name}" if one.name else base, ""), (base, one.name)):
            found = self._modules.get(name.strip(".")) or self._beside(path, name)
            if found:
                return found, used
        return None

    def _need(self, path: str, one: Import) -> Need | None:
        if found := self.resolve(path, one):
            return Need(path=found[0], line=one.line)
        parent = self._base(path, one)
        while "." in parent:  # a module that is not there: what is left of its packages runs all the same
            parent = parent.rpartition(".")[0]
            if parent in self._modules:
                return Need(path=self._modules[parent], line=one.line)
        return None

    def _base(self, path: str, one: Import) -> str:
        if not one.level:
            return one.module
        package = self.module(path).split(".")
        if not path.endswith("/__init__.py"):
            package = package[:-1]
        package = package[: len(package) - one.level + 1]
        return ".".join([*package, *([one.module] if one.module else [])])

    def _beside(self, path: str, name: str) -> str | None:
        """Find a module that lies beside a test file: pytest puts its folder on the path of imports."""
        file, folder = name.replace(".", "/"), path.rpartition("/")[0]
        beside = (f"{folder}/{file}.py", f"{folder}/{file}/__init__.py") if folder else ()
        return next((one for one in beside if one in self._files), None)

    def _named(self, text: str) -> str | None:
        """Find the module that a dotted text begins with, as ``shop.money.RATE`` does in a patch."""
        parts = text.replace(":", ".").split(".")
        for length in range(len(parts), 1, -1):
            if found := self._modules.get(".".join(parts[:length])):
                return found
        return None

    def packages(self, path: str, one: Import) -> Iterator[str]:
        """Give the packages whose ``__init__`` an import in a file runs besides, the nearest first."""
        parts = self._base(path, one).split(".")
        for length in range(len(parts) if one.name else len(parts) - 1, 0, -1):
            if found := self._modules.get(".".join(parts[:length])):
                yield found


def is_of_tests(path: str) -> bool:
    """Say whether a file below the root belongs to the tests: by its name, or by a folder ``tests`` or ``test``."""
    *folders, name = path.split("/")
    is_named = name == CONFTEST or name.startswith("test_") or name.endswith("_test.py")
    return is_named or "tests" in folders or folders[:1] == ["test"]


def _mentions(path: str, texts: Iterable[str]) -> Iterator[Need]:
    """Say whether texts name a file that is no module: by its name, or by a pattern or its folder."""
    folder, _, name = path.rpartition("/")
    pattern = None
    for text in texts:
        last = text.rpartition("/")[2]
        if last == name:
            yield Need(path=path, kind="text")
            return
        if ("*" in last and last != "*" and fnmatchcase(name, last)) or (folder and text == folder.rpartition("/")[2]):
            pattern = Need(path=path, kind="pattern")
    if pattern:
        yield pattern
