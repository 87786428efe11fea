"""Tells GitHub Actions about the run: annotations in the log, and the summary of the step."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from os.path import relpath
from pathlib import Path

import pytest

from pytest_integration_gate.controller.gatekeeper import Gatekeeper
from pytest_integration_gate.hooks.phases import reason_of
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.failure import Place
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.annotations import Annotation, annotate, commands, of_run
from pytest_integration_gate.reports.step_summary import step_summary


class GitHub:
    """Hears where tests fail, setup, teardown and collection included, and tells of the judged run."""

    def __init__(self, config: pytest.Config, gatekeeper: Gatekeeper) -> None:
        self._gatekeeper = gatekeeper
        self._step = Step(config.rootpath)
        self._places: dict[str, list[Place]] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected."""
        if report.failed:
            self._hear(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test that failed; one that will run again has not yet."""
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]  # pytest-rerunfailures says so
            self._places.pop(report.nodeid, None)
        elif report.failed:
            self._hear(report)

    def _hear(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        self._places.setdefault(report.nodeid, []).append(place_of(report))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the annotations below everything else, and the summary into its file."""
        report = self._gatekeeper.report
        told = annotate(report, self._places) if report is not None else map(of_run, self._gatekeeper.warnings)
        try:
            terminalreporter.ensure_newline()
            for command in self._step.commands(told):
                terminalreporter.write_line(command)
            if report is not None:
                self._step.summarise(report)
        except Exception as error:  # what GitHub does not hear is no reason to lose what pytest still has to say
            terminalreporter.write_line(
                f"integration-gate: GitHub was not told: {type(error).__name__}: {error}", red=True
            )


class Step:
    """The step of a workflow that this process belongs to, for a project whose root directory is `root`."""

    def __init__(self, root: Path) -> None:
        self._summary = os.environ.get("GITHUB_STEP_SUMMARY", "")
        # Annotations are about files of the repository, in which pytest's root directory may be a folder.
        workspace = os.environ.get("GITHUB_WORKSPACE")
        is_inside = bool(workspace) and root.is_relative_to(Path(workspace or "."))
        self._prefix = relpath(root, workspace) if is_inside else "."

    def commands(self, told: Iterable[Annotation]) -> Iterator[str]:
        """Give the lines that GitHub reads as annotations."""
        return commands(map(self._in_repository, told))

    def summarise(self, report: RunReport) -> None:
        """Append to the summary of the step."""
        if self._summary:
            with open_file(self._summary, "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(step_summary(report))

    def _in_repository(self, one: Annotation) -> Annotation:
        if not one.file or self._prefix == "." or os.path.isabs(one.file):
            return one
        return replace(one, file=f"{Path(self._prefix).as_posix()}/{one.file}")


def job() -> str:
    """Name the job of GitHub Actions that this process belongs to; empty elsewhere."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return ""
    return " ".join(os.environ.get(f"GITHUB_{name}", "-") for name in ("RUN_ID", "RUN_ATTEMPT", "JOB"))


def place_of(report: pytest.TestReport | pytest.CollectReport) -> Place:
    """Say where a phase of a test, or the collection of a file, failed."""
    file = report.nodeid.partition("::")[0]
    phase, line = "collect", None
    if isinstance(report, pytest.TestReport):
        phase, first = report.when, report.location[1]
        line = None if first is None else first + 1
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and Path(crash.path).as_posix().endswith(file):
        line = crash.lineno
    return Place(phase=phase, file=file, line=line, reason=reason_of(report))
