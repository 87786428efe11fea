"""What one file imports, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from os import stat

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.source.by_name import LOADING_WORDS, read_by_name
from pytest_integration_gate.values import dataclass

_TELLING = re.compile(r"[\w./*-]+")
_LONGEST = 200
_MOST = 1_000_000  # characters of a file that is no Python


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One name that an import statement names: ``from a import b`` is ``a`` with the name ``b``, ``import a`` has none.

    `level` counts the dots of a relative import. `is_for_types` says that it stands below ``if TYPE_CHECKING``,
    `is_by_name` that a function such as ``import_module`` is told the name.
    """

    module: str
    name: str = ""
    alias: str = ""
    level: int = 0
    line: int
    is_for_types: bool = False
    is_by_name: bool = False

    @property
    def local(self) -> str:
        """The name that stands for it in the file; empty when there is none."""
        return "" if self.is_by_name else self.alias or self.name or self.module.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the source of a file tells about what it needs.

    `texts` are its string constants that could name a module or a file; a star stands for what a program puts between
    them. `run` are the modules that it lets another process run. `is_dynamic` says that it imports or runs something
    whose name is not written there. `is_readable` is False for a file with a syntax error.
    """

    imports: tuple[Import, ...] = ()
    texts: frozenset[str] = frozenset()
    run: frozenset[str] = frozenset()
    is_dynamic: bool = False
    is_readable: bool = True


def read_imports(filename: str) -> Reading:
    """Read a file, once as long as it stays as it is. One that is gone needs nothing."""
    try:
        about = stat(filename)
        return _read(filename, about.st_mtime_ns, about.st_size)
    except OSError:
        return Reading()


def imports_by_name(filename: str) -> Iterator[Import]:
    """Give the imports of a file that a function is told; a file without such a function is not parsed."""
    try:
        with open_file(filename, "rb") as stream:
            source = stream.read()
    except OSError:
        return
    if any(word in source for word in LOADING_WORDS):
        yield from (one for one in read_imports(filename).imports if one.is_by_name)


def read_words(filename: str) -> Reading:
    """Read a file that has tests and is no Python: its words may name modules and files, and it may run anything."""
    try:
        with open_file(filename, encoding="utf-8", errors="replace") as stream:
            words = _TELLING.findall(stream.read(_MOST))
    except OSError:
        return Reading(is_dynamic=True)
    return Reading(texts=frozenset(word.strip(".-*") for word in words if len(word) <= _LONGEST), is_dynamic=True)


@lru_cache(maxsize=4096)
def _read(filename: str, mtime: int, size: int) -> Reading:
    with open_file(filename, "rb") as stream:
        source = stream.read()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Reading(imports=tuple(_guessed(source.decode(errors="replace"))), is_readable=False)
    imports: list[Import] = []
    texts: set[str] = set()
    others: list[ast.AST] = []
    nodes: list[tuple[ast.AST, bool]] = [(tree, False)]
    for node, for_types in nodes:  # grows
        match node:
            case ast.Import() | ast.ImportFrom():
                imports += _imported(node, for_types)
                continue
            case ast.Constant(value=str(text)):
                if _is_telling(text):
                    texts.add(text)
                continue
            case ast.JoinedStr(values=parts):
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
                if _is_telling(text) and text.strip("*."):
                    texts.add(text)
            case ast.Call() | ast.Name() | ast.Attribute():
                others.append(node)
            case ast.If(test=test) if _asks_for_types(test):
                nodes += [(child, True) for child in node.body]
                nodes += [(child, for_types) for child in node.orelse]
                continue
        nodes += [(child, for_types) for child in ast.iter_child_nodes(node)]
    by_name = read_by_name(others, {one.local: (one.module, one.name) for one in imports})
    imports += [
        Import(module=module, level=level, line=line, is_by_name=True) for module, level, line in by_name.loaded
    ]
    return Reading(imports=tuple(imports), texts=frozenset(texts), run=by_name.run, is_dynamic=by_name.is_dynamic)


def _is_telling(text: str) -> bool:
    return len(text) <= _LONGEST and _TELLING.fullmatch(text) is not None


def _imported(node: ast.Import | ast.ImportFrom, for_types: bool) -> Iterator[Import]:
    for one in node.names:
        if isinstance(node, ast.ImportFrom):
            module, name, level = node.module or "", one.name, node.level
        else:
            module, name, level = one.name, "", 0
        yield Import(
            module=module, name=name, alias=one.asname or "", level=level, line=node.lineno, is_for_types=for_types
        )


def _asks_for_types(test: ast.expr) -> bool:
    return (test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")) == "TYPE_CHECKING"


_IMPORT = re.compile(r"[ \t]*import[ \t]+([\w.]+)")
_FROM = re.compile(r"[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\(?[ \t]*(\w+)?")


def _guessed(source: str) -> Iterator[Import]:
    """Read the import lines of a file that does not parse."""
    for number, line in enumerate(source.splitlines(), start=1):
        if found := _IMPORT.match(line):
            yield Import(module=found[1], line=number)
        elif found := _FROM.match(line):
            yield Import(module=found[2], name=found[3] or "", level=len(found[1]), line=number)
