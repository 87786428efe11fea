"""Takes the steps that a run means for the contexts that are worked on, and writes the hand-over for the next one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.base import Base
from pytest_integration_gate.evidence.workflow import keep_states, state_of
from pytest_integration_gate.files import write_text
from pytest_integration_gate.judging.workflow import Course, Result, SessionComplete, State, follow, next_step
from pytest_integration_gate.model.context import Context
from pytest_integration_gate.model.run_report import RunReport, WorkflowStep
from pytest_integration_gate.reports.brief import brief_text

Criteria = Mapping[str, Sequence[tuple[str, str, str]]]
"""Story, criterion and state of the acceptance criteria that count for a context, by its name."""


class Steps:
    """The state of the work on each active context, read when the run begins. Raises StoreError."""

    def __init__(self, config: pytest.Config, settings: Settings, active: Sequence[Context], base: Base) -> None:
        self._config = config
        self._settings = settings
        self._active = active
        self._base = base
        self._states = [
            state_of(str(settings.store), context.name, account=settings.account, project=settings.project)
            for context in active
        ]
        self.warnings: list[str] = []

    def follow(
        self,
        report: RunReport,
        *,
        own: Collection[str],
        passed: Collection[str],
        is_whole: bool,
        today: str,
        criteria: Criteria,
    ) -> RunReport:
        """Record what the run did and return the report with the step that it took.

        `own` are the own integration tests of all active contexts, `passed` the tests that passed; `is_whole` says that
        none of the collected tests was deselected.
        """
        states = []
        for context, state in zip(self._active, self._states, strict=True):
            mine = {nodeid for nodeid in own if context.has_test(nodeid)}
            course = self._course(context, report, mine, passed, is_whole, criteria)
            modules = self._state_of_modules(context)
            states.append(follow(state, course, modules=modules, date=today, commit=report.test_run.commit))
        if states:
            warning = keep_states(str(self._settings.store), states)
            self.warnings += [warning] if warning else []
        steps = tuple(_step(state) for state in states)
        report = replace(report, workflow=steps[0] if len(steps) == 1 else steps or None)
        if self._settings.brief is not None:
            self._write_brief(self._settings.brief, report, criteria)
        return report

    def _write_brief(self, path: Path, report: RunReport, criteria: Criteria) -> None:
        try:
            counting = [one for context in self._active for one in criteria.get(context.name, ())]
            write_text(path, brief_text(report, self._active, list(dict.fromkeys(counting))))
        except OSError as error:
            self.warnings.append(f"--gate-brief: {path} cannot be written: {error.strerror or error}.")

    def _course(
        self,
        context: Context,
        report: RunReport,
        own: Collection[str],
        passed: Collection[str],
        is_whole: bool,
        criteria: Criteria,
    ) -> Course:
        failed = {test.nodeid for test in report.failed_tests if test.category != "flaky"}
        is_asked_for = self._covers(context.tests)
        own_tests: Result | None = None
        if any(context.has_test(nodeid) and (nodeid in own or "::" not in nodeid) for nodeid in failed):
            own_tests = "failed"
        elif is_asked_for and any(nodeid in passed for nodeid in own):
            own_tests = "passed"
        suite: Result | None = None
        if own_tests == "passed" and is_whole and self._covers(self._all_tests()):
            suite = "passed" if self._is_green(report) else "failed"
        return Course(
            has_own_tests=bool(own) or own_tests is not None or not is_asked_for,
            has_modules=any(map(context.has_module, self._base.graph.modules)),
            own_tests=own_tests,
            suite=suite,
            criteria="failed" if any(state != "met" for _, _, state in criteria.get(context.name, ())) else "passed",
        )

    def _is_green(self, report: RunReport) -> bool:
        """Whether nothing failed that the run shall fail on, acceptance aside: that is judged after it."""
        claims, contexts = report.gate.claims, report.contexts
        wrong = {
            "mismatch": claims.contradicted,
            "suspect": claims.suspect,
            "unverified": claims.unverified,
            "stale": claims.stale,
            "flaky": report.summary.flaky,
            "border": len(contexts.violations) if contexts else 0,
        }
        failed = [test for test in report.failed_tests if test.category != "flaky"]
        return not failed and not any(wrong.get(word) for word in self._settings.fail_on)

    def _all_tests(self) -> list[str]:
        return [path for context in self._settings.contexts for path in context.tests]

    def _covers(self, tests: Iterable[str]) -> bool:
        """Whether the run was asked for all of these files and folders."""
        folder, root = self._config.invocation_params.dir, self._settings.root
        asked = [Path(folder, argument) for argument in self._config.args if "::" not in argument]
        return all(any(Path(root, path).is_relative_to(one) for one in asked) for path in tests)

    def _state_of_modules(self, context: Context) -> str:
        files, modules = self._base.tree.files, self._base.graph.modules
        own = [f"{path}\0{files[path]}" for module, path in sorted(modules.items()) if context.has_module(module)]
        return sha256("\0".join(own).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _step(state: State) -> WorkflowStep:
    try:
        following: str | None = next_step(state)
    except SessionComplete:
        following = None
    return WorkflowStep(context=state.context, step=state.step, result=state.result, next=following)
