"""The HTTP interface with a mock in place of the vendor's client."""

from unittest.mock import Mock

import pytest

from sous_vide import __version__
from sous_vide.errors import ServiceError
from sous_vide.vendor import VendorClient
from tests.unit.stubs import device


@pytest.fixture
def vendor_client():
    """A client of the vendor that says what the test tells it to."""
    return Mock(spec=VendorClient)


@pytest.fixture
def api(app_for, vendor_client):
    """A caller of the service."""
    return app_for(vendor_client)


def test_health_tells_the_version(api):
    """Anybody may ask for the health, without a token."""
    answer = api.get("/health", headers={"Authorization": ""})
    assert (answer.status_code, answer.json["version"]) == (200, __version__)


def test_cook_is_handed_to_the_vendor(api, vendor_client):
    """The vendor gets the numbers; the food stays with us."""
    vendor_client.start.return_value = device("preheating", 20.0, 57.5, 90)
    answer = api.post("/start-cook", json={"temperature": 57.5, "minutes": 90, "food": "steak"})
    assert (answer.status_code, answer.json["food"], answer.json["state"]) == (201, "steak", "preheating")
    vendor_client.start.assert_called_once_with(57.5, 90)


def test_unsafe_cook_never_reaches_the_vendor(api, vendor_client):
    """What is refused costs the vendor nothing."""
    answer = api.post("/start-cook", json={"temperature": 40, "minutes": 90, "food": "steak"})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "TEMPERATURE_TOO_LOW")
    vendor_client.start.assert_not_called()


def test_status_is_passed_on(api, vendor_client):
    """Callers see what the vendor says, and no more."""
    vendor_client.status.return_value = device("cooking", 57.5, 57.5, 42)
    assert api.get("/status").json == device("cooking", 57.5, 57.5, 42)


def test_stop_tells_the_final_temperature(api, vendor_client):
    """The temperature at the end is what matters for safety."""
    vendor_client.stop.return_value = device("idle", 57.5)
    assert api.post("/stop-cook").json == {"state": "idle", "final_temperature": 57.5}


def test_stop_without_a_cook_is_a_conflict(api, vendor_client):
    """The code of the error decides the status."""
    vendor_client.stop.side_effect = ServiceError("NO_ACTIVE_COOK", "Nothing is being cooked.")
    answer = api.post("/stop-cook")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "NO_ACTIVE_COOK")


def test_stranger_is_not_served(api, vendor_client):
    """A wrong token is as good as none."""
    answer = api.get("/status", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "UNAUTHORIZED")
    vendor_client.status.assert_not_called()
