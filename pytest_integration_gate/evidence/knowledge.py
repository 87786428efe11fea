"""Gathers what is known of a collaborator from evidence and verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from pytest_integration_gate.evidence.carrying import CarriedTest
from pytest_integration_gate.evidence.merging import StoredTest
from pytest_integration_gate.evidence.staleness import Staleness
from pytest_integration_gate.judging.wording import arguments_text, claim_text
from pytest_integration_gate.model.edition import Edition, key_of
from pytest_integration_gate.model.exchange import text_of_answer
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.knowledge import Knowledge, Saying, Sighting
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.text import text_of_outcome

_Test = StoredTest | CarriedTest
_Seen = tuple[Observation, _Test]
_Key = tuple[str, str, str, str, str]
"""Outcome, place, fidelity, why it is stale, what contaminated it."""


def is_about(target: str, wanted: str) -> bool:
    """Whether an address is the wanted one, or lies in it, or ends with it: ``shop.repo:Repo.get`` is about ``shop``,
    ``shop.repo``, ``shop.repo:Repo``, ``Repo.get`` and ``get``. Of a route, the URL may be given as far as one likes.
    """
    _, space, url = target.partition(" ")
    if space:
        return target == wanted or f"{url}/".startswith(f"{wanted.rstrip('/')}/")
    return bool(wanted) and f".{_plain(wanted)}." in f".{_plain(target)}."


def knowledge_of(
    wanted: str, tests: Collection[_Test], findings: Iterable[Finding], staleness: Staleness
) -> tuple[Knowledge, ...]:
    """Return what tests saw of the targets that are wanted, and what doubles say of them, sorted by target.

    `findings` are the verdicts on the claims of the tests.
    """
    facts: dict[str, Fact] = {}
    sightings: dict[str, dict[_Key, list[_Seen]]] = {}
    versions = [one for test in tests for one in (test, *(test.earlier if isinstance(test, StoredTest) else ()))]
    for test in sorted(versions, key=lambda one: (one.date, one.moment)):
        facts.update((fact.target, fact) for fact in test.record.facts)
        for target, key, observation in _seen(test, wanted, staleness):
            sightings.setdefault(target, {}).setdefault(key, []).append((observation, test))
    sayings: dict[str, list[Finding]] = {}
    for finding in findings:
        if is_about(finding.target, wanted):
            sayings.setdefault(finding.target, []).append(finding)
    targets = {*sightings, *sayings, *(target for target in facts if _plain(target) == _plain(wanted))}
    return tuple(
        Knowledge(
            target=target,
            fact=facts.get(target),
            sightings=tuple(
                _sighting(key, seen)
                for key, seen in sorted(sightings.get(target, {}).items(), key=lambda each: each[0])
            ),
            sayings=_sayings(sayings.get(target, ())),
        )
        for target in sorted(targets)
    )


def _plain(address: str) -> str:
    return address.replace("()", "").replace(":", ".")


def _seen(test: _Test, wanted: str, staleness: Staleness) -> Iterator[tuple[str, _Key, Observation]]:
    reasons: Mapping[Observation, str] | None = None
    for one in test.record.observations:
        if is_about(one.target, wanted) or is_about(one.defined, wanted):
            if reasons is None:
                reasons = staleness.why_stale(test)
            said = text_of_outcome(one.outcome)
            if one.exchange is not None:
                said = text_of_answer(one.exchange.answer, one.exchange.error)
            stale = reasons.get(one, "")
            yield one.target, (said, one.at, test.record.fidelity_of(one), stale, one.contaminated), one


def _sighting(key: _Key, seen: list[_Seen]) -> Sighting:
    said, at, _, stale, contaminated = key
    observation, newest = seen[-1]
    return Sighting(
        outcome=said,
        arguments=tuple(dict.fromkeys(arguments_text(one.arguments) for one, _ in seen if one.exchange is None)),
        times=len(seen),
        at=at,
        tests=tuple(sorted({test.record.nodeid for _, test in seen})),
        boundaries=tuple(sorted({name for _, test in seen for name in test.record.boundaries})),
        fidelity=newest.record.fidelity_of(observation),
        date=newest.date,
        commit=newest.commit,
        python=newest.python,
        edition=_edition_text(newest.record.editions, observation),
        stale=stale,
        contaminated=contaminated,
    )


def _edition_text(editions: Iterable[Edition], observation: Observation) -> str:
    wanted = key_of(observation)
    return next((f"{one.distribution} {one.version}" for one in editions if one.key == wanted and one.version), "")


def _sayings(findings: Iterable[Finding]) -> tuple[Saying, ...]:
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        claim = one.claim
        is_told = bool(claim.at)
        arguments = arguments_text(claim.arguments) if claim.arguments is not None and claim.exchange is None else ""
        said = claim_text(claim, one.kind) if is_told else ""
        if arguments and said.endswith(arguments):
            arguments = ""
        groups.setdefault((said, arguments, one.verdict if is_told else ""), []).append(one)
    return tuple(
        Saying(
            outcome=said,
            arguments=arguments,
            verdict=group[0].verdict if verdict else None,
            at=tuple(sorted({one.claim.at for one in group} - {""})),
            tests=tuple(sorted({test for one in group for test in one.tests})),
        )
        for (said, arguments, verdict), group in sorted(groups.items(), key=lambda item: item[0])
    )
