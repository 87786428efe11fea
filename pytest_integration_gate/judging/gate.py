"""The judgement: may the run pass, and why not (SPEC section 12)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_integration_gate.judging import sections
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import (
    Boundary,
    CheckpointResult,
    ClaimCounts,
    Gate,
    Mismatch,
    RunReport,
    Status,
    Summary,
    TestOutcome,
    TestRun,
)

if TYPE_CHECKING:  # only runs with contexts need it
    from pytest_integration_gate.judging.contexts import Sorting

_WORST_FIRST = ("flaky", "failed", "error", "passed", "skipped")


def judge(
    *,
    run: TestRun,
    findings: Sequence[Finding],
    outcomes: Iterable[TestOutcome] = (),
    records: Sequence[TestRecord] = (),
    boundaries: Sequence[Boundary] = (),
    warnings: Iterable[str] = (),
    waiver_problems: Sequence[str] = (),
    sorting: Sorting | None = None,
    checkpoints: Sequence[CheckpointResult] = (),
    fail_on: Collection[str] = ("mismatch",),
) -> RunReport:
    """Judge a run. The order in which anything is given makes no difference.

    `records` are those of the tests that ran. `boundaries` say what was observed (`sections.observed_boundaries` counts
    it); their claims are filled in here. `waiver_problems` say which waivers ended, cover nothing or
    cannot be read; they fail the run as mismatches do. `sorting` is there when contexts are configured. `fail_on` names
    what fails the run: ``mismatch`` (contradicted claims), ``suspect``, ``unverified``, ``stale``, ``out_of_context``,
    ``border``, ``flaky``, ``checkpoint``. A failed checkpoint that stops the run fails it in any case.
    """
    ended = _once_each(outcomes)
    if sorting is not None:
        ended = [replace(one, outcome="flaky") if one.nodeid in sorting.flaky else one for one in ended]
    summary = _summary(ended, sorting.held_back if sorting else 0)
    mismatches = sections.mismatches(findings)
    unverified = sections.unverified(findings)
    gate = _gate(
        sections.count_verdicts(findings), mismatches, len(waiver_problems), summary, sorting, checkpoints, fail_on
    )
    filled = sections.boundaries_with_claims(boundaries, findings)
    status: Status = "FAILED" if summary.failed or summary.errors else gate.status
    return RunReport(
        test_run=replace(run, status=status),
        summary=summary,
        gate=gate,
        boundaries=filled,
        mismatches=mismatches,
        unverified=unverified,
        unbound_doubles=sections.unbound_doubles(records),
        hygiene=sections.hygiene(records),
        failed_tests=sections.failed_tests(ended, sorting.categories if sorting else None),
        contexts=sorting.section if sorting else None,
        suites=sections.suites(ended),
        checkpoints=tuple(checkpoints),
        warnings=tuple(
            sorted({*warnings, *waiver_problems, *(warning for record in records for warning in record.warnings)})
        ),
        recommendations=sections.recommendations(unverified, filled),
    )


def _once_each(outcomes: Iterable[TestOutcome]) -> list[TestOutcome]:
    """Keep the worst outcome of each test: one that passed and then failed to tear down is an error."""
    by_test: dict[str, TestOutcome] = {}
    for outcome in sorted(outcomes, key=lambda o: (_WORST_FIRST.index(o.outcome), o.reason)):
        by_test.setdefault(outcome.nodeid, outcome)
    return list(by_test.values())


def _summary(outcomes: Sequence[TestOutcome], held_back: int) -> Summary:
    ends = [outcome.outcome for outcome in outcomes]
    return Summary(
        total_tests=len(ends),
        passed=ends.count("passed"),
        failed=ends.count("failed"),
        skipped=ends.count("skipped"),
        errors=ends.count("error"),
        flaky=ends.count("flaky"),
        not_run=held_back or None,
    )


def _gate(
    claims: ClaimCounts,
    mismatches: Sequence[Mismatch],
    bad_waivers: int,
    summary: Summary,
    sorting: Sorting | None,
    checkpoints: Sequence[CheckpointResult],
    fail_on: Collection[str],
) -> Gate:
    contradicted = sum(mismatch.verdict == "contradicted" for mismatch in mismatches)
    suspect = len(mismatches) - contradicted
    failed = [one for one in checkpoints if one.status == "failed"]
    passable = [one for one in failed if one.failure_action != "stop"]
    causes = {
        "mismatch": (contradicted, counted(contradicted, "mismatch", "mismatches")),
        "suspect": (suspect, counted(suspect, "suspect mismatch", "suspect mismatches")),
        "unverified": (claims.unverified, counted(claims.unverified, "unverified claim")),
        "stale": (claims.stale, counted(claims.stale, "stale claim")),
        "flaky": (summary.flaky, counted(summary.flaky, "flaky test")),
        "checkpoint": (len(passable), counted(len(passable), "failed checkpoint")),
    }
    if sorting is not None:
        broken, crossed = len(sorting.section.out_of_context), len(sorting.section.violations)
        causes["out_of_context"] = (broken, counted(broken, "out-of-context failure"))
        causes["border"] = (crossed, counted(crossed, "border violation"))
    failing = [reason for cause, (number, reason) in causes.items() if number and cause in fail_on]
    if bad_waivers and "mismatch" in fail_on:
        failing.append(counted(bad_waivers, "waiver that does not hold", "waivers that do not hold"))
    failing += [f"checkpoint {one.name} failed" for one in failed if one.failure_action == "stop"]
    left = [reason for cause, (number, reason) in causes.items() if number and cause not in fail_on]
    reasons = failing or left
    status: Status = "FAILED" if failing else "PARTIAL" if left else "PASSED"

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
    if sorting is not None and _nothing_new(sorting):
        reasons.append("nothing new failed")
    return Gate(
        status=status,
        reasons=tuple(reasons),
        claims=claims,
        evidence=_share(met, claims.total),
        agreement=_share(claims.verified, certain),
    )


def _nothing_new(sorting: Sorting) -> bool:
    categories = {category for category, _ in sorting.categories.values()}
    return categories == {"pre_existing"}


def _share(part: int, whole: int) -> float | None:
    """Round towards the middle: a share that is not whole never reads as 0 or 1."""
    if not whole:
        return None
    return part / whole if part in (0, whole) else min(0.99, max(0.01, round(part / whole, 2)))
