"""``--gate-scaffold DIR``: writes integration tests for what the run could not verify."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest

from pytest_integration_gate.configuration.settings import Settings, known_boundaries
from pytest_integration_gate.files import write_text
from pytest_integration_gate.hooks.contracts import states_of
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.scaffold import drafts
from pytest_integration_gate.reports.scaffold_file import completed
from pytest_integration_gate.reports.scaffold_text import Draft, snake


class Scaffolding:
    """Writes into a folder when the run is judged, and says at the end what was written."""

    def __init__(self, config: pytest.Config, settings: Settings, folder: Path) -> None:
        self._config = config
        self._settings = settings
        self._folder = folder
        self._states: dict[str, tuple[str, ...]] = {}
        self._findings: Sequence[Finding] = ()
        self._told: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know the worlds in which claims hold."""
        for item in session.items:
            self._states[item.nodeid] = states_of(item)

    def pytest_integration_gate_judge(self, ended: Ended) -> None:
        """Know the verdicts. Evidence that is stale is made fresh by the test that made it, while that is there."""
        self._findings = [one for one in ended.findings if one.verdict != "stale" or not self._has_test(one)]

    def _has_test(self, finding: Finding) -> bool:
        tests = finding.reality.tests if finding.reality is not None else ()
        return any((self._config.rootpath / test.partition("::")[0]).is_file() for test in tests)

    def pytest_integration_gate_publish(self, report: RunReport) -> list[str]:
        """Write a file for each boundary, and return what could not be written."""
        boundaries = sorted(known_boundaries(self._settings, (one.name for one in report.boundaries)))
        found = drafts(self._findings, report.plan, boundaries, self._states)
        selected = self._settings.selected
        found = {boundary: tests for boundary, tests in found.items() if not selected or boundary in selected}
        warnings = [warning for boundary, tests in sorted(found.items()) for warning in self._write(boundary, tests)]
        if not found:
            self._told.append("nothing is unverified that a test could see")
        return warnings

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written."""
        for line in self._told:
            terminalreporter.write_line(f"scaffold: {line}")

    def _write(self, boundary: str, tests: list[Draft]) -> Iterator[str]:
        path = self._folder / self._file_name(snake(boundary))
        shown = path.relative_to(self._config.rootpath) if path.is_relative_to(self._config.rootpath) else path
        try:
            text, names = completed(path.read_bytes().decode() if path.exists() else "", boundary, tests)
            if names:
                write_text(path, text)
        except (OSError, SyntaxError, UnicodeDecodeError) as error:
            yield f"--gate-scaffold: {shown} is left as it is: {error}"
        else:
            self._told.append(f"{counted(len(names), 'test')} written to {shown}" if names else f"{shown} has them all")

    def _file_name(self, boundary: str) -> str:
        patterns = [str(pattern) for pattern in self._config.getini("python_files")]
        names = (f"test_{boundary}_boundary.py", f"{boundary}_boundary_test.py", f"{boundary}_boundary_tests.py")
        return next((name for name in names if any(fnmatch(name, pattern) for pattern in patterns)), names[0])
