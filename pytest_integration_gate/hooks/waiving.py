"""Applies the waivers that stand in the sources of the tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.source.configured import statement_span
from pytest_integration_gate.verdicts.waivers import Waiver, waived, waivers_in


class Waivers:
    """The waivers of one run. `problems` says what is wrong with them; each fails the run."""

    def __init__(self, root: Path, today: str) -> None:
        self.problems: list[str] = []
        self._root = root
        self._today = today
        self._files: dict[str, tuple[Waiver, ...]] = {}
        self._used: set[Waiver] = set()

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings, those that a waiver covers as waived."""
        return [waived(one) if one.kind is not None and self._covering(one) else one for one in findings]

    def check_unused(self, files: Collection[str]) -> None:
        """Complain of waivers in these files that cover nothing any more; give only files whose tests all ran."""
        for file in sorted(files):
            for waiver in self._of(file):
                if waiver not in self._used:
                    kinds = ", ".join(waiver.kinds)
                    self.problems.append(f"{file}:{waiver.line}: the waiver of {kinds} covers nothing. Remove it.")

    def _covering(self, finding: Finding) -> bool:
        file, _, line = finding.claim.at.rpartition(":")
        covering = [
            waiver
            for waiver in (self._of(file) if file else ())
            if waiver.covers(finding, statement_span(str(self._root / file), int(line)))
        ]
        self._used.update(covering)
        for waiver in covering:
            if waiver.until >= self._today:
                return True
            problem = f"{file}:{waiver.line}: the waiver ended on {waiver.until}. Mend the mismatch or renew the date."
            if problem not in self.problems:
                self.problems.append(problem)
        return False

    def _of(self, file: str) -> tuple[Waiver, ...]:
        if file not in self._files:
            try:
                source = (self._root / file).read_text(encoding="utf-8")
            except (OSError, ValueError):
                source = ""
            self._files[file], problems = waivers_in(source, file)
            self.problems += problems
        return self._files[file]
