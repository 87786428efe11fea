"""The verdict on one claim by what was observed (SPEC section 7, evidence of kinds 2 to 4)."""

from __future__ import annotations

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Difference, Kind, Verdict
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.agreement import Agreement, Group
from pytest_integration_gate.verdicts.evidence import Evidence
from pytest_integration_gate.verdicts.literals import different_values
from pytest_integration_gate.verdicts.observed import KIND_OF, Question


@dataclass(frozen=True, slots=True)
class Weighed:
    """A verdict and what decided it. `kind` and `differences` are there for a mismatch.

    `target` is where the mismatch lies, empty when it is where the claim's path leads.
    """

    verdict: Verdict
    evidence: Evidence | None = None
    kind: Kind | None = None
    differences: tuple[Difference, ...] = ()
    target: str = ""


def weigh(
    claim: Claim,
    question: Question,
    seen: Group,
    same: Group,
    *,
    is_allowed: bool,
    compares_values: bool,
) -> Weighed:
    """Weigh a claim against all observations of its target, of which there are some.

    `same` are those with the claim's arguments. `is_allowed` says that the annotation names the claimed outcome as one
    of several (rule 3), `compares_values` that the boundary compares values too.
    """
    if claim.outcome is not None and claim.outcome.kind == "raised":
        return _weigh_trouble(claim, question, seen, same)
    if same:
        found = same.agreement(question)
        if found.fits is None:
            return _weigh_same_arguments(claim, question, seen, same, found, is_allowed)
        if not _is_hollow(found.fits, question):
            return _weigh_values(claim, same, found.fits) if compares_values else Weighed("verified", found.fits)
    return _weigh_shapes(claim, question, seen, is_allowed)


def _weigh_same_arguments(
    claim: Claim,
    question: Question,
    seen: Group,
    same: Group,
    found: Agreement,
    is_allowed: bool,
) -> Weighed:
    """Evidence of kind 2, conclusive unless reality showed the claim for other arguments (rule 2)."""
    is_certain = same.is_enough(claim.site) and seen.agreement(question).fits is None
    if found.simulates_absence:
        # Reality has state: the annotation says that there may be nothing, and without arguments state is all there is.
        has_arguments = claim.arguments is not None and bool(claim.arguments.positional or claim.arguments.keywords)
        if is_allowed and not has_arguments:
            return Weighed("unverified", found.nearest)
        is_certain = is_certain and has_arguments and not is_allowed
    return _mismatch(found, is_certain)


def _weigh_shapes(claim: Claim, question: Question, seen: Group, is_allowed: bool) -> Weighed:
    """Evidence of kind 3, else of kind 4. What an annotation allows is not excluded by either (rule 3)."""
    here = seen.at(claim.site).succeeded
    for group in (here, seen.succeeded):
        if not group:
            continue
        found = group.agreement(question)
        if found.fits is not None:
            if group is here and _is_hollow(found.fits, question):
                continue
            return Weighed("verified", found.fits)
        if group is here and _is_nothing(found):
            continue  # what else the target gives is told by its other callers
        if is_allowed or found.simulates_absence:
            return Weighed("unverified", found.nearest)
        return _mismatch(found, found.binding is not None and found.binding.is_enough(claim.site))
    return Weighed("unverified", seen.first)


def _weigh_trouble(claim: Claim, question: Question, seen: Group, same: Group) -> Weighed:
    """Rule 4: simulated trouble is compared only with what reality did for the same arguments."""
    if not same.raised:
        return Weighed("unverified", (seen.raised or seen).first)
    found = same.raised.agreement(question)
    if found.fits is not None:
        return Weighed("verified", found.fits)
    is_shown_otherwise = seen.raised.agreement(question).fits is not None
    return _mismatch(
        found,
        not same.succeeded and not is_shown_otherwise and same.is_enough(claim.site),
    )


def _weigh_values(claim: Claim, same: Group, fits: Evidence) -> Weighed:
    """Compare the values too, as a boundary with ``compare: value`` asks."""
    said = claim.outcome.text if claim.outcome is not None else None
    values = {one.observation.outcome.text for one in same.evidence if one.seen.outcome.kind != "raised"}
    nearest: tuple[Difference, ...] = ()
    for value in sorted(text for text in values if text is not None):
        differences = different_values(said, value, claim.uses) if said is not None else ()
        if not differences:
            return Weighed("verified", fits)
        nearest = min(nearest or differences, differences, key=len)
    if not nearest or None in values:
        return Weighed("verified", fits)
    return Weighed(
        "contradicted" if same.is_enough(claim.site) else "suspect",
        fits,
        "return_value",
        nearest,
    )


def _mismatch(found: Agreement, is_certain: bool) -> Weighed:
    verdict: Verdict = "contradicted" if is_certain else "suspect"
    return Weighed(verdict, found.nearest, KIND_OF[found.reason], found.differences)


def _is_hollow(fits: Evidence, question: Question) -> bool:
    """Whether a claim fits only what was empty when it was seen: ``[]`` says nothing of the elements."""
    seen = fits.seen
    return seen.has_empty and question.said is not None and question.said.shape != seen.outcome.shape


def _is_nothing(found: Agreement) -> bool:
    """Whether an observation differs by being None as a whole."""
    return any(difference.path == "$" and difference.reality == "None" for difference in found.differences)
