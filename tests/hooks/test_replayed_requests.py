"""What an unverified HTTP claim becomes when it is sent to the real service."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from pytest_integration_gate.configuration.gate_file import BoundarySettings
from pytest_integration_gate.hooks.replayed_requests import requests_in
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Answer, Exchange, Request
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.traffic.exchanges import segments_of


def replays_of(path: str, real: str = "http://127.0.0.1:8001/v1", timeout: float = 10) -> list[Any]:
    """Give the replays of a claim about a path below ``https://api.example/``."""
    request = Request(
        method="GET",
        origin="https://api.example",
        path=segments_of(path, ()),
        ends_in_slash=path.endswith("/"),
    )
    claim = Claim(
        root=f"GET https://api.example/{path}",
        action="call",
        at="tests/test_it.py:1",
        double="stub",
        exchange=Exchange(request=request, answer=Answer(status=200)),
    )
    boundary = BoundarySettings(name="users", urls={"https://api.example": real}, timeout=timeout)
    return [*requests_in([Finding(claim=claim, target=claim.root, verdict="unverified")], [boundary])]


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("users/1", "http://127.0.0.1:8001/v1/users/1"),
        ("users/", "http://127.0.0.1:8001/v1/users/"),
        ("", "http://127.0.0.1:8001/v1"),
        ("files/a%20b%2Fc%3F", "http://127.0.0.1:8001/v1/files/a%20b%2Fc%3F"),
        ("jobs/run:now", "http://127.0.0.1:8001/v1/jobs/run:now"),
    ],
)
def test_a_request_goes_to_the_path_that_was_claimed(monkeypatch: pytest.MonkeyPatch, path: str, url: str) -> None:
    """A slash at the end and characters that have a meaning in URLs are sent as the code sent them, in time."""
    sent: list[Any] = []
    monkeypatch.setattr(requests, "request", lambda *args, **kwargs: sent.append((*args, kwargs["timeout"])))
    (replay,) = replays_of(path, timeout=4)
    replay.ask(None)

    assert replay.refused == ""
    assert sent == [("GET", url, 4)]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("users/123e4567-e89b-12d3-a456-426614174000", "what the code sent differs from run to run, and is not kept"),
        ("reset/eyJhbGciOiJIUzI1NiJ9.e30.sig", "what the code sent holds a secret, which is not kept"),
    ],
)
def test_what_is_not_kept_of_a_path_cannot_be_sent(path: str, reason: str) -> None:
    """Nobody asks the service for a user called `<uuid>`."""
    (replay,) = replays_of(path)

    assert replay.refused == reason


def test_a_password_in_the_address_of_a_service_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the name of the item nor where nobody answers."""

    def refuse(method: str, url: str, **_: Any) -> None:
        raise requests.ConnectionError(f"no answer from {url}")

    monkeypatch.setattr(requests, "request", refuse)
    (replay,) = replays_of("users/1", "http://ada:hunter2@127.0.0.1:8001")
    with pytest.raises(pytest.fail.Exception) as failed:
        replay.ask(None)

    assert replay.name == "GET http://ada:<secret>@127.0.0.1:8001/users/1"
    assert "hunter2" not in f"{replay.act} {failed.value}"
