"""Applies the waivers: those in the sources of the tests, those of markers and those of ``gate.yaml``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_integration_gate.hooks.keys import WAIVERS
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.source.configured import statement_span
from pytest_integration_gate.verdicts.waivers import Waiver, waived, waivers_in

if TYPE_CHECKING:  # only runs with such waivers need them
    from pytest_integration_gate.verdicts.target_waivers import TargetWaiver


class Waivers:
    """The waivers of one run. `problems` says what is wrong with them; each fails the run.

    `given` are those of ``gate.yaml``; those of markers come with the reports of their tests.
    """

    def __init__(self, root: Path, given: Iterable[TargetWaiver] = ()) -> None:
        self.problems: list[str] = []
        self._root = root
        self._given = list(given)
        self._files: dict[str, tuple[Waiver, ...]] = {}
        self._used: set[Waiver] = set()
        self._used_places: set[tuple[str, str]] = set()

    @property
    def given(self) -> tuple[TargetWaiver, ...]:
        """The waivers that name a target."""
        return tuple(self._given)

    def hear(self, report: pytest.TestReport) -> None:
        """Take the waivers that ride on a report."""
        if hasattr(report, WAIVERS):
            from pytest_integration_gate.hooks.waive_marks import waivers_on

            self._given += waivers_on(report)

    def apply(self, findings: Iterable[Finding], today: str) -> list[Finding]:
        """Return the findings, those that a waiver covers on this day as waived."""
        findings = list(findings)
        for one in findings:
            if one.verdict in ("unverified", "stale"):
                self._note_open(one)
        return [
            waived(one)
            if one.kind is not None and (self._is_covered(one, today) or self._is_given(one, today))
            else one
            for one in findings
        ]

    def check_unused(self, files: Collection[str], *, is_whole: bool = False) -> None:
        """Complain of waivers that cover nothing any more.

        `files` are those whose tests all ran; `is_whole` says that all tests of the project did.
        """
        for file in sorted(files):
            for waiver in self._of(file):
                if waiver not in self._used:
                    kinds = ", ".join(waiver.kinds)
                    self.problems.append(f"{file}:{waiver.line}: the waiver of {kinds} covers nothing. Remove it.")
        unused = {
            f"{one.where}: the waiver of {one.target} covers nothing. Remove it."
            for one in self._given
            if (one.where, one.target) not in self._used_places
            and (one.test.partition("::")[0] in files if one.test else is_whole)
        }
        self.problems += sorted(unused)

    def _note_open(self, finding: Finding) -> None:
        """A waiver of a claim that met no evidence in this run may well be needed when it does."""
        file, _, line = finding.claim.at.rpartition(":")
        if file and self._of(file):
            span = statement_span(str(self._root / file), int(line))
            self._used.update(waiver for waiver in self._of(file) if waiver.stands_at(span))
        self._used_places |= {(one.where, one.target) for one in self._given if one.names(finding)}

    def _is_covered(self, finding: Finding, today: str) -> bool:
        file, _, line = finding.claim.at.rpartition(":")
        covering = [
            waiver
            for waiver in (self._of(file) if file else ())
            if waiver.covers(finding, statement_span(str(self._root / file), int(line)))
        ]
        self._used.update(covering)
        for waiver in covering:
            if waiver.until >= today:
                return True
            self._complain_of_end(f"{file}:{waiver.line}", waiver.until)
        return False

    def _is_given(self, finding: Finding, today: str) -> bool:
        if not self._given:
            return False
        from pytest_integration_gate.verdicts.target_waivers import is_covered

        covering = [one for one in self._given if one.concerns(finding)]
        self._used_places |= {(one.where, one.target) for one in covering}
        if is_covered(finding, [one for one in covering if one.until >= today]):
            return True
        for one in covering:
            if one.until < today:
                self._complain_of_end(one.where, one.until)
        return False

    def _complain_of_end(self, where: str, until: str) -> None:
        problem = f"{where}: the waiver ended on {until}. Mend the mismatch or renew the date."
        if problem not in self.problems:
            self.problems.append(problem)

    def _of(self, file: str) -> tuple[Waiver, ...]:
        if file not in self._files:
            try:
                source = (self._root / file).read_text(encoding="utf-8")
            except (OSError, ValueError):
                source = ""
            self._files[file], problems = waivers_in(source, file)
            self.problems += problems
        return self._files[file]
