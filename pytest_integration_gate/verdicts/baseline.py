"""The baseline: mismatches that a project had when it adopted the gate, so that only new ones fail (SPEC section 9).

An entry holds no line numbers: moving a test's lines changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.values import dataclass

_WRONG = ("contradicted", "suspect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mismatch of one test: what it is about, its kind, and the paths on which claim and reality differ."""

    target: str
    kind: str
    test: str
    paths: tuple[str, ...] = ()


def entries_of(finding: Finding) -> tuple[Entry, ...]:
    """Return the entries that stand for a finding, one for each of its tests; none when it is no mismatch."""
    if finding.verdict not in _WRONG:
        return ()
    paths = tuple(sorted({difference.path for difference in finding.differences}))
    return tuple(
        Entry(target=finding.target, kind=finding.kind or "", test=test, paths=paths) for test in finding.tests
    )


def excused(findings: Iterable[Finding], entries: Collection[Entry]) -> list[Finding]:
    """Return the findings, those as waived of which every test has its entry."""
    return [
        replace(one, verdict="waived") if (own := entries_of(one)) and all(entry in entries for entry in own) else one
        for one in findings
    ]


def vanished(
    entries: Iterable[Entry], findings: Iterable[Finding], is_settled: Callable[[str], bool]
) -> tuple[Entry, ...]:
    """Return the entries that no longer occur.

    `is_settled` says of a test that it ran or is gone. An entry whose target met no evidence in this run may well
    occur when it does.
    """
    findings = list(findings)
    present = {entry for finding in findings for entry in entries_of(finding)}
    open_ = {(one.target, test) for one in findings if one.verdict in ("unverified", "stale") for test in one.tests}
    return tuple(
        entry
        for entry in entries
        if entry not in present and (entry.target, entry.test) not in open_ and is_settled(entry.test)
    )
