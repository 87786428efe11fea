"""How far a change of some names carries: which functions use them, and which use those.

Names are followed from file to file as the source spells them. What a program reaches otherwise (registries, `getattr`,
attributes of objects that another file made) is not followed, so the answer helps to tell likely from unlikely causes
and proves nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from os import stat

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.source.import_graph import ImportGraph, is_of_tests
from pytest_integration_gate.source.imports import read_imports
from pytest_integration_gate.values import dataclass

ALL = "*"
"""Stands for every name of a file: what the file does when it is imported has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A name that a file defines at its top, and what its source mentions: names, attributes and texts."""

    name: str
    text: str
    names: frozenset[str]
    attributes: frozenset[str]
    texts: frozenset[str]
    is_fixture: bool = False
    is_autouse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """What a file defines. A statement that defines nothing has the name `ALL`; an import is the text of its names."""

    parts: tuple[Definition, ...] = ()


def means_the_same(old: str, new: str) -> bool:
    """Say whether two sources differ in nothing but layout and comments; a docstring may be shown to users."""
    try:
        return ast.dump(ast.parse(old)) == ast.dump(ast.parse(new))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def changed_names(old: str, new: str) -> frozenset[str] | None:
    """Return the names whose meaning differs between two sources of a file; None when one of them does not parse.

    Comments, docstrings and the order of definitions mean nothing.
    """
    before, after = _definitions(old), _definitions(new)
    if before is None or after is None:
        return None
    texts = [_texts_by_name(before), _texts_by_name(after)]
    changed = {name for name, text in texts[0].items() if texts[1].get(name) != text}
    # What is new breaks nobody, unless nobody has to name it: statements, hooks, and fixtures, which may shadow others.
    added = [part for part in after.parts if part.name not in texts[0]]
    changed |= {part.name for part in added if part.is_fixture or part.name == ALL}
    changed |= {ALL for part in added if part.name.startswith("pytest_")}
    return _spread(after, {}, changed) if changed else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """What a change carries to: names by file, `ALL` for everything in it. `takes_all` says that an autouse fixture is
    among them."""

    names: Mapping[str, frozenset[str]]
    takes_all: bool

    def carries_to(self, nodeid: str) -> bool:
        """Say whether it carries to a test, or to a file of tests that could not be collected."""
        file, _, test = nodeid.partition("::")
        mine = self.names.get(file, frozenset())
        name = test.partition("::")[0].partition("[")[0]
        return bool(mine & {name, ALL}) or self.takes_all if name else bool(mine)


def influence_of(path: str, names: frozenset[str], graph: ImportGraph, files: Iterable[str]) -> Influence:
    """Follow a change of some names of one file through other files until it carries no farther.

    Of a file that is no Python `names` are empty: whoever mentions the file is affected.
    """
    files = [one for one in files if one.endswith(".py")]
    affected: dict[str, frozenset[str]] = {path: names} if path.endswith(".py") else {}
    fixtures: set[str] = set(names) if is_of_tests(path) else set()
    grows = True
    while grows:
        grows = False
        for file in files:
            definitions = _read(f"{graph.root}/{file}")
            if definitions is None:
                found = frozenset({ALL})
            else:
                seeds = {*affected.get(file, ()), *_mentioning(path, definitions)}
                seeds |= _loading(file, definitions, affected, graph)
                seeds |= fixtures if is_of_tests(file) else set()
                found = _spread(definitions, _bound(file, affected, graph), seeds)
                new = _fixtures_in(found, definitions)
                grows = grows or not new <= fixtures
                fixtures |= new
            if found != affected.get(file, frozenset()):
                affected[file] = found
                grows = True
    return Influence(names=affected, takes_all=ALL in fixtures)


def _mentioning(path: str, definitions: Definitions) -> set[str]:
    """Return the names whose source spells the name of a file that is no module."""
    if path.endswith(".py"):
        return set()
    name = path.rpartition("/")[2]
    return {part.name for part in definitions.parts if any(text.rpartition("/")[2] == name for text in part.texts)}


def _loading(
    file: str, definitions: Definitions, affected: Mapping[str, frozenset[str]], graph: ImportGraph
) -> set[str]:
    """Return the names whose source tells a function to import an affected module."""
    loaded = [
        one.module
        for one in read_imports(f"{graph.root}/{file}").imports
        if one.is_by_name and (found := graph.resolve(file, one)) and affected.get(found[0])
    ]
    texts = {part.name: {text.partition(":")[0].lstrip(".") for text in part.texts} for part in definitions.parts}
    return {
        name
        for name, told in texts.items()
        if any(f".{module}".endswith(f".{one}") for module in loaded for one in told)
    }


def _fixtures_in(names: frozenset[str], definitions: Definitions) -> set[str]:
    found = [part for part in definitions.parts if part.is_fixture and names & {part.name, ALL}]
    return {part.name for part in found} | ({ALL} if any(part.is_autouse for part in found) else set())


def _texts_by_name(definitions: Definitions) -> dict[str, str]:
    texts: dict[str, str] = {}
    for part in definitions.parts:
        texts[part.name] = texts.get(part.name, "") + part.text
    return texts


def _bound(file: str, affected: dict[str, frozenset[str]], graph: ImportGraph) -> dict[str, frozenset[str]]:
    """Return the local names that stand for something affected; for a module, which of its attributes are."""
    bound: dict[str, frozenset[str]] = {}
    for one in read_imports(f"{graph.root}/{file}").imports:
        found = graph.resolve(file, one)
        hit = affected.get(found[0], frozenset()) if found else frozenset()
        if ALL in hit or any(ALL in affected.get(package, ()) for package in graph.packages(file, one)):
            bound[ALL] = frozenset({ALL})  # what happens when it is imported happens to this file too
        elif not found or not hit:
            continue
        elif found[1] == ALL:  # a star import
            bound.update(dict.fromkeys(hit, frozenset({ALL})))
        elif not found[1]:
            bound[one.local] = bound.get(one.local, frozenset()) | hit
        elif found[1] in hit:
            bound[one.local] = frozenset({ALL})
    return bound


def _spread(definitions: Definitions, bound: dict[str, frozenset[str]], seeds: Iterable[str]) -> frozenset[str]:
    affected = set(seeds) | {name for name, hit in bound.items() if ALL in hit}
    while True:
        new = {
            part.name
            for part in definitions.parts
            if part.name not in affected
            and (
                part.names & affected
                or any(name in part.names and hit & part.attributes for name, hit in bound.items())
            )
        }
        if not new:
            return frozenset(affected)
        affected |= new


def _read(filename: str) -> Definitions | None:
    try:
        about = stat(filename)
        return _parsed(filename, about.st_mtime_ns, about.st_size)
    except (OSError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=4096)
def _parsed(filename: str, mtime: int, size: int) -> Definitions | None:
    with open_file(filename, encoding="utf-8") as stream:
        return _definitions(stream.read())


def _definitions(source: str) -> Definitions | None:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Definitions(parts=tuple(part for statement in _statements(tree.body) for part in _parts(statement)))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements at the top of a file, those below ``if`` and ``try`` too."""
    for statement in body:
        if isinstance(statement, (ast.If, ast.Try)):
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, name, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _statements(handler.body)
        else:
            yield statement


