"""Mends one mismatch after another in the source of a test file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from pytest_integration_gate.fixing import errors, http, names, signatures
from pytest_integration_gate.fixing.knowledge import Knowledge
from pytest_integration_gate.fixing.literals import is_mock, keyword, observed
from pytest_integration_gate.fixing.places import GIVES, Slot, calls_in, region_at, slot_of, slots_in
from pytest_integration_gate.fixing.source import Left, Source, dotted
from pytest_integration_gate.fixing.values import Reshaping
from pytest_integration_gate.model.finding import Difference, Finding
from pytest_integration_gate.model.interaction import Outcome
from pytest_integration_gate.model.shape import ANYTHING


def mend(source: Source, knowledge: Knowledge, finding: Finding) -> None:
    """Change the source so that a double no longer contradicts reality; raises `Left` where that is not certain."""
    _, _, line = finding.claim.at.rpartition(":")
    if not line.isdecimal():
        raise Left("it is not known where the double is configured")
    region = region_at(source, int(line))
    if finding.claim.exchange is not None:
        http.mend(source, knowledge, finding, region)
        return
    first = finding.differences[0] if finding.differences else Difference(path="$", claim="", reality="")
    _way(finding, first)(source, knowledge, finding, region)


def _way(finding: Finding, first: Difference) -> Callable[[Source, Knowledge, Finding, cst.CSTNode], None]:
    claim, shown = finding.claim, finding.shown
    match finding.kind:
        case "fake_interface":
            return signatures.widen
        case "signature":
            return signatures.widen if claim.double in ("fake", "replacement") else signatures.make_strict
        case "argument_shape":
            raise Left("the code passes what reality refuses; what the double gives is not at fault")
        case "sync_async":
            return _make_async
        case "missing_attribute" if claim.path[-1:] == (f".{finding.target.rpartition('.')[2]}",):
            return names.rename
        case "missing_attribute" if not claim.path:
            return names.rename
        case "protocol" if first.claim == "called":
            return _make_attribute
        case "protocol" if first.claim.startswith("a value"):
            return _make_method
        case "protocol" if first.path.startswith("$.__"):
            return names.make_plain
    is_raised = claim.outcome is not None and claim.outcome.kind == "raised"
    raises = shown is not None and shown.outcome is not None and (is_raised or shown.outcome.kind == "raised")
    if first.path == "$" and raises:
        return errors.change
    return _change_value


def outcome_of(finding: Finding) -> Outcome:
    """Return what reality gives; raises `Left` when that is not known."""
    outcome = finding.shown.outcome if finding.shown is not None else None
    if outcome is None or outcome.shape == ANYTHING:
        raise Left("it is not known what reality gives")
    return outcome


def _change_value(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Change the value that the double gives on every path that differs."""
    slot = _slot(finding, region)
    outcome = outcome_of(finding)
    reshaping = Reshaping(source, knowledge, finding.shown.target if finding.shown is not None else "")
    for difference in finding.differences:
        change = _changing(reshaping, difference, outcome)
        source.replace(slot.value, _each(source.now(slot.value), slot, change))


def _changing(
    reshaping: Reshaping, difference: Difference, outcome: Outcome
) -> Callable[[cst.BaseExpression], cst.BaseExpression]:
    seen = observed(outcome.text)
    return lambda value: reshaping.mended(value, difference, outcome.shape, seen)


def _each(value: cst.BaseExpression, slot: Slot, change: Callable[[Any], Any]) -> cst.BaseExpression:
    """Change a value, or each of those that a double gives one after the other; of a function what it returns."""
    if isinstance(value, cst.Lambda):
        return value.with_changes(body=change(value.body))
    if slot.leaf != "side_effect":
        return change(value)  # type: ignore[no-any-return]
    if not isinstance(value, cst.List | cst.Tuple):
        raise Left("a function or an iterator decides what the double gives")
    return value.with_changes(elements=[one.with_changes(value=change(one.value)) for one in value.elements])


def _slot(finding: Finding, region: cst.CSTNode) -> Slot:
    """Return the value of the double that a mismatch is about."""
    claim, slots = finding.claim, [*slots_in(region)]
    name = next((step[1:] for step in reversed(claim.path) if step.startswith(".")), claim.root.rpartition(":")[2])
    name = name.rpartition(".")[2]
    if claim.action == "read":
        return slot_of(slots, (name,))
    if claim.double == "replacement":
        lambdas = [call for call in _arguments(region) if isinstance(call, cst.Lambda)]
        if len(lambdas) == 1:
            return Slot((name, "return_value"), lambdas[0], cst.Call(cst.Name("setattr")))
        raise Left("a function decides what the double gives")
    return slot_of(slots, GIVES, name)


def _arguments(region: cst.CSTNode) -> list[cst.BaseExpression]:
    return [arg.value for call in calls_in(region) for arg in call.args]


# -- what kind of thing the double is ---------------------------------------------------------------------------------


def _make_async(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Give a mock the kind that is awaited, or that is not."""
    shown = finding.shown
    if shown is None or shown.outcome is None:
        raise Left("it is not known what reality gives")
    name = "AsyncMock" if shown.outcome.kind == "awaited" else "MagicMock"
    slot = _slot(finding, region)
    if isinstance(slot.holder, cst.Call) and is_mock(slot.holder):
        old = dotted(slot.holder.func)
        prefix, _, last = old.rpartition(".")
        new = f"{prefix}.{name}" if prefix else source.mock_name(name)
        if not prefix:
            source.forget_mock(last)
        source.change(slot.holder, lambda call: call.with_changes(func=cst.parse_expression(new)))
    elif isinstance(slot.holder, cst.Assign) and len(slot.names) > 2:
        made = cst.parse_expression(source.mock_name(name))
        source.change(slot.holder, lambda assign: _with_mock(assign, made))
    else:
        raise Left(f"a `{name}` has to stand in its place")


def _with_mock(assign: cst.Assign, made: cst.BaseExpression) -> cst.Assign:
    """Write ``repo.get = AsyncMock(return_value=1)`` for ``repo.get.return_value = 1``."""
    target = assign.targets[0].target
    assert isinstance(target, cst.Attribute)
    call = cst.Call(made, [keyword(target.attr.value, assign.value)])
    return assign.with_changes(targets=[assign.targets[0].with_changes(target=target.value)], value=call)


def _make_attribute(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Write ``account.balance = 5`` for ``account.balance.return_value = 5``."""
    slot = _slot(finding, region)
    if not isinstance(slot.holder, cst.Assign) or slot.leaf != "return_value" or len(slot.names) < 3:
        raise Left("it is no call that gives the value, but an attribute")
    source.change(slot.holder, lambda assign: _retargeted(assign, assign.targets[0].target.value))


def _make_method(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Write ``account.balance.return_value = 5`` for ``account.balance = 5``."""
    slot = _slot(finding, region)
    if not isinstance(slot.holder, cst.Assign):
        raise Left("it is a call that gives the value, and no attribute")
    source.change(
        slot.holder,
        lambda assign: _retargeted(assign, cst.Attribute(assign.targets[0].target, cst.Name("return_value"))),
    )


def _retargeted(assign: cst.Assign, target: Any) -> cst.Assign:
    return assign.with_changes(targets=[assign.targets[0].with_changes(target=target)])
