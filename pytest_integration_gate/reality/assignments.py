"""What source code without annotations still tells of a value: that a class was called to make it.

Only statements that leave no other possibility count: every ``return`` of a function, or every assignment to an
attribute, calls the same class by its global name, or hands on a parameter whose annotation speaks.
"""

from __future__ import annotations

import ast
from types import FunctionType

from pytest_integration_gate.model.classes import canonical, mro_of, namespace_of
from pytest_integration_gate.model.shape import ANYTHING, Object, Shape
from pytest_integration_gate.reality.annotations import class_shape, shape_of_annotation
from pytest_integration_gate.reality.attributes import is_python_class, makes_instances
from pytest_integration_gate.reality.hints import annotations_of, names_for
from pytest_integration_gate.reality.passing import Function, always_returns, definition_of, inside, results_of
from pytest_integration_gate.reality.stores import EMPTY, stores_of
from pytest_integration_gate.source.naming import home_of


def shape_of_results(function: FunctionType) -> Shape:
    """Give the shape of what a function returns when every way out calls one and the same class; else `Anything`."""
    node = definition_of(function)
    if node is None or isinstance(node, ast.Lambda) or not always_returns(node.body):
        return ANYTHING
    return _agreed([_shape_of(result, function, node) for result in results_of(node)])


def shape_of_assigned(cls: type, name: str) -> Shape:
    """Give the shape of an instance attribute when every assignment to it in the class agrees; else `Anything`."""
    shapes: list[Shape] = []
    for owner in mro_of(cls)[:-1]:
        if not is_python_class(owner):
            return ANYTHING
        module = home_of(owner)
        if module is None or name in (stores_of(module) or EMPTY).other:
            return ANYTHING
        expected = name in (stores_of(module) or EMPTY).own.get(canonical(owner).partition(":")[2], frozenset())
        found = [shape for function in _methods(owner) for shape in _assigned(function, name)]
        if expected and not found:
            return ANYTHING
        shapes += found
    return _agreed(shapes)


def _methods(owner: type) -> list[FunctionType]:
    return [value for value in namespace_of(owner).values() if type(value) is FunctionType]


def _assigned(function: FunctionType, name: str) -> list[Shape]:
    if name not in function.__code__.co_names:
        return []
    node = definition_of(function)
    if node is None or not function.__code__.co_argcount:
        return [ANYTHING]
    first = function.__code__.co_varnames[0]
    shapes: list[Shape] = []
    plain: set[int] = set()
    for statement in inside(node):
        if (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and _is_target(statement.targets[0], first, name)
        ):
            plain.add(id(statement.targets[0]))
            shapes.append(_shape_of(statement.value, function, node))
    others = [n for n in inside(node) if _is_target(n, first, name) and id(n) not in plain]
    return shapes + [ANYTHING for _ in others]


def _is_target(node: ast.AST, first: str, name: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == name
        and not isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == first
    )


def _shape_of(value: ast.expr, function: FunctionType, node: Function) -> Shape:
    """The shape of an expression: a call of a class by its global name, or an annotated parameter."""
    bound = {n.id for n in inside(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        name = value.func.id
        made = function.__globals__.get(name)
        if name in bound or name in function.__code__.co_varnames or name in function.__code__.co_freevars:
            return ANYTHING
        if isinstance(made, type) and is_python_class(made) and makes_instances(made):
            return class_shape(made)
    if isinstance(value, ast.Name) and value.id not in bound:
        annotations = annotations_of(function)
        if value.id in annotations and value.id != "return":
            return shape_of_annotation(annotations[value.id], namespace=names_for(function))
    return ANYTHING


def _agreed(shapes: list[Shape]) -> Shape:
    """The one class that all shapes are instances of; nothing else is worth telling."""
    first = shapes[0] if shapes else ANYTHING
    if not isinstance(first, Object) or any(shape != first for shape in shapes):
        return ANYTHING
    return first
