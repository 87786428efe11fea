"""Judges acceptance criteria, requirements, plan and rules when the run has ended, and remembers what was met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.evidence.lines import change_lines, read_lines
from pytest_integration_gate.hooks.linking import Linking, rule_levels
from pytest_integration_gate.judging.acceptance import Assessment, LastMet, Proof, mocked_tests
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.judging.plan import covered
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.acceptance import Criterion, PlannedPath, Requirement
from pytest_integration_gate.model.run_report import Untidy

FILE = "acceptance.jsonl"
KIND = "integration-gate acceptance"


class Acceptance:
    """What was asked of the project and what came of it."""

    def __init__(self, settings: Settings, linking: Linking, expected_failures: Iterable[str] = ()) -> None:
        """Read what is remembered. Raises StoreError when a newer version wrote it."""
        self._settings = settings
        self._linking = linking
        self._expected_failures = {*expected_failures}
        lines, warning = read_lines(str(settings.store), FILE, KIND)
        self._remembered = dict(_remembered(lines))
        self._warnings = [warning] if warning else []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that is expected to fail, and does, proves nothing."""
        if report.skipped and hasattr(report, "wasxfail"):
            self._expected_failures.add(report.nodeid)

    def pytest_integration_gate_judge(self, ended: Ended) -> Contribution:
        """Judge everything that is asked."""
        links = self._linking.links
        proofs = self._proofs(ended)
        assessment = Assessment(links, proofs, self._remembered, self._absent())
        criteria = assessment.criteria(self._settings.stories)
        requirements = assessment.requirements(self._settings.requirements)
        linked: dict[tuple[str, str], list[str]] = {}
        for nodeid, one in links.items():
            for path in one.paths:
                linked.setdefault(path, []).append(nodeid)
        skipped = {nodeid for nodeid, outcome in ended.outcomes.items() if outcome.outcome == "skipped"}
        plan = covered(self._settings.plan, linked, skipped - self._expected_failures)
        self._remember(assessment.met, ended)
        untidy = [
            Untidy(kind=entry.kind, at=entry.at, test=nodeid, detail=entry.detail)
            for nodeid, one in links.items()
            if nodeid in ended.records
            for entry in one.untidy
        ]
        return Contribution(
            causes=tuple(self._causes(criteria, requirements, plan, untidy, ended)),
            sections={"acceptance": criteria, "requirements": requirements, "plan": plan},
            warnings=(*self._warnings, *(note for one in links.values() for note in one.notes)),
            untidy=tuple(untidy),
            hidden=frozenset(rule for rule, level in rule_levels(self._settings).items() if level == "off"),
        )

    def _proofs(self, ended: Ended) -> dict[str, Proof]:
        mocked = mocked_tests(ended.findings, ended.records.values())
        proofs: dict[str, Proof] = {}
        for nodeid in self._linking.links:
            outcome = ended.outcomes.get(nodeid)
            if outcome is None or (outcome.outcome == "skipped" and nodeid not in self._expected_failures):
                proofs[nodeid] = "idle"
            elif outcome.outcome != "passed":
                proofs[nodeid] = "failed"
            else:
                proofs[nodeid] = "mocked" if nodeid in mocked else "passed"
        return proofs

    def _absent(self) -> set[str]:
        """Return the remembered tests whose file is still there and was not asked for in this run."""
        files = {nodeid.partition("::")[0] for nodeid in self._linking.collected}
        return {
            test
            for met in self._remembered.values()
            for test in met.tests
            if (file := test.partition("::")[0]) not in files and (self._settings.root / file).is_file()
        }

    def _causes(
        self,
        criteria: Iterable[Criterion],
        requirements: Iterable[Requirement],
        plan: Iterable[PlannedPath],
        untidy: Iterable[Untidy],
        ended: Ended,
    ) -> Iterator[Cause]:
        unmet = sum(one.state != "met" for one in criteria)
        if unmet:
            yield Cause(word="acceptance", reason=f"{counted(unmet, 'criterion', 'criteria')} not met")
        unmet = sum(one.state != "met" for one in requirements)
        if unmet:
            yield Cause(word="acceptance", reason=f"{counted(unmet, 'requirement')} not met")
        gaps = sum(one.state == "gap" for one in plan)
        if gaps:
            yield Cause(word="plan", reason=f"{counted(gaps, 'planned path')} without a test")
        kinds = [entry.kind for entry in untidy]
        kinds += [entry.kind for record in ended.records.values() for entry in record.hygiene]
        errors = {rule for rule, level in rule_levels(self._settings).items() if level == "error"}
        for rule in sorted(errors & set(kinds)):
            yield Cause(reason=f"rule {rule} broken {counted(kinds.count(rule), 'time')}")

    def _remember(self, met: Mapping[str, LastMet], ended: Ended) -> None:
        new = {key: replace(one, date=ended.today, commit=ended.commit) for key, one in met.items()}
        if not new:
            return

        def changed(lines: list[Any]) -> Iterator[dict[str, Any]]:
            known = {**dict(_remembered(lines)), **new}
            return ({"id": key, **asdict(known[key])} for key in sorted(known))

        if warning := change_lines(str(self._settings.store), FILE, KIND, changed):
            self._warnings.append(warning)


def _remembered(lines: Iterable[Any]) -> Iterator[tuple[str, LastMet]]:
    """Read the lines that can be understood; another is forgotten, and what it was about counts as never met."""
    for line in lines:
        try:
            key = line.pop("id")
            yield key, LastMet(**{**line, "tests": tuple(line["tests"])})
        except (AttributeError, KeyError, TypeError):
            continue
