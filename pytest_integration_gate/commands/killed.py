"""Judges a run that was killed, from what its event log has, and tells those whom it could not tell itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

import pytest

from pytest_integration_gate.commands.deferred import judge_carried, only_by_runs
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.evidence.carrying import CarriedEnd, carried, merge, of_store
from pytest_integration_gate.evidence.events import LoggedRun
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.hooks.extending import NOTIFY, contributions, implementing
from pytest_integration_gate.judging.checkpoints import judge_checkpoints
from pytest_integration_gate.judging.contexts import Sorting
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.failure import Failure
from pytest_integration_gate.model.run_report import RunReport, TestOutcome

_NAMED = 10
"""So many of the tests that did not run are named."""


def judge_killed(
    logged: LoggedRun, lost: tuple[TestOutcome, ...], settings: Settings, config: pytest.Config
) -> RunReport:
    """Judge what a run has left behind that was not judged, with the evidence that was stored before.

    Contexts, acceptance, plan and checkpoints are judged as far as the run came; a run that ended with a mistake of its
    user (a marker that cannot be read) is judged by its claims alone. Raises GateError.
    """
    was_killed = logged.exit_status is None
    why = "the run was killed" if was_killed else f"the run was not judged (exit status {logged.exit_status})"
    store, damage = load(str(settings.store))
    own = {nodeid for nodeid, _ in logged.what.tests}
    stored = Store({nodeid: test for nodeid, test in store.tests.items() if nodeid not in own})
    ends = (CarriedEnd(outcome=outcome, moment="") for outcome in lost)
    features = _Features(logged, lost, settings, config) if was_killed else None
    always = Contribution(causes=(Cause(reason=why, always=True),))
    report = judge_carried(
        merge((of_store(stored), logged.what, carried(ends=ends))),
        settings,
        config,
        sort=features.sort if features else lambda outcomes: None,
        contribute=lambda ended: (always, *(features.contribute(ended) if features else ())),
        warnings=[*filter(None, (damage,)), *_not_run(logged.not_run)],
        not_run=len(logged.not_run),
        left_out={name: asked for name, asked in only_by_runs(settings).items() if not features or name in _LEFT_OUT},
        why=f"Not judged, because {why}",
    )
    return replace(report, warnings=tuple(sorted({*report.warnings, *features.warnings()}))) if features else report


_LEFT_OUT = frozenset({"coverage", "budget", "repetition"})
"""What a log cannot tell: coverage is written when a run ends, and a budget is that of a whole run."""


class _Features:
    """What is judged besides claims, each by the object that does so in a run."""

    def __init__(
        self, logged: LoggedRun, lost: Sequence[TestOutcome], settings: Settings, config: pytest.Config
    ) -> None:
        self._logged = logged
        self._config = config
        self._contexts = None
        if settings.contexts:
            from pytest_integration_gate.controller.contexts import ContextJudge

            self._contexts = ContextJudge(config, settings)
            crashes = [Failure(nodeid=one.nodeid, cls="crash", place=one.nodeid) for one in lost]
            self._contexts.take_up((*logged.failures, *crashes), logged.ways)
        if settings.stories or settings.requirements or settings.plan or settings.rules:
            from pytest_integration_gate.controller.acceptance import Acceptance
            from pytest_integration_gate.hooks.linking import Linking

            linking = Linking(config, settings)
            linking.hear(logged.links)
            config.pluginmanager.register(Acceptance(settings, linking, logged.expected))

    def sort(self, outcomes: Mapping[str, TestOutcome]) -> Sorting | None:
        return self._contexts.sort(outcomes) if self._contexts is not None else None

    def contribute(self, ended: Ended) -> list[Contribution]:
        return [judge_checkpoints(self._logged.checkpoints), *contributions(self._config, ended)]

    def warnings(self) -> list[str]:
        return self._contexts.warnings if self._contexts is not None else []


def tell_of_killed(logged: LoggedRun, report: RunReport, settings: Settings, config: pytest.Config) -> list[str]:
    """Publish the checkpoints and notify of the failure; say what went wrong.

    The id of the notification is that of the run: who has heard of it before knows it again.
    """
    warnings: list[str] = []
    if settings.publish and logged.checkpoints:
        from pytest_integration_gate.hooks.publishing import publish_all

        warnings += publish_all(settings, logged.definitions, logged.checkpoints, report.test_run.commit)
    if settings.notify or implementing(config, NOTIFY):
        from pytest_integration_gate.controller.notifying import notify
        from pytest_integration_gate.reports.notification import figures, why

        id = str(uuid5(NAMESPACE_URL, f"{settings.project} {logged.began}"))  # noqa: A001  # what receivers call it
        commit = report.test_run.commit or None
        warnings += notify(config, settings, "failed", id=id, commit=commit, **figures(report), reason=why(report))
    return warnings


def _not_run(tests: tuple[str, ...]) -> list[str]:
    if not tests:
        return []
    more = f" and {len(tests) - _NAMED} more" if len(tests) > _NAMED else ""
    return [f"The run ended before {counted(len(tests), 'test')}: {', '.join(tests[:_NAMED])}{more}."]
