"""Claims against evidence: the verdict on each (SPEC section 7).

The strongest evidence speaks first: facts, then the same arguments, then the same call site, then what all observations
of the target have in common. What many claims share (a target, a shape, a use) is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Finding, Kind, Reality, Shown, Verdict
from pytest_integration_gate.model.interaction import EVERYTHING, Arguments, Outcome, OutcomeKind, Uses
from pytest_integration_gate.model.shape import ANYTHING, Object, Scalar, Shape, Union
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.agreement import Group
from pytest_integration_gate.verdicts.arguments import Fingerprints
from pytest_integration_gate.verdicts.chains import weigh_chain
from pytest_integration_gate.verdicts.contradiction import Contradiction
from pytest_integration_gate.verdicts.evidence import Evidence, EvidenceIndex
from pytest_integration_gate.verdicts.facts import allows, check, declares
from pytest_integration_gate.verdicts.observed import Question, ask, saw, without_text
from pytest_integration_gate.verdicts.refusals import weigh_refusals
from pytest_integration_gate.verdicts.resolution import CALLABLE, Resolution, called, resolve
from pytest_integration_gate.verdicts.suggestions import suggestion
from pytest_integration_gate.verdicts.weighing import Weighed, weigh
from pytest_integration_gate.verdicts.widening import names_float, widened

if TYPE_CHECKING:
    from pytest_integration_gate.verdicts.http import HttpMatcher

# What an annotation or a signature says; reality may say otherwise.
_SAID_ONLY = ("return_annotation", "attribute_shape", "argument_shape", "sync_async")
_NOBODY = Group(())
_ERROR = "builtins:BaseException"


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the facts say to all claims of one form."""

    question: Question
    contradiction: Contradiction | None
    is_declared: bool
    is_allowed: bool


@dataclass(eq=False)
class _Target:
    """Where claims lead, with what is known of it."""

    resolution: Resolution
    seen: Group
    boundary: str
    compares_values: bool
    declared: dict[Hashable, _Declared] = field(default_factory=dict)

    @cached_property
    def speaks_of_values(self) -> bool:
        """Whether a fact tells values apart, not only shapes."""
        fact = self.resolution.fact
        if fact is None:
            return False
        parameters = fact.signature.parameters if fact.signature is not None else ()
        return any(_is_literal(shape) for shape in (fact.returns, *(each.annotation for each in parameters)))

    def with_arguments_of(self, claim: Claim) -> Group:
        """Return the observations that were made with the arguments of a claim."""
        if claim.arguments is None or not self.seen:
            return _NOBODY
        arguments = _without_self(claim.arguments) if claim.takes_self else claim.arguments
        wanted = self._fingerprints.of(arguments)
        found = self._by_arguments.get(wanted) if wanted is not None else None
        return Group(found) if found else _NOBODY

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints(self.resolution.fact.signature if self.resolution.fact else None)

    @cached_property
    def _by_arguments(self) -> dict[Hashable, list[Evidence]]:
        table: dict[Hashable, list[Evidence]] = {}
        for evidence in self.seen.evidence:
            table.setdefault(self._fingerprints.of(evidence.observation.arguments), []).append(evidence)
        return table


