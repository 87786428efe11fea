"""Says what evidence of earlier runs still counts, and dates that of this run."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from os.path import join

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.evidence.editions import Editions
from pytest_integration_gate.evidence.staleness import Staleness
from pytest_integration_gate.isolation import clock

_INSTALLED = ("site-packages", "dist-packages")


def staleness(config: pytest.Config, settings: Settings) -> Staleness:
    """Make what ages the evidence of a run."""
    return Staleness(Editions(_folders(config, str(settings.root))), max_age=settings.evidence_max_age, now=clock())


def _folders(config: pytest.Config, root: str) -> Iterable[str]:
    """Give the folders that the modules of a project are imported from."""
    yield from (root, join(root, "src"))
    yield from (str(path) for path in config.getini("pythonpath"))
    for entry in sys.path:
        if entry.startswith(join(root, "")) and not any(name in entry for name in _INSTALLED):
            yield entry