def names_defined(source: str) -> frozenset[str] | None:
    """Return the names that a source defines or imports at its top; None when it does not parse or may have others."""
    definitions = _definitions(source)
    names = frozenset(part.name for part in definitions.parts) if definitions is not None else frozenset({ALL})
    return None if names & {ALL, "__getattr__"} else names


def _parts(statement: ast.stmt) -> Iterator[Definition]:
    names, attributes, texts = set(), set(), set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)  # a fixture
        elif isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
            _drop_docstring(node)
    decorators = [ast.unparse(one) for one in getattr(statement, "decorator_list", ())]
    fixture = next((one for one in decorators if "fixture" in one), "")
    # Every fixture named by `usefixtures` is a text of a decorator.
    names |= (
        {text for text in texts if text.isidentifier()} if any("usefixtures" in one for one in decorators) else set()
    )
    for name in _defined(statement):
        yield Definition(
            name=name,
            text=ast.dump(statement),
            names=frozenset(names - {name}),
            attributes=frozenset(attributes),
            texts=frozenset(texts),
            is_fixture=bool(fixture),
            is_autouse="autouse=True" in fixture,
        )


def _drop_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        first.value.value = ""


def _defined(statement: ast.stmt) -> Iterable[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return (statement.name,)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return ()  # a docstring
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [one.asname or one.name.partition(".")[0] for one in statement.names]
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    names = [
        node.id for target in targets if target is not None for node in ast.walk(target) if isinstance(node, ast.Name)
    ]
    return names or (ALL,)
