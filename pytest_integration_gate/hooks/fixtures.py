"""The fixtures that tests may ask for while the gate is on. What they give is imported when a test does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_integration_gate.hooks.load import Load
    from pytest_integration_gate.suites.polling import Eventually
    from pytest_integration_gate.suites.proxies import Faults


@pytest.fixture
def gate_faults() -> Iterator[Faults]:
    """Put scripted faults in front of a real server: ``gate_faults.http(url).sequence(503, "timeout", "ok")``."""
    from pytest_integration_gate.suites.proxies import Faults

    faults = Faults()
    yield faults
    faults.close()


@pytest.fixture
def gate_eventually() -> Eventually:
    """Wait until a check holds: ``gate_eventually(lambda: order.is_paid, timeout=5)``; seconds."""
    from pytest_integration_gate.suites.polling import Eventually

    return Eventually()


@pytest.fixture
def gate_load(request: pytest.FixtureRequest) -> Load:
    """Put load on a server: ``gate_load(url, concurrent_requests=50, requests=1000).p95``; see `Load`."""
    from pytest_integration_gate.hooks.load import Load

    return Load(request.config)
