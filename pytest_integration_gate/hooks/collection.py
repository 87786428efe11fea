"""What the gate does at collection: reads the ``boundary`` markers and keeps what ``--boundary`` selects."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pytest_integration_gate.configuration.settings import Settings, check_selected
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.hooks.keys import KEEPS_ORDER
from pytest_integration_gate.model.finding import Fidelity
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.values import dataclass

FIDELITIES = ("real", "emulated")
_ALLOWED = " or ".join(map(repr, FIDELITIES))
# What a worker of xdist tells the controller when it ends: a mistake of the user, which would otherwise look like a
# crash, and the node ids that it collected.
MISTAKE = "integration_gate_mistake"
COLLECTED = "integration_gate_collected"
COLLABORATOR = "collaborator"
"""The fixture that gives contract tests their implementations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """What a contract test runs on: the real thing or a fake."""

    address: str
    is_real: bool


def boundary_marks(item: pytest.Item) -> list[pytest.Mark]:
    """Give the ``boundary`` markers of a test, the nearest first. A contract test on a fake meets no boundary."""
    marks: list[pytest.Mark] = []
    if not runs_on_fake(item):
        node: Any = item
        while node is not None:  # every test is asked several times: this is a fifth of the price of `iter_markers`
            marks += [mark for mark in node.own_markers if mark.name == "boundary"]
            node = node.parent
    return marks


def runs_on_fake(item: pytest.Item) -> bool:
    """Say whether a test is a contract test in its run on a fake."""
    callspec = getattr(item, "callspec", None)
    given = callspec.params.get(COLLABORATOR) if callspec is not None else None
    return isinstance(given, Implementation) and not given.is_real


class Marked:
    """The boundaries that the markers of a test name, with their fidelity."""

    def __init__(self, item: pytest.Item) -> None:
        names: dict[str, None] = {}
        fidelity: Fidelity | None = None
        for mark in boundary_marks(item):
            names.update(dict.fromkeys(_names(item, mark)))
            fidelity = fidelity or _fidelity(item, mark)
        self.names = tuple(names)
        self.fidelity: Fidelity = fidelity or "real"


class Selection:
    """Deselects the boundary tests of other boundaries when ``--boundary`` is given."""

    def __init__(self, config: pytest.Config, settings: Settings, project: Project, boundaries: Boundaries) -> None:
        self._config = config
        self._settings = settings
        self._project = project
        self._boundaries = boundaries
        self._output: dict[str, Any] | None = getattr(config, "workeroutput", None)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Let contract tests run on every implementation; only these import what does it."""
        if COLLABORATOR in metafunc.fixturenames and metafunc.definition.get_closest_marker("contract"):
            from pytest_integration_gate.hooks.contracts import parametrize

            parametrize(metafunc, self._settings, self._project, self._boundaries)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Check every marker of every test, then select. All mistakes are told at once."""
        if self._output is not None:
            self._output[COLLECTED] = [item.nodeid for item in items]
        try:
            marked = self._read(items)
            check_selected(self._settings, {name for one in marked.values() for name in one.names})
        except SettingsError as error:
            refuse(items, error, self._output)
            return
        selected = set(self._settings.selected)
        if selected:
            away = [item for item in items if marked[item].names and selected.isdisjoint(marked[item].names)]
            if away:
                self._config.hook.pytest_deselected(items=away)
                items[:] = [item for item in items if item not in set(away)]

    def _read(self, items: list[pytest.Item]) -> dict[pytest.Item, Marked]:
        marked: dict[pytest.Item, Marked] = {}
        problems: dict[str, None] = {}
        for item in items:
            try:
                marked[item] = Marked(item)
            except SettingsError as error:
                problems[error.message] = None
        if problems:
            raise SettingsError("\n".join(problems))
        return marked


class Ordering:
    """Looks, after everybody else, for what tests say about themselves: critical ones come first, bounds are kept."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._output: dict[str, Any] | None = getattr(config, "workeroutput", None)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Import what reads marks only when a test has some."""
        marks = {mark.name for item in items for mark in item.iter_markers()}
        if "gate_waive" in marks:
            self._read_waivers(items)
        if not marks.isdisjoint(("contract", "given")):
            self._read_contracts(items)
        if marks.isdisjoint(("budget", "critical", "quarantine")):
            return
        from pytest_integration_gate.hooks import bounds

        if problems := bounds.problems(items):
            refuse(items, SettingsError("\n".join(problems)), self._output)
            return
        self._config.pluginmanager.register(bounds.Bounds(self._settings), "integration_gate_bounds")
        bounds.critical_first(items, keeps_order)

    def _read_waivers(self, items: list[pytest.Item]) -> None:
        from pytest_integration_gate.hooks import waive_marks

        if problems := waive_marks.problems(items):
            refuse(items, SettingsError("\n".join(problems)), self._output)
            return
        self._config.pluginmanager.register(waive_marks.WaiveMarks(), "integration_gate_waive_marks")

    def _read_contracts(self, items: list[pytest.Item]) -> None:
        from pytest_integration_gate.hooks.contracts import problems

        if found := problems(items):
            refuse(items, SettingsError("\n".join(found)), self._output)


def keeps_order(item: pytest.Item) -> bool:
    """Say whether a test stays where its file has it."""
    return any(getattr(node, KEEPS_ORDER, False) for node in item.listchain())


def refuse(items: list[pytest.Item], error: SettingsError, output: dict[str, Any] | None) -> None:
    """End the run with a usage error; a worker of xdist, whose `output` is given, lets the controller say it."""
    if output is None:
        raise pytest.UsageError(str(error)) from None
    output[MISTAKE] = f"{output[MISTAKE]}\n{error}" if MISTAKE in output else str(error)
    items.clear()


def _names(item: pytest.Item, mark: pytest.Mark) -> tuple[str, ...]:
    if not mark.args or not all(isinstance(name, str) and name.strip() for name in mark.args):
        raise SettingsError(
            f"{item.nodeid}: {_written(mark)} must name its boundaries as texts, "
            'for example @pytest.mark.boundary("database").'
        )
    return mark.args


def _fidelity(item: pytest.Item, mark: pytest.Mark) -> Fidelity:
    unknown = sorted(set(mark.kwargs) - {"fidelity"})
    if unknown:
        raise SettingsError(
            f"{item.nodeid}: {_written(mark)} does not know `{unknown[0]}`. It takes names and `fidelity`."
        )
    fidelity = mark.kwargs.get("fidelity", "real")
    if fidelity not in FIDELITIES:
        raise SettingsError(f"{item.nodeid}: {_written(mark)} has fidelity {fidelity!r}. It can be {_ALLOWED}.")
    return cast(Fidelity, fidelity)


def _written(mark: pytest.Mark) -> str:
    arguments = [repr(name) for name in mark.args] + [f"{name}={value!r}" for name, value in mark.kwargs.items()]
    return f"@pytest.mark.boundary({', '.join(arguments)})"
