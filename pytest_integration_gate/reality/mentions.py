"""What doubles stand for, read from the source of test files before any of them runs.

Boundary tests must watch a collaborator even when the tests that double it run later, or in another process.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_HINTS = ("patch", "mock", "Mock", "monkeypatch", "spec", "mocker")
_PATCHERS = frozenset({"patch", "setattr", "delattr"})
_DOUBLES = frozenset(
    "Mock MagicMock NonCallableMock NonCallableMagicMock AsyncMock PropertyMock ThreadingMock create_autospec".split()
)
_SPEC_KEYWORDS = frozenset({"spec", "spec_set", "wraps"})


def doubled_names(source: str, filename: str) -> frozenset[str]:
    """Give the dotted names of everything that a test file doubles.

    ``shop.repository.UserRepo.get`` is one member; a class that a double stands for as a whole ends with ``.*``. What
    cannot be read from the text alone (a name that is computed, a fixture) is not there. A file that does not parse
    gives nothing.
    """
    if not any(hint in source for hint in _HINTS):
        return frozenset()
    try:
        tree = ast.parse(source, filename)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    reader = _Reader(tree)
    return frozenset(name for node in ast.walk(tree) if isinstance(node, ast.Call) for name in reader.doubled(node))


class _Reader:
    """The names that a file imports, and the texts that it gives names."""

    def __init__(self, tree: ast.Module) -> None:
        self._imports: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    # `import a.b` binds `a`; `import a.b as c` binds `a.b`.
                    self._imports[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    self._imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for statement in tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    pass
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    pass
                case _:
                    continue
            text = self._text(value)
            if text is not None:
                self._texts[name] = text

    def doubled(self, call: ast.Call) -> Iterator[str]:
        """Give what one call doubles."""
        *path, last = _path(call.func)
        arguments, keywords = call.args, {each.arg: each.value for each in call.keywords if each.arg}
        first = arguments[0] if arguments else keywords.get("target", keywords.get("obj"))
        if last in ("object", "spy") or (last == "setattr" and path):
            second = arguments[1] if len(arguments) > 1 else keywords.get("attribute", keywords.get("name"))
            owner, name = self._object(first), self._text(second)
            if owner and name:
                yield f"{owner}.{name}"
        if last in _PATCHERS:
            text = self._text(first) or ""
            # `client.patch("/users/1")` is an HTTP request.
            if "." in text and all(part.isidentifier() for part in text.split(".")):
                yield text
        elif last == "multiple" and path[-1:] == ["patch"]:
            owner = self._text(first) or self._object(first)
            if owner:
                yield from (f"{owner}.{name}" for name in keywords if name not in _OPTIONS)
        elif last in _DOUBLES and arguments:
            yield from self._members(first)
        for name, value in keywords.items():
            if name in _SPEC_KEYWORDS:
                yield from self._members(value)

    def _members(self, node: ast.expr | None) -> Iterator[str]:
        dotted = self._object(node.func if isinstance(node, ast.Call) else node)
        if dotted and "." in dotted:
            yield f"{dotted}.*"

    def _object(self, node: ast.expr | None) -> str | None:
        """Give the dotted name of an object that the file has imported."""
        if node is None:
            return None
        *path, last = _path(node)
        names = [*path, last]
        if not names[0] or names[0] not in self._imports:
            return None
        return ".".join([self._imports[names[0]], *names[1:]])

    def _text(self, node: ast.expr | None) -> str | None:
        """Give the text of an expression that is put together from literals and constants of the module."""
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Name(id=name):
                return self._texts.get(name)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                parts = [self._text(left), self._text(right)]
            case ast.JoinedStr(values=values):
                parts = [self._text(value) for value in values]
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._text(value)
            case ast.Attribute(value=value, attr="__name__"):
                return self._object(value)
            case _:
                return None
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None


_OPTIONS = frozenset({"spec", "create", "spec_set", "autospec", "new_callable", "target"})


def _path(node: ast.expr) -> tuple[str, ...]:
    """Split ``a.b.c`` into its names; an empty name stands for what is not one."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return tuple(reversed(names))
