"""Tells GitHub Actions about the run: annotations in the log, and the summary of the step."""

from __future__ import annotations

import os
from dataclasses import replace
from os.path import relpath
from pathlib import Path

import pytest

from pytest_integration_gate.controller.gatekeeper import Gatekeeper
from pytest_integration_gate.hooks.phases import reason_of
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.reports.annotations import Annotation, Place, annotate, commands
from pytest_integration_gate.reports.step_summary import step_summary


class GitHub:
    """Hears where tests fail, setup, teardown and collection included, and tells of the judged run."""

    def __init__(self, config: pytest.Config, gatekeeper: Gatekeeper) -> None:
        self._gatekeeper = gatekeeper
        self._summary = os.environ.get("GITHUB_STEP_SUMMARY", "")
        # Annotations are about files of the repository, in which pytest's root directory may be a folder.
        workspace = os.environ.get("GITHUB_WORKSPACE")
        is_inside = bool(workspace) and config.rootpath.is_relative_to(Path(workspace or "."))
        self._prefix = relpath(config.rootpath, workspace) if is_inside else "."
        self._places: dict[str, list[Place]] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected."""
        if report.failed:
            self._hear(report, "collect", None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test that failed; one that will run again has not yet."""
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]  # pytest-rerunfailures says so
            self._places.pop(report.nodeid, None)
        elif report.failed:
            self._hear(report, report.when, report.location[1])

    def _hear(self, report: pytest.TestReport | pytest.CollectReport, phase: str, first: int | None) -> None:
        file = report.nodeid.partition("::")[0]
        crash = getattr(report.longrepr, "reprcrash", None)
        line = None if first is None else first + 1
        if crash is not None and Path(crash.path).as_posix().endswith(file):
            line = crash.lineno
        place = Place(phase=phase, file=file, line=line, reason=reason_of(report))
        self._places.setdefault(report.nodeid, []).append(place)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the annotations below everything else, and the summary into its file."""
        try:
            terminalreporter.ensure_newline()
            for command in commands(self._annotations()):
                terminalreporter.write_line(command)
            self._summarise()
        except Exception as error:  # what GitHub does not hear is no reason to lose what pytest still has to say
            terminalreporter.write_line(
                f"integration-gate: GitHub was not told: {type(error).__name__}: {error}", red=True
            )

    def _annotations(self) -> list[Annotation]:
        report = self._gatekeeper.report
        if report is not None:
            return [self._in_repository(one) for one in annotate(report, self._places)]
        return [
            Annotation(level="error", title="Integration gate", message=warning)
            for warning in self._gatekeeper.warnings
        ]

    def _summarise(self) -> None:
        if self._gatekeeper.report is not None and self._summary:
            with open_file(self._summary, "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(step_summary(self._gatekeeper.report))

    def _in_repository(self, one: Annotation) -> Annotation:
        if not one.file or self._prefix == "." or os.path.isabs(one.file):
            return one
        return replace(one, file=f"{Path(self._prefix).as_posix()}/{one.file}")
