"""Opens the gate: reads the settings and registers the objects that do the work of this process."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.hooks import fixtures
from pytest_integration_gate.hooks.collection import Selection
from pytest_integration_gate.hooks.gatekeeper import Gatekeeper
from pytest_integration_gate.hooks.keys import ACTIVE, OWN_FILE, SETTINGS
from pytest_integration_gate.hooks.recording import Recorder
from pytest_integration_gate.hooks.settings import Settings, check_report, read_settings
from pytest_integration_gate.hooks.suite_files import SuiteFiles
from pytest_integration_gate.hooks.terminal import Terminal
from pytest_integration_gate.hooks.transport import Transport
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.source.project import Project


def start(config: pytest.Config) -> None:
    """Start the gate for this process: xdist's controller judges, its workers record, a plain run does both.

    Raises GateError when settings, store or an OpenAPI document cannot be used.
    """
    settings = read_settings(config)
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
    is_worker = hasattr(config, "workerinput")
    contexts = None
    plugins: list[object] = [
        Transport(),
        Selection(config, settings),
        SuiteFiles(config, settings),
        Recorder(config, settings, project, boundaries, store),
    ]
    if not is_worker:
        check_report(settings)
        if any(boundary.openapi for boundary in settings.boundaries):
            from pytest_integration_gate.hooks.descriptions import check_documents

            check_documents(settings)
        if settings.contexts or settings.base or settings.brief:
            from pytest_integration_gate.hooks.contexts import ContextJudge

            contexts = ContextJudge(config, settings)
            plugins += [contexts, contexts.stages]
            if contexts.active and config.getoption("dist", "no") != "no":
                from pytest_integration_gate.hooks.stages_on_workers import Dispatcher

                plugins.append(Dispatcher(config))
        warnings = (damage,) if damage else ()
        gatekeeper = Gatekeeper(config, settings, boundaries, store, warnings=warnings, contexts=contexts)
        plugins += [gatekeeper, Terminal(config, settings, gatekeeper)]
        if config.getoption("gate_replay"):
            from pytest_integration_gate.hooks.replay import Replay

            is_dry = config.getoption("gate_replay") == "dry"
            plugins.append(Replay(settings.boundaries, gatekeeper.findings_so_far, is_dry=is_dry))
        if settings.checkpoints:
            from pytest_integration_gate.hooks.checkpoints import Checkpoints

            plugins.append(Checkpoints(config, settings))
    if settings.contexts:
        from pytest_integration_gate.hooks.failures import FailureNotes

        plugins.append(FailureNotes(project))
    if getattr(config, "workerinput", {}).get(ACTIVE):
        plugins.append(_stages(config, settings))
    config.pluginmanager.register(fixtures, "integration_gate_offered_fixtures")
    for plugin in plugins:
        config.pluginmanager.register(plugin, f"integration_gate_{type(plugin).__name__.lower()}")


def _stages(config: Any, settings: Settings) -> object:
    """Make the stages of a worker of xdist from what the controller tells it."""
    told, output = config.workerinput, config.workeroutput
    active = [context for context in settings.contexts if context.name in told[ACTIVE]]
    if OWN_FILE in told:
        from pytest_integration_gate.hooks.stages_on_workers import WorkerStages

        return WorkerStages(active, output, told)
    from pytest_integration_gate.hooks.stages import Stages

    return Stages(active, output)
