"""A test file on its way to being mended: every change is collected first and made in one pass."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

Change: TypeAlias = Callable[[Any], Any]
_Node = TypeVar("_Node", bound=cst.CSTNode)


class Left(Exception):
    """A place that is left alone; the message says why, as the end of a sentence about the place."""


class Source:
    """One file. `data` are its bytes; raises `Left` when they are no Python that can be written back."""

    def __init__(self, data: bytes) -> None:
        try:
            parsed = cst.parse_module(data)
        except (cst.ParserSyntaxError, UnicodeDecodeError, LookupError) as error:
            raise Left(f"the file cannot be read as Python ({type(error).__name__})") from None
        if codecs.lookup(parsed.encoding).name not in ("utf-8", "utf-8-sig", "ascii"):
            raise Left(f"the file is written in {parsed.encoding}, not in UTF-8")
        self._bom = "\ufeff" if data.startswith(codecs.BOM_UTF8) else ""
        wrapper = MetadataWrapper(parsed)
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._replaced: dict[cst.CSTNode, cst.BaseExpression] = {}
        self._changes: dict[cst.CSTNode, tuple[Change, ...]] = {}
        self._imports: dict[tuple[str, str], None] = {}
        self._unused: dict[tuple[str, str], None] = {}
        self._marks: set[tuple[cst.CSTNode, str]] = set()
        self.before = self._bom + parsed.code

    # -- looking around -------------------------------------------------------------------------------------------

    def lines(self, node: cst.CSTNode) -> range:
        """Return the lines that a node covers."""
        place = self._positions[node]
        return range(place.start.line, place.end.line + 1)

    def around(self, node: cst.CSTNode, kind: type[_Node]) -> _Node | None:
        """Return the innermost node of a kind that contains another one."""
        parent = self._parents.get(node)
        while parent is not None and not isinstance(parent, kind):
            parent = self._parents.get(parent)
        return parent

    def contains(self, outer: cst.CSTNode, node: cst.CSTNode) -> bool:
        """Say whether one node stands inside another one."""
        parent: cst.CSTNode | None = node
        while parent is not None and parent is not outer:
            parent = self._parents.get(parent)
        return parent is outer

    def code(self, node: cst.CSTNode) -> str:
        """Write a node as it stands in the file."""
        return self.module.code_for_node(node)

    # -- changing -------------------------------------------------------------------------------------------------

    def now(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """Return what an expression has become so far."""
        return self._replaced.get(node, node)

    def replace(self, node: cst.BaseExpression, new: cst.BaseExpression) -> None:
        """Put another expression in the place of one of the file."""
        if new is not self.now(node):
            self._replaced[node] = new

    def change(self, node: cst.CSTNode, change: Change) -> None:
        """Let a function change a node when all that is inside it has been changed."""
        self._changes[node] = (*self._changes.get(node, ()), change)

    def first_time(self, node: cst.CSTNode, what: str) -> bool:
        """Say whether something is done to a node for the first time; several mismatches may ask for it."""
        is_first = (node, what) not in self._marks
        self._marks.add((node, what))
        return is_first

    @property
    def state(self) -> tuple[int, ...]:
        """What has been changed so far, to be compared with a later state."""
        return (
            hash(tuple((id(node), id(new)) for node, new in self._replaced.items())),
            sum(map(len, self._changes.values())),
        )

    @contextmanager
    def undoing(self) -> Iterator[None]:
        """Take back what is changed in this block when it ends with an error."""
        kept = dict(self._replaced), dict(self._changes), dict(self._imports), dict(self._unused), set(self._marks)
        try:
            yield
        except BaseException:
            self._replaced, self._changes, self._imports, self._unused, self._marks = kept
            raise

    def after(self) -> str:
        """Return the text of the file with all changes."""
        module = self.module.visit(_Changing(self._replaced, self._changes))
        assert isinstance(module, cst.Module)
        context = CodemodContext()
        for place, name in self._imports:
            AddImportsVisitor.add_needed_import(context, place, name)
        for place, name in self._unused:
            RemoveImportsVisitor.remove_unused_import(context, place, name)
        if self._imports:
            sorted_ones = {name for name in _imports_from(module) if _is_sorted(name)}
            module = AddImportsVisitor(context).transform_module(module)
            for statement in _imports_from(module):
                if not _is_sorted(statement) and any(_place(statement) == _place(one) for one in sorted_ones):
                    module = module.with_deep_changes(statement, names=_sorted(statement))
        if self._unused:
            module = RemoveImportsVisitor(context).transform_module(module)
        return self._bom + module.code

    # -- names ----------------------------------------------------------------------------------------------------

    def name_of(self, canonical: str) -> str:
        """Return how a class (``shop.errors:Gone``) is written in this file, importing it where that is needed."""
        place, _, name = canonical.partition(":")
        if place == "builtins":
            return name
        if "<" in name:
            raise Left(f"`{name}` is defined inside a function and cannot be imported")
        first = name.partition(".")[0]
        for bound, meant in self._imported().items():
            if meant == f"{place}.{first}":
                return bound + name[len(first) :]
            if meant == place:
                return f"{bound}.{name}"
        if first in self._bound() and (place, first) not in self._imports:
            raise Left(f"`{first}` already means something else in the file")
        self._imports[place, first] = None
        return name

    def mock_name(self, name: str) -> str:
        """Return how a class of the mock library is written in this file, importing it where that is needed."""
        library = "mock" if any(meant.startswith("mock.") for meant in self._imported().values()) else "unittest.mock"
        return self.name_of(f"{library}:{name}")

    def forget_mock(self, name: str) -> None:
        """Take out the import of a class of the mock library if nothing needs it any more."""
        self._unused["unittest.mock", name] = None

    def _imported(self) -> dict[str, str]:
        """Return what the names that imports bind at the top of the file mean."""
        found: dict[str, str] = {}
        for line in self.module.body:
            for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
                if isinstance(statement, cst.Import):
                    for alias in statement.names:
                        found[_bound_by(alias) or alias.evaluated_name] = alias.evaluated_name
                elif isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
                    place = _place(statement)
                    for alias in statement.names:
                        found[_bound_by(alias) or alias.evaluated_name] = f"{place}.{alias.evaluated_name}"
        return found

    def _bound(self) -> set[str]:
        names = {name.partition(".")[0] for name in self._imported()}
        for node in walk(self.module):
            if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Param):
                names.add(node.name.value)
            elif isinstance(node, cst.AssignTarget | cst.AsName):
                inner = node.target if isinstance(node, cst.AssignTarget) else node.name
                names |= {each.value for each in walk(inner) if isinstance(each, cst.Name)}
        return names


class _Changing(cst.CSTTransformer):
    def __init__(
        self, replaced: dict[cst.CSTNode, cst.BaseExpression], changes: dict[cst.CSTNode, tuple[Change, ...]]
    ) -> None:
        super().__init__()
        self._replaced = replaced
        self._changes = changes

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        updated = self._replaced.get(original_node, updated_node)
        for change in self._changes.get(original_node, ()):
            updated = change(updated)
        return updated


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Give a node and everything inside it."""
    yield node
    for child in node.children:
        yield from walk(child)


