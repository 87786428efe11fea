"""The states of acceptance criteria and requirements (SPEC section 11).

Only tests that ran and passed in this run prove something. One failure outweighs every pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

from pytest_integration_gate.model.acceptance import Criterion, Links, Requirement, State, Story
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.values import dataclass

Proof = Literal["passed", "mocked", "failed", "idle"]
"""What a test came to. ``mocked``: it passed on claims without evidence alone. ``idle``: it did not run."""

Key = TypeVar("Key")

_SUPPORTING = frozenset({"verified", "waived"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMet:
    """What is remembered of something that was met: its text then, a digest of the tests that proved it, and these."""

    text: str
    digest: str
    tests: tuple[str, ...] = ()
    date: str = ""
    commit: str = ""


def mocked_tests(findings: Iterable[Finding], records: Iterable[TestRecord]) -> frozenset[str]:
    """Return the tests that prove nothing: they make claims that no evidence supports and observe nothing real."""
    supported = {test for finding in findings if finding.verdict in _SUPPORTING for test in finding.tests}
    return frozenset(
        record.nodeid
        for record in records
        if record.claims and not record.boundaries and record.nodeid not in supported
    )


class Assessment:
    """Judges one run. `met` collects what to remember, by key: ``US-7/AC-2`` or ``FR-01``."""

    def __init__(
        self,
        links: Mapping[str, Links],
        proofs: Mapping[str, Proof],
        remembered: Mapping[str, LastMet],
        absent: Collection[str] = (),
    ) -> None:
        """`proofs` has every linked test that was collected. `absent` are tests that exist and were not collected."""
        self._links = links
        self._proofs = proofs
        self._remembered = remembered
        self._absent = absent
        self.met: dict[str, LastMet] = {}

    def criteria(self, stories: Iterable[Story]) -> tuple[Criterion, ...]:
        """Judge every criterion; a story without criteria is judged by its title."""
        linked = _by_key((pair, nodeid) for nodeid, one in self._links.items() for pair in one.criteria)
        judged = []
        for story in stories:
            for criterion, text in (story.criteria or {"": story.title}).items():
                key = f"{story.id}/{criterion}" if criterion else story.id
                state, tests = self._judge(key, text, linked.get((story.id, criterion), ()))
                judged.append(Criterion(story=story.id, criterion=criterion, text=text, state=state, tests=tests))
        return tuple(judged)

    def requirements(self, requirements: Mapping[str, str]) -> tuple[Requirement, ...]:
        """Judge every requirement."""
        linked = _by_key((one, nodeid) for nodeid, links in self._links.items() for one in links.requirements)
        judged = []
        for identity, text in requirements.items():
            state, tests = self._judge(identity, text, linked.get(identity, ()))
            judged.append(Requirement(id=identity, text=text, state=state, tests=tests))
        return tuple(judged)

    def _judge(self, key: str, text: str, linked: Sequence[str]) -> tuple[State, tuple[str, ...]]:
        before = self._remembered.get(key)
        tests = tuple(sorted(linked))
        if not tests:
            gone = tuple(test for test in before.tests if test in self._absent) if before else ()
            return ("not_run", gone) if gone else ("gap", ())
        ends = {self._proofs.get(test, "idle") for test in tests}
        if "failed" in ends:
            return "failed", tests
        if "passed" not in ends:
            return "mock_only" if "mocked" in ends else "not_run", tests
        digest = " ".join(self._links[test].digest for test in tests)
        if before and _words(before.text) != _words(text) and before.digest == digest:
            return "changed", tests
        self.met[key] = LastMet(text=text, digest=digest, tests=tests)
        return "met", tests


def unmet(judged: Iterable[Criterion | Requirement]) -> Iterator[Criterion | Requirement]:
    """Give what is not met."""
    return (one for one in judged if one.state != "met")


def _by_key(pairs: Iterable[tuple[Key, str]]) -> dict[Key, list[str]]:
    grouped: dict[Key, list[str]] = {}
    for key, nodeid in pairs:
        grouped.setdefault(key, []).append(nodeid)
    return grouped


def _words(text: str) -> list[str]:
    """Return what is compared: how a text is wrapped and spaced does not change it."""
    return text.split()
