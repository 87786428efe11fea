"""YAML suites as pytest sees them: a module whose functions are the tests of the file.

They are ordinary functions, so that fixtures, marks, parameters and other plugins work on them. The code of each says
that it stands in the suite, at the line of its test.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.errors import GateError
from pytest_integration_gate.hooks.keys import NOTES, SUITE, WARNINGS
from pytest_integration_gate.hooks.progress import notice_in
from pytest_integration_gate.suites.life import Life
from pytest_integration_gate.suites.load_rules import near_bounds
from pytest_integration_gate.suites.loading import load_suite
from pytest_integration_gate.suites.seen import SkipTest, SuiteFailed
from pytest_integration_gate.suites.suite import Marks, Suite, SuiteTest
from pytest_integration_gate.suites.watchdog import Watchdog

_PLACE = pytest.StashKey[int]()
_LIFE = "_gate_suite"


class Failed(pytest.fail.Exception):  # type: ignore[misc,name-defined]
    """The failure of a suite or of one of its tests, shown as its text."""

    __module__ = "builtins"  # pytest prints the name with the module otherwise

    def __init__(self, failure: SuiteFailed, part: str, after: SuiteFailed | None = None) -> None:
        super().__init__("\n\n".join(one.message for one in (failure, after) if one), pytrace=False)
        self.failure = failure
        self.part = part


class SuiteFile(pytest.Module):
    """A suite file."""

    integration_gate_keeps_order = True  # `keys.KEEPS_ORDER`

    def __init__(self, *, keeper: Keeper, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.keeper = keeper
        self.suite: Suite | None = None

    def _getobj(self) -> ModuleType:
        """Give the module that pytest would have imported."""
        try:
            self.suite = self.keeper.load(self.path)
        except GateError as error:
            raise self.CollectError(str(error)) from None
        return _module(self.suite, self.keeper)

    def istestfunction(self, obj: object, name: str) -> bool:
        """Whether an entry of the module is a test; names of suites are free."""
        return hasattr(obj, "gate_test")

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        """Collect the tests and remember their order in the file."""
        items = list(super().collect())
        for place, item in enumerate(items):
            item.stash[_PLACE] = place
        return items


class Keeper:
    """Keeps the suites of this process: their lives, the order of their tests, and what became of them."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._watchdog = Watchdog()
        self._lives: list[Life] = []
        self.warnings: list[str] = []

    def load(self, path: Path) -> Suite:
        """Load a suite file; raise `GateError` with everything that is wrong with it."""
        root = self._settings.root
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
        return load_suite(path, name, allow_commands=self._settings.allow_commands)

    def live(self, suite: Suite, values: Mapping[str, Any]) -> Generator[Life]:
        """Give a suite its life, from setup to teardown. `values` are those of its own fixtures."""
        __tracebackhide__ = True
        life = Life(suite, self._settings.root, redact=self._settings.redact, watchdog=self._watchdog)
        life.world.notice = notice_in(self._config)
        self._lives.append(life)
        try:
            life.begin(values)
        except SuiteFailed as failure:
            after = self._end(life)
            raise Failed(failure, "setup", after) from None
        except BaseException:
            self._end(life)
            raise
        yield life
        try:
            life.end()
        except SuiteFailed as failure:
            raise Failed(failure, "teardown") from None

    # -- order --------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """When all others have ordered the tests, put those of a suite together again, in the order of the file."""
        result = yield
        suites: dict[pytest.Collector, list[pytest.Item]] = {}
        for item in items:
            if file := item.getparent(SuiteFile):
                suites.setdefault(file, []).append(item)
        if suites:
            items[:] = chain.from_iterable(_together(item, suites) for item in items)
        return result

    # -- what became of them ------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put on the report what the run report says about a test of a suite."""
        report = yield
        file = item.getparent(SuiteFile)
        if file is None or file.suite is None:
            return report
        function: Any = getattr(item, "function", None)
        test: SuiteTest = function.gate_test
        facts: dict[str, Any] = {"suite": file.suite.title, "file": file.nodeid, "test": test.name, "type": test.kind}
        if call.when == "call":
            facts["figures"] = function.gate_figures
            loads = [step.data.get("expect", {}) for step in test.steps if step.kind == "performance"]
            near = [one for expect in loads for one in near_bounds(expect, function.gate_figures)]
            if near and report.passed:
                setattr(report, NOTES, [f"{item.nodeid}: {one}." for one in near])
        failed = _failed(call.excinfo.value) if call.excinfo is not None else None
        if failed is not None:
            failure = failed.failure
            facts |= {"part": failed.part, "reason": failure.reason, "details": failure.details}
            facts["suggestion"] = failure.suggestion
            crash = getattr(report.longrepr, "reprcrash", None)
            if crash is not None:
                crash.message = failure.reason
        setattr(report, SUITE, facts)
        return report

    # -- the end ------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End the suites that an interrupt or ``-x`` left alive; their failures are warnings of the run."""
        for life in self._lives:
            self._end(life)

    def pytest_unconfigure(self) -> None:
        """End whatever is left and let the watchdog go."""
        for life in self._lives:
            self._end(life)
        self._watchdog.close()

    def _end(self, life: Life) -> SuiteFailed | None:
        """End a suite where nothing can fail any more; what goes wrong is a warning of the run, and returned."""
        try:
            life.end()
        except SuiteFailed as failure:
            self.warnings.append(failure.reason)
            output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
            if output is not None:
                output.setdefault(WARNINGS, []).append(failure.reason)
            return failure
        return None


