"""Libraries that answer HTTP requests with stubs, and what listens to each."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_integration_gate.doubles import (
    aiohttp_stubs,
    httpx_stubs,
    requests_mock_stubs,
    responses_stubs,
    respx_stubs,
)
from pytest_integration_gate.traffic.clients import Hook

STUBS: Mapping[str, Hook] = {
    "responses": responses_stubs.hook,
    "requests_mock": requests_mock_stubs.hook,
    "respx": respx_stubs.hook,
    "pytest_httpx": httpx_stubs.hook_plugin,
    "httpx": httpx_stubs.hook_transport,
    "httpx2": httpx_stubs.hook_transport,
    "aioresponses": aiohttp_stubs.hook,
}
