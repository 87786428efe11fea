"""Writes what the tests claim of HTTP services as Pact files, and publishes them: ``--gate-pact``."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.evidence.pact import Pact, pacts_of
from pytest_integration_gate.hooks.contracts import states_of
from pytest_integration_gate.hooks.keys import STATES
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Contribution
from pytest_integration_gate.judging.wording import counted


class PactFiles:
    """Hears the provider states that tests name, and writes the files when the run is judged."""

    def __init__(self, config: pytest.Config, settings: Settings, folder: Path) -> None:
        self._config = config
        self._settings = settings
        self._folder = folder
        self._states: dict[str, tuple[str, ...]] = {}
        self._lines: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Put the states of a test on the report of its teardown, as plain data."""
        report = yield
        if report.when == "teardown" and (states := states_of(item)):
            setattr(report, STATES, states)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the states that ride on a report."""
        if states := getattr(report, STATES, ()):
            self._states[report.nodeid] = tuple(states)

    def pytest_integration_gate_judge(self, ended: Ended) -> Contribution:
        """Write the files of the tests that passed, and publish them; what goes wrong becomes a warning."""
        passed = {nodeid for nodeid, outcome in ended.outcomes.items() if outcome.outcome == "passed"}
        findings = [
            replace(one, tests=tests)
            for one in ended.findings
            if (tests := tuple(test for test in one.tests if test in passed))
        ]
        warnings: list[str] = []
        written = []
        for pact in pacts_of(findings, self._settings.project, lambda test: self._states.get(test, ())):
            warnings += [*_left_out(pact), *self._mixed(pact)]
            if not pact.interactions:
                continue
            try:
                path = pact.write(self._folder)
            except OSError as error:
                warnings.append(f"The Pact with {pact.provider} was not written: {error.strerror or error}.")
                continue
            written.append(pact)
            self._lines.append(f"pact: {self._shown(path)}: {counted(len(pact.interactions), 'interaction')}")
        if self._settings.pact_broker:
            warnings += self._publish(written, ended)
        return Contribution(warnings=tuple(warnings))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written, and where it was published."""
        for line in self._lines if self._config.get_verbosity() >= 0 else ():
            terminalreporter.write_line(line)

    def _publish(self, pacts: list[Pact], ended: Ended) -> list[str]:
        from pytest_integration_gate.controller.pact_publishing import publish_all

        said, warnings = publish_all(self._settings, pacts, ended, self._shown(self._folder))
        self._lines += said
        return warnings

    def _mixed(self, pact: Pact) -> list[str]:
        """Say so when the claims under a boundary are about several services that no setting makes one."""
        known = next((one.urls for one in self._settings.boundaries if one.name == pact.provider), {})
        unknown = [each for each in pact.origins if not any(f"{base}/".startswith(f"{each}/") for base in known)]
        if len(pact.origins) < 2 or not unknown:
            return []
        named = ", ".join(pact.origins)
        remedy = "Give each a boundary of its own in gate.yaml, or name them under its `urls`."
        return [f"The Pact with {pact.provider} is with {len(pact.origins)} services: {named}. {remedy}"]

    def _shown(self, path: Path) -> str:
        root = self._config.rootpath
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _left_out(pact: Pact) -> list[str]:
    """Say which claims stand in no file."""
    warnings = []
    if pact.contradicted:
        lies = ", ".join(pact.contradicted)
        warnings.append(f"The Pact with {pact.provider} leaves out what reality contradicts: {lies}.")
    if pact.unsendable:
        warnings.append(
            f"The Pact with {pact.provider} leaves out what cannot be sent again: {', '.join(pact.unsendable)}."
        )
    return warnings
