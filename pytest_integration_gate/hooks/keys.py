"""Where the gate's state lives: in pytest's stashes, never in module globals."""

from __future__ import annotations

import pytest

from pytest_integration_gate.hooks.settings import Settings
from pytest_integration_gate.model.run_report import CheckpointResult

SETTINGS = pytest.StashKey[Settings]()

# The attribute of a teardown report that carries the `TestRecord` of its test, and the key of its encoded form.
RECORD = "integration_gate"

# What a worker of xdist is told: the names of the contexts that are worked on; and what it tells when it ends: the
# node ids of their own integration tests.
ACTIVE = "integration_gate_contexts"
OWN = "integration_gate_own"

# What a worker is told besides when all of them share a file system: that it runs the first stage, and the file in
# which the tests of it are written.
FIRST_STAGE = "integration_gate_first_stage"
OWN_FILE = "integration_gate_own_file"
# The attribute of a report that says what became of a test of a YAML suite; plain data, so that it crosses processes.
SUITE = "integration_gate_suite"

# Warnings of suites that end with the session, and the key under which a worker of xdist hands them on.
SUITE_WARNINGS = pytest.StashKey[list[str]]()
WARNINGS = "integration_gate_warnings"

# What became of the checkpoints of this run.
CHECKPOINTS = pytest.StashKey[list[CheckpointResult]]()
