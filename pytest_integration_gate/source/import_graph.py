"""Which file of the project needs which other: imports, conftest files, and names of modules and files in texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from os.path import isdir
from sys import stdlib_module_names
from typing import Literal

from pytest_integration_gate.source.imports import Import, Reading, imports_by_name, read_imports, read_words
from pytest_integration_gate.source.mentions import names_file, names_file_by_pattern
from pytest_integration_gate.values import dataclass

NeedKind = Literal["import", "conftest", "package", "run", "text", "pattern"]
CONFTEST = "conftest.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One file needs another.

    `kind` says how that is known: an import statement, a conftest or plugin that pytest loads for a test, the
    ``__init__`` of a package that an import runs, a script or module that another process runs, a text that names a
    module or a file, or a pattern: a text that may mean the file, or an import from a folder that only the running
    program has on its path.
    """

    path: str
    kind: NeedKind = "import"
    line: int = 0


class ImportGraph:
    """The needs of every file, read when they are asked for.

    `root` is the root directory, `files` are the project's files below it, those that are gone but once were there
    included. `roots` are the folders, relative to the root, from which modules are imported, the first one first.
    `others` are files that are no Python but may be read; `all_files` has those that did not change, too. `known` has
    the imports, module by module with their lines, that were read in another way. `for_all` are files that pytest loads
    for every test, such as plugins.
    """

    def __init__(
        self,
        root: str,
        files: Iterable[str],
        roots: Sequence[str] = ("",),
        *,
        others: Iterable[str] = (),
        all_files: Iterable[str] = (),
        known: Mapping[str, Mapping[str, int]] | None = None,
        for_all: Iterable[str] = (),
    ) -> None:
        self.root = root
        self._roots = sorted(roots, key=len, reverse=True)
        self._modules: dict[str, str] = {}
        self._files = frozenset(files)
        for path in sorted(self._files):
            for name in self._names(path):
                self._modules.setdefault(name, path)
        self._others = tuple(others)
        self._all_files = frozenset(all_files)
        self._known = known or {}
        self._for_all = tuple(for_all)
        self._needs: dict[str, tuple[Need, ...]] = {}
        self._dynamic: dict[str, bool] = {}

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
        """Give the project's modules that a file imports, those for type checkers and those named to a function too."""
        if (known := self._known.get(self.module(path))) is not None:
            for name, line in known.items():
                if name in self._modules:
                    yield Need(path=self._modules[name], line=line)
        others = read_imports(self._absolute(path)).imports if known is None else imports_by_name(self._absolute(path))
        for one in others:
            if need := self._need(path, one):
                yield need

    def is_dynamic(self, path: str) -> bool:
        """Say whether a file imports or runs something that it does not name, or that is not among the files."""
        if path not in self._dynamic:
            reading = self._reading(path)
            self._dynamic[path] = reading.is_dynamic or any(self._is_unknown(path, one) for one in reading.imports)
        return self._dynamic[path]

    def texts(self, path: str) -> frozenset[str]:
        """Return the texts of a file that could name a module or a file."""
        return self._reading(path).texts

    def conftests(self, path: str) -> tuple[str, ...]:
        """Return the conftest files that pytest loads for a test file, the nearest first, then the plugins."""
        folders = path.split("/")[:-1]
        above = ["/".join([*folders[:depth], CONFTEST]) for depth in range(len(folders), -1, -1)]
        loaded = dict.fromkeys((*above, *self._for_all))
        return tuple(one for one in loaded if one in self._files and one != path)

    def _absolute(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _reading(self, path: str) -> Reading:
        if path.endswith(".py"):
            return read_imports(self._absolute(path))
        return read_words(self._absolute(path)) if _is_text_of_tests(path) else Reading()

    def _all_needs(self, path: str) -> Iterator[Need]:
        reading = self._reading(path)
        imports = []
        for one in reading.imports:
            need = None if one.is_for_types else self._need(path, one)
            if need:
                imports.append(need)
        yield from imports
        for name in sorted(reading.run):
            for found in (self._modules.get(name), self._modules.get(f"{name}.__main__")):
                if found:
                    yield Need(path=found, kind="run")
        for text in sorted(reading.texts):
            if "." in text and "/" not in text and (found := self._named(text)):
                yield Need(path=found, kind="text")
        yield from self._mentioned(reading.texts)
        for one in reading.imports:
            if not one.is_for_types:
                for elsewhere in self._elsewhere(path, one):
                    yield Need(path=elsewhere, kind="pattern", line=one.line)
                for package in self.packages(path, one):
                    yield Need(path=package, kind="package", line=one.line)

    def _mentioned(self, texts: Iterable[str]) -> Iterator[Need]:
        """Give the files that texts name, or may mean: by their names, by patterns, by their folders."""
        scripts = {path for text in texts if text.endswith(".py") for path in self._called(text.rpartition("/")[2])}
        for path in (*self._others, *sorted(scripts)):
            if any(names_file(text, path) for text in texts):
                is_one_of_many = len(self._called(path.rpartition("/")[2])) > 1 and not any(
                    "/" in text and names_file(text, path) for text in texts
                )
                yield Need(path=path, kind="pattern" if is_one_of_many else "run" if path in scripts else "text")
            elif any(names_file_by_pattern(text, path) for text in texts):
                yield Need(path=path, kind="pattern")

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for path in sorted({*self._files, *self._others, *self._all_files}):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return {name: tuple(paths) for name, paths in found.items()}

    def _called(self, name: str) -> tuple[str, ...]:
        return self._by_name.get(name, ())

    def resolve(self, path: str, one: Import) -> tuple[str, str] | None:
        """Return the file that an import in a file leads to and the name in it, empty when it is the module itself."""
        base = self._base(path, one)
        for name, used in ((f"{base}.{one.name}" if one.name else base, ""), (base, one.name)):
            found = self._modules.get(name.strip(".")) or self._beside(path, name)
            if found:
                return found, used
        return None

    def _is_unknown(self, path: str, one: Import) -> bool:
        """Whether an import of the project's own leads to no file: generated, compiled, linked, or from elsewhere."""
        if one.is_for_types:
            return False
        if found := self.resolve(path, one):
            package, is_package, _ = found[0].rpartition("__init__.py")
            return bool(is_package and found[1]) and isdir(self._absolute(package + found[1]))  # a link to a folder
        top = self._base(path, one).partition(".")[0]
        return top in self._modules or any(True for _ in self._elsewhere(path, one))

    def _elsewhere(self, path: str, one: Import) -> Iterator[str]:
        """Give the files that an import may mean when some folder below the root is on the path of imports."""
        base = self._base(path, one)
        if one.level or not base or base.partition(".")[0] in self._modules or self.resolve(path, one):
            return
        found = []
        for name in (f"{base}.{one.name}", base) if one.name else (base,):
            place = name.replace(".", "/")
            for end in (f"{place}.py", f"{place}/__init__.py"):
                found += [file for file in self._called(end.rpartition("/")[2]) if f"/{file}".endswith(f"/{end}")]
        if found and not _is_foreign(base.partition(".")[0], self.root):
            yield from found

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


def _is_text_of_tests(path: str) -> bool:
    """Whether a file that is no Python has tests: YAML suites, doctests."""
    name = path.rpartition("/")[2]
    is_suite = name != "gate.yaml" and name.endswith(("gate.yaml", "gate.yml"))
    return is_suite or (name.startswith("test") and name.endswith((".txt", ".rst", ".md")))


def _is_foreign(package: str, root: str) -> bool:
    """Whether a package comes with Python or is installed."""
    if package in stdlib_module_names:
        return True
    try:
        spec = find_spec(package)
    except (ImportError, ValueError, AttributeError):
        return False
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return any(place and place.startswith("/") and not place.startswith(f"{root}/") for place in places)
