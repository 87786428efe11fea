"""Around each test: listen to its doubles, watch what is real in boundary tests, put the record on the report."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.doubles.claims import HeardClaim, Interpreter
from pytest_integration_gate.doubles.handwritten import Handwritten
from pytest_integration_gate.doubles.hygiene import (
    blind_questions,
    dead_doubles,
    dead_stubs,
    idle_assertions,
    internal_mocks,
    misspelt_assertions,
    replaced_answers,
)
from pytest_integration_gate.doubles.listener import Listener
from pytest_integration_gate.doubles.mock_library import MODULES, hook
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.hooks.collection import Marked, boundary_marks, runs_on_fake
from pytest_integration_gate.hooks.extending import Observers
from pytest_integration_gate.hooks.keys import RECORD, STANDS_FOR
from pytest_integration_gate.hooks.masking import Redaction
from pytest_integration_gate.isolation import at_work
from pytest_integration_gate.model.claim import Claim, Hygiene
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import Object
from pytest_integration_gate.reality.addresses import class_at
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.reality.hints import annotations_of
from pytest_integration_gate.reality.holders import held_class, kept_from, named_class
from pytest_integration_gate.reality.inspection import describe, describe_class
from pytest_integration_gate.reality.mentions import doubled_names
from pytest_integration_gate.reality.received import received_classes
from pytest_integration_gate.reality.watching import Watched, Watcher
from pytest_integration_gate.source.naming import address_of
from pytest_integration_gate.source.project import Project

if TYPE_CHECKING:
    from pytest_integration_gate.hooks.http_traffic import HttpTraffic

Result = TypeVar("Result")
_STAGING = frozenset(("gate_faults", "gate_module_faults"))
_HTTP_CLIENTS = ("requests", "urllib3", "httpx", "httpx2", "aiohttp")
_HTTP_OBSERVED = ("http.client", "werkzeug.test", "django.test.client")  # which no stubs stand in for
_LOCAL_CLASS = re.compile(r"^[ \t]+class\s+\w", re.MULTILINE)


class Recorder:
    """Records every test of this process. Nothing that fails in here reaches a test: it becomes one warning."""

    def __init__(
        self, config: pytest.Config, settings: Settings, project: Project, boundaries: Boundaries, store: Store
    ) -> None:
        self._project = project
        self._redaction = Redaction(settings.redact)
        self._watcher = Watcher(project, named=(*boundaries.collaborators, *_claimed(store)))
        self._book = Notebook(project, contaminate=self._watcher.contaminate)
        self._listener = Listener(self._book)
        self._handwritten = Handwritten(
            self._book, settings.fakes, lambda address: _is_among(address, boundaries.collaborators), annotations_of
        )
        self._has_evidence = any(test.record.observations for test in store.tests.values())
        self._interpreter = Interpreter(self._book, _held_class, named_class, kept_from)
        self._http: HttpTraffic | None = None
        self._unhook: dict[str, Any] = {}
        self._read_files: set[Path] = set()
        self._unparsed: list[str] = []
        self._knows_all = False
        self._described: set[str] = set()
        self._warned: set[str] = set()
        self._failures: list[str] = []
        self._watched: Watched | None = None
        self._item: pytest.Item | None = None
        self._has_passed = False
        self._config = config
        self._observers: Observers | None = None
        self._hook_libraries()

    # -- collection: know the doubles before the first test runs -------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path) -> None:
        """Read a test file before it is imported: what its doubles stand for, and whether it uses mocks at all."""
        if module_path not in self._read_files:
            self._read_files.add(module_path)
            self._read(module_path)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Every plugin is known now: ask whether any of them observes too.

        What fixtures give is looked at only where a test file or a conftest defines a class inside of something.
        """
        observers = Observers(self._config)
        self._observers = observers if observers.hears or observers.sees else None
        self._interpreter.meets_reality = self._has_evidence or any(map(_is_boundary_test, session.items))
        plugins = [getattr(plugin, "__file__", None) for plugin in self._config.pluginmanager.get_plugins()]
        files = self._read_files.union(Path(file) for file in plugins if file and Path(file).name == "conftest.py")
        if any(_LOCAL_CLASS.search(_source(file)) for file in files):
            self._config.pluginmanager.register(FixtureEye(self._handwritten), "integration_gate_fixtures")

    def _read(self, path: Path) -> None:
        if "mock" in _source(path):
            # Imported now, so that the decorators of this file are heard when they are evaluated.
            import unittest.mock  # noqa: F401
        self._unparsed.append(str(path))
        self._hook_libraries()

    def _watch(self) -> None:
        if not self._knows_all:
            # Boundary tests may run alone; what the doubles of the others stand for is watched all the same.
            self._knows_all = True
            self._unparsed += sorted(self._project.test_files() - {str(path) for path in self._read_files})
        while self._unparsed:  # parsing takes longer than many a suite without boundary tests
            path = self._unparsed.pop()
            self._watcher.name(doubled_names(_source(Path(path)), path))
        self._watcher.start()

    def _hook_libraries(self, *, is_boundary: bool = False) -> None:
        for name in MODULES:
            module = sys.modules.get(name)
            if module is not None and name not in self._unhook:
                try:
                    self._unhook[name] = hook(module, self._listener)
                except AttributeError as error:
                    self._unhook[name] = None
                    self._book.failure = f"doubles of {name} cannot be heard on this version: {error}"
        senders = _HTTP_CLIENTS + _HTTP_OBSERVED if is_boundary else _HTTP_CLIENTS
        if any(name in sys.modules for name in senders):
            self._hook_http(is_boundary)

    def _hook_http(self, is_boundary: bool) -> None:
        if self._http is None:
            from pytest_integration_gate.hooks.http_traffic import HttpTraffic

            self._http = HttpTraffic(self._project, self._watcher.contaminate, self._book, self._interpreter)
        self._http.hook(is_boundary=is_boundary)

    # -- one test -------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin to listen, and in a boundary test to watch, before the first fixture is made."""
        is_boundary = _is_boundary_test(item)
        self._hook_libraries(is_boundary=is_boundary)
        self._item = item
        self._has_passed = False
        self._book.start()
        if runs_on_fake(item):
            code = getattr(getattr(item, "function", None), "__code__", None)
            self._book.contract = getattr(code, "co_filename", "")
        if self._http is not None:
            self._http.wire.start()
        self._handwritten.start()
        if is_boundary:
            self._guarded(self._watch)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """When the last fixture is gone, stop and put the record of the test on its last report, before others read it.

        Plain hooks, here and at setup, cost a fraction of wrappers around every phase of every test.
        """
        item = self._item
        if item is None or report.when == "setup" or report.nodeid != item.nodeid:
            return  # also a report of another process
        if report.when == "call":
            self._has_passed = report.passed
        elif report.when == "teardown":
            self._stop()
            with at_work():
                setattr(report, RECORD, self._record(item))

    def _stop(self) -> None:
        self._item = None
        self._handwritten.stop()
        self._book.stop()
        if self._http is not None:
            self._http.wire.stop()
        self._watched = self._guarded(self._watcher.stop)

    def pytest_sessionfinish(self) -> None:
        """An interrupt or ``pytest.exit`` leaves a test without its last report."""
        if self._item is not None:
            self._stop()

    def pytest_unconfigure(self) -> None:
        """Give the mock libraries back their methods."""
        for unhook in self._unhook.values():
            if unhook is not None:
                unhook()
        self._unhook.clear()
        if self._http is not None:
            self._http.close()
        self._handwritten.close()

    # -- the record -----------------------------------------------------------------------------------------------

    def _record(self, item: pytest.Item) -> TestRecord:
        try:
            marked = Marked(item)
            hears = self._observers is not None and self._observers.hears
            has_notes = self._book.has_notes or (self._http and self._http.wire.has_notes)
            if not (marked.names or hears or has_notes):
                return TestRecord(nodeid=item.nodeid, warnings=self._warnings())
            heard: Sequence[HeardClaim]
            heard, unbound = self._interpreter.claims()
            if self._observers is not None:
                heard = (*heard, *self._observers.claims(item))
            http_claims: list[Claim] = []
            if self._http is not None:
                heard, http_claims = self._http.claims(heard)
            facts: list[Fact] = []
            claims = []
            for one in heard:
                found = [_entry(fact, one) for fact in describe(one.claim.root, one.real, one.claim.path)]
                claims.append(self._redaction.claim(one.claim, found))
                facts += found
                facts += _raised_class(one.claim)
            observations: list[Observation] = []
            if self._http is not None:
                claims += [self._redaction.claim(one, ()) for one in http_claims]
                if marked.names:
                    observations += self._http.observations(getattr(item, "replayed_site", None))
            if self._observers is not None and marked.names:
                observations += self._observers.observations(item)
            watched, self._watched = self._watched or Watched(observations=(), classes=()), None
            if not _STAGING.isdisjoint(getattr(item, "fixturenames", ())) or getattr(item, "is_doubtful", False):
                # Trouble that was staged, or an answer from another world than the one that was asked about.
                watched, observations = Watched(observations=(), classes=watched.classes), []
            observations += _of_named_class(item, watched.observations)
            seen = [fact for cls in watched.classes for fact in describe_class(cls)]
            seen += [
                fact for cls in received_classes(watched.observations, self._project) for fact in describe_class(cls)
            ]
            return TestRecord(
                nodeid=item.nodeid,
                boundaries=marked.names,
                fidelity=marked.fidelity,
                claims=tuple(claims),
                observations=tuple(map(self._redaction.observation, (*watched.observations, *observations))),
                facts=(*self._new(facts), *map(self._shown, seen)),
                unbound=unbound,
                hygiene=tuple(dict.fromkeys((*self._untidy(item, marked), *watched.passed_over))),
                warnings=self._warnings(),
            )
        except Exception as error:  # whatever fails in here must not fail the test
            return TestRecord(nodeid=item.nodeid, warnings=self._warnings(f"{type(error).__name__}: {error}"))

    def _untidy(self, item: pytest.Item, marked: Marked) -> Iterator[Hygiene]:
        if marked.names:
            yield from internal_mocks(self._book)
        yield from blind_questions(self._book)
        if self._has_passed:
            function: Any = getattr(item, "function", None)
            code = getattr(inspect.unwrap(function), "__code__", None)
            yield from misspelt_assertions(self._book)
            yield from idle_assertions(self._book, code)
            if not hasattr(item, "callspec"):  # other parameters may lead to the double
                yield from dead_doubles(self._book, code)
                yield from replaced_answers(self._book, code)
                if self._http is not None:
                    yield from dead_stubs(self._http.wire.stubs, code, self._project)

    def _new(self, facts: list[Fact]) -> tuple[Fact, ...]:
        """Leave out what an earlier record of this process has said already."""
        new = {fact.target: fact for fact in facts if fact.target not in self._described}
        self._described.update(new)
        return tuple(map(self._shown, new.values()))

    def _shown(self, fact: Fact) -> Fact:
        file, colon, line = fact.at.rpartition(":")
        return replace(fact, at=f"{self._project.relative(file)}:{line}") if colon else fact

    def _guarded(self, work: Callable[[], Result]) -> Result | None:
        """Do something that must not fail the test, whatever goes wrong in it."""
        try:
            return work()
        except Exception as error:
            self._failures.append(f"reality could not be watched: {type(error).__name__}: {error}")
            return None

    def _warnings(self, failure: str = "") -> tuple[str, ...]:
        texts = [*self._watcher.warnings, *self._failures, self._book.failure]
        if self._http is not None:
            texts += self._http.warnings
        if self._observers is not None:
            texts += self._observers.warnings
        if failure:
            texts.append(f"a test could not be recorded: {failure}")
        new = tuple(text for text in dict.fromkeys(texts) if text and text not in self._warned)
        self._warned.update(new)
        return new


