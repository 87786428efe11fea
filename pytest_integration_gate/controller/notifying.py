"""Tells receivers that a run begins and how it ended: ``gate_notify``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.gatekeeper import Gatekeeper
from pytest_integration_gate.controller.letters import keep_letters
from pytest_integration_gate.hooks.extending import NOTIFY, implementing, told
from pytest_integration_gate.hooks.progress import saying
from pytest_integration_gate.hooks.tree import commit_of
from pytest_integration_gate.isolation import clock
from pytest_integration_gate.model.secrecy import mask
from pytest_integration_gate.reports.delivery import deliver
from pytest_integration_gate.reports.notification import Event, Message, Receiver, figures, message_of, why

SECRET = "GATE_NOTIFY_SECRET"  # noqa: S105  # the environment variable that requests are signed with


class Notifier:
    """Notifies of one run, in the process that judges it. A receiver that fails becomes a warning."""

    def __init__(self, config: pytest.Config, settings: Settings, gatekeeper: Gatekeeper) -> None:
        self._config = config
        self._settings = settings
        self._gatekeeper = gatekeeper
        self._commit = ""

    def pytest_sessionstart(self) -> None:
        """Tell of the start, before anything is collected: tests may replace what a notification needs."""
        if not self._config.getoption("collectonly", False):
            self._commit = commit_of(self._config.rootpath)
            self._gatekeeper.warnings.extend(self._notify("start", {}))

    @pytest.hookimpl(trylast=True)  # when the run has been judged and its files are written
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell of the end."""
        if self._config.getoption("collectonly", False):
            return
        report = self._gatekeeper.report
        if report is None:
            reason = (
                "; ".join(self._gatekeeper.warnings) or f"the run was not judged (exit status {session.exitstatus})"
            )
            self._gatekeeper.warnings.extend(self._notify("failed", {"reason": mask(reason)}))
            return
        reason = "the run was interrupted" if session.exitstatus == pytest.ExitCode.INTERRUPTED else ""
        if report.test_run.status == "FAILED" or reason:
            warnings = self._notify("failed", {**figures(report), "reason": reason or why(report)})
        else:
            warnings = self._notify("complete", figures(report))
        for warning in warnings:
            self._gatekeeper.warn(warning)

    def _notify(self, event: Event, about: dict[str, Any]) -> list[str]:
        return notify(self._config, self._settings, event, id=str(uuid4()), commit=self._commit or None, **about)


def notify(config: pytest.Config, settings: Settings, event: Event, *, id: str, **about: Any) -> list[str]:  # noqa: A002
    """Tell all receivers of an event; say who was not told. What could not be delivered is kept."""
    receivers = [one for one in settings.notify if event in one.events]
    if not receivers and not implementing(config, NOTIFY):
        return []
    moment = datetime.fromtimestamp(clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    message = message_of(event, id=id, timestamp=moment, project=settings.project, **about)
    try:
        with saying(config, f"telling {', '.join(one.name for one in receivers)} of the event `{event}`"):
            failed = sent(message, receivers, settings)
    except Exception as error:  # no threads left, for example
        failed = [(one, f"{type(error).__name__}: {error}") for one in receivers]
    kept = keep_letters(settings.store, message, failed) if failed else ""
    return [
        *(f"{one.name} was not told of the event `{event}`: {reason}. {kept}" for one, reason in failed),
        *told(config, json.loads(message.body)),
    ]


def sent(message: Message, receivers: Sequence[Receiver], settings: Settings) -> list[tuple[Receiver, str]]:
    """Deliver a message; return who did not get it, and why."""
    return deliver(
        message,
        receivers,
        secret=os.environ.get(SECRET, ""),
        timeout=settings.notify_timeout,
        folder=settings.root,
    )
