"""Where in a test's source a double says what it gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import libcst as cst

from pytest_integration_gate.fixing.literals import UNKNOWN, value_of
from pytest_integration_gate.fixing.source import Left, Source, dotted, walk
from pytest_integration_gate.values import dataclass

GIVES = ("return_value", "side_effect")


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that is configured on a double.

    `names` are the way to it, as far as the source says it: ``("repo", "get", "return_value")``. `holder` is the
    assignment or the call that has it.
    """

    names: tuple[str, ...]
    value: cst.BaseExpression
    holder: cst.Assign | cst.Call

    @property
    def leaf(self) -> str:
        """The last name."""
        return self.names[-1]


def region_at(source: Source, line: int) -> cst.CSTNode:
    """Return the statement, decorator or item of a ``with`` that stands on a line; raises `Left` if none does."""
    nodes = [*walk(source.module)]
    kinds = cst.SimpleStatementLine | cst.Decorator | cst.WithItem
    found: list[cst.CSTNode] = [node for node in nodes if isinstance(node, kinds) and line in source.lines(node)]
    if not found:
        others = cst.FunctionDef | cst.ClassDef | cst.Call
        found = [node for node in nodes if isinstance(node, others) and source.lines(node)[0] == line]
    if not found:
        raise Left("no double is found on this line")
    return min(found, key=lambda node: len(source.lines(node)))


def slots_in(node: cst.CSTNode, inside: tuple[str, ...] = ()) -> Iterator[Slot]:
    """Give every value that is configured somewhere in a node."""
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute() as target)], value=value):
            if way := dotted(target):
                yield Slot(tuple(way.split(".")), value, node)
        case cst.Call(args=args):
            about = inside or _patched(node)
            for arg in args:
                if arg.keyword is not None:
                    names = (*about, arg.keyword.value)
                    yield Slot(names, arg.value, node)
                    yield from slots_in(arg.value, (arg.keyword.value,))
                elif arg.star == "**" and isinstance(arg.value, cst.Dict):
                    for element in arg.value.elements:
                        key = value_of(element.key) if isinstance(element, cst.DictElement) else UNKNOWN
                        if isinstance(key, str):
                            yield Slot((*about, *key.split(".")), element.value, node)
                else:
                    yield from slots_in(arg.value)
            yield from slots_in(node.func)
            return
    for child in node.children:
        yield from slots_in(child)


def slot_of(slots: Collection[Slot], leaves: Collection[str], name: str = "") -> Slot:
    """Return the one value under one of some last names; where there are several, the one of what has a name."""
    found = [slot for slot in slots if slot.leaf in leaves]
    named = [slot for slot in found if slot.names[-2:-1] == (name,)] if len(found) > 1 else found
    if len(named) == 1:
        return named[0]
    if found:
        raise Left("several values stand on this line")
    raise Left("the line does not say what the double gives")


def calls_in(node: cst.CSTNode) -> list[cst.Call]:
    """Return the calls in a node, the outermost first."""
    return [each for each in walk(node) if isinstance(each, cst.Call)]


def is_patch(call: cst.Call) -> bool:
    """Say whether a call patches something, by ``patch``, ``patch.object`` or ``mocker``."""
    name = dotted(call.func)
    return name.rpartition(".")[2] == "patch" or name.endswith("patch.object")


def maker_of(source: Source, name: str, function: cst.FunctionDef | None) -> cst.CSTNode | None:
    """Return the node that binds the name of a double in a test: an assignment, an item of ``with``, a decorator."""
    if function is None:
        return None
    for node in walk(function.body):
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=value))]) if value == name:
                return node
            case cst.WithItem(asname=cst.AsName(name=cst.Name(value=value))) if value == name:
                return node
    patches = [each for each in function.decorators if _gives_argument(each)]
    params = [param.name.value for param in function.params.params]
    params = params[1:] if source.around(function, cst.ClassDef) is not None else params
    for decorator, param in zip(reversed(patches), params, strict=False):
        if param == name:
            return decorator
    return None


def _gives_argument(decorator: cst.Decorator) -> bool:
    call = decorator.decorator
    if not isinstance(call, cst.Call) or not is_patch(call):
        return False
    is_object = dotted(call.func).endswith(".object")
    positional = [arg for arg in call.args if arg.keyword is None]
    has_new = any(arg.keyword is not None and arg.keyword.value == "new" for arg in call.args)
    return not has_new and len(positional) <= (2 if is_object else 1)


def _patched(call: cst.Call) -> tuple[str, ...]:
    """Return the last name of what a call patches."""
    texts = [value_of(arg.value) for arg in call.args if arg.keyword is None]
    names = [text.rpartition(".")[2] for text in texts if isinstance(text, str) and text]
    return (names[-1],) if is_patch(call) and names else ()
