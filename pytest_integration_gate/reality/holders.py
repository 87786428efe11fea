"""What a parameter or an attribute is annotated to hold: how a bare mock finds the class that it stands for."""

from __future__ import annotations

import ast
import types
import typing
from collections.abc import Iterator
from types import FunctionType

from pytest_integration_gate.model.classes import canonical, mro_of, namespace_of
from pytest_integration_gate.model.shape import NONE, Dictionary, Object, Sequence, Shape, Union
from pytest_integration_gate.reality.addresses import class_at
from pytest_integration_gate.reality.annotations import shape_of_annotation
from pytest_integration_gate.reality.attributes import is_protocol
from pytest_integration_gate.reality.hints import annotations_of, names_for
from pytest_integration_gate.reality.passing import definition_of, inside


def held_class(owner: object, name: str, *, is_element: bool = False) -> type | None:
    """Return the one class whose instances a place is annotated to hold; None when nothing or several things are said.

    `owner` is a function with a parameter `name`, or a class with an attribute `name`: annotated in the class body, or
    set in ``__init__`` from an annotated parameter. With `is_element` the class of the elements of the container there.
    """
    shape = _of_parameter(owner, name) if isinstance(owner, FunctionType) else _of_attribute(owner, name)
    if is_element:
        shape = _element(shape)
    options = [option for option in (shape.options if isinstance(shape, Union) else (shape,)) if option != NONE]
    if len(options) != 1 or not isinstance(options[0], Object):
        return None
    return class_at(options[0].cls)


def _of_parameter(function: FunctionType, name: str) -> Shape | None:
    annotation = annotations_of(function).get(name)
    if annotation is None:
        return None
    return _shape_of(annotation, None, names_for(function))


def _shape_of(annotation: object, owner: type | None, names: dict[str, object]) -> Shape:
    """The shape of an annotation, where a protocol is a class like any other: a double owes what it says."""
    try:
        meant = eval(annotation, dict(names)) if isinstance(annotation, str) else annotation  # noqa: S307
        is_union = typing.get_origin(meant) in (typing.Union, types.UnionType)
        options = [one for one in (typing.get_args(meant) if is_union else (meant,)) if one is not type(None)]
    except Exception:  # evaluating a string annotation can raise anything
        options = []
    if len(options) == 1 and isinstance(options[0], type) and is_protocol(options[0]):
        return Object(cls=canonical(options[0]))
    return shape_of_annotation(annotation, owner=owner, namespace=names, depth=1)


def _of_attribute(cls: object, name: str) -> Shape | None:
    if not isinstance(cls, type):
        return None
    for owner in mro_of(cls)[:-1]:
        annotation = annotations_of(owner).get(name)
        if annotation is not None:
            return _shape_of(annotation, cls, names_for(owner))
        init = namespace_of(owner).get("__init__")
        if isinstance(init, FunctionType):
            parameter = _parameter_kept_as(init, name)
            if parameter:
                return _of_parameter(init, parameter)
    return None


def _parameter_kept_as(init: FunctionType, name: str) -> str:
    """Find the parameter that ``self.name = parameter`` keeps, also where there is a default for it."""
    definition = definition_of(init)
    if definition is None:
        return ""
    for node in inside(definition):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        parameters = {argument.arg for argument in ast.walk(definition.args) if isinstance(argument, ast.arg)}
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for kept, value in _pairs(target, node.value):
                if isinstance(kept, ast.Attribute) and kept.attr == name:
                    found = [each.id for each in _given(value) if isinstance(each, ast.Name) and each.id in parameters]
                    return found[0] if found else ""
    return ""


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Take ``self.a, self.b = a, b`` apart."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _given(value: ast.expr | None) -> tuple[ast.expr | None, ...]:
    """Take ``parameter or Default()`` and ``parameter if … else Default()`` apart."""
    if isinstance(value, ast.BoolOp):
        return tuple(value.values)
    return (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)


def _element(shape: Shape | None) -> Shape | None:
    match shape:
        case Sequence(element=element):
            return element
        case Dictionary(value=value):
            return value
        case _:
            return None
