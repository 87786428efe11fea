"""Where the gate's state lives: in pytest's stashes, never in module globals."""

from __future__ import annotations

import pytest

from pytest_integration_gate.hooks.settings import Settings

SETTINGS = pytest.StashKey[Settings]()

# The attribute of a teardown report that carries the `TestRecord` of its test, and the key of its encoded form.
RECORD = "integration_gate"
