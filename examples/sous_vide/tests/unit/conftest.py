"""Fixtures of the unit tests: a vendor of stubs, and what stands before it."""

import pytest
import responses

from sous_vide.api import create_app
from sous_vide.vendor import VendorClient
from tests.unit.stubs import VENDOR, VendorStubs


@pytest.fixture
def vendor():
    """A vendor that answers nothing until the test says what."""
    with responses.mock as stubs:
        yield VendorStubs(stubs)


@pytest.fixture
def client():
    """The vendor's client, on its way to the stubs."""
    return VendorClient(VENDOR, "key-1", "device-1")


@pytest.fixture
def app_for():
    """Return a caller of the service with a given client of the vendor."""

    def caller(vendor_client):
        caller = create_app(vendor_client, "caller-token").test_client()
        caller.environ_base["HTTP_AUTHORIZATION"] = "Bearer caller-token"
        return caller

    return caller
