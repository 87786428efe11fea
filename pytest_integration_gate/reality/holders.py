"""What a parameter or an attribute is annotated to hold: how a bare mock finds the class that it stands for."""

from __future__ import annotations

import ast
import types
import typing
from collections.abc import Iterator
from sys import modules
from types import FunctionType

from pytest_integration_gate.model.classes import canonical, mro_of, namespace_of
from pytest_integration_gate.model.shape import NONE, Dictionary, Object, Sequence, Shape, Union
from pytest_integration_gate.reality.addresses import class_at
from pytest_integration_gate.reality.annotations import shape_of_annotation
from pytest_integration_gate.reality.attributes import find, is_protocol, is_python_class, makes_instances
from pytest_integration_gate.reality.hints import annotations_of, names_for
from pytest_integration_gate.reality.passing import definition_of, inside, results_of


def held_class(owner: object, name: str, *, is_element: bool = False) -> type | None:
    """Return the one class whose instances a place is annotated to hold; None when nothing or several things are said.

    `owner` is a function with a parameter `name`, or a class with an attribute `name`: annotated in the class body, set
    in ``__init__`` from an annotated parameter, given by an annotated property, or there as an instance by default.
    With `is_element` the class of the elements of the container there.
    """
    shape = _of_parameter(owner, name) if isinstance(owner, FunctionType) else _of_attribute(owner, name)
    return _class_of(_element(shape) if is_element else shape)


def named_class(annotation: str, module: str) -> type | None:
    """Return the one class that an annotation means, read with the names of a loaded module."""
    return _class_of(_shape_of(annotation, None, dict(vars(modules[module])))) if module in modules else None


def _class_of(shape: Shape | None) -> type | None:
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
            given = _given_at(init, name)
            shape = (
                _of_parameter(init, _parameter_in(init, given)) or _made(owner, init, name, given) if given else None
            )
            if shape is not None:
                return shape
        shape = _of_property(cls, owner, name) or _of_default(namespace_of(owner).get(name))
        if shape is not None:
            return shape
    return None


def _of_property(cls: type, owner: type, name: str) -> Shape | None:
    """The annotation of a property that gives the attribute and nothing else."""
    for raw in list(namespace_of(owner).values()):
        if type(raw) is property and isinstance(raw.fget, FunctionType):
            definition = definition_of(raw.fget)
            results = results_of(definition) if definition is not None else []
            annotation = annotations_of(raw.fget).get("return")
            if annotation is not None and len(results) == 1 and _is_own(results[0], name):
                return _shape_of(annotation, cls, names_for(raw.fget))
    return None


def _is_own(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.value, ast.Name)


def _of_default(value: object) -> Shape | None:
    """The class of the instance that stands in the class body (``repo = Repo()``), if a class statement made it."""
    cls = type(value)
    is_plain = is_python_class(cls) and find(cls, "__get__") is None and not issubclass(cls, type)
    return Object(cls=canonical(cls)) if is_plain else None


def _made(owner: type, init: FunctionType, name: str, given: tuple[ast.expr, ...]) -> Shape | None:
    """The class that ``self.repo = Repo()`` calls, where nothing else is ever put there."""
    if len(given) != 1 or not isinstance(given[0], ast.Call):
        return None
    functions = [raw for raw in list(namespace_of(owner).values()) if isinstance(raw, FunctionType)]
    if sum(len(_assigned(each, name)) for each in functions if name in each.__code__.co_names) != 1:
        return None
    try:
        called = eval(ast.unparse(given[0].func), dict(names_for(init)))  # noqa: S307  # a name with its attributes
    except Exception:
        return None
    is_plain = isinstance(called, type) and is_python_class(called) and makes_instances(called)
    return Object(cls=canonical(called)) if is_plain else None


def kept_from(cls: type, name: str) -> tuple[type, str] | None:
    """Return the class with the ``__init__``, and its parameter that an attribute keeps; None when it keeps none."""
    for owner in mro_of(cls)[:-1]:
        init = namespace_of(owner).get("__init__")
        if isinstance(init, FunctionType):
            parameter = _parameter_in(init, _given_at(init, name))
            return (owner, parameter) if parameter else None
    return None


def _parameter_in(init: FunctionType, given: tuple[ast.expr, ...]) -> str:
    definition = definition_of(init)
    arguments = ast.walk(definition.args) if definition is not None else ()
    parameters = {argument.arg for argument in arguments if isinstance(argument, ast.arg)}
    found = [each.id for each in given if isinstance(each, ast.Name) and each.id in parameters]
    return found[0] if found else ""


def _given_at(init: FunctionType, name: str) -> tuple[ast.expr, ...]:
    """What ``self.name = …`` keeps: a parameter and its default, or what is made there."""
    values = _assigned(init, name)
    return tuple(each for each in _given(values[0]) if each is not None) if values else ()


def _assigned(function: FunctionType, name: str) -> list[ast.expr | None]:
    definition = definition_of(function)
    return [
        value
        for node in (inside(definition) if definition is not None else ())
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for kept, value in _pairs(target, node.value)
        if isinstance(kept, ast.Attribute) and kept.attr == name
    ]


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
