"""Runs everything in several random orders (``--gate-repeat``).

Most orders run one after the other in this process, so that what a test leaves behind meets the others. Every third
runs in a process of its own, the first of these backwards: whatever hangs on one test having run before another shows
up in this order or in that. Only when all have run are results given to pytest, each test once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.hooks.bounds import quarantine_of
from pytest_integration_gate.hooks.collection import keeps_order
from pytest_integration_gate.hooks.keys import EVENTS, FLAKY
from pytest_integration_gate.hooks.linking import rule_levels
from pytest_integration_gate.hooks.phases import Phases, TestEnd
from pytest_integration_gate.hooks.recording import Recorder
from pytest_integration_gate.isolation import perf_counter
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.judging.orders import Run, flaky_tests, random_orders, reversed_order, upper_bound
from pytest_integration_gate.judging.reduction import Dependence, Reduction, reduction
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.repetition import Flaky, OrderDependence, Repetition
from pytest_integration_gate.model.run_report import Untidy
from pytest_integration_gate.repeating.order_process import Launcher, Processes
from pytest_integration_gate.repeating.trials import trials

_EXAMINED = 50
"""So many tests are examined for what they hang on; a suite with more has another problem."""
_ALWAYS_FAILING = 20
_SHOWN = 20


class Orders:
    """Runs the tests of a session in all orders, and finds out what their outcomes hang on."""

    def __init__(self, config: pytest.Config, settings: Settings, recorder: Recorder) -> None:
        self._config = config
        self._settings = settings
        self._recorder = recorder
        self._count = settings.repeat
        self._seed = 0
        self._beside = _whole_orders_instead_of_tests(config)
        self._is_silent = False
        self._phases = Phases()
        self._reports: dict[str, list[pytest.TestReport]] = {}
        self._passing: dict[str, list[pytest.TestReport]] = {}
        self._failing: dict[str, TestEnd] = {}
        self._runs: list[Run] = []
        self._outcomes: dict[str, Any] = {}
        self._quarantined: set[str] = set()
        self._boundary_tests: dict[str, str] = {}
        self._flaky: dict[str, Flaky] = {}
        self._dependent: list[Dependence] = []
        self._warnings: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Take the seed of pytest-randomly, which it knows by now."""
        seed = getattr(self._config.option, "randomly_seed", None)
        self._seed = seed if isinstance(seed, int) else 0

    def pytest_report_header(self) -> str:
        """Say how much will run."""
        beside = f", {self._beside} processes side by side" if self._beside > 1 else ""
        return f"integration-gate: everything runs in {self._count} random orders (seed {self._seed}){beside}"

    # -- running ------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run all orders, then give pytest one result for each test."""
        is_broken = session.testsfailed and not session.config.option.continue_on_collection_errors
        if is_broken or session.config.option.collectonly or not session.items:
            return None
        items = {item.nodeid: item for item in session.items}
        fixed = {_file(item.nodeid) for item in session.items if keeps_order(item)}
        self._quarantined = {item.nodeid for item in session.items if quarantine_of(item)}
        self._boundary_tests = {
            item.nodeid: f"{item.location[0]}:{(item.location[1] or 0) + 1}"
            for item in session.items
            if item.get_closest_marker("boundary")
        }
        files = sorted({str(item.path) for item in session.items})
        fresh = self._count // 3
        places = {nodeid: place for place, nodeid in enumerate(items)}
        known = sorted(
            items, key=lambda nodeid: (_file(nodeid), places[nodeid] if _file(nodeid) in fixed else 0, nodeid)
        )
        orders = random_orders(known, self._count - min(fresh, 1), self._seed, fixed)
        if fresh:
            orders.append(reversed_order(orders[0], fixed))
        here, there = orders[: self._count - fresh], orders[self._count - fresh :]
        launcher = Launcher(self._config, files)
        processes = Processes(launcher, beside=self._beside)
        try:
            waiting = [processes.add(order, self._seed + len(here) + n) for n, order in enumerate(there)]
            started = perf_counter()
            self._run_here(session, [items[nodeid] for nodeid in here[0]], 0)
            seconds = perf_counter() - started
            with self._unheard():
                for number, order in enumerate(here[1:], start=1):
                    self._run_here(session, [items[nodeid] for nodeid in order], number)
            for number, job in enumerate(waiting, start=len(here)):
                self._take(job.order, *processes.outcomes(job), number)
            self._flaky = {one.nodeid: one for one in flaky_tests(self._runs)}
            self._examine(launcher, fixed, seconds)
        finally:
            processes.stop()
            self._publish(session)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test without telling anybody."""
        if not self._is_silent:
            return None
        events: Any = self._config.pluginmanager.get_plugin(EVENTS)
        if events is not None:
            events.pytest_runtest_logstart(item.nodeid)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if events is not None:
            events.left(item.nodeid)
        if not self._runs:
            for report in reports:
                self._recorder.pytest_runtest_logreport(report)
        for report in reports:
            self._phases.add(report)
        end = self._phases.end(item.nodeid)
        self._note(item.nodeid, end)
        self._reports.setdefault(item.nodeid, reports)
        if end.outcome == "passed":
            self._passing.setdefault(item.nodeid, reports)
        self._outcomes[item.nodeid] = end.outcome
        return True

    def _run_here(self, session: pytest.Session, items: Sequence[pytest.Item], number: int) -> None:
        self._outcomes = {}
        self._is_silent = True
        following = [*items[1:], None]  # after the last one every fixture goes: each order begins with nothing
        with self._reseeded(number):
            try:
                for item, nextitem in zip(items, following, strict=True):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
                    if session.shouldfail:
                        raise session.Failed(session.shouldfail)
                    if session.shouldstop:
                        raise session.Interrupted(session.shouldstop)
            finally:
                self._is_silent = False
                order = tuple(item.nodeid for item in items if item.nodeid in self._outcomes)
                self._runs.append(Run(order=order, outcomes=self._outcomes, is_fresh=number == 0))
        self._tell(number)

    def _take(self, order: Sequence[str], ends: dict[str, TestEnd], problem: str, number: int) -> None:
        """Take over what another process has run."""
        for nodeid, end in ends.items():
            self._note(nodeid, end)
        ran = tuple(nodeid for nodeid in order if nodeid in ends)
        self._runs.append(Run(order=ran, outcomes={nodeid: end.outcome for nodeid, end in ends.items()}, is_fresh=True))
        if problem:
            self._warnings.append(problem)
        self._tell(number)

    def _note(self, nodeid: str, end: TestEnd) -> None:
        if end.outcome == "failed":
            self._failing.setdefault(nodeid, end)

    def _tell(self, number: int) -> None:
        """Show one line for each order: this takes its time."""
        terminal: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and self._config.get_verbosity() >= 0:
            outcomes = [*self._runs[-1].outcomes.values()]
            failed = f", {outcomes.count('failed')} failed" if "failed" in outcomes else ""
            terminal.ensure_newline()
            terminal.write_line(f"order {number + 1} of {self._count}: {counted(len(outcomes), 'test')}{failed}")

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Neither listen nor watch: what a test claims does not hang on how often it runs."""
        plugins = self._config.pluginmanager
        name = plugins.get_name(self._recorder)
        plugins.unregister(self._recorder)
        try:
            yield
        finally:
            plugins.register(self._recorder, name)

    @contextmanager
    def _reseeded(self, number: int) -> Iterator[None]:
        """Let pytest-randomly give each order random numbers of its own."""
        option = self._config.option
        if not isinstance(getattr(option, "randomly_seed", None), int):
            yield
            return
        option.randomly_seed = self._seed + number
        try:
            yield
        finally:
            option.randomly_seed = self._seed

    # -- finding out --------------------------------------------------------------------------------------------------

    def _examine(self, launcher: Launcher, fixed: Collection[str], seconds: float) -> None:
        """Reduce what hangs on the order of tests to the fewest tests; what fails in every order may do so, too."""
        failing = {nodeid for nodeid in self._failing if nodeid not in self._flaky}
        doubtful = [*sorted(self._flaky), *sorted(failing)[:_ALWAYS_FAILING]]
        doubtful = [nodeid for nodeid in doubtful if _file(nodeid) not in fixed]
        for nodeid in doubtful[_EXAMINED:]:
            self._warnings.append(f"{nodeid} was not examined: more than {_EXAMINED} tests are flaky.")
        if not doubtful:
            return
        tried = trials(launcher, seed=self._seed, beside=self._beside, seconds=seconds)
        at_work: deque[tuple[Reduction, object]] = deque()
        try:
            for nodeid in doubtful[:_EXAMINED]:
                search = reduction(nodeid, self._runs)
                at_work.append((search, tried.add(next(search))))
            while at_work:
                search, trial = at_work.popleft()
                try:
                    at_work.append((search, tried.add(search.send(tried.outcome(trial)))))
                except StopIteration as found:
                    if found.value is not None:
                        self._dependent.append(found.value)
        finally:
            tried.stop()

    # -- telling ------------------------------------------------------------------------------------------------------

    def _publish(self, session: pytest.Session) -> None:
        """Give pytest one result for each test: what it came to in the first order, a pass when it is flaky."""
        for item in session.items:
            reports = self._reports.get(item.nodeid)
            if reports is None or session.shouldfail:
                continue
            if item.nodeid in self._flaky:
                reports = self._passing.get(item.nodeid) or _as_passed(reports)
                setattr(reports[1], FLAKY, self._failing[item.nodeid].reason)
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Count a flaky test as such."""
        if getattr(report, FLAKY, None) is None:
            return None
        return "flaky", "f", ("FLAKY", {"yellow": True})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show how each flaky test failed when it did; pytest itself knows the pass only."""
        if not self._flaky or self._config.get_verbosity() < 0 or self._config.getoption("tbstyle", "auto") == "no":
            return
        terminalreporter.write_sep("=", "FLAKY TESTS")
        for nodeid in sorted(self._flaky)[:_SHOWN]:
            terminalreporter.write_sep("_", nodeid.partition("::")[2] or nodeid, yellow=True, bold=True)
            for line in self._failing[nodeid].text.splitlines():
                terminalreporter.write_line(line)

    def pytest_integration_gate_judge(self, ended: Ended) -> Contribution:
        """Judge what the orders brought to light."""
        dependent = tuple(
            OrderDependence(victim=one.victim, polluter=one.partners[0], also=one.partners[1:], undone_by=one.undone_by)
            for one in sorted(self._dependent, key=lambda one: one.victim)
        )
        level = rule_levels(self._settings).get("order_dependence", "off")
        untidy = [
            Untidy(kind="order_dependence", at=at, test=one.victim, detail=f"hangs on {one.polluter}")
            for one in dependent
            if level != "off" and (at := self._boundary_tests.get(one.victim))
        ]
        causes = []
        if counting := self._flaky.keys() - self._quarantined:
            causes.append(Cause(word="flaky", reason=counted(len(counting), "flaky test")))
        always = {one.victim for one in dependent} - self._flaky.keys()
        if always:
            causes.append(Cause(word="flaky", reason=f"{counted(len(always), 'test')} failing by order"))
        if self._warnings:
            causes.append(
                Cause(
                    word="flaky",
                    reason=counted(len(self._warnings), "order or test", "orders or tests") + " unexamined",
                )
            )
        if untidy and level == "error":
            causes.append(Cause(reason=f"rule order_dependence broken {counted(len(untidy), 'time')}"))
        return Contribution(
            causes=tuple(causes),
            sections={
                "repetition": Repetition(orders=self._count, seed=self._seed, upper_bound=upper_bound(0, self._count)),
                "flaky": tuple(self._flaky.values()),
                "order_dependence": dependent,
            },
            warnings=(*self._warnings, *(one.sentence for one in self._dependent)),
            untidy=tuple(untidy),
        )


def _whole_orders_instead_of_tests(config: pytest.Config) -> int:
    """Keep xdist from spreading the tests of an order over processes; return how many it was told to use.

    An order means something in one process only, so it is orders that run side by side.
    """
    if getattr(config.option, "dist", "no") == "no" or not getattr(config.option, "tx", None):
        return 1
    beside = len(config.option.tx)
    config.option.dist, config.option.tx = "no", []
    return beside


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _as_passed(reports: Sequence[pytest.TestReport]) -> list[pytest.TestReport]:
    """Return reports of a pass for a test that passed in another process only."""
    phases = [copy(reports[0]), copy(reports[0] if len(reports) == 2 else reports[1]), copy(reports[-1])]
    for report, phase in zip(phases, ("setup", "call", "teardown"), strict=True):
        report.when, report.outcome, report.longrepr = phase, "passed", None  # type: ignore[assignment]
    return phases