class Matcher:
    """Gives verdicts on the facts and the evidence of one run.

    `boundary_of` files a target under a boundary; `compares_values` tells the boundaries with ``compare: value``.
    `http` judges the claims about HTTP services, None when there are none.
    """

    def __init__(
        self,
        facts: Mapping[str, Fact],
        evidence: EvidenceIndex,
        *,
        boundary_of: Callable[[str], str] = lambda target: "",
        compares_values: Callable[[str], bool] = lambda boundary: False,
        http: HttpMatcher | None = None,
    ) -> None:
        self._facts = facts
        self._evidence = evidence
        self._boundary_of = boundary_of
        self._compares_values = compares_values
        self._http = http
        self._resolutions: dict[tuple[str, tuple[str, ...]], Resolution] = {}
        self._targets: dict[tuple[str, tuple[str, ...], str], _Target] = {}
        self._calls: dict[tuple[str, str], Group] = {}

    def judge(self, claim: Claim, tests: tuple[str, ...]) -> Finding:
        """Return the verdict on one claim that `tests` made."""
        if self._http is not None and claim.exchange is not None:
            return self._http.judge(claim, tests)
        target = self._target(claim)
        declared = self._declared(claim, target)
        if declared.contradiction is not None:
            return self._contradicted(claim, tests, declared.contradiction, target.resolution.fact)
        weighed = Weighed("unverified") if claim.is_told else self._weigh(claim, target, declared)
        return self._finding(claim, tests, target, weighed, declared.is_declared)

    # -- what claims share ----------------------------------------------------------------------------------------

    def _resolve(self, root: str, path: tuple[str, ...]) -> Resolution:
        key = (root, path)
        if key not in self._resolutions:
            self._resolutions[key] = resolve(root, path, self._facts, self._evidence.classes_given_by)
        return self._resolutions[key]

    def _target(self, claim: Claim) -> _Target:
        key = (claim.root, claim.path, claim.action)
        target = self._targets.get(key)
        if target is None:
            resolution = self._resolve(claim.root, claim.path)
            if claim.action == "call" and claim.path[-1:] == ("()",):
                resolution = called(resolution)
            seen = _NOBODY
            if claim.action == "call":
                seen = self._calls_of(resolution)
            elif claim.action == "read" and not _is_called(resolution):
                seen = Group(self._evidence.of_part(resolution.target))
            boundary = self._boundary_of(resolution.target)
            target = _Target(resolution, seen, boundary, self._compares_values(boundary))
            self._targets[key] = target
        return target

    def _calls_of(self, resolution: Resolution) -> Group:
        key = (resolution.target, resolution.fact.defined if resolution.fact else "")
        if key not in self._calls:
            evidence = self._evidence.of(*key)
            declared = resolution.fact.returns if resolution.fact is not None else ANYTHING
            if evidence and names_float(declared):
                evidence = tuple(_as_declared(one, declared) for one in evidence)
            self._calls[key] = Group(evidence)
        return self._calls[key]

    def _declared(self, claim: Claim, target: _Target) -> _Declared:
        said, arguments = claim.outcome, claim.arguments
        values = (said, arguments) if target.speaks_of_values else None
        form = said and (said.kind, said.shape, said.awaiting)
        key = (form, claim.uses, _form_of(arguments), claim.takes_self, claim.on_class, claim.owner, values)
        declared = target.declared.get(key)
        if declared is None:
            contradiction = self._contradiction(claim, target)
            is_free = contradiction is None
            declared = target.declared[key] = _Declared(
                _question_of(claim, claim.uses),
                contradiction,
                is_declared=is_free and declares(claim, target.resolution),
                is_allowed=is_free and allows(claim, target.resolution),
            )
        return declared

    # -- facts ----------------------------------------------------------------------------------------------------

    def _contradiction(self, claim: Claim, target: _Target) -> Contradiction | None:
        for contradiction in check(claim, target.resolution):
            if contradiction.kind == "missing_attribute" and self._evidence.of_part(contradiction.target):
                continue  # the code does not show it, but a real instance had it
            if contradiction.kind in _SAID_ONLY and _is_disproved(contradiction, claim, target):
                continue  # the annotation is wrong, and the double knows better
            if contradiction.kind == "signature" and _was_called_like(claim, target.seen):
                continue
            return contradiction
        return None

    # -- observations ---------------------------------------------------------------------------------------------

    def _weigh(self, claim: Claim, target: _Target, declared: _Declared) -> Weighed:
        if target.seen:
            weighed = weigh(
                claim,
                declared.question,
                target.seen,
                target.with_arguments_of(claim),
                is_allowed=declared.is_allowed,
                compares_values=target.compares_values,
            )
            if weighed.kind is not None:
                return weighed
            fact = target.resolution.fact
            return weigh_refusals(claim, target.seen, fact.signature if fact is not None else None) or weighed
        resolution = target.resolution
        if resolution.fact is None and not resolution.owner and "()" in claim.path:
            found = weigh_chain(claim, lambda path: self._resolve(claim.root, path), self._calls_of)
            if found is not None:
                return found
        return Weighed("unverified")

    # -- findings -------------------------------------------------------------------------------------------------

    def _contradicted(self, claim: Claim, tests: tuple[str, ...], found: Contradiction, fact: Fact | None) -> Finding:
        reality = Reality(outcome=found.reality, source="declared", at=found.at, fidelity="declared")
        kind = "fake_interface" if _is_interface_of_fake(claim, found) else self._kind(found.kind, found.target)
        return Finding(
            claim=claim,
            target=found.target,
            verdict="contradicted",
            boundary=self._boundary_of(found.target),
            kind=kind,
            differences=found.differences,
            reality=reality,
            shown=_shown(fact),
            suggestion=suggestion(claim, found.target, kind, found.differences),
            tests=tests,
        )

    def _finding(
        self,
        claim: Claim,
        tests: tuple[str, ...],
        target: _Target,
        weighed: Weighed,
        is_declared: bool,
    ) -> Finding:
        address, boundary = target.resolution.target, target.boundary
        if weighed.target:
            address, boundary = weighed.target, self._boundary_of(weighed.target)
        verdict: Verdict = weighed.verdict
        reality = weighed.evidence.as_reality() if weighed.evidence is not None else None
        kind = weighed.kind
        if kind is not None:
            is_value = claim.action == "read" and kind == "return_shape"
            kind = self._kind("attribute_shape" if is_value else kind, address)
        return Finding(
            claim=claim,
            target=address,
            verdict=verdict,
            boundary=boundary,
            kind=kind,
            differences=weighed.differences,
            reality=reality,
            shown=weighed.evidence.as_shown() if kind is not None and weighed.evidence is not None else None,
            suggestion=suggestion(claim, address, kind, weighed.differences) if kind is not None else "",
            declared=is_declared and verdict == "unverified",
            tests=tests,
        )

    def _kind(self, kind: Kind, target: str) -> Kind:
        """Attributes of exceptions have a kind of their own (rule 15)."""
        if kind not in ("missing_attribute", "attribute_shape"):
            return kind
        owner = self._facts.get(target.rpartition(".")[0])
        is_error = owner is not None and isinstance(owner.returns, Object) and _ERROR in owner.returns.bases
        return "exception" if is_error else kind


