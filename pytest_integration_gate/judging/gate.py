"""The judgement: may the run pass, and why not (SPEC section 12)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.judging import sections
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import (
    Boundary,
    ClaimCounts,
    Gate,
    Mismatch,
    RunReport,
    Status,
    Summary,
    TestOutcome,
    TestRun,
    Untidy,
)
from pytest_integration_gate.values import dataclass

if TYPE_CHECKING:  # only runs with contexts need it
    from pytest_integration_gate.judging.contexts import Sorting

_WORST_FIRST = ("failed", "error", "flaky", "passed", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Something that is not as it should be, in words. It fails the run when `word` is one of ``gate_fail_on``.

    Without a word it fails every run that can fail: the user has set a limit for just this. With `always` it fails the
    run whatever ``gate_fail_on`` says.
    """

    word: str = ""
    reason: str
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What a feature adds to the judgement: causes, whole sections of the report by their names, warnings, untidiness.

    A section that is none of the report's own stands under ``extensions``, made plain. Untidiness of the kinds in
    `hidden` is left out.
    """

    causes: tuple[Cause, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict, hash=False)
    warnings: tuple[str, ...] = ()
    untidy: tuple[Untidy, ...] = ()
    hidden: frozenset[str] = frozenset()


def judge(
    *,
    run: TestRun,
    findings: Sequence[Finding],
    outcomes: Iterable[TestOutcome] = (),
    records: Sequence[TestRecord] = (),
    boundaries: Sequence[Boundary] = (),
    warnings: Iterable[str] = (),
    waiver_problems: Sequence[str] = (),
    contributions: Sequence[Contribution] = (),
    sorting: Sorting | None = None,
    not_run: int = 0,
    fail_on: Collection[str] = ("mismatch",),
) -> RunReport:
    """Judge a run. The order in which anything is given makes no difference.

    `records` are those of the tests that ran. `boundaries` say what was observed (`sections.observed_boundaries` counts
    it); their claims are filled in here. `waiver_problems` say which waivers ended, cover nothing or
    cannot be read; they fail the run as mismatches do. `contributions` come from features that judge other things than
    claims; `sorting` says whose the failures are when contexts are configured. `not_run` counts the tests that a run
    which was killed did not get to. `fail_on` names what fails the run:
    ``mismatch`` (contradicted claims), ``suspect``, ``unverified``, ``stale``, ``out_of_context``, ``border``,
    ``flaky``, and the words of the contributions' causes.
    """
    ended = _once_each(outcomes)
    if sorting is not None:
        ended = [replace(one, outcome="flaky") if one.nodeid in sorting.flaky else one for one in ended]
    summary = _summary(ended, not_run + (sorting.held_back if sorting else 0))
    mismatches = sections.mismatches(findings)
    unverified, unbound = sections.unverified(findings), sections.unbound_doubles(records)
    stale = sections.stale(findings)
    causes = [cause for contribution in contributions for cause in contribution.causes]
    causes += _causes_of_sorting(sorting) if sorting is not None else ()
    gate = _gate(sections.count_verdicts(findings), mismatches, len(waiver_problems), causes, summary, fail_on)
    if sorting is not None and _has_nothing_new(sorting):
        gate = replace(gate, reasons=(*gate.reasons, "nothing new failed"))
    hidden = {kind for contribution in contributions for kind in contribution.hidden}
    untidy = [entry for contribution in contributions for entry in contribution.untidy]
    warned = [warning for contribution in contributions for warning in contribution.warnings]
    filled = sections.boundaries_with_claims(boundaries, findings)
    status: Status = "FAILED" if summary.failed or summary.errors else gate.status
    report = RunReport(
        test_run=replace(run, status=status),
        summary=summary,
        gate=gate,
        boundaries=filled,
        uses=sections.uses(findings),
        mismatches=mismatches,
        stale=stale,
        unverified=unverified,
        unbound_doubles=unbound,
        hygiene=sections.hygiene(records, untidy, hidden),
        failed_tests=sections.failed_tests(ended, sorting.categories if sorting else None),
        contexts=sorting.section if sorting else None,
        suites=sections.suites(ended),
        warnings=tuple(
            sorted(
                {*warnings, *waiver_problems, *warned, *(warning for record in records for warning in record.warnings)}
            )
        ),
        recommendations=sections.recommendations(
            sections.unverified(sections.provable(findings)), filled, unbound, stale
        ),
    )
    added = {name: section for contribution in contributions for name, section in contribution.sections.items()}
    ours = {name: section for name, section in added.items() if name in report.__dataclass_fields__}
    theirs = {name: _plain(section) for name, section in added.items() if name not in ours}
    return replace(report, **ours, extensions=theirs or None)


def _plain(section: Any) -> Any:
    """What every format can be written from, whatever a plugin has put in."""
    return json.loads(json.dumps(section, default=str))


def _once_each(outcomes: Iterable[TestOutcome]) -> list[TestOutcome]:
    """Keep the worst outcome of each test: one that passed and then failed to tear down is an error."""
    by_test: dict[str, TestOutcome] = {}
    for outcome in sorted(outcomes, key=lambda o: (_WORST_FIRST.index(o.outcome), o.reason)):
        by_test.setdefault(outcome.nodeid, outcome)
    return list(by_test.values())


def _summary(outcomes: Sequence[TestOutcome], not_run: int) -> Summary:
    ends = [outcome.outcome for outcome in outcomes]
    return Summary(
        total_tests=len(ends),
        passed=ends.count("passed"),
        failed=ends.count("failed"),
        skipped=ends.count("skipped"),
        errors=ends.count("error"),
        flaky=ends.count("flaky"),
        not_run=not_run or None,
    )


def _gate(
    claims: ClaimCounts,
    mismatches: Sequence[Mismatch],
    bad_waivers: int,
    others: Sequence[Cause],
    summary: Summary,
    fail_on: Collection[str],
) -> Gate:
    contradicted = sum(mismatch.verdict == "contradicted" for mismatch in mismatches)
    suspect = len(mismatches) - contradicted
    causes = {
        "mismatch": (contradicted, counted(contradicted, "mismatch", "mismatches")),
        "suspect": (suspect, counted(suspect, "suspect mismatch", "suspect mismatches")),
        "unverified": (claims.unverified, counted(claims.unverified, "unverified claim")),
        "stale": (claims.stale, counted(claims.stale, "stale claim")),
    }
    failing = [reason for cause, (number, reason) in causes.items() if number and cause in fail_on]
    if bad_waivers and "mismatch" in fail_on:
        failing.append(counted(bad_waivers, "waiver that does not hold", "waivers that do not hold"))
    failing += [cause.reason for cause in others if _fails(cause, fail_on)]
    left = [reason for cause, (number, reason) in causes.items() if number and cause not in fail_on]
    left += [cause.reason for cause in others if not _fails(cause, fail_on)]
    reasons = failing or left
    status: Status = "FAILED" if failing else "PARTIAL" if left or summary.not_run else "PASSED"

    certain = claims.verified + claims.contradicted
    met = certain + claims.suspect
    if claims.total > claims.waived and not met:
        reasons.append("no claim met any evidence")
    if summary.failed:
        reasons.append(counted(summary.failed, "failed test"))
    if summary.errors:
        reasons.append(counted(summary.errors, "error"))
    if summary.not_run:
        reasons.append(f"{counted(summary.not_run, 'test')} not run")
    return Gate(
        status=status,
        reasons=tuple(reasons),
        claims=claims,
        evidence=_share(met, claims.total),
        agreement=_share(claims.verified, certain),
    )


def _causes_of_sorting(sorting: Sorting) -> Iterator[Cause]:
    numbers = {
        "out_of_context": (len(sorting.section.out_of_context), "out-of-context failure"),
        "border": (len(sorting.section.violations), "border violation"),
        "flaky": (len(sorting.flaky), "flaky test"),
    }
    for word, (number, noun) in numbers.items():
        if number:
            yield Cause(word=word, reason=counted(number, noun))


def _has_nothing_new(sorting: Sorting) -> bool:
    return {category for category, _ in sorting.categories.values()} == {"pre_existing"}


def _fails(cause: Cause, fail_on: Collection[str]) -> bool:
    return cause.always or (cause.word in fail_on if cause.word else bool(fail_on))


def _share(part: int, whole: int) -> float | None:
    """Round towards the middle: a share that is not whole never reads as 0 or 1."""
    if not whole:
        return None
    return part / whole if part in (0, whole) else min(0.99, max(0.01, round(part / whole, 2)))
