"""``--gate-replay``: what doubles claim and nobody has seen is asked of the real thing (SPEC section 8).

When the tests are over, each unverified or stale claim that can be asked becomes a test item of its own, in the world
that the markers ``given`` of its test name. The item passes when there is an outcome; what that says of the claim is
judged as always. What cannot be asked is skipped with what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

import pytest

from pytest_integration_gate import fixture_name, provider_state, provides
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.extension import Replayed
from pytest_integration_gate.hooks.contracts import advice, states_of
from pytest_integration_gate.hooks.extending import replays
from pytest_integration_gate.hooks.replayed_calls import calls_in
from pytest_integration_gate.hooks.replayed_requests import requests_in
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Site
from pytest_integration_gate.source.project import Project

FOLDER = "gate-replay"
"""The first part of the node ids of replays."""
_TO_WRITE = 'name the world of the test with @pytest.mark.given("…"), and prepare it with @provider_state("…")'
_NO_WORLD = f"a simulated failure happens in a world of its own: {_TO_WRITE}"


class Replay:
    """Replays the claims of one run.

    `findings` gives the verdicts so far, `warn` takes what went wrong; with `is_dry` nothing is asked.
    """

    def __init__(
        self,
        settings: Settings,
        project: Project,
        findings: Callable[[], list[Finding]],
        warn: Callable[[str], None],
        *,
        is_dry: bool,
    ) -> None:
        self._settings = settings
        self._project = project
        self._findings = findings
        self._warn = warn
        self._is_dry = is_dry

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Run the replays after all tests, in this process."""
        result = yield
        if not (session.shouldstop or session.shouldfail or session.config.getoption("collectonly", False)):
            items = [*self._items(session)]
            session.testscollected += len(items)
            for item, following in zip_longest(items, items[1:]):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return result

    def pytest_integration_gate_replays(self, findings: Sequence[Finding]) -> list[Replayed]:
        """Ask services by HTTP, and call the project's own functions and classes."""
        boundaries = self._settings.boundaries
        return [*requests_in(findings, boundaries), *calls_in(findings, self._project, boundaries)]

    def _items(self, session: pytest.Session) -> Iterator[ReplayItem]:
        findings = [one for one in self._findings() if one.verdict in ("unverified", "stale")]
        findings.sort(key=lambda one: (one.target, one.claim.at, one.tests))
        if not findings:
            return
        world = _World(session)
        places: dict[pytest.Collector, Replays] = {}
        asked: dict[Replayed, None] = {}
        for replayed in replays(session.config, findings, self._warn):
            for states in world.states_of(replayed.tests):
                refused = replayed.refused or (_NO_WORLD if replayed.is_trouble and not states else "")
                asked.setdefault(replace(replayed, states=states if not refused else (), refused=refused))
        names: dict[str, int] = {}
        for replayed in asked:
            place, missing = world.place_of(replayed)
            names[replayed.name] = names.get(replayed.name, 0) + 1
            number = f" [{names[replayed.name]}]" if names[replayed.name] > 1 else ""
            if place not in places:
                places[place] = Replays.from_parent(place, path=place.path, nodeid=FOLDER, name=FOLDER)
            reason = replayed.refused or missing
            reason = (
                f"{replayed.name}: {reason}" if reason else f"dry run: would {replayed.act}" if self._is_dry else ""
            )
            yield ReplayItem.of(places[place], f"{replayed.name}{number}", replayed, reason)


class Replays(pytest.Module):
    """Holds replays at the place where the fixtures that they need can be seen."""

    def _getobj(self) -> ModuleType:
        return ModuleType("gate_replay")


class ReplayItem(pytest.Function):
    """One claim, asked of the real thing: a boundary test."""

    replayed_site: Site | None
    reason: str
    is_doubtful: bool = True  # until an answer has come

    @classmethod
    def of(cls, parent: Replays, name: str, replayed: Replayed, reason: str) -> ReplayItem:
        """Make the item; with a `reason` it is skipped."""

        def test(request: pytest.FixtureRequest) -> None:
            __tracebackhide__ = True
            for state in replayed.states:
                request.getfixturevalue(fixture_name(provider_state, state))
            doubt = replayed.ask(request)
            item.is_doubtful = bool(doubt and not replayed.states)
            if item.is_doubtful:
                pytest.skip(f"{replayed.name}: {doubt}, but perhaps only in this world: {_TO_WRITE}")

        item: ReplayItem = cls.from_parent(parent, name=name, callobj=test)
        item.replayed_site, item.reason = replayed.site, reason
        if not reason:
            item.add_marker(pytest.mark.boundary(replayed.boundary))
        return item

    def setup(self) -> None:
        """Make the fixtures, or skip with the reason why nothing is asked."""
        if self.reason:
            pytest.skip(self.reason)
        super().setup()

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where it comes from: no line of a file."""
        return self.path, None, f"replay of {self.name}"


class _World:
    """The collected tests: which states are given for them, and where fixtures are in sight."""

    def __init__(self, session: pytest.Session) -> None:
        if not session.items:  # xdist's workers have collected, and this process has not
            count = session.testscollected
            with suppress(Exception):  # what cannot be collected is told by the workers
                session.perform_collect()
            session.testscollected = count
        self._session = session
        self._items = {item.nodeid: item for item in session.items}

    def states_of(self, tests: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the different worlds that tests are given; those with a state before one without."""
        worlds = {states_of(self._items[test]) for test in tests if test in self._items}
        return sorted(worlds - {()}) or [()]

    def place_of(self, replayed: Replayed) -> tuple[pytest.Collector, str]:
        """Return the outermost collector that sees every fixture which a replay needs, else what has to be written."""
        needed = {
            fixture_name(provider_state, state): f"nothing prepares the state `{state}`. "
            "Write in a conftest.py: `from pytest_integration_gate import provider_state` and "
            f"`@provider_state({state!r})` above a function that does."
            for state in replayed.states
        }
        if replayed.provided:
            name = fixture_name(provides, replayed.provided)
            needed[name] = f"nothing gives a real {replayed.provided}. {advice(replayed.provided)}"
        if not needed or replayed.refused:
            return self._session, ""
        manager = self._session._fixturemanager
        for place in self._places(replayed.tests):
            if all(manager.getfixturedefs(name, place) for name in needed):
                return place, ""
        for name, what_to_write in needed.items():
            if not any(manager.getfixturedefs(name, place) for place in self._places(replayed.tests)):
                return self._session, what_to_write
        return self._session, "no test sees all of the fixtures that this needs: move them into one conftest.py"

    def _places(self, tests: Sequence[str]) -> list[pytest.Collector]:
        """Return the collectors of some tests, the outermost first, and behind them those of all others."""
        own = [self._items[test] for test in tests if test in self._items]
        chains = (item.listchain()[:-1] for item in (*own, *self._items.values()))
        return [*dict.fromkeys(node for chain in chains for node in chain if isinstance(node, pytest.Collector))]
