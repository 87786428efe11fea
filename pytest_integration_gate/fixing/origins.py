"""Where a value that has a name comes from: a column of ``parametrize``, or the one assignment of the name."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from pytest_integration_gate.fixing.literals import UNKNOWN, value_of
from pytest_integration_gate.fixing.source import Left, Source, dotted, walk


def origins(source: Source, name: cst.Name) -> list[cst.BaseExpression]:
    """Return the expressions that a name stands for where a double is configured.

    Raises `Left` when they cannot be told, or when the name is used elsewhere too: what is changed there might be what
    the test expects.
    """
    function = source.around(name, cst.FunctionDef)
    if function is not None and any(source.contains(decorator, name) for decorator in function.decorators):
        function = None
    while function is not None:
        found = [*_cells(function, name.value)] or _assigned(function.body, name.value)
        if found:
            return _used_once(found, source, function.body, name.value)
        if any(param.name.value == name.value for param in _params(function)):
            raise Left(f"its value `{name.value}` comes from outside the test")
        function = source.around(function, cst.FunctionDef)
    found = _assigned(source.module, name.value, is_top=True)
    if found:
        return _used_once(found, source, source.module, name.value)
    raise Left(f"its value `{name.value}` comes from elsewhere")


def _used_once(
    found: list[cst.BaseExpression], source: Source, scope: cst.CSTNode, name: str
) -> list[cst.BaseExpression]:
    if len([*_uses(scope, name)]) > 1:
        raise Left(f"`{name}` is used in several places")
    return found


def _uses(scope: cst.CSTNode, name: str) -> Iterator[cst.Name]:
    """Give the places where a name is read."""
    match scope:
        case cst.Name(value=value) if value == name:
            yield scope
        case cst.Attribute(value=inner):
            yield from _uses(inner, name)
        case cst.Arg(value=inner):
            yield from _uses(inner, name)
        case cst.AssignTarget(target=cst.Name()) | cst.Param():
            return
        case _:
            for child in scope.children:
                yield from _uses(child, name)


def _params(function: cst.FunctionDef) -> list[cst.Param]:
    return [node for node in walk(function.params) if isinstance(node, cst.Param)]


def _assigned(scope: cst.CSTNode, name: str, *, is_top: bool = False) -> list[cst.BaseExpression]:
    """Return the value of the one assignment of a name in a scope."""
    values = []
    nodes = (
        (inner for node in scope.body for inner in node.children)
        if is_top and isinstance(scope, cst.Module)
        else walk(scope)
    )
    for node in nodes:
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=value))], value=given) if value == name:
                values.append(given)
    if len(values) > 1:
        raise Left(f"`{name}` is assigned in several places")
    return values


def _cells(function: cst.FunctionDef, name: str) -> Iterator[cst.BaseExpression]:
    """Give the values of a parameter of a parametrised test."""
    for decorator in function.decorators:
        match decorator.decorator:
            case cst.Call(func=func, args=[first, second, *_]) if dotted(func).endswith("mark.parametrize"):
                names = _names(first.value)
                if name in names and isinstance(second.value, cst.List | cst.Tuple):
                    for row in second.value.elements:
                        yield _cell(row.value, names.index(name), len(names))


def _names(value: cst.BaseExpression) -> list[str]:
    plain = value_of(value)
    if isinstance(plain, str):
        return [name.strip() for name in plain.split(",")]
    return [*map(str, plain)] if plain is not UNKNOWN else []


def _cell(row: cst.BaseExpression, index: int, count: int) -> cst.BaseExpression:
    match row:
        case cst.Call(func=func, args=args) if dotted(func).endswith("param") and index < len(args):
            return args[index].value
        case cst.Tuple(elements=elements) | cst.List(elements=elements) if count > 1 and index < len(elements):
            return elements[index].value
        case _ if count == 1:
            return row
    raise Left("its values in `parametrize` are not written out")
