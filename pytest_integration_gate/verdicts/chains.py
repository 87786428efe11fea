"""Claims about what hangs on an observed value of no known class: ``api:fetch().items`` when `fetch` gave dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pytest_integration_gate.model.abilities import ability_of
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.joining import options_of
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Field,
    Object,
    Shape,
    Union,
)
from pytest_integration_gate.model.unsupported import absent, is_public
from pytest_integration_gate.verdicts.agreement import Group
from pytest_integration_gate.verdicts.resolution import ALTERNATIVES, Resolution, lacks
from pytest_integration_gate.verdicts.weighing import Weighed

Answer = Literal["has", "lacks", "unknown"]


def weigh_chain(
    claim: Claim,
    resolve: Callable[[tuple[str, ...]], Resolution],
    observed: Callable[[Resolution], Group],
) -> Weighed | None:
    """Judge the steps of a path that are taken on observed results; None when nothing can be said.

    `resolve` says where a part of the path leads, `observed` what was seen there.
    """
    verdict: Weighed | None = None
    for index, element in enumerate(claim.path[:-1]):
        step = claim.path[index + 1]
        if element != "()" or step == "()":
            continue
        giver = resolve(claim.path[:index])
        group = observed(giver).succeeded
        if not group or (giver.fact is not None and giver.fact.kind == "class"):
            continue
        name = step[1:]
        answers = {value: _answer(value, name) for value in _values(group)}
        if "lacks" not in answers.values() or "unknown" in answers.values():
            is_last = index + 2 == len(claim.path)
            only_exists = claim.action != "call" or not is_public(name) or _claims_nothing(claim)
            known = {*answers.values()} == {"has"} and is_last and only_exists
            verdict = Weighed("verified" if known else "unverified", group.first)
        elif "has" not in answers.values() and not _may_give(giver, name):
            return _mismatch(claim, giver, group, name, next(iter(answers)))
        else:
            verdict = Weighed("unverified", group.first)
    return verdict


def _values(group: Group) -> list[Shape]:
    """The different values that were seen, in a stable order; None counts only when there was nothing else."""
    options = [option for value in group.values for option in options_of(value)]
    return [option for option in dict.fromkeys(options) if option != NONE] or options[:1]


def _answer(value: Shape, name: str) -> Answer:
    ability = ability_of(value)
    if ability is None:
        return "unknown"
    if not is_public(name):
        if name not in ALTERNATIVES:
            return "unknown"
        return "lacks" if lacks(ability.operations, name) else "has"
    if ability.attributes is None:
        return "unknown"
    return "has" if name in ability.attributes else "lacks"


def _may_give(giver: Resolution, name: str) -> bool:
    """Whether the annotation names a value that may have what the observed ones lack (rule 3)."""
    declared = giver.fact.returns if giver.fact is not None else ANYTHING
    return isinstance(declared, Union) and any(_answer(each, name) != "lacks" for each in declared.options)


def _claims_nothing(claim: Claim) -> bool:
    return claim.outcome is None or claim.outcome.kind == "unconfigured"


def _mismatch(claim: Claim, giver: Resolution, group: Group, name: str, value: Shape) -> Weighed:
    ability = ability_of(value)
    names = ability.attributes if ability is not None and ability.attributes is not None else frozenset[str]()
    lack = absent(
        Field(name, ANYTHING),
        f"$.{name}",
        names if is_public(name) else (),
        ability.name if ability else "",
    )
    is_member = is_public(name)
    return Weighed(
        "contradicted" if group.is_enough(claim.site) else "suspect",
        group.first,
        "missing_attribute" if is_member else "protocol",
        (
            Difference(
                path=lack.path,
                claim="exists" if is_member else "supported",
                reality=lack.reality,
            ),
        ),
        f"{value.cls}.{name}" if is_member and isinstance(value, Object) else giver.target,
    )
