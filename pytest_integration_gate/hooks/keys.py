"""Where the gate's state lives: in pytest's stashes, never in module globals."""

from __future__ import annotations

import pytest

from pytest_integration_gate.hooks.settings import Settings
from pytest_integration_gate.model.run_report import CheckpointResult

SETTINGS = pytest.StashKey[Settings]()

# The attribute of a teardown report that carries the `TestRecord` of its test, and the key of its encoded form.
RECORD = "integration_gate"

# The attribute of a report that says what became of a test of a YAML suite; plain data, so that it crosses processes.
SUITE = "integration_gate_suite"

# Warnings of suites that end with the session, and the key under which a worker of xdist hands them on.
SUITE_WARNINGS = pytest.StashKey[list[str]]()
WARNINGS = "integration_gate_warnings"

# What became of the checkpoints of this run.
CHECKPOINTS = pytest.StashKey[list[CheckpointResult]]()
