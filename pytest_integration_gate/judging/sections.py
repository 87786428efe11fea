"""The lists of the report, each grouped and sorted so that it does not depend on the order in which things arrived."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from urllib.parse import urlsplit

from pytest_integration_gate.judging.wording import claim_text, counted, target_name
from pytest_integration_gate.model.finding import Fidelity, Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import (
    Boundary,
    ClaimCounts,
    Claimed,
    FailedTest,
    Measured,
    Mismatch,
    Stale,
    SuiteResult,
    TestOutcome,
    UnboundDouble,
    Untidy,
    Unverified,
    Use,
)

_RECOMMENDED = 10
_SCAFFOLD = "--gate-scaffold=tests/integration"
_ENDS = {"passed": "passed", "failed": "failed", "skipped": "skipped", "errors": "error"}
_MET_BY_MANY = frozenset({"blind_hasattr", "passed_over"})
_LOOPBACK = re.compile(r"(//(?:127\.0\.0\.1|localhost|\[::1\])):(\d+)")
_GIVEN_AWAY = 32768
"""Linux gives away ports from here on to servers that ask for any; other systems from 49152 on."""
_WEAKEST_FIRST: tuple[Fidelity, ...] = ("declared", "emulated", "real")


def count_verdicts(findings: Iterable[Finding]) -> ClaimCounts:
    """Count claims by verdict."""
    counts = {"total": 0}
    for finding in findings:
        counts["total"] += 1
        counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
    return ClaimCounts(**counts)


def observed_boundaries(
    records: Iterable[TestRecord], configured: Callable[[str], str | None] = lambda target: None
) -> tuple[Boundary, ...]:
    """Count what the tests of each boundary observed; `configured` says where the configuration puts a target instead.

    Contaminated observations do not count. When tests of one boundary differ in fidelity, the weakest stands for it.
    A server that tests start has another port in each worker and each run: routes that differ in nothing but such a
    port are one target, unless one test reaches several of them.
    """
    tests: dict[str, set[str]] = {}
    targets: dict[str, dict[str, int]] = {}
    observations: dict[str, int] = {}
    fidelities: dict[str, set[Fidelity]] = {}
    filed = cache(configured)
    for record in records:
        reached: dict[str, dict[str, set[str]]] = {}
        for name in record.boundaries:
            tests.setdefault(name, set()).add(record.nodeid)
            fidelities.setdefault(name, set()).add(record.fidelity)
        for observation in record.observations:
            if observation.contaminated:
                continue
            other = filed(observation.target)
            for name in record.boundaries if other is None else (other,):
                tests.setdefault(name, set()).add(record.nodeid)
                fidelities.setdefault(name, set()).add(record.fidelity_of(observation))
                target = _portless(observation.target) if observation.exchange else observation.target
                reached.setdefault(name, {}).setdefault(target, set()).add(observation.target)
                observations[name] = observations.get(name, 0) + 1
        for name, mine in reached.items():
            most = targets.setdefault(name, {})
            most.update((target, max(most.get(target, 0), len(ports))) for target, ports in mine.items())
    return tuple(
        Boundary(
            name=name,
            fidelity=min(fidelities[name], key=_WEAKEST_FIRST.index),
            tests=len(tests[name]),
            targets=sum(targets.get(name, {}).values()),
            observations=observations.get(name, 0),
        )
        for name in sorted(tests)
    )


def _portless(route: str) -> str:
    found = _LOOPBACK.search(route)
    return route.replace(found[0], found[1], 1) if found and int(found[2]) >= _GIVEN_AWAY else route


def boundaries_with_claims(boundaries: Iterable[Boundary], findings: Iterable[Finding]) -> tuple[Boundary, ...]:
    """Add to each boundary the claims about it, and the boundaries that are only claimed about."""
    claimed: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.boundary:
            claimed.setdefault(finding.boundary, []).append(finding)
    known = {boundary.name: boundary for boundary in boundaries}
    return tuple(
        replace(known.get(name, Boundary(name=name)), claims=count_verdicts(claimed.get(name, ())))
        for name in sorted(known.keys() | claimed.keys())
    )


def uses(findings: Iterable[Finding]) -> tuple[Use, ...]:
    """Group the claims by boundary, by the file of the project that met them, and by collaborator."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        site = finding.claim.site
        key = (finding.boundary, site.file if site else "", _collaborator(finding))
        groups.setdefault(key, []).append(finding)
    return tuple(
        Use(boundary=boundary, code=code, collaborator=collaborator, claims=count_verdicts(group))
        for (boundary, code, collaborator), group in sorted(groups.items(), key=lambda item: item[0])
    )


def _collaborator(finding: Finding) -> str:
    """Return the service, the class or else the module that a claim is about."""
    if finding.claim.exchange is not None:
        url = urlsplit(finding.target.partition(" ")[2])
        return f"{url.scheme}://{url.netloc}"
    module, _, path = finding.target.partition(":")
    first = path.partition(".")[0].partition("(")[0]
    return f"{module}:{first}" if first[:1].isupper() else module