def _as_declared(one: Evidence, declared: Shape) -> Evidence:
    """Let an observation say ``float`` where it happened to be an int and the annotation says so."""
    seen = one.seen.outcome
    return replace(one, seen=saw(seen.kind, widened(seen.shape, declared), seen.awaiting))


def _is_called(resolution: Resolution) -> bool:
    """Whether what was observed of a target are calls, which say nothing of reading it."""
    return resolution.fact is not None and resolution.fact.kind in CALLABLE


def _shown(fact: Fact | None) -> Shown | None:
    """Give what a fact declares as data."""
    if fact is None:
        return None
    kind: OutcomeKind = "awaited" if fact.asynchronous else "returned"
    return Shown(
        target=fact.target, outcome=Outcome(kind=kind, shape=fact.returns), signature=fact.inner or fact.signature
    )


def _question_of(claim: Claim, uses: Uses) -> Question:
    return ask(claim.action, claim.outcome and without_text(claim.outcome), uses)


def _is_interface_of_fake(claim: Claim, found: Contradiction) -> bool:
    """Whether a hand-written fake has another method, or another signature, than the real class (rule 13)."""
    about_methods = found.kind in ("missing_attribute", "signature")
    return claim.double == "fake" and about_methods and found.target.endswith(claim.path[-1] if claim.path else "")


def _form_of(arguments: Arguments | None) -> Hashable:
    """Return arguments without their values."""
    if arguments is None:
        return None
    return (
        tuple([argument.shape for argument in arguments.positional]),
        tuple([(name, argument.shape) for name, argument in arguments.keywords]),
        arguments.bound,
    )


def _without_self(arguments: Arguments) -> Arguments:
    return Arguments(
        positional=arguments.positional[1:],
        keywords=arguments.keywords,
        bound=arguments.bound,
    )


def _is_shown(question: Question, seen: Group) -> bool:
    return bool(seen) and seen.agreement(question).fits is not None


def _is_disproved(contradiction: Contradiction, claim: Claim, target: _Target) -> bool:
    """Whether reality itself departs from what is declared, in the way of the double."""
    fact, seen = target.resolution.fact, target.seen
    if contradiction.kind == "argument_shape":
        given = {(one.path.removeprefix("$."), one.claim) for one in contradiction.differences}
        return any(
            (name, text_of(argument.shape)) in given
            for evidence in seen.succeeded.evidence
            for name, argument in evidence.observation.arguments.keywords
        )
    if not _is_shown(_question_of(claim, EVERYTHING), seen):
        return False
    if contradiction.kind != "return_annotation" or fact is None:
        return True
    outcomes = [one.seen for one in seen.succeeded.evidence]
    return any(fit(one.value, fact.returns, text=one.outcome.text) for one in outcomes)


def _was_called_like(claim: Claim, seen: Group) -> bool:
    """Whether a call that was written like the claimed one worked, whatever the signature says."""
    said = claim.arguments
    return said is not None and any(
        not one.arguments.bound
        and len(one.arguments.positional) == len(said.positional)
        and [name for name, _ in one.arguments.keywords] == [name for name, _ in said.keywords]
        for one in (evidence.observation for evidence in seen.succeeded.evidence)
    )


def _is_literal(shape: Shape) -> bool:
    """Whether a shape allows some values and not others of a class."""
    return any(
        isinstance(option, Scalar) and bool(option.values)
        for option in (shape.options if isinstance(shape, Union) else (shape,))
    )
