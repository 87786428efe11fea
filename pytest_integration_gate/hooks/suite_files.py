"""Notices YAML suites at collection; everything else about them is imported when there is one (SPEC section 10)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.configuration.suite_names import is_suite
from pytest_integration_gate.errors import GateError
from pytest_integration_gate.hooks.keys import SUITES

if TYPE_CHECKING:  # only runs with checkpoints need it
    from pytest_integration_gate.hooks.checkpoints import Checkpoints


class SuiteFiles:
    """Collects suites, keeps each on one worker of xdist, and looks for checkpoints in them."""

    def __init__(self, config: pytest.Config, settings: Settings, *, is_worker: bool) -> None:
        self._config = config
        self._settings = settings
        self._is_worker = is_worker
        self._keeper: Any = None
        self._session: Any = None
        self._has_begun = False

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session, which xdist does not tell."""
        self._session = session

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

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Let the checkpoints of suites run before what they gate."""
        if self._keeper is not None and not self._is_worker:
            self._take_in([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Let all checkpoints run when the first worker has collected: no test has begun."""
        if self._has_begun:
            return
        self._has_begun = True
        checkpoints = self._take_in(ids)
        if checkpoints is not None:
            checkpoints.begin_with_all(self._session)

    def _take_in(self, nodeids: Sequence[str]) -> Checkpoints | None:
        if not self._settings.checkpoints and not any(".yaml::" in nodeid for nodeid in nodeids):
            return None
        from pytest_integration_gate.hooks.suite_checkpoints import take_in

        return take_in(self._config, self._settings, nodeids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Let xdist keep the tests of a suite together where it does not do so by itself."""
        from pytest_integration_gate.hooks.spreading import SCHEDULERS

        scheduler = SCHEDULERS.get(config.getvalue("dist"))
        return scheduler and scheduler(config, log)
