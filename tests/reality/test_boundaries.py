"""Targets are filed under the boundary that speaks of them first."""

from __future__ import annotations

import pytest

from pytest_integration_gate.reality.boundaries import Boundaries, default_boundary


@pytest.mark.parametrize(
    ("target", "boundary"),
    [
        ("sqlite3:connect().cursor().fetchone", "database"),
        ("redis.client:Redis.get", "database"),
        ("django.db.models:Model.save", "database"),
        ("django.http:HttpResponse", None),
        ("requests.api:get", "http"),
        ("http.client:HTTPConnection.request", "http"),
        ("http:HTTPStatus", None),
        ("GET https://api.example.com/users/{}", "http"),
        ("builtins:open", "filesystem"),
        ("builtins:len", None),
        ("os:remove", "filesystem"),
        ("os:getenv", None),
        ("os.path:exists", "filesystem"),
        ("os:system", "process"),
        ("pathlib:Path.read_text", "filesystem"),
        ("subprocess:run", "process"),
        ("smtplib:SMTP.send_message", "messaging"),
        ("google.cloud.storage:Client", "cloud"),
        ("google.protobuf:Message", None),
        ("boto3:client", "cloud"),
        ("requestsish:get", None),
        ("shop.repository:UserRepo.get", None),
        ("", None),
    ],
)
def test_well_known_libraries(target, boundary):
    """The longest known prefix decides; a name that merely begins alike does not."""
    assert default_boundary(target) == boundary


def test_configuration_comes_first():
    """The most specific entry of the configuration wins over tests and custom."""
    boundaries = Boundaries.of(
        {
            "payments": ["shop.payments", "stripe:Client", "https://api.payments.example/"],
            "refunds": ["shop.payments.refunds", "https://api.payments.example/refunds"],
            "database": ["shop.repository", "sqlite3"],
        }
    )
    observed = {"shop.payments:pay": ["http"]}
    assert boundaries.boundary_of("shop.payments:pay", observed) == "payments"
    assert boundaries.boundary_of("shop.payments.refunds:Refund.make", observed) == "refunds"
    assert boundaries.boundary_of("stripe:Client.charge", observed) == "payments"
    assert boundaries.boundary_of("stripe:Other", observed) == "http"
    assert boundaries.boundary_of("POST https://api.payments.example/charges", observed) == "payments"
    assert boundaries.boundary_of("POST https://api.payments.example/refunds/{}", observed) == "refunds"
    assert boundaries.boundary_of("GET https://api.payments.example.org/charges", observed) == "http"


def test_tests_come_before_custom():
    """Without configuration the boundary of the tests that observed a target holds, else the well-known one."""
    boundaries = Boundaries.of({})
    observed = {
        "shop.repo:Repo.get": {"http", "database"},
        "sqlite3:connect": {"storage"},
        "os:remove": {"a", "filesystem"},
    }
    assert boundaries.boundary_of("shop.repo:Repo.get", observed) == "database"
    assert boundaries.boundary_of("sqlite3:connect", observed) == "storage"
    assert boundaries.boundary_of("os:remove", observed) == "filesystem"
    assert boundaries.boundary_of("sqlite3:Connection", observed) == "database"
    assert boundaries.boundary_of("shop.other:thing", observed) == ""
