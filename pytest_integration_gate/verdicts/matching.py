"""Claims against evidence: the verdict on each (SPEC section 7).

The strongest evidence speaks first: facts, then the same arguments, then the same call site, then what all observations
of the target have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Difference, Finding, Kind, Reality, Verdict
from pytest_integration_gate.model.interaction import EVERYTHING, Arguments
from pytest_integration_gate.verdicts.agreement import Agreement, agreement
from pytest_integration_gate.verdicts.arguments import fingerprint
from pytest_integration_gate.verdicts.contradiction import Contradiction
from pytest_integration_gate.verdicts.evidence import Evidence, EvidenceIndex
from pytest_integration_gate.verdicts.facts import allows, check, declares
from pytest_integration_gate.verdicts.observed import KIND_OF
from pytest_integration_gate.verdicts.resolution import Resolution, resolve
from pytest_integration_gate.verdicts.suggestions import suggestion

# What an annotation says; reality may say otherwise.
_SAID_ONLY = ("return_annotation", "attribute_shape", "argument_shape")


class Matcher:
    """Gives verdicts on the facts and the evidence of one run.

    `boundary_of` files a target under a boundary; `compares_values` tells the boundaries with ``compare: value``.
    """

    def __init__(
        self,
        facts: Mapping[str, Fact],
        evidence: EvidenceIndex,
        *,
        boundary_of: Callable[[str], str] = lambda target: "",
        compares_values: Callable[[str], bool] = lambda boundary: False,
    ) -> None:
        self._facts = facts
        self._evidence = evidence
        self._boundary_of = boundary_of
        self._compares_values = compares_values
        self._resolutions: dict[tuple[str, tuple[str, ...]], Resolution] = {}
        self._by_arguments: dict[str, dict[str, list[Evidence]]] = {}
        self._by_site: dict[str, dict[tuple[str, str, str], list[Evidence]]] = {}

    def judge(self, claim: Claim, tests: tuple[str, ...]) -> Finding:
        """Return the verdict on one claim that `tests` made."""
        resolution = self._resolve(claim)
        target = resolution.target
        seen = self._seen(claim, resolution)
        contradiction = self._contradiction(claim, resolution, seen)
        if contradiction is not None:
            return self._finding(claim, tests, "contradicted", contradiction=contradiction)
        if not seen:
            is_declared = declares(claim, resolution)
            return self._finding(claim, tests, "unverified", target=target, declared=is_declared)
        verdict, found = self._weigh(claim, resolution, seen)
        return self._finding(
            claim,
            tests,
            verdict,
            target=target,
            agreement=found,
            declared=verdict == "unverified" and declares(claim, resolution),
        )

    # -- facts ----------------------------------------------------------------------------------------------------

    def _resolve(self, claim: Claim) -> Resolution:
        key = (claim.root, claim.path)
        if key not in self._resolutions:
            self._resolutions[key] = resolve(claim.root, claim.path, self._facts, self._evidence.classes_given_by)
        return self._resolutions[key]

    def _contradiction(self, claim: Claim, resolution: Resolution, seen: Sequence[Evidence]) -> Contradiction | None:
        for contradiction in check(claim, resolution):
            if contradiction.kind == "missing_attribute" and self._evidence.of_part(contradiction.target):
                continue  # the code does not show it, but a real instance had it
            if contradiction.kind in _SAID_ONLY and seen and agreement(replace(claim, uses=EVERYTHING), seen).fits:
                continue  # the annotation is wrong, and the double knows better
            return contradiction
        return None

    # -- observations ---------------------------------------------------------------------------------------------

    def _seen(self, claim: Claim, resolution: Resolution) -> list[Evidence]:
        if claim.action == "call":
            return self._evidence.of(resolution.target, resolution.fact.defined if resolution.fact else "")
        return self._evidence.of_part(resolution.target) if claim.action == "read" else []

    def _weigh(self, claim: Claim, resolution: Resolution, seen: list[Evidence]) -> tuple[Verdict, Agreement]:
        same_arguments = self._with_same_arguments(claim, resolution, seen)
        if claim.outcome is not None and claim.outcome.kind == "raised":
            return _weigh_trouble(claim, same_arguments, seen)
        if same_arguments:
            found = agreement(claim, same_arguments)
            if found.fits is not None:
                return self._weigh_value(claim, resolution, same_arguments, found)
            others = [one for one in seen if one not in same_arguments]
            shown_otherwise = bool(others) and agreement(claim, others).fits is not None
            certain = _is_enough(claim, same_arguments) and not shown_otherwise
            return ("contradicted" if certain else "suspect"), found
        succeeded = [one for one in seen if one.observation.outcome.kind != "raised"]
        at_site = self._at_same_site(claim, succeeded)
        for group in (at_site, succeeded):
            if not group:
                continue
            found = agreement(claim, group)
            if found.fits is not None:
                return "verified", found
            if allows(claim, resolution):
                return "unverified", found
            certain = found.is_binding and _is_enough(claim, group)
            return ("contradicted" if certain else "suspect"), found
        return "unverified", Agreement(nearest=seen[0])

    def _weigh_value(
        self, claim: Claim, resolution: Resolution, group: list[Evidence], found: Agreement
    ) -> tuple[Verdict, Agreement]:
        said = claim.outcome.text if claim.outcome is not None else None
        if said is None or not self._compares_values(self._boundary_of(resolution.target)):
            return "verified", found
        values = [one.observation.outcome.text for one in group]
        if said in values or None in values:
            return "verified", found
        difference = Difference(path="$", claim=said, reality=str(values[0]))
        return "contradicted", Agreement(nearest=group[0], differences=(difference,), reason="value", is_binding=True)

    def _with_same_arguments(self, claim: Claim, resolution: Resolution, seen: list[Evidence]) -> list[Evidence]:
        if claim.arguments is None:
            return []
        signature = resolution.fact.signature if resolution.fact else None
        table = self._by_arguments.get(resolution.target)
        if table is None:
            table = self._by_arguments[resolution.target] = {}
            for evidence in seen:
                key = fingerprint(evidence.observation.arguments, signature)
                if key is not None:
                    table.setdefault(key, []).append(evidence)
        arguments = _without_self(claim.arguments) if claim.takes_self else claim.arguments
        wanted = fingerprint(arguments, signature)
        return table.get(wanted, []) if wanted is not None else []

    def _at_same_site(self, claim: Claim, group: list[Evidence]) -> list[Evidence]:
        if claim.site is None:
            return []
        return [one for one in group if one.observation.site is not None and one.observation.site.key == claim.site.key]

    # -- findings -------------------------------------------------------------------------------------------------

    def _finding(
        self,
        claim: Claim,
        tests: tuple[str, ...],
        verdict: Verdict,
        *,
        target: str = "",
        contradiction: Contradiction | None = None,
        agreement: Agreement | None = None,
        declared: bool = False,
    ) -> Finding:
        kind: Kind | None = None
        differences: tuple[Difference, ...] = ()
        reality: Reality | None = None
        if contradiction is not None:
            target, kind, differences = contradiction.target, contradiction.kind, contradiction.differences
            reality = Reality(
                outcome=contradiction.reality, source="declared", at=contradiction.at, fidelity="declared"
            )
        elif agreement is not None:
            evidence = agreement.fits or agreement.nearest
            reality = evidence.as_reality() if evidence is not None else None
            if verdict in ("contradicted", "suspect"):
                kind, differences = KIND_OF[agreement.reason], agreement.differences
                if claim.action == "read" and kind == "return_shape":
                    kind = "attribute_shape"
        return Finding(
            claim=claim,
            target=target,
            verdict=verdict,
            boundary=self._boundary_of(target),
            kind=kind,
            differences=differences,
            reality=reality,
            suggestion=suggestion(claim, target, kind, differences, reality) if kind else "",
            declared=declared,
            tests=tests,
        )


def _weigh_trouble(claim: Claim, same: list[Evidence], seen: list[Evidence]) -> tuple[Verdict, Agreement]:
    """Rule 4: simulated trouble is compared only with what reality did for the same arguments."""
    failed = [one for one in same if one.observation.outcome.kind == "raised"]
    if not failed:
        elsewhere = [one for one in seen if one.observation.outcome.kind == "raised"]
        return "unverified", Agreement(nearest=(elsewhere or seen)[0])
    found = agreement(claim, failed)
    if found.fits is not None:
        return "verified", found
    others = [one for one in seen if one.observation.outcome.kind == "raised" and one not in failed]
    shown_otherwise = bool(others) and agreement(claim, others).fits is not None
    certain = len(failed) == len(same) and not shown_otherwise and _is_enough(claim, failed)
    return ("contradicted" if certain else "suspect"), found


def _is_enough(claim: Claim, group: Sequence[Evidence]) -> bool:
    """Rule 1: one observation of first-party code or at the claim's own call site binds; of a generic library it takes
    two."""
    for one in group:
        site = one.observation.site
        if one.observation.first_party or (site is not None and claim.site is not None and site.key == claim.site.key):
            return True
    return len(group) > 1 or sum(len(one.tests) for one in group) > 1


def _without_self(arguments: Arguments) -> Arguments:
    return Arguments(positional=arguments.positional[1:], keywords=arguments.keywords, bound=arguments.bound)