def _module(suite: Suite, keeper: Keeper) -> ModuleType:
    """Make the module of a suite: its tests, and a fixture that begins and ends it."""
    module = ModuleType(suite.file.stem.replace(".", "_"), suite.title)
    module.__file__ = str(suite.file)
    module.__dict__["pytestmark"] = list(_marks(suite.marks))
    lives: list[Life] = []

    def live(**values: Any) -> Iterator[None]:
        for life in keeper.live(suite, values):
            lives[:] = [life]
            yield

    live.__signature__ = _asking_for(suite.own_fixtures)  # type: ignore[attr-defined]
    setattr(module, _LIFE, pytest.fixture(scope="module", autouse=True, name=_LIFE)(live))
    for test in suite.tests:
        setattr(module, test.name, _function(suite, test, lives))
    return module


def _function(suite: Suite, test: SuiteTest, lives: list[Life]) -> Callable[..., None]:
    """Make the function of a test. It asks for the fixtures of the test and of the suite."""
    names = dict.fromkeys((*suite.fixtures, *test.fixtures, *filter(None, (test.app or suite.app,)), *test.parameters))

    def perform(values: Mapping[str, Any]) -> None:
        __tracebackhide__ = True
        made.gate_figures = {}
        try:
            made.gate_figures = lives[-1].run(test, values)
        except SuiteFailed as failure:
            raise Failed(failure, "call") from None
        except SkipTest as reason:
            raise pytest.skip.Exception(str(reason), _use_item_location=True) from None

    call = lambda **values: perform(values)  # noqa: E731  # its one line becomes that of the test
    code = call.__code__.replace(co_filename=str(suite.file), co_firstlineno=test.line, co_name=test.name)
    made: Any = FunctionType(code, call.__globals__, test.name, None, call.__closure__)
    made.__signature__ = _asking_for(names)
    made.gate_test = test
    made.gate_figures = {}
    made.pytestmark = [
        *_marks(test.marks),
        *(pytest.mark.parametrize(name, values) for name, values in test.parameters.items()),
    ]
    function: Callable[..., None] = made
    return function


def _asking_for(fixtures: Iterable[str]) -> inspect.Signature:
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in fixtures])


def _marks(marks: Marks) -> Iterator[pytest.MarkDecorator]:
    """Return the marks of a test or of a suite."""
    for name in marks.names:
        yield getattr(pytest.mark, name)
    if marks.boundary:
        yield pytest.mark.boundary(*marks.boundary, fidelity=marks.fidelity)
    for requirement in marks.requirements:
        yield pytest.mark.requirement(requirement)
    for story, criterion in marks.stories:
        yield pytest.mark.story(story, criterion=criterion) if criterion else pytest.mark.story(story)
    if marks.stage:
        yield pytest.mark.stage(marks.stage)


def _together(item: pytest.Item, suites: dict[pytest.Collector, list[pytest.Item]]) -> list[pytest.Item]:
    """Return a test by itself; for the first one of a suite the whole suite, for the others nothing."""
    file = item.getparent(SuiteFile)
    if file is None:
        return [item]
    tests = suites.pop(file, [])
    if file.suite is None or not file.suite.is_ordered:
        return tests
    groups: dict[object, int] = {}
    ranks = {test: groups.setdefault(_parameters(test), len(groups)) for test in tests}
    return sorted(tests, key=lambda test: (ranks[test], test.stash.get(_PLACE, 0)))


def _parameters(item: pytest.Item) -> object:
    """Return the parameters of fixtures that outlive a test: the whole suite runs for one of them, then the next."""
    callspec = getattr(item, "callspec", None)
    scopes = getattr(callspec, "_arg2scope", {})
    return tuple(
        (name, callspec.indices[name])
        for name, scope in scopes.items()
        if callspec is not None and getattr(scope, "value", "function") != "function"
    )


def _failed(error: BaseException) -> Failed | None:
    """Find the failure of a suite in an error, also among several that happened together."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_failed, error.exceptions)), None)
    return error if isinstance(error, Failed) else None
