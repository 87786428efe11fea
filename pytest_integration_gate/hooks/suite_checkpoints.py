"""Gives the checkpoints of the suites that run to what runs those of ``gate.yaml``."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_integration_gate.configuration.checkpoint_files import checkpoints_of
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.configuration.suite_names import is_suite
from pytest_integration_gate.errors import GateError
from pytest_integration_gate.hooks.checkpoints import Checkpoints
from pytest_integration_gate.hooks.keys import CHECKPOINTS


def take_in(config: pytest.Config, settings: Settings, nodeids: Iterable[str]) -> Checkpoints | None:
    """Give the checkpoints of the suites that have tests among `nodeids` to what runs those of ``gate.yaml``.

    Returns what runs them, None when there are no checkpoints at all. Mistakes end the run with exit code 4.
    """
    files = [settings.root / file for file in dict.fromkeys(nodeid.partition("::")[0] for nodeid in nodeids)]
    runner = config.pluginmanager.get_plugin(CHECKPOINTS)
    try:
        found = checkpoints_of([file for file in files if is_suite(file.name)], settings.root)
        if found and runner is None:
            runner = Checkpoints(config, settings)
            config.pluginmanager.register(runner, CHECKPOINTS)
        if runner is not None:
            runner.add(found)
    except GateError as error:
        raise pytest.UsageError(str(error)) from None
    return runner
