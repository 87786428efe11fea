"""One claim against several observations: does it fit one of them, and if not, do they bind it?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import takewhile

from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Site
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import NEVER, Shape
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.evidence import Evidence, rank
from pytest_integration_gate.verdicts.observed import (
    Differing,
    Question,
    Reason,
    Seen,
    value_of,
)
from pytest_integration_gate.verdicts.variation import is_open, without_emptier

_NEAREST = re.compile(r" \(nearest: .*\)$")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a claim stands to a group of observations.

    `fits` names one that it fits. Otherwise `differences` are those to the `nearest` one. `binding` are the
    observations that agree with each other on a path on which the claim differs; None when there is no such path
    (SPEC 7, kind 4). `simulates_absence` says that the claim differs in nothing but saying None for a value.
    """

    fits: Evidence | None = None
    nearest: Evidence | None = None
    differences: tuple[Difference, ...] = ()
    reason: Reason = "shape"
    binding: Group | None = None
    simulates_absence: bool = False


class Group:
    """Observations that are weighed together, in the order of their ranks.

    Equal outcomes are compared once, however often they were seen.
    """

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self.evidence = evidence

    def __len__(self) -> int:
        return len(self.evidence)

    @cached_property
    def first(self) -> Evidence:
        """The observation that stands for all, whatever the order in which they came."""
        if len(self.evidence) == 1:
            return self.evidence[0]
        first = rank(self.evidence[0])
        return min(takewhile(lambda one: bool(rank(one) == first), self.evidence), key=_rank)

    @cached_property
    def raised(self) -> Group:
        """Those that ended in an exception."""
        return Group([one for one in self.evidence if one.seen.outcome.kind == "raised"])

    @cached_property
    def succeeded(self) -> Group:
        """Those that did not."""
        return Group([one for one in self.evidence if one.seen.outcome.kind != "raised"])

    @property
    def values(self) -> Iterable[Shape]:
        """The shapes of what they got, each at least once."""
        return (seen.value for seen, _ in self._variants())

    def at(self, site: Site | None) -> Group:
        """Return those that the same first-party call made."""
        return self._by_site.get(site.key, _NOBODY) if site is not None else _NOBODY

    def is_enough(self, site: Site | None) -> bool:
        """Whether this many bind a claim made at a site.

        One observation of first-party code or at the claim's own call site does; of a generic library it takes two
        (rule 1).
        """
        return self._is_first_party or self._is_repeated or len(self.at(site)) > 0

    def agreement(self, question: Question) -> Agreement:
        """Compare a claim with each of the observations, of which there must be some."""
        if len(self.evidence) == 1:
            one = self.evidence[0]
            return self._answer(question) if one.seen.differences(question) else Agreement(fits=one)
        found = self._answers.get(question)
        if found is None:
            found = self._answers[question] = self._answer(question)
        return found

    @cached_property
    def _answers(self) -> dict[Question, Agreement]:
        return {}

    @cached_property
    def _is_first_party(self) -> bool:
        return any(one.observation.first_party for one in self.evidence)

    @cached_property
    def _is_repeated(self) -> bool:
        return len(self.evidence) > 1 or any(len(one.tests) > 1 for one in self.evidence)

    @cached_property
    def _by_site(self) -> dict[tuple[str, str, str], Group]:
        sites: dict[tuple[str, str, str], list[Evidence]] = {}
        for one in self.evidence:
            if one.observation.site is not None:
                sites.setdefault(one.observation.site.key, []).append(one)
        return {key: Group(found) for key, found in sites.items()}

    def _variants(self) -> tuple[tuple[Seen, Group], ...]:
        """Return the different outcomes, each with those who saw it."""
        return ((self.evidence[0].seen, self),) if len(self.evidence) == 1 else self._several

    @cached_property
    def _several(self) -> tuple[tuple[Seen, Group], ...]:
        seen: dict[Seen, list[Evidence]] = {}
        for one in self.evidence:
            seen.setdefault(one.seen, []).append(one)
        if len(seen) == 1:
            return tuple((each, self) for each in seen)
        telling = {*without_emptier([each.value for each in seen])}
        variants = [(each, Group(found)) for each, found in seen.items() if each.value in telling]
        return tuple(sorted(variants, key=lambda variant: _rank(variant[1].first)))

    @cached_property
    def _whole(self) -> Shape:
        return join_all(self.values)

    def _answer(self, question: Question) -> Agreement:
        compared = []
        for seen, group in self._variants():
            found = seen.differences(question)
            if not found:
                return Agreement(fits=group.first)
            compared.append(_Compared(seen, group, found))
        bound = self._bound(question, compared)
        nearest = min(compared, key=lambda one: one.distance(bound)) if len(compared) > 1 else compared[0]
        chosen = [pair for pair in nearest.found if pair[0].path in bound]
        chosen = chosen or [pair for pair in nearest.found if not _says_none(pair[0])] or list(nearest.found)
        return Agreement(
            nearest=nearest.group.first,
            differences=tuple(difference for difference, _ in chosen),
            reason=chosen[0][1],
            binding=bound.get(chosen[0][0].path),
            simulates_absence=any(all(_simulates_absence(d) for d, _ in one.found) for one in compared),
        )

    def _bound(self, question: Question, compared: list[_Compared]) -> dict[str, Group]:
        """Find the paths on which all observations that reach so far say the same and the claim something else.

        An observation that had None, or no such key, on the way to a path says nothing about what is there another
        time, unless all had.
        """
        saying: dict[str, dict[str, list[_Compared]]] = {}
        for one in compared:
            for difference, _ in one.found:
                if not _says_none(difference):
                    reality = _NEAREST.sub("", difference.reality)
                    saying.setdefault(difference.path, {}).setdefault(reality, []).append(one)
        bound = {}
        for path, by_reality in saying.items():
            telling = {text: seen for text, seen in by_reality.items() if not _is_nothing(text)} or by_reality
            if len(telling) != 1:
                continue
            ((text, speaking),) = telling.items()
            if not all(one in speaking or one.has_nothing_at(path) for one in compared):
                continue
            if text.startswith("absent") and is_open(self._whole, _claimed(question), path):
                continue
            bound[path] = self if len(speaking) == len(compared) else _together(speaking)
        return bound


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """A claim beside one outcome that a group saw."""

    seen: Seen
    group: Group
    found: tuple[Differing, ...]

    def distance(self, bound: Mapping[str, Group]) -> tuple[object, ...]:
        """Order outcomes from the nearest to the farthest; the end of the key makes the order complete."""
        differences = [difference for difference, _ in self.found]
        return (
            not any(difference.path in bound for difference in differences),
            self.seen.outcome.kind == "raised",
            any(difference.path == "$" for difference in differences),
            len(differences),
            _rank(self.group.first),
            [(difference.path, difference.reality) for difference in differences],
        )

    def has_nothing_at(self, path: str) -> bool:
        """Whether there was nothing at a path or on the way to it."""
        return any(
            _is_nothing(difference.reality)
            and path.startswith(difference.path)
            and path[len(difference.path) : len(difference.path) + 1] in ("", ".", "[")
            for difference, _ in self.found
        )


def _together(compared: list[_Compared]) -> Group:
    return Group(sorted((one for each in compared for one in each.group.evidence), key=_rank))


_NOBODY = Group(())


def _rank(evidence: Evidence) -> tuple[object, ...]:
    return (*rank(evidence), evidence.text)


def _claimed(question: Question) -> Shape:
    return value_of(question.said) if question.said is not None else NEVER


def _says_none(difference: Difference) -> bool:
    return difference.claim == "None"


def _simulates_absence(difference: Difference) -> bool:
    """Whether a test says None where reality had a value: reality may well have none for other arguments."""
    return _says_none(difference) and not _is_nothing(difference.reality)


def _is_nothing(reality: str) -> bool:
    return reality == "None" or reality.startswith("absent")
