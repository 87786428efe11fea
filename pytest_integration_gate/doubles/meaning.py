"""Whether a call of a hand-written double means what it seems to, read from the calling code."""

from __future__ import annotations

import ast
from dataclasses import replace
from types import CodeType, FunctionType, ModuleType

from pytest_integration_gate.doubles.marks import Mark, Root
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.model.interaction import Outcome, Uses
from pytest_integration_gate.model.shape import Object
from pytest_integration_gate.source.naming import module_in
from pytest_integration_gate.source.syntax import tree_of, value_at

_NAMESPACES = ("types", "argparse", "pretend")  # their objects hold nothing but what the test wants to be read


def is_meant(mark: Mark, root: Root, standing: tuple[CodeType, int] | None) -> bool:
    """Say whether project code calls the double for what it stands for.

    A function that replaces several things is known by the name in the call. A method that the real class does not have
    is part of the claim only when the code asks for it by name: it may also have been handed over as a callback.
    """
    if mark.asked:
        return standing is not None and _is_called_by(standing, mark.asked)
    name = mark.path[-1][1:] if root.double == "fake" and mark.path else ""
    if not name or name[:2] == "__" or _has_member(root.real, name):
        return True
    return standing is not None and _is_called_by(standing, name, as_attribute=True)


def is_on_class(root: Root, path: tuple[str, ...], standing: tuple[CodeType, int] | None) -> bool:
    """Say whether a method was certainly called on the class itself: ``Repo.get(key)``.

    Of a double for the whole class the path tells it, of one for the method only the source.
    """
    cls = root.real
    if not root.is_patch or root.takes_self or not isinstance(cls, type) or len(path) != 1 or path == ("()",):
        return False
    if type(_member(cls, path[0][1:])) is not FunctionType:
        return False
    return root.prefix == () or (root.prefix == path and standing is not None and _is_called_on(standing, cls))


def _member(cls: type, name: str) -> object:
    return next((namespace_of(each)[name] for each in mro_of(cls) if name in namespace_of(each)), None)


def _is_called_on(standing: tuple[CodeType, int], cls: type) -> bool:
    """Whether the code calls an attribute of a name that is global in its module and holds this class."""
    code, lasti = standing
    tree = tree_of(code.co_filename)
    node = value_at(tree, code, lasti) if tree is not None else None
    module = module_in(code.co_filename)
    if module is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    names: list[str] = []
    holder = node.func.value
    while isinstance(holder, ast.Attribute):
        names.append(holder.attr)
        holder = holder.value
    if not isinstance(holder, ast.Name) or holder.id not in code.co_names:
        return False  # a local name may hold anything
    found: object = module
    for name in (holder.id, *reversed(names)):
        found = vars(found).get(name) if isinstance(found, ModuleType | type) else None
    return found is cls


def _has_member(cls: object, name: str) -> bool:
    return not isinstance(cls, type) or any(name in namespace_of(each) for each in mro_of(cls))


def _is_called_by(standing: tuple[CodeType, int], name: str, *, as_attribute: bool = False) -> bool:
    """Whether the expression that the code stands at calls (or reads) this name, without having asked whether it is
    there."""
    code, lasti = standing
    tree = tree_of(code.co_filename)
    node = value_at(tree, code, lasti) if tree is not None else None
    function = node.func if isinstance(node, ast.Call) else node
    match function:
        case ast.Attribute(attr=attribute):
            return attribute == name and not (as_attribute and name in code.co_consts)
        case ast.Name(id=identifier):
            return identifier == name and not as_attribute
    return False


def as_far_as_read(outcome: Outcome, uses: Uses) -> Outcome:
    """Leave out what an object of the tests holds and the code does not read (SPEC section 7, rule 13)."""
    shape = outcome.shape
    if not isinstance(shape, Object) or not shape.duck or shape.cls.partition(":")[0] in _NAMESPACES:
        return outcome
    read = {name[1:] for name, _ in uses.members}
    return replace(outcome, shape=replace(shape, fields=tuple(field for field in shape.fields if field.name in read)))
