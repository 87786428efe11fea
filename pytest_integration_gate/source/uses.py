"""What the project's code does with a value that it received, read from its source (SPEC rule 6).

The value is followed from the call that gave it through the names of the function, and through ``return`` into the
caller. Nothing is guessed: where a flow is not followed the value escapes, and where the code asks what kind of value
it has, everything is possible.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from functools import lru_cache
from types import CodeType

from pytest_integration_gate.model.interaction import EVERYTHING, Uses
from pytest_integration_gate.source import arguments, operators
from pytest_integration_gate.source.formatting import asked_by, asked_by_template
from pytest_integration_gate.source.parts import NOTHING, Found, Gathered, Part
from pytest_integration_gate.source.scopes import Comprehension, Function, Names, Scope, names_of
from pytest_integration_gate.source.sites import Standing
from pytest_integration_gate.source.syntax import Tree, tree_of, value_at

_MOST_STEPS = 400
_DEEPEST = 30

_PASSING_ON = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.Await)
_KEYED_METHODS = frozenset({"get", "pop", "setdefault"})
_REVEALING_METHODS = frozenset(
    {"items", "values", "copy", "popitem", "popleft", "_asdict", "_replace", "model_dump", "model_copy", "__iter__"}
)


def uses_at(frames: Sequence[Standing]) -> Uses:
    """What is done with the value that the innermost of these frames is waiting for.

    `frames` are first-party frames that called each other directly, the innermost first (`sites.callers`). The outer
    ones serve to follow a value that is returned; without them it escapes. `EVERYTHING` when the source cannot be read,
    when it is not certain which expression gets the value, or when the code asks for its type.
    """
    # Code objects of different files may be equal.
    return _uses(tuple(frames), tuple(code.co_filename for code, _ in frames))


@lru_cache(maxsize=8192)
def _uses(frames: tuple[Standing, ...], _: tuple[str, ...]) -> Uses:
    found = Found()
    return found.uses() if frames and _Flow(frames).enter(0, found) else EVERYTHING


class _Flow:
    """The way of one value through the functions on the stack."""

    def __init__(self, frames: Sequence[Standing]) -> None:
        self.frames = frames
        self.steps = 0

    def enter(self, depth: int, part: Part, callee: CodeType | None = None) -> bool:
        """Follow the value of the expression that a frame waits for; False when that expression is not certain."""
        code, lasti = self.frames[depth]
        tree = tree_of(code.co_filename)
        node = value_at(tree, code, lasti) if tree else None
        if tree is None or node is None:
            return False
        names = names_of(tree)
        if callee is not None and not _is_call_of(node, callee):
            return False
        if isinstance(node, ast.Call) and arguments.hides_its_callee(node, names):
            return False
        if isinstance(node, ast.Await) and callee is None:
            part.operation("__await__")
        Walk(self, tree, names, depth).follow(node, part)
        return True

    def leave(self, function: ast.AST, depth: int, part: Part) -> None:
        """The function returns the value to the next frame."""
        code, _ = self.frames[depth]
        if (
            isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
            and function.name == code.co_name
            and not code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR)
            and depth + 1 < len(self.frames)
            and self.enter(depth + 1, part, code)
        ):
            return
        part.escape()


class Walk:
    """The way of a value through one function."""

    def __init__(self, flow: _Flow, tree: Tree, names: Names, depth: int) -> None:
        self.flow = flow
        self.tree = tree
        self.names = names
        self.depth = depth
        self.open: set[ast.AST] = set()  # what is being followed, so that ``x = x["next"] or y`` ends

    def follow(self, node: ast.expr, part: Part) -> None:
        """Find out what is done with the value of an expression."""
        self.flow.steps += 1
        if part is NOTHING:
            return
        if node in self.open or len(self.open) > _DEEPEST or self.flow.steps > _MOST_STEPS:
            part.escape()
            return
        self.open.add(node)
        self._step(node, self.tree.parents[node], part)
        self.open.discard(node)

    def _step(self, node: ast.expr, parent: ast.AST, part: Part) -> None:
        if not isinstance(parent, _PASSING_ON) and self._tried(node):
            part.test()
        match parent:
            case ast.FormattedValue(value=value) if value is node:
                part.operation(*asked_by(None if parent.conversion != -1 else parent.format_spec))
            case ast.Expr():
                pass  # not used
            case ast.Assert() | ast.If() | ast.While():
                part.operation("truth")
            case ast.Assign(targets=targets):
                for target in targets:
                    self.bind(target, part)
            case ast.AnnAssign(target=target):
                self.bind(target, part)
            case ast.NamedExpr(target=target):
                self.bind(target, part)
                self.follow(parent, part)
            case ast.Tuple(elts=elements, ctx=ast.Load()):
                self._place(elements.index(node), parent, part)
            case ast.Await():
                part.operation("__await__")
                self.follow(parent, part)
            case ast.Return():
                self.flow.leave(self.names.function_around(node), self.depth, part)
            case ast.Attribute():
                self._attribute(parent, part)
            case ast.Subscript(value=value) if value is node:
                self._subscript(parent, part)
            case ast.Call(func=function):
                if function is node:
                    part.operation("__call__")
                else:
                    arguments.pass_value(self, parent, node, part)
            case ast.Starred():
                self._starred(parent, part)
            case ast.keyword(arg=None):
                part.operation("keys")
                part.escape()
            case ast.Dict(keys=keys, values=values) if node in values:
                if keys[values.index(node)] is None:
                    part.operation("keys")
                part.escape()
            case ast.For(target=target, iter=iterable) if iterable is node:
                self.iterate(target, part)
            case ast.AsyncFor(target=target):
                self.iterate(target, part, "__aiter__")
            case ast.comprehension(target=target, iter=iterable):
                if iterable is node:
                    self.iterate(target, part, "__aiter__" if parent.is_async else "__iter__")
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                self.follow(parent, Gathered(lambda: part))
            case ast.withitem(optional_vars=target):
                asynchronous = isinstance(self.tree.parents[parent], ast.AsyncWith)
                part.operation(*(("__aenter__", "__aexit__") if asynchronous else ("__enter__", "__exit__")))
                if target is not None:
                    self.bind(target, part.member(".__aenter__" if asynchronous else ".__enter__"))
            case ast.BoolOp(op=operator, values=values):
                if values[-1] is not node:
                    part.operation("truth")
                # The left side of `and` is the result only when it is falsy.
                if isinstance(operator, ast.Or) or values[-1] is node:
                    self.follow(parent, part)
            case ast.IfExp(test=test):
                if test is not node:
                    self.follow(parent, part)
                else:
                    part.operation("truth")
            case ast.UnaryOp():
                operators.sign(parent, part)
            case ast.BinOp():
                operators.calculate(parent, node, part)
            case ast.Compare():
                operators.compare(parent, node, part)
            case ast.match_case() | ast.Match():
                part.test()
                part.escape()
            case _:
                part.escape()

    def bind(self, target: ast.expr, part: Part) -> None:
        """The value is assigned to a target."""
        match target:
            case ast.Name():
                self._name(target, part)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                part.operation("__iter__")
                counted = True
                for index, element in enumerate(elements):
                    if isinstance(element, ast.Starred):
                        counted = False
                        self.bind(element.value, Gathered(lambda: part.member("[*]")))
                    else:
                        self.bind(element, part.member(f"[{index}]" if counted else "[*]"))
            case _:
                part.escape()

    def iterate(self, target: ast.expr, part: Part, operation: str = "__iter__") -> None:
        """The elements of the value are assigned to a target, one after the other."""
        part.operation(operation)
        self.bind(target, part.member("[*]"))

    def _name(self, target: ast.Name, part: Part) -> None:
        scope = self.names.scope_around(target)
        if isinstance(self.tree.parents[target], ast.NamedExpr):
            scope = self.names.function_around(target)
        bindings = self.names.bindings[scope, target.id]
        others = [other for other in bindings if other is not target and not self._is_none(other)]
        if not isinstance(scope, Function | Comprehension) or any(
            isinstance(other, (ast.Global, ast.Nonlocal)) or isinstance(self.tree.parents.get(other), ast.AugAssign)
            for other in others
        ):
            part.escape()  # a global or an attribute of a class is read elsewhere; ``+=`` makes something else of it
        elif others and self.names.reads[scope, target.id]:
            part.escape()  # the name may also hold something else
        else:
            self._reads(scope, target.id, part)

    def follow_parameter(self, function: ast.Lambda, part: Part) -> None:
        """The value is what a lambda of one parameter is called with."""
        parameters = [*function.args.posonlyargs, *function.args.args]
        if len(parameters) == 1:
            self._reads(function, parameters[0].arg, part)
        else:
            part.escape()

    def _reads(self, scope: Scope, name: str, part: Part) -> None:
        for read in self.names.reads[scope, name]:
            if self.names.is_captured(read, scope):
                part.escape()
            else:
                self.follow(read, part)

    def _place(self, index: int, holder: ast.Tuple, part: Part) -> None:
        """``a, b = f(x), g(y)`` binds each name to one value; other tuples are new containers."""
        match self.tree.parents[holder]:
            case ast.Assign(targets=[ast.Tuple(elts=targets)]) if len(targets) == len(holder.elts) and not any(
                isinstance(element, ast.Starred) for element in (*targets, *holder.elts)
            ):
                self.bind(targets[index], part)
            case ast.BinOp(op=ast.Mod(), left=left) if operators.is_plain_template(left):
                part.operation(*asked_by_template(left, index))
            case _:
                part.escape()

    def _attribute(self, node: ast.Attribute, part: Part) -> None:
        name = f".{node.attr}"
        parent = self.tree.parents[node]
        if not isinstance(node.ctx, ast.Load):
            if isinstance(parent, ast.AugAssign):
                part.member(name).escape()
            else:
                part.overwrite(name)
        elif isinstance(parent, ast.Call) and parent.func is node:
            part.member(name).operation("__call__")
            self._method(node.attr, parent, part)
        else:
            if node.attr in ("__class__", "__dict__"):
                part.test()
            self.follow(node, part.member(name))

    def _method(self, method: str, call: ast.Call, part: Part) -> None:
        if method in _KEYED_METHODS:
            key = call.args[0] if call.args else None
            self.follow(call, part.member(_member(key) or "[*]"))
        elif method in _REVEALING_METHODS:
            part.escape()

    def _subscript(self, node: ast.Subscript, part: Part) -> None:
        name = _member(node.slice)
        if not isinstance(node.ctx, ast.Load):
            part.operation("__delitem__" if isinstance(node.ctx, ast.Del) else "__setitem__")
            if isinstance(self.tree.parents[node], ast.AugAssign):
                part.member(name or "[*]").escape()
            else:
                part.overwrite(name or "[*]")
            return
        if name is None or not name.startswith("['"):
            part.operation("__getitem__")
        if isinstance(node.slice, ast.Slice):
            self.follow(node, Gathered(lambda: part.member("[*]")))
        else:
            self.follow(node, part.member(name or "[*]"))

    def _starred(self, node: ast.Starred, part: Part) -> None:
        part.operation("__iter__")
        parent = self.tree.parents[node]
        if isinstance(parent, (ast.List, ast.Set, ast.Tuple)):
            self.follow(parent, Gathered(lambda: part.member("[*]")))
        elif not (isinstance(parent, ast.Call) and arguments.is_printed(parent, self.names)):
            part.member("[*]").escape()

    def _tried(self, node: ast.AST) -> bool:
        """The code is ready for a value of another kind: it catches `TypeError` or `AttributeError` here."""
        for above in self.tree.ancestors(node):
            if isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return False
            if isinstance(above, ast.Try) and any(statement is node for statement in above.body):
                for handler in above.handlers:
                    caught = {getattr(name, "id", "") for name in ast.walk(handler.type)} if handler.type else set()
                    if caught & {"TypeError", "AttributeError"}:
                        return True
            node = above
        return False

    def _is_none(self, binding: ast.AST) -> bool:
        """``name = None``: whatever is done with the name is not done with that."""
        match self.tree.parents.get(binding):
            case ast.Assign(value=ast.Constant(value=None)):
                return True
        return isinstance(binding, ast.Name) and isinstance(binding.ctx, ast.Del)


def _member(key: ast.expr | None) -> str | None:
    """The name of the part under a constant key or index, None for a computed one."""
    match key:
        case ast.Constant(value=str() | int() as value) if not isinstance(value, bool):
            return f"[{value!r}]"
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return f"[-{value}]"
    return None


def _is_call_of(node: ast.expr, code: CodeType) -> bool:
    """The expression calls (or reads, or awaits) the function by its own name.

    Another name may be a callback: the value of ``list(map(load, keys))`` is not what ``load`` returns.
    """
    if isinstance(node, ast.Await):
        return bool(code.co_flags & inspect.CO_COROUTINE) and _is_call_of(node.value, code)
    called = node.func if isinstance(node, ast.Call) else node
    match called:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name == code.co_name
    return False
