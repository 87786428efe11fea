"""``--gate-scaffold DIR``: writes integration tests for what the run could not verify."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from pytest_integration_gate.files import write_text
from pytest_integration_gate.hooks.gatekeeper import Gatekeeper
from pytest_integration_gate.hooks.settings import Settings, known_boundaries
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.reports.scaffold import drafts
from pytest_integration_gate.reports.scaffold_file import completed
from pytest_integration_gate.reports.scaffold_text import Draft, snake


class Scaffolding:
    """Writes when the run is judged, and says at the end what was written."""

    def __init__(self, config: pytest.Config, gatekeeper: Gatekeeper, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._gatekeeper = gatekeeper
        self._folder = settings.scaffold or Path()
        self._told: list[str] = []

    @pytest.hookimpl(trylast=True)  # after the gatekeeper
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write a file for each boundary."""
        report = self._gatekeeper.report
        if report is None:
            return
        try:
            boundaries = sorted(known_boundaries(self._settings, (one.name for one in report.boundaries)))
            states = {
                item.nodeid: [state for mark in item.iter_markers("given") for state in mark.args]
                for item in session.items
            }
            found = drafts(self._gatekeeper.findings_so_far(), report.plan, boundaries, states)
            self._told = [self._write(boundary, found[boundary]) for boundary in sorted(found)]
        except Exception as error:  # a run is never lost for tests that it could not write
            self._told = [f"nothing more could be written: {type(error).__name__}: {error}"]
        self._told = self._told or ["nothing is unverified that a test could see"]

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written."""
        for line in self._told:
            terminalreporter.write_line(f"scaffold: {line}")

    def _write(self, boundary: str, tests: list[Draft]) -> str:
        path = self._folder / self._file_name(snake(boundary))
        shown = path.relative_to(self._config.rootpath) if path.is_relative_to(self._config.rootpath) else path
        try:
            before = path.read_bytes().decode() if path.exists() else ""
            text, names = completed(before, boundary, tests)
            if names:
                write_text(path, text)
        except (OSError, SyntaxError, UnicodeDecodeError) as error:
            return f"{shown} is left as it is: {error}"
        return f"{counted(len(names), 'test')} written to {shown}" if names else f"{shown} has them all"

    def _file_name(self, boundary: str) -> str:
        patterns = [str(pattern) for pattern in self._config.getini("python_files")]
        names = (f"test_{boundary}_boundary.py", f"{boundary}_boundary_test.py", f"{boundary}_boundary_tests.py")
        return next((name for name in names if any(fnmatch(name, pattern) for pattern in patterns)), names[0])
