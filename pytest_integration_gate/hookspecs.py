"""The hooks of the gate: what a plugin or a ``conftest.py`` can add to it (SPEC section 14).

Implement them as any hook of pytest. They are known whether the gate is on or off, and called only when it is on.
One that fails becomes a warning of the run with the name of its plugin, never the failure of a test. Answer with the
classes of `pytest_integration_gate.extension`, or with None for nothing. `pytest.hookimpl(optionalhook=True)` keeps a
plugin working where the gate is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

    from pytest_integration_gate.extension import (
        Call,
        Contribution,
        Ended,
        Finding,
        Replayed,
        RunReport,
        TestOutcome,
    )


def pytest_integration_gate_boundaries(config: pytest.Config) -> Mapping[str, Iterable[str]] | None:
    """Return collaborators of boundaries: ``{"queue": ["kombu", "shop.bus:Bus", "https://queue.example.com"]}``.

    Called once, before collection. What the project itself configures is stronger, what the gate knows of well-known
    libraries is weaker.
    """


def pytest_integration_gate_redact(config: pytest.Config) -> Iterable[str] | None:
    """Return names of secrets to mask, each a regular expression, besides those of ``gate_redact``.

    Called once, before collection.
    """


def pytest_integration_gate_claims(item: pytest.Item) -> Iterable[Call] | None:
    """Return what doubles that only this plugin knows answered in a test.

    Called after every test, when its last fixture is gone, in the process that ran it.
    """


def pytest_integration_gate_observations(item: pytest.Item) -> Iterable[Call] | None:
    """Return what a boundary test saw of real collaborators in a way that only this plugin can watch.

    Called after every test with the ``boundary`` marker, when its last fixture is gone, in the process that ran it.
    Leave out calls underneath which a double was reached: they say nothing about the real thing.
    """


def pytest_integration_gate_replays(config: pytest.Config, findings: Sequence[Finding]) -> Iterable[Replayed] | None:
    """Return what can be asked of the real thing about claims that no evidence bears on; each becomes a test item.

    Called with ``--gate-replay``, when all tests have run, in the process that writes the report. Requests to the real
    services and calls of the project's own functions are an implementation of this hook.
    """


def pytest_integration_gate_judge(ended: Ended) -> Contribution | None:
    """Judge the run: causes to fail it, sections of the report, warnings.

    Called once, after the last test, in the process that writes the report. One that fails is a cause to fail the run:
    what could not be judged is not green. Acceptance, repetition, checkpoints, budgets and floors of coverage are
    implementations of this hook.
    """


def pytest_integration_gate_publish(
    config: pytest.Config, report: RunReport, outcomes: Sequence[TestOutcome]
) -> Iterable[str] | None:
    """Write or send the judged run; return warnings for what could not be.

    Called once, before the YAML report is written, which has those warnings. HTML, JSON, SARIF, CTRF and the trace are
    implementations of this hook.
    """


def pytest_integration_gate_notify(config: pytest.Config, message: Mapping[str, object]) -> None:
    """Tell somebody that the run begins or how it ended; ``message["event"]`` is ``start``, ``complete`` or ``failed``.

    `message` is what ``gate_notify`` sends. Called before collection, and when the run has been judged. Nothing limits
    its time: set a time-out.
    """
