"""The controller's part in judging by contexts: gathers the failures and says whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_integration_gate.checkout.coverage_data import Coverage
from pytest_integration_gate.checkout.grimp_graph import MISSING, read_with_grimp
from pytest_integration_gate.configuration.context_file import check_contexts
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.base import Base
from pytest_integration_gate.controller.steps import Criteria, Steps
from pytest_integration_gate.evidence.outcomes import MIXED, PASSED, keep_outcomes
from pytest_integration_gate.hooks.failures import failure_of
from pytest_integration_gate.hooks.keys import ACTIVE, OWN
from pytest_integration_gate.hooks.stages import Stages
from pytest_integration_gate.judging.borders import violations
from pytest_integration_gate.judging.contexts import Sorted, Sorting, changed_contexts, sort_failures
from pytest_integration_gate.judging.continuations import continuations
from pytest_integration_gate.judging.culprit import Culprit, find_culprit
from pytest_integration_gate.model.acceptance import concerning
from pytest_integration_gate.model.context import Context
from pytest_integration_gate.model.failure import Failure
from pytest_integration_gate.model.run_report import Contexts, InContext, OutOfContext, RunReport, TestOutcome
from pytest_integration_gate.source.import_graph import ImportGraph


class ContextJudge:
    """Knows what is worked on before the tests run, gathers the failures, and sorts them when they have.

    `active` are the contexts that are worked on. Raises SettingsError for a base that does not exist and for contexts
    that name what is not there, StoreError for a store of a newer version.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._settings = settings
        self._base = Base(config, settings)
        modules, former = self._base.graph.modules, self._base.former.modules
        check_contexts(settings.contexts, str(settings.root), modules, former)
        self.active: tuple[Context, ...] = tuple(one for one in settings.contexts if one.name in settings.worked_on)
        if not self.active and settings.base:
            names = {path: name for known in (modules, former) for name, path in known.items()}
            self.active = changed_contexts(settings.contexts, self._base.changes, names)
        self.stages = Stages(self.active)
        self._steps = Steps(config, settings, self.active, self._base)
        self._coverage = Coverage(str(settings.root))
        self._failures: dict[str, Failure] = {}
        self._has_failed: set[tuple[str, str]] = set()
        self._ends: dict[str, set[str]] = defaultdict(set)
        self._own: set[str] = set()
        self._selected: tuple[str, ...] = ()
        self._warnings: list[str] = []

    # -- gathering ------------------------------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist which contexts are worked on."""
        node.workerinput[ACTIVE] = [context.name for context in self.active]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Know what the workers are to run."""
        self._selected = tuple(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker ended: it says which tests are the context's own integration tests."""
        self._own.update(getattr(node, "workeroutput", {}).get(OWN, ()))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is a failure."""
        if report.failed:
            self._failures.setdefault(report.nodeid, failure_of(report))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first failure of each test, and every way in which it ended."""
        nodeid, outcome = report.nodeid, str(report.outcome)
        attempt = (nodeid, getattr(report, "worker_id", ""))  # with --dist=each every worker has its own
        if report.when == "setup":
            self._has_failed.discard(attempt)
        if outcome in ("failed", "rerun"):  # pytest-rerunfailures says the latter
            self._has_failed.add(attempt)
            self._failures.setdefault(nodeid, failure_of(report))
        if report.when not in ("setup", "call") or outcome == "rerun":  # the end of one attempt, or of a process
            self._ends[nodeid].add("failed" if attempt in self._has_failed else "passed")

    def take_up(self, failures: Iterable[Failure], ends: Mapping[str, Iterable[str]]) -> None:
        """Take over what an event log has of a run: the first failure of each test, and every way in which it ended."""
        for failure in failures:
            self._failures.setdefault(failure.nodeid, failure)
        for nodeid, ways in ends.items():
            self._ends[nodeid].update(ways)

    @property
    def warnings(self) -> list[str]:
        """What is not known of the contexts."""
        return [*self._base.warnings, *self._warnings, *self._steps.warnings]

    # -- sorting --------------------------------------------------------------------------------------------------

    def sort(self, outcomes: Mapping[str, TestOutcome]) -> Sorting | None:
        """Sort the failures, find the culprits, look at the borders, record how the tests ended.

        None when no contexts are configured: somebody only asked for a brief.
        """
        if not self._settings.contexts:
            return None
        if self.stages.selected:  # no worker of xdist has collected them
            self._own, self._selected = set(self.stages.own), self.stages.selected
        flaky = {nodeid for nodeid, ends in self._ends.items() if ends == {"passed", "failed"}}
        failures = [one for one in self._failures.values() if one.nodeid in flaky or _failed(outcomes, one.nodeid)]
        past = {failure.nodeid: self._base.past_of(failure.nodeid) for failure in failures}
        found = sort_failures(failures, self.active, past, flaky)
        culprits = {one.failure.nodeid: self._culprit(one) for one in found if one.category == "out_of_context"}
        self._keep(outcomes, flaky)
        return Sorting(
            section=self._section(found, culprits, {nodeid: one.reason for nodeid, one in outcomes.items()}),
            categories={one.failure.nodeid: (one.category, one.before) for one in found},
            flaky=frozenset(flaky),
            held_back=self._held_back(outcomes),
        )

    def _culprit(self, one: Sorted) -> Culprit | None:
        nodeid = one.failure.nodeid
        history = self._base.history_of(nodeid)
        return find_culprit(
            one.failure,
            history.reach_of(one.failure),
            passed_before=one.before == "passed"
            and not self._base.is_unsteady(nodeid)
            and self._base.has_same_environment(nodeid),
            carries=lambda path, reached: history.carries(path, nodeid, reached),
            ran=lambda path: self._coverage.ran(nodeid, path),
            lost=history.lost,
            leaves_behind=history.leaves_behind,
        )

    def _section(
        self, found: Sequence[Sorted], culprits: Mapping[str, Culprit | None], reasons: Mapping[str, str]
    ) -> Contexts:
        contexts, graph = self._settings.contexts, self._graph()
        names = {nodeid: culprit.name for nodeid, culprit in culprits.items() if culprit}
        active = [context.name for context in self.active]
        return Contexts(
            active=active[0] if len(active) == 1 else tuple(active) or None,
            base=self._base.in_words(),
            in_context=tuple(
                InContext(nodeid=one.failure.nodeid, before=one.before) for one in found if one.category == "in_context"
            ),
            out_of_context=tuple(
                _out_of_context(one, culprits[one.failure.nodeid]) for one in found if one.failure.nodeid in culprits
            ),
            violations=violations(contexts, graph),
            continuations=continuations(found, contexts, graph, names, reasons),
        )

    def _held_back(self, outcomes: Mapping[str, TestOutcome]) -> int:
        """Count the tests that did not run because an own integration test failed."""
        has_failed = any(_failed(outcomes, nodeid) for nodeid in self._own)
        return len(set(self._selected) - outcomes.keys()) if has_failed else 0

    def _graph(self) -> ImportGraph:
        """Read all imports, those for type checkers too; by grimp where it can."""
        modules = [module for context in self._settings.contexts for module in context.modules]
        packages = sorted({module.partition(".")[0] for module in modules})
        known = read_with_grimp(packages, str(self._settings.root), for_types=True)
        if known is None:
            self._warnings.append(MISSING)
        return self._base.graph_of(self._base.tree.files, known)

    def _keep(self, outcomes: Mapping[str, TestOutcome], flaky: Collection[str]) -> None:
        ends: dict[str, str] = {}
        for nodeid, outcome in outcomes.items():
            if nodeid in flaky:
                ends[nodeid] = MIXED
            elif outcome.outcome == "passed":
                ends[nodeid] = PASSED
            elif _failed(outcomes, nodeid) and nodeid in self._failures:
                ends[nodeid] = self._failures[nodeid].fingerprint
        if ends:
            warning = keep_outcomes(str(self._settings.store), self._base.outcomes(ends))
            self._warnings += [warning] if warning else []

    # -- the step -------------------------------------------------------------------------------------------------

    def follow(self, report: RunReport, collected: Collection[str], today: str) -> RunReport:
        """Take the steps that this run means for the contexts that are worked on, and write the brief."""
        passed = {nodeid for nodeid, ends in self._ends.items() if "passed" in ends}
        is_whole = set(collected) == set(self._selected)
        report = self._steps.follow(
            report, own=self._own, passed=passed, is_whole=is_whole, today=today, criteria=self._criteria(report)
        )
        return replace(report, warnings=tuple(sorted({*report.warnings, *self.warnings})))

    def _criteria(self, report: RunReport) -> Criteria:
        """Return the acceptance criteria that count for each context that is worked on."""
        return {
            context.name: [
                (one.story, one.criterion, one.state)
                for one in concerning(context.name, self._settings.stories, report.acceptance)
            ]
            for context in self.active
        }


def _failed(outcomes: Mapping[str, TestOutcome], nodeid: str) -> bool:
    return nodeid in outcomes and outcomes[nodeid].outcome in ("failed", "error")


def _out_of_context(one: Sorted, culprit: Culprit | None) -> OutOfContext:
    return OutOfContext(
        nodeid=one.failure.nodeid,
        before=one.before,
        culprit=culprit.name if culprit else None,
        certain=bool(culprit and culprit.is_certain),
        chain=culprit.chain if culprit else (),
        others=culprit.others if culprit else (),
        architectural=culprit is not None and culprit.name != one.failure.nodeid.partition("::")[0],
    )
