"""Judges runs that are over, from what they have left: ``integration-gate judge`` and ``integration-gate report``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import get_terminal_size
from warnings import catch_warnings

import pytest
from _pytest.config import _prepareconfig  # what `pytest` itself calls; it reads the ini file and runs nothing

from pytest_integration_gate.configuration.reading import read_settings
from pytest_integration_gate.configuration.settings import Settings, check_report
from pytest_integration_gate.controller.ageing import staleness
from pytest_integration_gate.controller.comparing import compare
from pytest_integration_gate.controller.waiving import Waivers
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.evidence.carrying import Carried, CarriedRun, merge
from pytest_integration_gate.evidence.export import read_export
from pytest_integration_gate.hooks.extending import extended
from pytest_integration_gate.hooks.masking import Redaction
from pytest_integration_gate.isolation import clock
from pytest_integration_gate.judging.contexts import Sorting
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Contribution, judge
from pytest_integration_gate.judging.sections import observed_boundaries
from pytest_integration_gate.model.run_report import RunReport, TestOutcome, TestRun
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.reports.mismatch_text import source_in
from pytest_integration_gate.reports.terminal import summary_lines
from pytest_integration_gate.reports.yaml_file import write_report
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.verdicts.evidence import Witnessed


def judge_and_tell(files: Iterable[Path], *, report: str | None, fail_on: str | None) -> int:
    """Judge exported runs, print the summary as pytest would, and return the exit status. Raises GateError."""
    judged, settings = judge_files(files, report=report, fail_on=fail_on)
    return tell(judged, settings)


def judge_files(files: Iterable[Path], *, report: str | None, fail_on: str | None) -> tuple[RunReport, Settings]:
    """Judge what was exported as one run, by the settings of the current folder, and write the report.

    Raises GateError for settings, files or a report that cannot be used.
    """
    options = [f"--gate-report={report}"] if report is not None else []
    options += [f"--gate-fail-on={fail_on}"] if fail_on is not None else []
    with configured(options) as (config, settings):
        what = merge([read_export(file) for file in files])
        check_report(settings)
        judged = judge_carried(what, settings, config)
        write_report(judged, settings.report)
    return judged, settings


@contextmanager
def configured(options: Sequence[str]) -> Iterator[tuple[pytest.Config, Settings]]:
    """Read the settings of the current folder as a run with these options would; raises SettingsError."""
    try:
        # No conftest is imported: the job that judges need not be able to import the project.
        with catch_warnings(action="ignore"):  # those of other plugins are told by runs
            config = _prepareconfig(["-s", "--noconftest", "-p", "pytest_integration_gate.plugin", *options])
    except pytest.UsageError as error:
        raise SettingsError(str(error)) from None
    try:
        yield config, extended(config, read_settings(config))
    finally:
        config._ensure_unconfigure()


def tell(judged: RunReport, settings: Settings) -> int:
    """Print the summary as pytest would, and return the exit status."""
    path = (
        settings.report.relative_to(settings.root) if settings.report.is_relative_to(settings.root) else settings.report
    )
    lines = summary_lines(
        judged,
        path=path.as_posix(),
        source=source_in(str(settings.root), Redaction(settings.redact).source),
        width=get_terminal_size().columns,
        verbosity=0,
    )
    for text, _ in lines:
        sys.stdout.write(f"{text}\n")
    return int(judged.test_run.status == "FAILED")


def judge_carried(
    what: Carried,
    settings: Settings,
    config: pytest.Config,
    *,
    sort: Callable[[Mapping[str, TestOutcome]], Sorting | None] = lambda outcomes: None,
    contribute: Callable[[Ended], Sequence[Contribution]] = lambda ended: (),
    warnings: Iterable[str] = (),
    not_run: int = 0,
    left_out: Mapping[str, object] | None = None,
    why: str = "Judged by the runs themselves, and not here",
) -> RunReport:
    """Judge what was carried here as one run.

    `sort` sorts the failures by context, `contribute` gives what features have to say. `left_out` are what only a run
    can judge, with what says that it was asked for (everything that is no matter of claims by default), and `why`
    begins the warning of that.
    """
    today = datetime.fromtimestamp(clock(), UTC).strftime("%Y-%m-%d")
    runs = sorted(what.runs, key=lambda run: run.moment)
    skipped = {nodeid for nodeid, end in what.ends.items() if end.outcome.outcome == "skipped"}
    stored: list[Witnessed] = []
    judged: list[Witnessed] = []
    ageing = staleness(config, settings)
    for (nodeid, is_skipped), test in sorted(what.tests.items(), key=lambda item: (item[1].date, item[1].moment)):
        fresh, *stale = ageing.witnessed(test)
        if test.is_whole and is_skipped == (nodeid in skipped):
            judged.append(fresh)
            stored += stale
        elif not is_skipped:
            stored += (fresh, *stale)
    boundaries = Boundaries.of({one.name: (*one.collaborators, *one.urls) for one in settings.boundaries})
    findings, records = compare(settings, boundaries, stored, judged)
    given = (*settings.waivers, *(waiver for end in what.ends.values() for waiver in end.waivers))
    waivers = Waivers(settings.root, given)
    findings = waivers.apply(findings, today)
    files = {file for run in runs for file in run.files}
    waivers.check_unused(files, is_whole=_is_whole(files, settings, config))
    ran = {record.nodeid for record in records} - skipped
    told = [
        *settings.notes,
        *(warning for run in runs for warning in run.warnings),
        *_left_out(only_by_runs(settings) if left_out is None else left_out, why),
    ]
    told += warnings
    if settings.baseline is not None:
        from pytest_integration_gate.controller.baselining import Baseline

        baseline = Baseline(settings.baseline, is_updated=False)
        findings = baseline.apply(findings, ran.__contains__)
        told += baseline.warnings
    outcomes = {nodeid: end.outcome for nodeid, end in what.ends.items()}
    run = _test_run(runs, settings)
    sorting = sort(outcomes)
    ended = Ended(
        outcomes=outcomes,
        records={record.nodeid: record for record in records},
        stored=(),
        findings=findings,
        today=today,
        commit=run.commit,
    )
    return judge(
        run=run,
        findings=findings,
        outcomes=outcomes.values(),
        records=records,
        boundaries=[
            one
            for one in observed_boundaries(records, boundaries.configured)
            if not settings.selected or one.name in settings.selected
        ],
        warnings=told,
        waiver_problems=waivers.problems,
        contributions=contribute(ended),
        sorting=sorting,
        not_run=not_run,
        fail_on=settings.fail_on,
    )


def _test_run(runs: Sequence[CarriedRun], settings: Settings) -> TestRun:
    """Describe all runs as one that began with the first and took as long as all together."""
    if not runs:
        return TestRun(timestamp="", duration="0.0s", project=settings.project, python="", pytest="")
    return TestRun(
        timestamp=min(run.started for run in runs),
        duration=f"{sum(run.seconds for run in runs):.1f}s",
        project=settings.project,
        commit=runs[-1].commit,
        python=runs[-1].python,
        pytest=runs[-1].pytest,
        workers=max(run.workers for run in runs),
        seed=runs[-1].seed,
    )


def _is_whole(files: Iterable[str], settings: Settings, config: pytest.Config) -> bool:
    """Whether every test file of the checkout ran; without a checkout nobody knows."""
    project = Project.find(
        str(settings.root),
        testpaths=tuple(config.getini("testpaths")),
        python_files=tuple(config.getini("python_files")),
        pythonpath=tuple(str(path) for path in config.getini("pythonpath")),
    )
    there = {Path(file).relative_to(settings.root).as_posix() for file in project.test_files()}
    return bool(there) and there.issubset(files)


def only_by_runs(settings: Settings) -> dict[str, object]:
    """Return what is no matter of claims, with what says that it was asked for."""
    return {
        "contexts": settings.contexts,
        "acceptance": settings.stories or settings.requirements,
        "plan": settings.plan,
        "checkpoints": settings.checkpoints,
        "coverage": settings.floors,
        "budget": settings.budget is not None,
        "repetition": settings.repeat > 1,
    }


def _left_out(asked: Mapping[str, object], why: str) -> list[str]:
    names = [name for name, is_asked in asked.items() if is_asked]
    return [f"{why}: {', '.join(names)}."] if names else []
