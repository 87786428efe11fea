"""Where the gate's state lives: in pytest's stashes, never in module globals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_integration_gate.hooks.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_integration_gate.model.api import Api

SETTINGS = pytest.StashKey[Settings]()

# The descriptions of the services behind the boundaries that have an OpenAPI document, by the name of the boundary.
APIS: pytest.StashKey[Mapping[str, Api]] = pytest.StashKey()

# The attribute of a teardown report that carries the `TestRecord` of its test, and the key of its encoded form.
RECORD = "integration_gate"
