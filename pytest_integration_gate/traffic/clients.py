"""Which modules send over HTTP, and what listens to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TypeAlias

from pytest_integration_gate.traffic import (
    aiohttp_client,
    http_client,
    httpx_client,
    requests_client,
    urllib3_transport,
    wsgi_clients,
)
from pytest_integration_gate.traffic.wire import Wire

Hook: TypeAlias = Callable[[ModuleType, Wire], Callable[[], None]]
"""Listens to a module and returns the undoing; raises AttributeError when something in it has moved."""

CLIENTS: Mapping[str, Hook] = {
    "requests": requests_client.hook,
    "urllib3": urllib3_transport.hook,
    "httpx": httpx_client.hook,
    "httpx2": httpx_client.hook,
    "aiohttp": aiohttp_client.hook,
}
"""Clients that stubs may answer."""

OBSERVED: Mapping[str, Hook] = {
    "http.client": http_client.hook,
    "urllib.request": http_client.hook_urllib,
    "werkzeug.test": wsgi_clients.hook_werkzeug,
    "django.test.client": wsgi_clients.hook_django,
    "starlette.testclient": httpx_client.hook_starlette,
}
"""What only boundary tests are watched with: many import the first two and never send."""
