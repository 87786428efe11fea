"""The controller's part: gather what the tests report, judge the run, write the report, decide the exit status."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.comparing import compare
from pytest_integration_gate.controller.waiving import Waivers
from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.evidence.merging import Store, lasting
from pytest_integration_gate.evidence.store import update
from pytest_integration_gate.hooks.collection import COLLECTED, MISTAKE
from pytest_integration_gate.hooks.extending import contributions, published
from pytest_integration_gate.hooks.keys import FLAKY, NOTES, RECORD, SUITE, SUITES, WARNINGS
from pytest_integration_gate.hooks.phases import reason_of
from pytest_integration_gate.hooks.progress import saying
from pytest_integration_gate.hooks.tree import commit_of
from pytest_integration_gate.isolation import clock
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Contribution, judge
from pytest_integration_gate.judging.sections import observed_boundaries
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import RunReport, TestOutcome, TestRun
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.reports.yaml_file import write_report
from pytest_integration_gate.verdicts.evidence import Witnessed

if TYPE_CHECKING:  # only runs that ask for them need these
    from pytest_integration_gate.controller.baselining import Baseline
    from pytest_integration_gate.controller.carrying import Carrying
    from pytest_integration_gate.controller.contexts import ContextJudge
    from pytest_integration_gate.evidence.staleness import Staleness

_MANY = 5_000  # tests, of the run and of the store: fewer are judged in a fraction of a second


class Gatekeeper:
    """Judges one run. `report` and `findings` are there when it has ended, `noted` is the newest outcome of a test."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        boundaries: Boundaries,
        store: Store,
        *,
        warnings: tuple[str, ...] = (),
        contexts: ContextJudge | None = None,
        baseline: Baseline | None = None,
        test_files: Callable[[], Collection[str]] = frozenset,
        carrying: Carrying | None = None,
        foreign: Collection[TestRecord] = (),
    ) -> None:
        self._config = config
        self._settings = settings
        self._boundaries = boundaries
        self._store = store
        self._contexts = contexts
        self._baseline = baseline
        self._test_files = test_files
        self._carrying = carrying
        self._waivers = Waivers(config.rootpath, settings.waivers)
        self._warnings = [*settings.notes, *warnings]
        self._records = {record.nodeid: record for record in foreign}
        self._judged_records: list[TestRecord] = []
        self._outcomes: dict[str, TestOutcome] = {}
        self._mistakes: dict[str, None] = {}
        self._collected: set[str] = set()
        self._workers: set[str] = set()
        self._started = clock()
        self.noted: TestOutcome | None = None
        self.report: RunReport | None = None
        self.findings: Sequence[Finding] = ()

    # -- gathering ------------------------------------------------------------------------------------------------

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Know which tests a file has, deselected ones too, so that the store can forget those that are gone."""
        self._collected.add(item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is an error of the run."""
        if report.failed:
            self._note(TestOutcome(nodeid=report.nodeid, outcome="error", reason=reason_of(report)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome of each phase that matters, and the record that rides on the teardown."""
        record = getattr(report, RECORD, None)
        if isinstance(record, TestRecord):
            self._records[report.nodeid] = record
        self._waivers.hear(report)
        self._warnings += getattr(report, NOTES, ())
        worker = getattr(report, "worker_id", "master")
        if worker != "master":
            self._workers.add(worker)
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]  # pytest-rerunfailures says so
            self._outcomes.pop(report.nodeid, None)
        elif report.when == "call" or report.outcome != "passed":
            outcome: Any = "error" if report.failed and report.when != "call" else report.outcome
            reason = reason_of(report) if report.failed else ""
            if hasattr(report, FLAKY):
                outcome, reason = "flaky", getattr(report, FLAKY)
            self._note(_outcome(report, outcome, reason))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of xdist ended: it says what it collected, and may have met a mistake that only the controller can
        tell."""
        output = getattr(node, "workeroutput", {})
        self._collected.update(output.get(COLLECTED, ()))
        self._warnings += output.get(WARNINGS, ())
        if MISTAKE in output:
            self._mistakes[output[MISTAKE]] = None

    def _note(self, outcome: TestOutcome) -> None:
        known = self._outcomes.get(outcome.nodeid)
        if known is None or known.outcome in ("passed", "skipped"):
            self._outcomes[outcome.nodeid] = self.noted = outcome

    def has_outcome(self, nodeid: str) -> bool:
        """Whether it is known how a test ended; one that will run again has not."""
        return nodeid in self._outcomes

    # -- judging --------------------------------------------------------------------------------------------------

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Judge, write, store, decide."""
        suites: Any = self._config.pluginmanager.get_plugin(SUITES)
        self._warnings += suites.warnings if suites is not None else ()
        if self._mistakes:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            self._warnings += self._mistakes
            return
        if self._config.getoption("collectonly", False) or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            self._warnings.append("The run was interrupted: what did not run is not judged.")
        try:
            with saying(self._config, self._work()):
                self._finish(session, exitstatus)
        except Exception as error:  # a run that cannot be judged must neither crash nor pass
            self._warnings.append(f"This run could not be judged: {type(error).__name__}: {error}")
            if exitstatus == pytest.ExitCode.OK and self._settings.fail_on:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _work(self) -> str:
        """Name what judging has to do when that may take long."""
        number = len(self._records) + len(self._store.tests)
        return f"judging what {number:,} tests claim and have seen" if number > _MANY else ""

    def _finish(self, session: pytest.Session, exitstatus: int) -> None:
        today, commit = datetime.fromtimestamp(clock(), UTC).strftime("%Y-%m-%d"), self.commit
        ended = clock()
        self._records |= {
            nodeid: self.staleness.dated(record) for nodeid, record in self._records.items() if record.observations
        }
        self._keep(today, commit, ended)
        waivers = self._waivers
        findings = waivers.apply(self._findings(today, commit), today)
        waivers.check_unused(self._files_that_ran(), is_whole=self._is_whole())
        if self._baseline is not None:
            findings = self._baseline.apply(findings, self._is_settled)
            self._warnings += self._baseline.warnings
        self.findings = findings
        outcome = Ended(
            outcomes=self._outcomes,
            records=self._records,
            stored=[one.record for one in self._stored() if not one.stale] if self._settings.fix else (),
            findings=findings,
            today=today,
            commit=commit,
        )
        self.report = self._judge(findings, commit, waivers.problems, contributions(self._config, outcome))
        if self._contexts is not None:
            self.report = self._contexts.follow(self.report, self._collected, today)
        if self._settings.export is not None:
            self._export(today, ended)
        for warning in published(self._config, self.report, tuple(self._outcomes.values())):
            self.warn(warning)
        self._write()
        if self.report.gate.status == "FAILED" and exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @cached_property
    def commit(self) -> str:
        """The commit that is checked out, empty without git."""
        return commit_of(self._config.rootpath)

    @cached_property
    def staleness(self) -> Staleness:
        """What dates and ages evidence; only runs that observe, or have a store, need it."""
        from pytest_integration_gate.controller.ageing import staleness

        return staleness(self._config, self._settings)

    def _export(self, today: str, ended: float) -> None:
        assert self.report is not None
        assert self._carrying is not None
        warning = self._carrying.export(
            self.report.test_run,
            records=self._records,
            outcomes=self._outcomes,
            waivers=self._waivers.given,
            warnings=self._warnings,
            collected=self._whole_files(),
            files=self._files_that_ran(),
            today=today,
            moment=moment_of(ended),
            seconds=round(ended - self._started, 1),
        )
        if warning:
            self.report = replace(self.report, warnings=(*self.report.warnings, warning))

    def _write(self) -> None:
        """Write the report; when that fails, the terminal says so."""
        assert self.report is not None
        try:
            write_report(self.report, self._settings.report)
        except ReportError as error:
            self.warn(str(error))
        except Exception as error:  # a run is never lost for a file about it
            self.warn(f"{self._settings.report} could not be written: {type(error).__name__}: {error}")

    def warn(self, warning: str) -> None:
        """Add a warning to the judged run."""
        assert self.report is not None
        self.report = replace(self.report, warnings=(*self.report.warnings, warning))

    def _keep(self, today: str, commit: str, ended: float) -> None:
        ran = [lasting(record) for nodeid, record in self._records.items() if self.ran(nodeid)]
        carrying, moment = self._carrying, moment_of(ended)
        if not self._store.tests and not any(record.claims or record.observations for record in ran):
            return  # nothing to keep and nothing to forget: no lock, no file
        warning = update(
            str(self._settings.store),
            lambda store: (carrying.adopted(store) if carrying is not None else store).updated(
                ran, self._whole_files(), date=today, commit=commit, moment=moment, python=platform.python_version()
            ),
        )
        if warning:
            self._warnings.append(warning)

    def _whole_files(self) -> dict[str, set[str]]:
        """Return the tests of every file that was collected as a whole, not by the name of one of its tests."""
        partly = {argument.partition("::")[0] for argument in self._config.args if "::" in argument}
        files: dict[str, set[str]] = defaultdict(set)
        for nodeid in self._collected:
            file = nodeid.partition("::")[0]
            if not any(file.endswith(name) or name.endswith(file) for name in partly):
                files[file].add(nodeid)
        return files

    def _files_that_ran(self) -> list[str]:
        """Return the files that were collected as a whole and of which every test ran."""
        return [
            file
            for file, tests in self._whole_files().items()
            if tests <= self._records.keys() and all(map(self.ran, tests))
        ]

    def _is_whole(self) -> bool:
        """Whether every test of the project ran."""
        folders = [self._config.invocation_params.dir / argument for argument in self._config.args]
        return all(nodeid in self._records and self.ran(nodeid) for nodeid in self._collected) and all(
            any(Path(file).is_relative_to(folder) for folder in folders) for file in self._test_files()
        )

    def _is_settled(self, nodeid: str) -> bool:
        """Whether a test ran, or is gone."""
        file = nodeid.partition("::")[0]
        if nodeid in self._records:
            return self.ran(nodeid)
        return nodeid not in self._whole_files().get(file, (nodeid,)) or not (self._config.rootpath / file).exists()

    def ran(self, nodeid: str) -> bool:
        """Whether a test was not skipped, as far as is known."""
        outcome = self._outcomes.get(nodeid)
        return outcome is None or outcome.outcome != "skipped"

    def findings_so_far(self) -> list[Finding]:
        """Judge what has been recorded until now."""
        return self._findings("", "")

    def _findings(self, today: str, commit: str) -> list[Finding]:
        witnessed = [Witnessed(record, today, commit) for record in self._records.values()]
        findings, self._judged_records = compare(self._settings, self._boundaries, self._stored(), witnessed)
        return findings

    def _stored(self) -> list[Witnessed]:
        """Return what is kept of tests that did not run."""
        return [
            one
            for nodeid, test in self._store.tests.items()
            if nodeid not in self._records or not self.ran(nodeid)
            for one in self.staleness.witnessed(test)
        ]

    def _judge(
        self,
        findings: list[Finding],
        commit: str,
        waiver_problems: list[str],
        contributions: list[Contribution],
    ) -> RunReport:
        now = clock()
        sorting = self._contexts.sort(self._outcomes) if self._contexts is not None else None
        selected = self._settings.selected
        records = self._judged_records
        boundaries = observed_boundaries(records, self._boundaries.configured)
        run = TestRun(
            timestamp=datetime.fromtimestamp(self._started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            duration=f"{now - self._started:.1f}s",
            project=self._settings.project,
            commit=commit,
            python=platform.python_version(),
            pytest=pytest.__version__,
            workers=len(self._workers),
            seed=seed_of(self._config),
        )
        return judge(
            run=run,
            findings=findings,
            outcomes=self._outcomes.values(),
            records=records,
            boundaries=[one for one in boundaries if not selected or one.name in selected],
            warnings=self._warnings,
            waiver_problems=waiver_problems,
            contributions=contributions,
            sorting=sorting,
            fail_on=self._settings.fail_on,
        )

    @property
    def warnings(self) -> list[str]:
        """What the user should know, also when there is no report."""
        return self._warnings


def _outcome(report: pytest.TestReport, outcome: Any, reason: str) -> TestOutcome:
    """Return how a phase of a test ended; a suite's failed teardown is an error of its own, not of its last test."""
    facts = getattr(report, SUITE, {})
    return TestOutcome(
        nodeid=f"{facts['file']}::teardown" if facts.get("part") == "teardown" else report.nodeid,
        outcome=outcome,
        duration=report.duration,
        reason=facts.get("reason") or reason,
        details=facts.get("details") or None,
        suggestion=facts.get("suggestion", ""),
        suite=facts.get("suite", ""),
        figures=facts.get("figures") or None,
    )


def moment_of(seconds: float) -> str:
    """Write a time in UTC with microseconds, so that later ones sort behind it."""
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='microseconds').removesuffix('+00:00')}Z"


def seed_of(config: pytest.Config) -> int | None:
    """Return the seed of pytest-randomly, None without it."""
    seed = getattr(config.option, "randomly_seed", None)
    return seed if isinstance(seed, int) else None