def mismatches(findings: Iterable[Finding]) -> tuple[Mismatch, ...]:
    """Join the contradicted and suspect claims that one line makes and that differ from reality in the same way.

    Contradicted ones come first. Where joined claims are worded differently, the first by alphabet stands for all.
    """
    wrong = sorted((f for f in findings if f.verdict in ("contradicted", "suspect")), key=_mismatch_order)
    return tuple(_join([*group]) for _, group in groupby(wrong, key=_mismatch_key))


def _mismatch_key(finding: Finding) -> tuple[object, ...]:
    return (
        finding.verdict,
        finding.target,
        finding.kind or "",
        _place_order(finding.claim.at),
        finding.boundary,
        tuple((d.path, d.claim, d.reality) for d in finding.differences),
    )


def _mismatch_order(finding: Finding) -> tuple[object, ...]:
    reality = finding.reality
    seen = ("",) if reality is None else (reality.outcome, reality.source, _place_order(reality.at), reality.tests)
    told = (reality.fidelity, reality.date, reality.commit) if reality is not None else ()
    return (
        _mismatch_key(finding),
        claim_text(finding.claim, finding.kind),
        seen,
        told,
        finding.suggestion,
        finding.claim.inferred,
    )


def _join(group: Sequence[Finding]) -> Mismatch:
    first = group[0]
    return Mismatch(
        target=first.target,
        boundary=first.boundary,
        kind=first.kind,
        verdict=first.verdict,
        claim=Claimed(
            outcome=claim_text(first.claim, first.kind),
            at=first.claim.at,
            tests=_tests_of(group),
            inferred=first.claim.inferred,
        ),
        reality=None if first.reality is None else replace(first.reality, tests=tuple(sorted(first.reality.tests))),
        differences=first.differences,
        suggestion=first.suggestion,
        waiver=_waiver(first),
    )


def _waiver(finding: Finding) -> str:
    """Write the waiver to paste: a comment beside the double, for a Pact file an entry of ``gate.yaml``."""
    if not finding.kind:
        return ""
    if finding.claim.double == "pact":
        target = f'target: "{finding.target}", kind: {finding.kind}'
        return f"in gate.yaml, waivers: [{{{target}, reason: <reason>, until: YYYY-MM-DD}}]"
    return f"# gate: ignore[{finding.kind}] <reason> until=YYYY-MM-DD"


def unverified(findings: Iterable[Finding]) -> tuple[Unverified, ...]:
    """Group the claims that met no evidence by boundary and target."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.verdict == "unverified":
            groups.setdefault((finding.target, finding.boundary), []).append(finding)
    return tuple(
        Unverified(
            target=target,
            boundary=boundary,
            claims=len(group),
            declared=sum(finding.declared for finding in group),
            at=_places(finding.claim.at for finding in group),
            tests=_tests_of(group),
        )
        for (target, boundary), group in sorted(groups.items(), key=lambda item: item[0])
    )


def stale(findings: Iterable[Finding]) -> tuple[Stale, ...]:
    """Group the claims that only stale evidence speaks about by target and by what that said."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        if finding.verdict == "stale":
            groups.setdefault(_stale_key(finding), []).append(finding)
    return tuple(
        Stale(
            target=group[0].target,
            boundary=group[0].boundary,
            would_be=group[0].would_be or "unverified",
            claims=len(group),
            at=_places(finding.claim.at for finding in group),
            tests=_tests_of(group),
            reality=group[0].reality,
            differences=group[0].differences,
        )
        for _, group in sorted(groups.items(), key=lambda item: item[0])
    )


def _stale_key(finding: Finding) -> tuple[object, ...]:
    said = finding.reality
    seen = () if said is None else (said.outcome, said.at, said.tests, said.date, said.commit, said.stale)
    differing = tuple((one.path, one.claim, one.reality) for one in finding.differences)
    return finding.target, finding.boundary, finding.would_be or "", differing, seen


def unbound_doubles(records: Iterable[TestRecord]) -> tuple[UnboundDouble, ...]:
    """Group the doubles that stand for nothing known by the line that made them."""
    names: dict[str, set[str]] = {}
    tests: dict[str, set[str]] = {}
    for record in records:
        for unbound in record.unbound:
            names.setdefault(unbound.at, set()).update(unbound.names)
            tests.setdefault(unbound.at, set()).add(record.nodeid)
    return tuple(
        UnboundDouble(at=at, names=tuple(sorted(names[at])), tests=tuple(sorted(tests[at])))
        for at in sorted(names, key=_place_order)
    )


