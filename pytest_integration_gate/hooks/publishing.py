"""Publishes the checkpoints of a run; what cannot be published is kept beside the store, and a warning says where."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.files import write_text
from pytest_integration_gate.isolation import clock
from pytest_integration_gate.model.run_report import CheckpointResult
from pytest_integration_gate.reports.publication import PublishError, Target, document_of, publish
from pytest_integration_gate.suites.checkpoints import Checkpoint
from pytest_integration_gate.suites.commands import shown


def publish_all(
    settings: Settings, definitions: Sequence[object], results: Sequence[CheckpointResult], commit: str
) -> list[str]:
    """Publish to every target of ``--gate-publish`` and return what went wrong. Never raises."""
    document = document_of(
        results,
        definitions,
        project=settings.project,
        commit=commit,
        date=datetime.fromtimestamp(clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    warnings = []
    for number, target in enumerate(settings.publish):
        try:
            publish(target, document, settings.root)
        except Exception as error:  # a run is never lost for its publication
            reason = str(error) if isinstance(error, PublishError) else f"{target}: {type(error).__name__}: {error}"
            warnings.append(f"{reason} {_kept(settings, number, target, document)}")
    return warnings


def _kept(settings: Settings, number: int, target: Target, document: object) -> str:
    path = settings.store / "unpublished" / f"{target.kind}-{number}.json"
    try:
        write_text(path, json.dumps(document, indent=2) + "\n")
    except OSError as error:
        return f"It could not be kept in {path} either: {error.strerror or error}."
    return f"What should have been published is kept in {path}."


def definition(checkpoint: Checkpoint) -> dict[str, object]:
    """Describe a checkpoint as it is published."""
    tests = [{"name": test.name, "command": shown(test.command), "retries": test.retries} for test in checkpoint.tests]
    return {
        "name": checkpoint.name,
        "stage": checkpoint.stage,
        "tests": tests,
        "failure_action": checkpoint.failure_action,
    }
