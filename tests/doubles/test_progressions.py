"""Stubs that go from state to state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import responses

from pytest_integration_gate.doubles.progressions import Progressions

URL = "https://oven.example"


@pytest.fixture
def progression() -> Iterator[Progressions]:
    """Make progressions as the fixture `gate_progression` does."""
    made = Progressions()
    yield made
    made.close()


def get(path: str = "/status") -> requests.Response:
    return requests.get(URL + path, timeout=5)


def test_each_request_meets_the_next_state_and_the_last_one_stays(progression: Progressions) -> None:
    """Names alone answer their name."""
    oven = progression("GET", f"{URL}/status", ["idle", "preheating", "done"])
    assert [get().json()["state"] for _ in range(4)] == ["idle", "preheating", "done", "done"]
    assert oven.is_done
    assert oven.asked_in("preheating") == [f"GET {URL}/status"]


def test_answers_may_be_bodies_statuses_or_both(progression: Progressions) -> None:
    """Texts are sent as they are, everything else as JSON."""
    progression("GET", f"{URL}/status", {"down": 503, "busy": (423, {"why": "x"}), "text": "warm", "list": [1]})
    down, busy, text, listed = (get() for _ in range(4))
    assert (down.status_code, busy.status_code, busy.json()) == (503, 423, {"why": "x"})
    assert (text.text, text.headers["Content-Type"], listed.json()) == ("warm", "text/plain", [1])


def test_other_routes_answer_by_the_state_and_are_written_down(progression: Progressions) -> None:
    """What a state does not take is refused with 409; what was asked in which state is known."""
    oven = progression("GET", f"{URL}/status", ["idle", "cooking"], hold=True)
    oven.on("POST", f"{URL}/start", {"idle": (202, {"ok": True})}, advances=True)
    assert get().json() == {"state": "idle"}
    assert requests.post(f"{URL}/start", json={"temp": 56}, timeout=5).status_code == 202
    assert requests.post(f"{URL}/start", json={"temp": 60}, timeout=5).status_code == 409
    assert get().json() == {"state": "cooking"}
    assert [(one.state, one.body) for one in oven.asked if one.method == "POST"] == [
        ("idle", {"temp": 56}),
        ("cooking", {"temp": 60}),
    ]


@responses.activate
def test_activated_stubs_are_shared(progression: Progressions) -> None:
    """Stubs of the test and the progression stand side by side."""
    responses.get(f"{URL}/health", json={"ok": True})
    progression("GET", f"{URL}/status", ["idle"])
    assert (get("/health").json(), get().json()) == ({"ok": True}, {"state": "idle"})


@pytest.mark.parametrize("states", [[], ["idle", "idle"]])
def test_states_are_named_once(progression: Progressions, states: list[str]) -> None:
    """No state, or one twice, says what was given."""
    with pytest.raises(ValueError, match="each once, and got"):
        progression("GET", URL, states)


def test_an_answer_to_an_unknown_state_is_refused(progression: Progressions) -> None:
    """The error names the states that there are."""
    oven = progression("GET", f"{URL}/status", ["idle"])
    with pytest.raises(ValueError, match=r"\['off'\], and the states are \['idle'\]"):
        oven.on("POST", f"{URL}/start", {"off": 200})
