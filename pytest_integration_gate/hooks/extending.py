"""Calls the gate's own hooks, each plugin by itself: one that fails keeps nothing from the others (see `hookspecs`)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_integration_gate.configuration.gate_file import BoundarySettings
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.doubles.claims import HeardClaim
from pytest_integration_gate.extension import (
    Call,
    Cause,
    Contribution,
    Ended,
    Finding,
    Replayed,
    RunReport,
    TestOutcome,
)
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.reality.addresses import owner_of
from pytest_integration_gate.reality.inspection import ABSENT

NOTIFY = "pytest_integration_gate_notify"
_CLAIMS, _OBSERVATIONS = "pytest_integration_gate_claims", "pytest_integration_gate_observations"


def ask(config: pytest.Config, hook: str, read: Callable[[Any], Any], /, **arguments: Any) -> Iterator[tuple[str, Any]]:
    """Give the name of each plugin that implements a hook, with what `read` makes of its answer.

    In place of that stands the exception that the hook or `read` raised.
    """
    manager = config.pluginmanager
    plugins = implementing(config, hook)
    for plugin in plugins:
        call = manager.subset_hook_caller(hook, [other for other in plugins if other is not plugin])
        name = manager.get_name(plugin) or repr(plugin)
        try:
            answers = [read(answer) for answer in call(**arguments)]
        except Exception as error:
            yield name, error
        else:
            yield from ((name, answer) for answer in answers)


def extended(config: pytest.Config, settings: Settings) -> Settings:
    """Return the settings with what plugins mask and with the boundaries that they know, weaker than the project's."""
    notes: list[str] = []
    patterns: list[str] = []
    known: dict[str, list[str]] = {}
    for name, answer in ask(config, "pytest_integration_gate_redact", _patterns, config=config):
        if isinstance(answer, Exception):
            notes.append(_failed(name, "say what to mask", answer))
        else:
            patterns += answer
    for name, answer in ask(config, "pytest_integration_gate_boundaries", _collaborators, config=config):
        if isinstance(answer, Exception):
            notes.append(_failed(name, "name its boundaries", answer))
        else:
            for boundary, collaborators in answer.items():
                known.setdefault(boundary, []).extend(collaborators)
    configured = {entry for boundary in settings.boundaries for entry in boundary.collaborators}
    more = tuple(
        BoundarySettings(name=name, collaborators=tuple(entry for entry in entries if entry not in configured))
        for name, entries in known.items()
    )
    return replace(
        settings,
        redact=(*settings.redact, *patterns),
        boundaries=(*settings.boundaries, *more),
        notes=(*settings.notes, *notes),
    )


def replays(config: pytest.Config, findings: Sequence[Finding], warn: Callable[[str], None]) -> Iterator[Replayed]:
    """Let every feature and plugin say what can be asked about some findings."""
    hook = "pytest_integration_gate_replays"
    for name, answer in ask(config, hook, _replayed, config=config, findings=findings):
        if isinstance(answer, Exception):
            warn(_failed(name, "replay claims", answer))
        else:
            yield from answer


def contributions(config: pytest.Config, ended: Ended) -> list[Contribution]:
    """Let every feature and plugin judge the run; one that cannot is no reason to pass."""
    return [
        Contribution(causes=(Cause(reason=_failed(name, "judge the run", answer)),))
        if isinstance(answer, Exception)
        else answer
        for name, answer in ask(config, "pytest_integration_gate_judge", _contribution, ended=ended)
    ]


def published(config: pytest.Config, report: RunReport, outcomes: Sequence[TestOutcome]) -> Iterator[str]:
    """Let every feature and plugin publish the judged run; give the warnings."""
    hook = "pytest_integration_gate_publish"
    for name, answer in ask(config, hook, _texts, config=config, report=report, outcomes=outcomes):
        if isinstance(answer, Exception):
            yield _failed(name, "publish the run", answer)
        else:
            yield from answer


def told(config: pytest.Config, message: Mapping[str, object]) -> Iterator[str]:
    """Let every plugin notify of an event; give the warnings."""
    for name, answer in ask(config, NOTIFY, lambda answer: answer, config=config, message=message):
        if isinstance(answer, Exception):
            yield _failed(name, f"tell of the event `{message['event']}`", answer)


class Observers:
    """What plugins heard of doubles and saw of reality, for the record of a test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.hears = bool(implementing(config, _CLAIMS))
        self.sees = bool(implementing(config, _OBSERVATIONS))
        self.warnings: list[str] = []

    def claims(self, item: pytest.Item) -> Iterator[HeardClaim]:
        """Give what doubles claimed in a test, with the real thing for whoever describes it."""
        for call in self._calls(_CLAIMS, item, "tell what its doubles answered"):
            owner, name = owner_of(call.target)
            root, real = call.target, inspect.getattr_static(owner, name, ABSENT)
            path: tuple[str, ...] = ()
            if isinstance(owner, type):  # a double of an instance
                root, real, path = call.target.rpartition(".")[0], owner, ("()", f".{name}")
            claim = Claim(
                root=root, path=path, action="call", arguments=call.arguments, outcome=call.outcome, at=call.at
            )
            yield HeardClaim(claim, real)

    def observations(self, item: pytest.Item) -> Iterator[Observation]:
        """Give what a boundary test saw of real collaborators."""
        for call in self._calls(_OBSERVATIONS, item, "tell what it saw"):
            yield Observation(target=call.target, arguments=call.arguments, outcome=call.outcome, at=call.at)

    def _calls(self, hook: str, item: pytest.Item, what: str) -> Iterator[Call]:
        for name, answer in ask(self._config, hook, _called, item=item):
            if isinstance(answer, Exception):
                self.warnings.append(_failed(name, what, answer))
            else:
                yield from answer


def implementing(config: pytest.Config, hook: str) -> list[object]:
    """Return the plugins that implement a hook; hooks are declared when the first of them is implemented."""
    caller = getattr(config.hook, hook, None)
    return [implementation.plugin for implementation in caller.get_hookimpls()] if caller is not None else []


# What answers may be. A wrong one is an error of its plugin, told where the plugin is named.


def _all_are(cls: type, answer: Any) -> list[Any]:
    given = [answer] if isinstance(answer, str) else list(answer)
    wrong = [one for one in given if not isinstance(one, cls)]
    if wrong or isinstance(answer, str):
        raise TypeError(f"it gave {type(wrong[0] if wrong else answer).__name__}, not a list of {cls.__name__}")
    return given


def _texts(answer: Any) -> list[str]:
    return _all_are(str, answer)


def _called(answer: Any) -> list[Call]:
    return _all_are(Call, answer)


def _replayed(answer: Any) -> list[Replayed]:
    return _all_are(Replayed, answer)


def _patterns(answer: Any) -> list[str]:
    return [re.compile(pattern).pattern for pattern in _texts(answer)]


def _collaborators(answer: Any) -> dict[str, list[str]]:
    return {str(boundary): _texts(collaborators) for boundary, collaborators in answer.items()}


def _contribution(answer: Any) -> Contribution:
    if not isinstance(answer, Contribution):
        raise TypeError(f"it gave {type(answer).__name__}, not Contribution")
    return answer


def _failed(plugin: str, what: str, error: Exception) -> str:
    return f"The plugin {plugin} could not {what}: {type(error).__name__}: {error}"
