"""Where the gate's state lives: in pytest's stashes, never in module globals."""

from __future__ import annotations

import pytest

from pytest_integration_gate.configuration.settings import Settings

# The environment variable that names the file with the order that a process shall run.
ORDER = "PYTEST_INTEGRATION_GATE_ORDER"
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

# The name of the plugin that keeps the suites of a process, and the key under which a worker of xdist hands on its
# warnings.
SUITES = "integration_gate_suites"
WARNINGS = "integration_gate_warnings"

# The attribute of a call report of a test that gave both outcomes: why it failed when it did.
FLAKY = "integration_gate_flaky"
# The attribute of a report with sentences for the user.
NOTES = "integration_gate_notes"
# The attribute of a collector whose tests stay in the order of their file: set to true.
KEEPS_ORDER = "integration_gate_keeps_order"
# The attribute of a report whose failure does not count, because the test is in quarantine.
QUARANTINED = "integration_gate_quarantined"
# The attribute of a teardown report with the waivers that the markers of its test give.
WAIVERS = "integration_gate_waivers"
# The attribute of a teardown report with the provider states that the markers of its test name.
STATES = "integration_gate_states"

# What a worker of xdist tells the controller when it ends, and the attribute of the first report of a process where
# there is an event log: the links of every test that has some.
LINKS = "integration_gate_links"
# The name of the plugin that runs the checkpoints.
CHECKPOINTS = "integration_gate_checkpoints"
# The name of the plugin that writes the event log.
EVENTS = "integration_gate_events"

STANDS_FOR = pytest.StashKey[tuple[str, str]]()
"""On a contract test or a replay: the class that is named, and that of the object which the test was given."""
