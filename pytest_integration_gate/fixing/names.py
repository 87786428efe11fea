"""Names that are gone: the attribute of a double, or the name that is patched, under its new name."""

from __future__ import annotations

import re

import libcst as cst

from pytest_integration_gate.fixing.knowledge import Knowledge, only_suitable, successor
from pytest_integration_gate.fixing.literals import MOCKS, value_of
from pytest_integration_gate.fixing.places import GIVES, calls_in, is_patch, maker_of
from pytest_integration_gate.fixing.source import Left, Source, dotted, walk
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.shape import ANYTHING, Shape

_NEAREST = re.compile(r"\(nearest: ([^)]+)\)|the nearest is (\S+?)\)?$")
_OF_MOCKS = re.compile(r"(return_value|side_effect|called|call_\w+|assert_\w+|await_\w+|mock_calls|configure_mock)$")


def rename(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Give an attribute of a double, or a name that is patched, the name that the real thing has."""
    old = re.split(r"[.:]", finding.target)[-1]
    owner = finding.target[: -len(old) - 1]
    attributes = [node for node in walk(region) if isinstance(node, cst.Attribute) and node.attr.value == old]
    if attributes and isinstance(region, cst.SimpleStatementLine):
        _rename_attribute(source, knowledge, finding, region, attributes[0], owner, old)
        return
    texts = [arg.value for call in calls_in(region) if _names_target(call) for arg in call.args[:2]]
    texts = [one for one in texts if _last(one) == old]
    if len(texts) != 1:
        raise Left(f"`{old}` is not configured on this line")
    new = _new_name(knowledge, finding, owner, old, set())
    code = source.code(texts[0])
    head, _, tail = code.rpartition(old)
    source.replace(texts[0], cst.parse_expression(f"{head}{new}{tail}"))


def _names_target(call: cst.Call) -> bool:
    return is_patch(call) or dotted(call.func).endswith(("setattr", "delattr"))


def _last(value: cst.BaseExpression) -> str:
    text = value_of(value)
    return text.rpartition(".")[2] if isinstance(text, str) else ""


def _rename_attribute(
    source: Source,
    knowledge: Knowledge,
    finding: Finding,
    region: cst.SimpleStatementLine,
    attribute: cst.Attribute,
    owner: str,
    old: str,
) -> None:
    prefix = dotted(attribute.value)
    if not prefix or "()" in prefix:
        raise Left("the double has no name here to configure it by")
    function = source.around(region, cst.FunctionDef)
    scope = function.body if function is not None else source.module
    uses = [node for node in walk(scope) if isinstance(node, cst.Attribute) and dotted(node.value) == prefix]
    new = _new_name(knowledge, finding, owner, old, {node.attr.value for node in uses} - {old})
    member = knowledge.members(owner)[new]
    mine = [node for node in uses if node.attr.value == old]
    if not source.first_time(mine[0], f"no {old}"):
        return
    if _is_used_elsewhere(source, old, mine):
        raise Left(f"`{old}` is used in other places of the file too")
    is_mock = _is_mock(source, prefix, function) or any(_is_of_mock(source, node) for node in mine)
    for node in mine:
        parent = source.around(node, cst.Attribute)
        is_given = parent is not None and parent.value is node and parent.attr.value == "return_value"
        if member.is_called or not _is_of_mock(source, node):
            source.change(node, lambda each: each.with_changes(attr=cst.Name(new)))
        elif is_given and parent is not None:
            source.change(parent, lambda each: each.value)  # an attribute is not called
            source.change(node, lambda each: each.with_changes(attr=cst.Name(new)))
        else:
            raise Left(f"`{new}` is no method, and the test looks at calls of `{old}`")
    if is_mock:
        removal = cst.parse_statement(f"del {prefix}.{old}")
        source.change(region, lambda line: cst.FlattenSentinel([line, removal]))


def _new_name(knowledge: Knowledge, finding: Finding, owner: str, old: str, used: set[str]) -> str:
    found = _NEAREST.search(finding.differences[0].reality) if finding.differences else None
    outcome = finding.claim.outcome
    value: Shape = outcome.shape if outcome is not None and outcome.kind in ("returned", "awaited") else ANYTHING
    candidates = {name: member.gives for name, member in knowledge.members(owner).items() if name not in used}
    nearest = (found[1] or found[2]) if found else ""
    new = successor(old, value, candidates, nearest=nearest) or only_suitable(value, candidates)
    if not new:
        raise Left(f"nothing tells what has taken the place of `{old}`")
    return new


def _is_of_mock(source: Source, node: cst.Attribute) -> bool:
    """Say whether the code goes on with an attribute that only mocks have."""
    parent = source.around(node, cst.Attribute)
    return parent is not None and parent.value is node and bool(_OF_MOCKS.match(parent.attr.value))


def _is_mock(source: Source, prefix: str, function: cst.FunctionDef | None) -> bool:
    first, _, further = prefix.partition(".")
    maker = maker_of(source, first, function)
    if "return_value" in further.split("."):
        return True
    return maker is not None and any(
        is_patch(call) or dotted(call.func).rpartition(".")[2] in MOCKS for call in calls_in(maker)
    )


def _is_used_elsewhere(source: Source, old: str, mine: list[cst.Attribute]) -> bool:
    return any(
        isinstance(node, cst.Attribute)
        and node.attr.value == old
        and all(node is not one for one in mine)
        and _is_of_mock(source, node)
        for node in walk(source.module)
    )


def make_plain(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Let a mock give one that supports no special methods, where reality supports none either."""
    outcome, steps = finding.claim.outcome, finding.claim.path
    if outcome is None or outcome.kind != "unconfigured" or len(steps) < 2 or steps[-2] != "()":
        raise Left("what the double gives supports more than the real thing")
    if not isinstance(region, cst.SimpleStatementLine):
        raise Left("the double has no name here to configure it by")
    match region.body:
        case [cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value)]:
            pass
        case _:
            raise Left("the double has no name here to configure it by")
    used = _steps_of(value)
    if steps[: len(used)] != used:
        raise Left("it is not seen what the name stands for")
    way = "".join(".return_value" if step == "()" else step for step in steps[len(used) : -1])
    if not way.endswith(GIVES[0]):
        raise Left("what the double gives supports more than the real thing")
    line = f"{name}{way} = {source.mock_name('Mock')}()"
    if source.first_time(region, line):
        added = cst.parse_statement(line)
        source.change(region, lambda each: cst.FlattenSentinel([each, added]))


def _steps_of(value: cst.BaseExpression) -> tuple[str, ...]:
    """Return the steps from what is patched to what an expression gives, ``()`` for a bare mock."""
    way = dotted(value)
    head, _, tail = way.rpartition("()")
    if not head:
        raise Left("it is not seen what the name stands for")
    name = head.rstrip(".").rpartition(".")[2]
    start: tuple[str, ...] = ("()",) if name in MOCKS else ()
    steps = tuple("()" if step == "return_value" else f".{step}" for step in tail.split(".") if step)
    return start + steps
