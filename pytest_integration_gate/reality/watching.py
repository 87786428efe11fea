"""Watches the real collaborators while a boundary test runs (SPEC section 5)."""

from __future__ import annotations

import sys

# Tests patch these; what runs inside a test must not notice.
from builtins import any, bool, id, isinstance, len, list, tuple, type, vars
from collections.abc import Iterable
from types import ModuleType
from typing import Any
from weakref import ref

from pytest_integration_gate.isolation import at_work
from pytest_integration_gate.model.claim import Hygiene
from pytest_integration_gate.model.classes import canonical, namespace_of, unmasked
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.reality.callables import Found, FoundBuiltin, callables_in, find_target
from pytest_integration_gate.reality.calls import ObservedCall, Progress
from pytest_integration_gate.reality.chains import LinkedClass, Links, may_be_linked
from pytest_integration_gate.reality.imports import ImportWatch
from pytest_integration_gate.reality.native import BuiltinObserver, Spy
from pytest_integration_gate.reality.observers import FunctionObserver, Observer
from pytest_integration_gate.reality.sqlite import Factories, is_connect, uses_sqlite
from pytest_integration_gate.source.naming import file_of, home_of
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import Standing, site_of
from pytest_integration_gate.trampoline import obstacle
from pytest_integration_gate.values import dataclass

_MAX_OBSERVATIONS = 2_000  # distinct ones in one test
_MAX_AT_SITE = 50  # distinct ones of one target at one site
_HEADROOM = 100  # frames that an observer needs for itself