def dotted(node: cst.CSTNode | None) -> str:
    """Write a chain of names, ``repo.get.return_value``; calls in it are ``()``. Empty for anything else."""
    match node:
        case cst.Name(value=name):
            return name
        case cst.Attribute(value=value, attr=cst.Name(value=name)):
            before = dotted(value)
            return f"{before}.{name}" if before else ""
        case cst.Call(func=func):
            before = dotted(func)
            return f"{before}.()" if before else ""
    return ""


def _imports_from(module: cst.Module) -> list[cst.ImportFrom]:
    """Return the ``from ... import`` statements at the top of a file that name what they import."""
    return [
        statement
        for line in module.body
        if isinstance(line, cst.SimpleStatementLine)
        for statement in line.body
        if isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar)
    ]


def _place(statement: cst.ImportFrom) -> str:
    return "." * len(statement.relative) + dotted(statement.module)


def _names(statement: cst.ImportFrom) -> list[cst.ImportAlias]:
    return [] if isinstance(statement.names, cst.ImportStar) else [*statement.names]


def _rank(alias: cst.ImportAlias) -> tuple[bool, bool, str]:
    """Sort constants before classes before the rest, as formatters of imports do."""
    name = alias.evaluated_name
    return not name.isupper(), name[:1].islower(), name


def _is_sorted(statement: cst.ImportFrom) -> bool:
    return _names(statement) == sorted(_names(statement), key=_rank)


def _sorted(statement: cst.ImportFrom) -> list[cst.ImportAlias]:
    """Return names in order; the commas stay where they are."""
    commas = [alias.comma for alias in _names(statement)]
    ordered = sorted(_names(statement), key=_rank)
    return [alias.with_changes(comma=comma) for alias, comma in zip(ordered, commas, strict=True)]


def _bound_by(alias: cst.ImportAlias) -> str:
    return alias.evaluated_alias or ""