class FixtureEye:
    """Looks at what fixtures give: it may be a fake whose class is defined inside a function."""

    def __init__(self, handwritten: Handwritten) -> None:
        self._handwritten = handwritten

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """See the value after the fixture has made it."""
        value = yield
        self._handwritten.meet(value, is_lasting=fixturedef.scope != "function")
        return value


def _is_boundary_test(item: pytest.Item) -> bool:
    return bool(boundary_marks(item))


def _of_named_class(item: pytest.Item, observations: Iterable[Observation]) -> Iterator[Observation]:
    """Give what was seen of an object once more, as that of the class by which the test has asked for it."""
    named, cls = item.stash.get(STANDS_FOR, ("", ""))
    if named != cls:
        for one in observations:
            if one.target.startswith(f"{cls}."):
                yield replace(one, target=named + one.target.removeprefix(cls), defined=one.defined or one.target)


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""  # pytest itself will say what is wrong with the file


def _raised_class(claim: Claim) -> list[Fact]:
    """Describe the class of the exception that a double raised, for what the test hung on it."""
    outcome = claim.outcome
    if outcome is None or outcome.kind != "raised" or not isinstance(outcome.shape, Object) or not outcome.shape.fields:
        return []
    cls = class_at(outcome.shape.cls)
    return describe_class(cls) if cls is not None else []


def _held_class(owner: Any, name: str, is_element: bool) -> type | None:
    return held_class(owner, name, is_element=is_element)


def _entry(fact: Fact, one: HeardClaim) -> Fact:
    """Let the entry of a registry know where what it holds is defined; it keeps its own address (rule 15)."""
    is_entry = fact.target == one.claim.root and fact.target.endswith("]") and not fact.defined
    return replace(fact, defined=address_of(one.real)) if is_entry else fact


def _is_among(address: str, collaborators: Iterable[str]) -> bool:
    """Whether a class is configured, by itself or by its module or package."""
    return any(f"{address}.".replace(":", ".").startswith(f"{one}.") for one in collaborators)


def _claimed(store: Store) -> tuple[str, ...]:
    """Return what stored claims stand for, so that boundary tests watch it also when only they run."""
    claims = {(claim.root, claim.path) for test in store.tests.values() for claim in test.record.claims}
    return tuple(
        sorted(root.replace(":", ".") + "".join(step for step in path if step != "()") for root, path in claims)
    )