_Key = tuple[str, Arguments, Outcome, int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was seen during one test.

    `classes` are those of the objects that were returned; `passed_over` tells of calls that went beyond the bounds.
    """

    observations: tuple[Observation, ...]
    classes: tuple[type, ...]
    passed_over: tuple[Hygiene, ...] = ()


class Watcher:
    """Observes calls of first-party code, and of everything that doubles or the configuration name.

    `named` are dotted targets (`mentions.doubled_names`, ``module`` or ``module:Class`` of configured collaborators).
    What is not imported yet is looked for again whenever a module is imported. `warnings` tells which observers failed,
    `skipped` which functions cannot be watched and why.
    """

    def __init__(self, project: Project, named: Iterable[str] = ()) -> None:
        self.project = project
        self.progress: Progress | None = None
        self.warnings: list[str] = []
        self.skipped: dict[str, str] = {}
        self._named: dict[str, bool] = {}  # whether a target needs no more looking for
        self._prefixes: set[str] = set()
        self._functions: dict[int, FunctionObserver] = {}
        self._builtins: dict[int, BuiltinObserver] = {}
        self._links = Links()
        self._linked: dict[int, LinkedClass] = {}
        self._sqlite = Factories(self)
        self._walked: dict[str, object] = {}
        self._named_classes: dict[int, type] = {}
        self._files: dict[str, bool] = {}
        self._packages: set[str] = set()
        self._kept: dict[_Key, tuple[Observer, Standing | None]] = {}
        self._at_site: dict[tuple[str, int, int], int] = {}
        self._classes: dict[int, ref[type]] = {}
        self._passed_over: dict[tuple[str, int, int], tuple[Observer, Standing | None]] = {}
        self._imports = ImportWatch(self._is_wanted, self._imported)
        self._recursion_limit = 0
        self.name(named)

    def name(self, targets: Iterable[str]) -> None:
        """Add targets to watch from the next test on."""
        for target in targets:
            self._named.setdefault(target, False)
            parts = target.replace(":", ".").split(".")
            self._prefixes.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
            if "sqlite3" in parts:
                self._name_sqlite()

    def start(self) -> None:
        """Begin to watch, before the setup of a boundary test."""
        with at_work():
            self._kept, self._at_site, self._classes, self._passed_over = {}, {}, {}, {}
            self._explore()
            for observer in self._functions.values():
                observer.install()
            for linked in self._linked.values():
                linked.install()
            # An observed call takes a second frame; recursion must reach as deep as without it.
            self._recursion_limit = sys.getrecursionlimit()
            sys.setrecursionlimit(self._recursion_limit * 2 + _HEADROOM)
            self._imports.install()
            self.progress = Progress()

    def stop(self) -> Watched:
        """Stop watching, after the teardown, and tell what was seen."""
        progress = self.progress
        if progress is None:
            return Watched(observations=(), classes=())
        for call in [*progress.pending.values()]:
            call.abandon()
        self.progress = None
        with at_work():
            self._imports.uninstall()
            if sys.getrecursionlimit() == self._recursion_limit * 2 + _HEADROOM:
                sys.setrecursionlimit(self._recursion_limit)
            for observer in (*self._functions.values(), *self._builtins.values()):
                observer.uninstall()
            for linked in self._linked.values():
                linked.uninstall()
            self._sqlite.forget()
            self._remove_spies()
            classes = (reference() for reference in self._classes.values())
            return Watched(
                observations=tuple(self._observation(key, *kept) for key, kept in list(self._kept.items())),
                classes=tuple(cls for cls in classes if cls is not None),
                passed_over=tuple(self._cut(target, *of) for (target, _, _), of in self._passed_over.items()),
            )

    def contaminate(self, reason: str) -> None:
        """Hear from the doubles that one of them is used just now."""
        progress = self.progress
        if progress is not None:
            progress.contaminate(reason)

    # -- what observers need ---------------------------------------------------------------------------------------

    def is_first_party(self, name: object) -> bool:
        """Whether an imported module of that name is the project's own code and no test."""
        if type(name) is not str:
            return False
        known = self._files.get(name)
        if known is None:
            module = sys.modules.get(name)
            if type(module) is not ModuleType:
                return False
            known = self._files[name] = self.project.is_first_party(file_of(module))
            if known:
                self._packages.add(name.partition(".")[0])
        return known

    def is_real(self, cls: type) -> bool:
        """Whether a class is none that a test has made up, so that what is reached through it is called by its name."""
        home = namespace_of(cls).get("__module__")
        if id(cls) in self._named_classes or self.is_first_party(home):
            return True
        file = file_of(home_of(cls))
        return bool(file) and "<" not in canonical(cls) and not self.project.is_test(file)

    def is_linked(self, value: object) -> bool:
        """Whether an object is what an observed call of a named collaborator gave."""
        return value in self._links

    def keep(self, observer: Observer, call: ObservedCall, outcome: Outcome, value: Any) -> None:
        """Take an observation; equal ones count once."""
        if call.progress is not self.progress:
            return  # a thread that has outlived its test
        if observer.is_named or observer.only_linked:
            self._link(value)
        code, lasti = call.standing or (None, 0)
        key = (call.target, call.arguments, outcome, id(code), lasti, call.contaminated)
        if key in self._kept:
            return
        place = (call.target, id(code), lasti)
        at_site = self._at_site.get(place, 0)
        if at_site >= _MAX_AT_SITE or len(self._kept) >= _MAX_OBSERVATIONS:
            self._passed_over[place] = (observer, call.standing)
            return
        self._at_site[place] = at_site + 1
        self._kept[key] = (observer, call.standing)
        cls = unmasked(type(value))
        if namespace_of(cls).get("__module__", "builtins") != "builtins":
            self._classes.setdefault(id(cls), ref(cls))

    def give_up(self, observer: Observer, error: Exception) -> None:
        """Take note that an observer has failed."""
        self.warnings.append(f"{observer.defined} is no longer observed: {type(error).__name__} in the gate's observer")

    # -- finding what to watch -------------------------------------------------------------------------------------

    def _explore(self) -> None:
        for name, module in list(sys.modules.items()):
            if self.is_first_party(name) and type(module) is ModuleType:
                self._walk(name, module)
        self._find_named()

    def _walk(self, name: str, module: ModuleType) -> None:
        spec = vars(module).get("__spec__")  # a new one after every reload
        if self._walked.get(name, self) is not spec:
            self._walked[name] = spec
            if uses_sqlite(module):
                self._name_sqlite()
            for found in callables_in(module):
                self._watch_function(found)

    def _name_sqlite(self) -> None:
        """Watch connections wherever the library is used: they are handed on, beyond what a double would name."""
        self._named.setdefault("sqlite3.connect", False)
        self._prefixes.update(("sqlite3", "sqlite3.dbapi2"))

    def _find_named(self) -> None:
        for target, is_settled in list(self._named.items()):
            if is_settled:
                continue
            everything = [*find_target(target)]
            # Functions in C are put back after each test: they, and the spies in their place, are looked for again.
            self._named[target] = bool(everything) and not any(
                isinstance(found, FoundBuiltin) or found is Spy for found in everything
            )
            for found in everything:
                if isinstance(found, FoundBuiltin):
                    self._watch_builtin(found)
                elif isinstance(found, Found):
                    self._watch_function(found, is_named=True)
                elif found is not Spy:
                    self._named_classes[id(found)] = found

    def _link(self, value: Any) -> None:
        """Watch what a named collaborator gave, unless it is watched anyway."""
        cls = type(value)
        known = self._linked.get(id(cls))
        if known is None or known.cls is not cls:
            if self.is_first_party(namespace_of(cls).get("__module__")) or not may_be_linked(cls):
                return
            known = self._linked[id(cls)] = LinkedClass(self, cls)
            for found in known.functions:
                self._watch_function(found, only_linked=True)
            known.install()
        self._links.add(value)

    def _watch_function(self, found: Found, *, is_named: bool = False, only_linked: bool = False) -> None:
        function = found.function
        known = self._functions.get(id(function))
        if known is not None and (only_linked or not known.only_linked):
            known.is_named = known.is_named or is_named
            return
        if self.project.is_test(function.__code__.co_filename):
            return
        if known is not None:
            known.uninstall()  # so far only a link of a chain
        reason = obstacle(function)
        if reason:
            self.skipped[f"{found.module}:{function.__qualname__}"] = reason
            return
        try:
            observer = self._functions[id(function)] = FunctionObserver(self, found, only_linked=only_linked)
            observer.is_named = is_named
        except Exception as error:
            self.skipped[f"{found.module}:{function.__qualname__}"] = f"{type(error).__name__}: {error}"
            return
        if self.progress is not None:
            observer.install()

    def _watch_builtin(self, found: FoundBuiltin) -> None:
        observer = self._builtins.get(id(found.function))
        if observer is None:
            adapt = self._sqlite.connecting if is_connect(found.function) else None
            observer = self._builtins[id(found.function)] = BuiltinObserver(self, found, adapt)
        home = sys.modules.get(observer.defined.partition(":")[0])
        for module in (found.module, home, *self._first_party_modules()):
            if module is not None:
                observer.place(vars(module))

    def _first_party_modules(self) -> list[ModuleType]:
        return [module for name, module in list(sys.modules.items()) if self.is_first_party(name)]

    def _is_wanted(self, name: str) -> bool:
        package = name.partition(".")[0]
        return name in self._prefixes or package in self._packages or self.project.is_first_party_module(package)

    def _imported(self, module: ModuleType) -> None:
        with at_work():
            try:
                name = module.__name__
                if self.is_first_party(name):
                    self._walk(name, module)
                self._find_named()
            except Exception as error:
                self.warnings.append(f"{module!r} is not observed: {type(error).__name__} in the gate")

    # -- what was seen ---------------------------------------------------------------------------------------------

    def _remove_spies(self) -> None:
        """Put functions back also where code has imported the spy by name meanwhile."""
        for module in self._first_party_modules():
            namespace = vars(module)
            for name, value in list(namespace.items()):
                if type(value) is Spy:
                    namespace[name] = value.original

    def _cut(self, target: str, observer: Observer, standing: Standing | None) -> Hygiene:
        site = site_of(*standing, self.project) if standing else None
        detail = f"{target}: a test keeps {_MAX_OBSERVATIONS:,} different observations, {_MAX_AT_SITE} of one line"
        return Hygiene(kind="passed_over", at=f"{site.file}:{site.line}" if site else observer.at, detail=detail)

    def _observation(self, key: _Key, observer: Observer, standing: Standing | None) -> Observation:
        target, arguments, outcome, _, _, contaminated = key
        return Observation(
            target=target,
            arguments=arguments,
            outcome=outcome,
            defined=observer.defined,
            at=observer.at,
            site=site_of(*standing, self.project) if standing else None,
            first_party=observer.first_party,
            contaminated=contaminated,
        )
