"""Opens the gate: reads the settings and registers the objects that do the work of this process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_integration_gate.configuration.reading import read_settings
from pytest_integration_gate.configuration.settings import Settings, check_report
from pytest_integration_gate.controller import journal
from pytest_integration_gate.controller.gatekeeper import Gatekeeper
from pytest_integration_gate.controller.terminal import Terminal
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.hooks.collection import Ordering, Selection
from pytest_integration_gate.hooks.extending import NOTIFY, extended, implementing
from pytest_integration_gate.hooks.keys import ACTIVE, ORDER, OWN_FILE, SETTINGS
from pytest_integration_gate.hooks.recording import Recorder
from pytest_integration_gate.hooks.suite_files import SuiteFiles
from pytest_integration_gate.hooks.transport import Transport
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.source.project import Project

if TYPE_CHECKING:  # only runs that carry evidence need it
    from pytest_integration_gate.controller.carrying import Carrying
    from pytest_integration_gate.model.record import TestRecord


def start(config: pytest.Config) -> None:
    """Start the gate for this process: xdist's controller judges, its workers record, a plain run does both.

    Raises GateError when settings, store or an OpenAPI document cannot be used.
    """
    settings = extended(config, read_settings(config))
    ordered = _ordered(config)
    is_worker = ordered is not None or hasattr(config, "workerinput")
    left_over: tuple[str, ...] = ()
    if not is_worker:
        left_over = journal.adopt_left_over(str(settings.store))
        if settings.events is not None:
            from pytest_integration_gate.controller.events import adopt_left_over

            left_over += tuple(filter(None, (adopt_left_over(settings),)))
    store, damage = load(str(settings.store))
    config.stash[SETTINGS] = settings
    project = Project.find(
        str(config.rootpath),
        testpaths=tuple(config.getini("testpaths")),
        python_files=tuple(config.getini("python_files")),
        pythonpath=tuple(str(path) for path in config.getini("pythonpath")),
    )
    boundaries = Boundaries.of(
        {boundary.name: (*boundary.collaborators, *boundary.urls) for boundary in settings.boundaries}
    )
    carrying = None
    if settings.imports or settings.export is not None:
        from pytest_integration_gate.controller.carrying import Carrying

        carrying = Carrying(settings, is_worker=is_worker)
        store = carrying.adopted(store)
    recorder = Recorder(config, settings, project, boundaries, store)
    try:
        features = _features(config, settings, recorder, project, is_worker=is_worker)
        plugins: list[object] = [
            Transport(),
            Selection(config, settings, project, boundaries),
            SuiteFiles(config, settings, is_worker=is_worker),
            Ordering(config, settings),
            recorder,
            *features,
        ]
        if ordered is not None:
            plugins.append(ordered)
        if not is_worker:
            warnings = (*left_over, damage) if damage else left_over
            plugins += _controlling(config, settings, project, boundaries, store, warnings=warnings, carrying=carrying)
        if settings.contexts:
            from pytest_integration_gate.hooks.failures import FailureNotes

            plugins.append(FailureNotes(project))
        if getattr(config, "workerinput", {}).get(ACTIVE):
            plugins.append(_stages(config, settings))
    except BaseException:
        recorder.pytest_unconfigure()  # a run that does not begin leaves nothing behind in this process
        raise
    for plugin in plugins:
        config.pluginmanager.register(plugin, f"integration_gate_{type(plugin).__name__.lower()}")


def _controlling(
    config: pytest.Config,
    settings: Settings,
    project: Project,
    boundaries: Boundaries,
    store: Store,
    *,
    warnings: tuple[str, ...],
    carrying: Carrying | None,
) -> list[object]:
    """Make the objects that judge the run, in the one process that does. What cannot be used is told now."""
    check_report(settings)
    if any(boundary.openapi for boundary in settings.boundaries):
        from pytest_integration_gate.controller.descriptions import check_documents

        check_documents(settings)
    plugins: list[object] = []
    contexts = None
    if settings.contexts or settings.base or settings.brief:
        from pytest_integration_gate.controller.contexts import ContextJudge

        contexts = ContextJudge(config, settings)
        plugins += [contexts, contexts.stages]
        if contexts.active and config.getoption("dist", "no") != "no":
            from pytest_integration_gate.hooks.stages_on_workers import Dispatcher

            plugins.append(Dispatcher(config))
    baseline = None
    if settings.baseline is not None:
        from pytest_integration_gate.controller.baselining import Baseline

        baseline = Baseline(settings.baseline, is_updated=settings.updates_baseline)
    foreign: tuple[TestRecord, ...] = ()
    if settings.foreign_pacts:
        from pytest_integration_gate.controller.foreign_pacts import read_foreign

        foreign, told = read_foreign(settings)
        warnings += told
    gatekeeper = Gatekeeper(
        config,
        settings,
        boundaries,
        store,
        warnings=warnings,
        contexts=contexts,
        baseline=baseline,
        test_files=project.test_files,
        carrying=carrying,
        foreign=foreign,
    )
    plugins += [gatekeeper, Terminal(config, settings, gatekeeper)]
    if settings.events is not None:
        from pytest_integration_gate.controller.events import Events

        plugins.append(Events(config, settings.events, gatekeeper))
    else:
        plugins.append(journal.Journalling(config, gatekeeper))
    if settings.notify or implementing(config, NOTIFY):
        from pytest_integration_gate.controller.notifying import Notifier

        plugins.append(Notifier(config, settings, gatekeeper))
    if config.getoption("xmlpath", None):
        from pytest_integration_gate.controller.junit import JunitProperties

        plugins.append(JunitProperties(config, gatekeeper))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from pytest_integration_gate.controller.github import GitHub

        plugins.append(GitHub(config, gatekeeper))
    if config.getoption("gate_replay"):
        from pytest_integration_gate.hooks.replay import Replay

        is_dry = config.getoption("gate_replay") == "dry"
        plugins.append(Replay(settings, project, gatekeeper.findings_so_far, gatekeeper.warnings.append, is_dry=is_dry))
    return plugins


def _ordered(config: pytest.Config) -> object | None:
    """Return the object that runs one order, in a process that another run has started for that."""
    if ORDER not in os.environ:
        return None
    from pytest_integration_gate.repeating.ordered import ordered

    return ordered(config, os.environ.pop(ORDER))  # what tests start in turn must not take itself for such a process


def _features(
    config: pytest.Config, settings: Settings, recorder: Recorder, project: Project, *, is_worker: bool
) -> list[object]:
    """Make the objects of what is configured. Modules of features that nobody asked for are not imported."""
    plugins: list[object] = []
    runs_tests = not settings.checkpoint_stage  # what judges tests has nothing to say of a stage alone
    if runs_tests and (settings.stories or settings.requirements or settings.plan or settings.rules):
        from pytest_integration_gate.hooks.linking import Linking

        linking = Linking(config, settings)
        plugins.append(linking)
        if not is_worker:
            from pytest_integration_gate.controller.acceptance import Acceptance

            plugins.append(Acceptance(settings, linking))
    if settings.repeat > 1 and not is_worker:
        from pytest_integration_gate.repeating.repetition import Orders

        plugins.append(Orders(config, settings, recorder))
    if (settings.checkpoints or settings.publish) and not is_worker:
        from pytest_integration_gate.hooks.checkpoints import Checkpoints

        plugins.append(Checkpoints(config, settings))
    if settings.fix and not is_worker:
        from pytest_integration_gate.controller.fixing import Fixing

        plugins.append(Fixing(settings.root, writes=settings.fix == "write"))
    if settings.budget is not None and not is_worker:
        from pytest_integration_gate.hooks.bounds import RunBudget

        plugins.append(RunBudget(settings))
    if settings.pact is not None:
        from pytest_integration_gate.controller.pact import PactFiles

        plugins.append(PactFiles(config, settings, settings.pact))
    if runs_tests and settings.floors and not is_worker:
        from pytest_integration_gate.controller.floors import Floors

        plugins.append(Floors(config, settings, project))
    if settings.formats and not is_worker:
        from pytest_integration_gate.controller.formats import Formats

        plugins.append(Formats(settings.formats))
    if settings.scaffold is not None and not is_worker:
        from pytest_integration_gate.controller.scaffolding import Scaffolding

        plugins.append(Scaffolding(config, settings, settings.scaffold))
    return plugins


def _stages(config: Any, settings: Settings) -> object:
    """Make the stages of a worker of xdist from what the controller tells it."""
    told, output = config.workerinput, config.workeroutput
    active = [context for context in settings.contexts if context.name in told[ACTIVE]]
    if OWN_FILE in told:
        from pytest_integration_gate.hooks.stages_on_workers import WorkerStages

        return WorkerStages(active, output, told)
    from pytest_integration_gate.hooks.stages import Stages

    return Stages(active, output)
