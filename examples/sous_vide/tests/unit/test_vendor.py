"""The vendor's client against stubs of the vendor. The integration tests show the gate whether the stubs are true."""

import pytest
import requests
import responses

from sous_vide.errors import ServiceError
from tests.unit.stubs import device


def test_token_is_fetched_once(vendor, client):
    """One sign-in serves many requests."""
    vendor.signs_in().tells(device())
    client.status()
    client.status()
    assert vendor.sent() == ["POST /v1/token", "GET /v1/devices/device-1", "GET /v1/devices/device-1"]


def test_expired_token_is_renewed(vendor, client):
    """After a 401 the client signs in again and repeats the request."""
    vendor.signs_in("token-1").refuses("status", "token_expired", status=401)
    vendor.signs_in("token-2").tells(device("done", 60.0, 60.0, 0))
    assert client.status()["state"] == "done"
    assert [call.request.headers.get("Authorization") for call in vendor.stubs.calls] == [
        None,
        "Bearer token-1",
        None,
        "Bearer token-2",
    ]


def test_cook_is_started(vendor, client):
    """The vendor gets the target and the minutes."""
    vendor.signs_in().starts(device("preheating", 20.0, 57.5, 90))
    assert client.start(57.5, 90)["state"] == "preheating"


def test_cook_is_stopped(vendor, client):
    """The vendor says how warm it became."""
    vendor.signs_in().stops(device("idle", 57.5))
    assert client.stop()["temperature"] == 57.5


@pytest.mark.parametrize(
    ("what", "error", "code"),
    [
        ("status", "device_offline", "DEVICE_OFFLINE"),
        ("start", "device_busy", "DEVICE_BUSY"),
        ("stop", "no_active_cook", "NO_ACTIVE_COOK"),
    ],
)
def test_refusal_has_its_code(vendor, client, what, error, code):
    """What the vendor refuses is told in our words."""
    vendor.signs_in().refuses(what, error)
    act = {"status": client.status, "start": lambda: client.start(60.0, 30), "stop": client.stop}[what]
    with pytest.raises(ServiceError) as refused:
        act()
    assert refused.value.code == code


def test_refused_key_is_no_endless_loop(vendor, client):
    """A key that the vendor does not know is tried once."""
    vendor.refuses_key()
    with pytest.raises(ServiceError, match="key") as refused:
        client.status()
    assert refused.value.code == "VENDOR_LOGIN_FAILED"
    assert vendor.sent() == ["POST /v1/token"]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ({"body": requests.ConnectTimeout()}, "VENDOR_TIMEOUT"),
        ({"body": requests.ConnectionError()}, "VENDOR_UNAVAILABLE"),
        ({"status": 503}, "VENDOR_UNAVAILABLE"),
        ({"status": 502, "body": "<html>"}, "VENDOR_UNAVAILABLE"),
    ],
)
def test_trouble_has_its_code(vendor, client, trouble, code):
    """Time-outs, lost connections and failures of the vendor are told apart."""
    vendor.stubs.add(responses.POST, f"{vendor.url}/v1/token", **trouble)
    with pytest.raises(ServiceError) as failed:
        client.status()
    assert failed.value.code == code
