"""Names of a source file: where each one is bound and where its value is read."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pytest_integration_gate.source.syntax import Tree

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Scope = Function | Comprehension | ast.ClassDef | ast.Module


# Names that a node binds in the scope around it. Names, parameters, `global` and `nonlocal` are told apart in `_bind`.
_BOUND: dict[type, Callable[[Any], tuple[str | None, ...]]] = {
    ast.FunctionDef: lambda node: (node.name,),
    ast.AsyncFunctionDef: lambda node: (node.name,),
    ast.ClassDef: lambda node: (node.name,),
    ast.alias: lambda node: (node.asname or node.name.partition(".")[0],),
    ast.ExceptHandler: lambda node: (node.name,),
    ast.MatchAs: lambda node: (node.name,),
    ast.MatchStar: lambda node: (node.name,),
    ast.MatchMapping: lambda node: (node.rest,),
}


class Names:
    """The bindings and reads of the names of one file, each under the scope that it belongs to.

    Those of the module and of what the tree has opened, that is: nobody asks for more.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.bindings: dict[tuple[Scope, str], list[ast.AST]] = defaultdict(list)
        self.reads: dict[tuple[Scope, str], list[ast.Name]] = defaultdict(list)
        self._known: set[ast.stmt] = set()
        self._bind_module()

    def update(self) -> None:
        """Learn the names of what has been opened since."""
        for statement in self.tree.opened.keys() - self._known:
            self._known.add(statement)
            loads = []
            for node in self.tree.opened[statement]:
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    loads.append(node)
                else:
                    self._bind(node)
            for name in loads:
                if (scope := self.scope_of_name(name)) is not None:
                    self.reads[scope, name.id].append(name)

    def scope_around(self, node: ast.AST) -> Scope:
        """The innermost scope in which a node is evaluated."""
        parents = self.tree.parents
        while (parent := parents.get(node)) is not None:
            match parent:
                case ast.Module():
                    return parent
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if isinstance(node, ast.stmt):
                    return parent  # decorators, defaults and bases belong to the scope outside
                case ast.Lambda() if node is parent.body:
                    return parent
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    return parent
                case ast.comprehension() if node is parent.iter:
                    owner = parents[parent]
                    assert isinstance(owner, Comprehension)
                    if owner.generators[0] is parent:  # the first iterable is evaluated outside
                        parent = owner
            node = parent
        return self.tree.module

    def function_around(self, node: ast.AST) -> Scope:
        """The innermost scope that is not a comprehension."""
        scope = self.scope_around(node)
        while isinstance(scope, Comprehension):
            scope = self.scope_around(scope)
        return scope

    def scope_of_name(self, name: ast.Name) -> Scope | None:
        """The scope that binds a name where it is read, None for a builtin."""
        scope = first = self.scope_around(name)
        while True:
            if (scope, name.id) in self.bindings and (scope is first or not isinstance(scope, ast.ClassDef)):
                return scope
            if isinstance(scope, ast.Module):
                return None
            scope = self.scope_around(scope)

    def is_builtin(self, node: ast.expr, name: str) -> bool:
        """The expression is this name, and no assignment of the file hides the builtin."""
        return isinstance(node, ast.Name) and node.id == name and self.scope_of_name(node) is None

    def is_captured(self, name: ast.Name, scope: Scope) -> bool:
        """The name is read in a function or class inside of the scope that binds it."""
        around: Scope = self.scope_around(name)
        while isinstance(around, Comprehension) and around is not scope:
            around = self.scope_around(around)
        return around is not scope

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name):
                scope = self.scope_around(node)
                if isinstance(self.tree.parents[node], ast.NamedExpr):
                    scope = self.function_around(node)
                self.bindings[scope, name].append(node)
            case ast.arg(arg=name):
                owner = self.tree.parents[node]
                function = self.tree.parents[owner] if isinstance(owner, ast.arguments) else owner
                assert isinstance(function, Function)
                self.bindings[function, name].append(node)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                # Every scope around has one more binding that is not seen there.
                scope = self.scope_around(node)
                while True:
                    for name in names:
                        self.bindings[scope, name].append(node)
                    if isinstance(scope, ast.Module):
                        break
                    scope = self.scope_around(scope)
            case _ if type(node) in _BOUND:
                for name in filter(None, _BOUND[type(node)](node)):
                    self.bindings[self.scope_around(node), name].append(node)

    def _bind_module(self) -> None:
        module = self.tree.module
        if any(b"global " in line for line in self.tree.lines):
            for node in ast.walk(module):
                for name in node.names if isinstance(node, ast.Global) else ():
                    self.bindings[module, name].append(node)
        pending: list[ast.AST] = [*module.body]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.bindings[module, node.id].append(node)
            for name in filter(None, _BOUND.get(type(node), _binds_nothing)(node)):
                self.bindings[module, name].append(node)
            if not isinstance(node, Function | ast.ClassDef | Comprehension):
                pending += ast.iter_child_nodes(node)


def _binds_nothing(node: ast.AST) -> tuple[str, ...]:
    return ()


@lru_cache(maxsize=512)
def _names(tree: Tree) -> Names:
    return Names(tree)


def names_of(tree: Tree) -> Names:
    """The names of a file, as far as it has been opened."""
    names = _names(tree)
    names.update()
    return names
