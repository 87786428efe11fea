"""Shows in pytest's own terminal output what the gate has to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.gatekeeper import Gatekeeper
from pytest_integration_gate.hooks.masking import Redaction
from pytest_integration_gate.reports.mismatch_text import source_in
from pytest_integration_gate.reports.terminal import header_line, summary_lines


class Terminal:
    """The header line and the section at the end."""

    def __init__(self, config: pytest.Config, settings: Settings, gatekeeper: Gatekeeper) -> None:
        self._config = config
        self._settings = settings
        self._gatekeeper = gatekeeper

    def pytest_report_header(self) -> str:
        """Say that the gate is on, for which boundaries, and where its evidence is kept."""
        named = self._settings.selected or tuple(boundary.name for boundary in self._settings.boundaries)
        return header_line(named, self._shown(self._settings.store), self._settings.notes)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the judged run, mismatches first."""
        report = self._gatekeeper.report
        if report is None:
            for warning in self._gatekeeper.warnings:
                terminalreporter.write_line(f"integration-gate: {warning}", red=True)
            return
        lines = summary_lines(
            report,
            path=self._shown(self._settings.report),
            source=source_in(str(self._config.rootpath), Redaction(self._settings.redact).source),
            width=terminalreporter._tw.fullwidth,
            verbosity=self._config.get_verbosity(),
            tb=self._config.getoption("tbstyle", "auto"),
            findings=self._gatekeeper.findings,
        )
        for text, markup in lines:
            terminalreporter.write_line(text, **markup)

    def _shown(self, path: Path) -> str:
        return (
            path.relative_to(self._config.rootpath).as_posix()
            if path.is_relative_to(self._config.rootpath)
            else str(path)
        )
