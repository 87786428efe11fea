"""Arguments of a kind that reality refused: it raised `TypeError` for them and took others (SPEC section 7, rule 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.fact import Signature
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Arguments
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import Object, Scalar, Shape
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.verdicts.agreement import Group
from pytest_integration_gate.verdicts.evidence import Evidence
from pytest_integration_gate.verdicts.weighing import Weighed

_REFUSAL = "builtins:TypeError"


def weigh_refusals(claim: Claim, seen: Group, signature: Signature | None) -> Weighed | None:
    """Return the mismatch of a claim that an argument is taken whose kind was refused; None when nothing says so.

    A refusal is blamed on the one argument of a kind that no other call got through with.
    """
    refusals = [one for one in seen.raised.evidence if _is_refusal(one)]
    if not refusals or not seen.succeeded or claim.arguments is None or claim.outcome is None:
        return None
    if claim.outcome.kind == "raised":
        return None
    places = (
        [each.name for each in signature.parameters if each.kind in ("positional", "standard")] if signature else []
    )
    said = _by_name(claim.arguments, places[1:] if claim.takes_self else places)
    taken = [_by_name(one.observation.arguments, places) for one in seen.succeeded.evidence]
    for one in refusals:
        given = _by_name(one.observation.arguments, places)
        blamed = [name for name, shape in given.items() if not _is_taken(name, shape, taken)]
        if len(blamed) != 1 or said.get(blamed[0]) != given[blamed[0]]:
            continue
        (name,) = blamed
        accepted = join_all(shapes[name] for shapes in taken)
        difference = Difference(path=f"$.{name}", claim=text_of(said[name]), reality=text_of(accepted))
        certain = Group(refusals).is_enough(claim.site)
        return Weighed("contradicted" if certain else "suspect", one, "argument_shape", (difference,))
    return None


def _is_refusal(one: Evidence) -> bool:
    raised = one.seen.outcome.shape
    return isinstance(raised, Object) and _REFUSAL in (raised.cls, *raised.bases)


def _is_taken(name: str, shape: Shape, taken: Sequence[Mapping[str, Shape]]) -> bool:
    """Whether an argument may well be no reason for a refusal: its kind got through, or is not known, at least once."""
    if not isinstance(shape, Scalar):
        return True
    return any(not isinstance(shapes.get(name), Scalar) or shapes[name] == shape for shapes in taken)


def _by_name(arguments: Arguments, places: list[str]) -> dict[str, Shape]:
    """Arguments by the names of their parameters; what has no name by its place."""
    found = {name: argument.shape for name, argument in arguments.keywords}
    free = [name for name in places if name not in found]
    for index, argument in enumerate(arguments.positional):
        found[free[index] if index < len(free) else f"[{index}]"] = argument.shape
    return found
