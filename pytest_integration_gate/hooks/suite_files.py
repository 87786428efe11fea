"""Notices YAML suites at collection; everything else about them is imported when there is one (SPEC section 10)."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.hooks.keys import SUITES
from pytest_integration_gate.hooks.settings import Settings

PATTERNS = ("test_*.gate.yaml", "*_gate.yaml")


def is_suite(name: str) -> bool:
    """Whether a file of this name is a suite."""
    return any(fnmatch(name, pattern) for pattern in PATTERNS)


class SuiteFiles:
    """Collects suites and keeps each on one worker of xdist."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._keeper: Any = None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect a suite as a module of tests."""
        if not is_suite(file_path.name) or file_path == self._settings.gate_file:
            return None
        try:
            from pytest_integration_gate.hooks.suites import Keeper, SuiteFile
        except GateError as error:
            raise parent.CollectError(f"{file_path.name}: {error}") from None
        if self._keeper is None:
            self._keeper = Keeper(self._config, self._settings)
            self._config.pluginmanager.register(self._keeper, SUITES)
        suite: pytest.Collector = SuiteFile.from_parent(parent, path=file_path, keeper=self._keeper)
        return suite

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Let xdist keep the tests of a suite together where it does not do so by itself."""
        from pytest_integration_gate.hooks.spreading import SCHEDULERS

        scheduler = SCHEDULERS.get(config.getvalue("dist"))
        return scheduler and scheduler(config, log)