def hygiene(
    records: Iterable[TestRecord], others: Iterable[Untidy] = (), hidden: Collection[str] = ()
) -> tuple[Untidy, ...]:
    """List what tests do untidily, and the observations that do not count because a double was reached underneath.

    `others` are found elsewhere; the kinds in `hidden` are left out. What many tests meet at one place is listed once,
    with the first of them.
    """
    untidy = {*others}
    met: dict[tuple[str, str, str], set[str]] = {}
    for record in records:
        for entry in record.hygiene:
            if entry.kind in _MET_BY_MANY:
                met.setdefault((entry.kind, entry.at, entry.detail), set()).add(record.nodeid)
            else:
                untidy.add(Untidy(kind=entry.kind, at=entry.at, test=record.nodeid, detail=entry.detail))
        for seen in record.observations:
            if seen.contaminated:
                at = f"{seen.site.file}:{seen.site.line}" if seen.site else seen.at
                detail = f"{seen.target} reached {seen.contaminated}"
                untidy.add(Untidy(kind="contaminated_observation", at=at, test=record.nodeid, detail=detail))
    untidy |= {Untidy(kind=kind, at=at, test=min(tests), detail=detail) for (kind, at, detail), tests in met.items()}
    shown = [entry for entry in untidy if entry.kind not in hidden]
    return tuple(sorted(shown, key=lambda entry: (entry.kind, _place_order(entry.at), entry.test, entry.detail)))


def failed_tests(
    outcomes: Iterable[TestOutcome], categories: Mapping[str, tuple[str, str]] | None = None
) -> tuple[FailedTest, ...]:
    """List the tests that failed, in some orders or in all, or could not run.

    `categories` has whose each failure is and how the test ended before.
    """
    known = categories or {}
    return tuple(
        FailedTest(
            name=outcome.nodeid.rpartition("::")[2],
            nodeid=outcome.nodeid,
            category="flaky" if outcome.outcome == "flaky" else known.get(outcome.nodeid, ("unclassified", ""))[0],
            before=known.get(outcome.nodeid, ("", ""))[1],
            reason=outcome.reason,
            details=outcome.details,
            suggestion=outcome.suggestion,
        )
        for outcome in sorted(outcomes, key=lambda outcome: outcome.nodeid)
        if outcome.outcome in ("failed", "error", "flaky")
    )


def suites(outcomes: Iterable[TestOutcome]) -> tuple[SuiteResult, ...]:
    """Count for each YAML suite how its tests ended, with what they measured."""
    by_file: dict[tuple[str, str], list[TestOutcome]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.nodeid):
        if outcome.suite:
            by_file.setdefault((outcome.nodeid.partition("::")[0], outcome.suite), []).append(outcome)
    return tuple(
        SuiteResult(
            name=name,
            file=file,
            tests=len(tests),
            **{word: sum(test.outcome == end for test in tests) for word, end in _ENDS.items()},
            measured=tuple(
                Measured(
                    test=test.nodeid.partition("::")[2],
                    figures={name: value for name, value in test.figures.items() if value != {}},
                )
                for test in tests
                if test.figures
            ),
        )
        for (file, name), tests in sorted(by_file.items())
    )


def provable(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what no integration test can be asked to prove: that a service breaks down, or does not answer."""
    for finding in findings:
        exchange = finding.claim.exchange
        answer = exchange.answer if exchange is not None else None
        if exchange is None or (answer is not None and (answer.status is None or answer.status < 500)):
            yield finding


def recommendations(
    groups: Sequence[Unverified],
    boundaries: Iterable[Boundary],
    unbound: Sequence[UnboundDouble] = (),
    outdated: Sequence[Stale] = (),
) -> tuple[str, ...]:
    """Say what would give evidence, the most claims first."""
    advice = []
    if groups and not any(boundary.observations for boundary in boundaries):
        advice.append(
            'Mark the tests that use real collaborators with @pytest.mark.boundary("name"): none was observed'
        )
    ordered = sorted(groups, key=lambda group: (-group.claims, group.target, group.boundary))
    for group in ordered[:_RECOMMENDED]:
        have = "has" if group.claims == 1 else "have"
        name = target_name(group.target)
        claims = counted(group.claims, "claim")
        advice.append(f"Add an integration test for {name}: {claims} {have} no evidence ({_SCAFFOLD})")
    if len(ordered) > _RECOMMENDED:
        rest = counted(len(ordered) - _RECOMMENDED, "more target")
        advice.append(f"The list `unverified` names {rest} without evidence")
    if outdated:
        claims = counted(sum(group.claims for group in outdated), "claim")
        advice.append(f"Run the boundary tests again: what {claims} met is stale")
    if unbound:
        lines = counted(len(unbound), "line")
        advice.append(
            f"Say what the doubles at {lines} of `unbound_doubles` stand for: give them a `spec`, "
            "or annotate where the code receives them"
        )
    return tuple(advice)


def _tests_of(group: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(sorted({test for finding in group for test in finding.tests}))


def _places(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(places), key=_place_order))


def _place_order(place: str) -> tuple[str, int, str]:
    """Order ``file:line`` by file, then by number."""
    file, _, line = place.rpartition(":")
    return (file, int(line), "") if line.isdecimal() else (place, 0, line)
