"""Doubles that raise: the class that reality raises, made with what its constructor asks for."""

from __future__ import annotations

import libcst as cst

from pytest_integration_gate.fixing.knowledge import Knowledge
from pytest_integration_gate.fixing.literals import UNKNOWN, keyword, observed, written
from pytest_integration_gate.fixing.places import slot_of, slots_in
from pytest_integration_gate.fixing.source import Left, Source, dotted
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Outcome
from pytest_integration_gate.model.shape import Object, Scalar, Shape

_PLACEHOLDERS = {"str": '""', "int": "0", "float": "0.0", "bool": "False", "bytes": 'b""', "None": "None"}
"""What stands for a value that nobody knows, by its type."""


def change(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Let a double raise what reality raises, or give what it gives in place of raising."""
    name = finding.claim.path[-1][1:] if finding.claim.path else finding.claim.root.rpartition(":")[2]
    name = name.rpartition(".")[2]
    slots = [*slots_in(region)]
    is_raised = finding.claim.outcome is not None and finding.claim.outcome.kind == "raised"
    slot = slot_of(slots, ("side_effect",) if is_raised else ("return_value",), name)
    assert finding.shown is not None
    outcome = finding.shown.outcome
    assert outcome is not None
    now = source.now(slot.value)
    if not is_raised:
        _give(source, slot.holder, "return_value", "side_effect", _raised(source, knowledge, outcome, None, finding))
    elif outcome.kind != "raised":
        value = observed(outcome.text)
        if value is UNKNOWN or isinstance(now, cst.List | cst.Tuple):
            raise Left("reality raises nothing, and nobody knows what to give instead")
        _give(source, slot.holder, "side_effect", "return_value", written(value))
    elif isinstance(now, cst.List | cst.Tuple):
        wrong = _class_name(finding.claim.outcome)
        found = [one for one in now.elements if _class_in(one.value) == wrong]
        if len(found) != 1:
            raise Left("several of the outcomes in `side_effect` may be meant")
        new = _raised(source, knowledge, outcome, found[0].value, finding)
        elements = [one.with_changes(value=new) if one is found[0] else one for one in now.elements]
        source.replace(slot.value, now.with_changes(elements=elements))
    elif _class_in(now) == _class_name(finding.claim.outcome):
        source.replace(slot.value, _raised(source, knowledge, outcome, now, finding))
    elif _class_in(now) != _class_name(outcome):
        raise Left("it is not seen in the source what the double raises")


def _class_in(value: cst.BaseExpression) -> str:
    return dotted(value.func if isinstance(value, cst.Call) else value).rpartition(".")[2]


def _class_name(outcome: Outcome | None) -> str:
    shape = outcome.shape if outcome is not None else None
    return shape.cls.rpartition(":")[2].rpartition(".")[2] if isinstance(shape, Object) else ""


def _give(source: Source, holder: cst.Assign | cst.Call, old: str, new: str, value: cst.BaseExpression) -> None:
    """Configure another attribute of the mock instead, with another value."""
    if isinstance(holder, cst.Assign):
        source.change(holder, lambda assign: _reassigned(assign, new, value))
    else:
        source.change(holder, lambda call: _recalled(call, old, new, value))


def _reassigned(assign: cst.Assign, new: str, value: cst.BaseExpression) -> cst.Assign:
    target = assign.targets[0].with_changes(target=assign.targets[0].target.with_changes(attr=cst.Name(new)))
    return assign.with_changes(targets=[target], value=value)


def _recalled(call: cst.Call, old: str, new: str, value: cst.BaseExpression) -> cst.Call:
    args = [
        arg.with_changes(keyword=cst.Name(new), value=value) if arg.keyword and arg.keyword.value == old else arg
        for arg in call.args
    ]
    return call.with_changes(args=args)


def _raised(
    source: Source, knowledge: Knowledge, outcome: Outcome, now: cst.BaseExpression | None, finding: Finding
) -> cst.BaseExpression:
    """Write the exception that reality raises, with the arguments of the one that stood there."""
    shape = outcome.shape
    if not isinstance(shape, Object):
        raise Left("it is not known what reality raises")
    func = cst.parse_expression(source.name_of(shape.cls))
    args = [*now.args] if isinstance(now, cst.Call) else []
    fact = knowledge.facts.get(shape.cls)
    if fact is None or fact.signature is None:
        is_ours = _package(shape.cls) == _package(finding.claim.root)
        if not shape.cls.startswith("builtins:") and (shape.fields or not is_ours):
            raise Left(f"it is not known how `{shape.cls}` is made")
        return cst.Call(func, args) if args else func
    required = [one for one in fact.signature.parameters if one.kind in ("positional", "standard")]
    if not any(one.kind == "args" for one in fact.signature.parameters):
        given = [arg for arg in args if arg.keyword is None and not arg.star][: len(required)]
        known = {field.name: field.shape for field in shape.fields}
        args = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in given]
        for one in fact.signature.parameters:
            if one.required and one not in required[: len(given)]:
                shape_of_it = one.annotation if isinstance(one.annotation, Scalar) else known.get(one.name)
                args.append(_placeholder(one.name, shape_of_it, by_name=one.kind != "positional"))
    return cst.Call(func, args) if args else func


def _package(canonical: str) -> str:
    return canonical.partition(":")[0].partition(".")[0]


def _placeholder(name: str, shape: Shape | None, *, by_name: bool) -> cst.Arg:
    text = _PLACEHOLDERS.get(shape.name) if isinstance(shape, Scalar) else None
    if text is None:
        raise Left(f"nobody knows what to give for `{name}`")
    value = cst.parse_expression(text)
    return keyword(name, value) if by_name else cst.Arg(value)
