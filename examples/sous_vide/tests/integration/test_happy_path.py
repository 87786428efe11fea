"""INT-01 and INT-02: what happens every day."""

import pytest

pytestmark = [pytest.mark.boundary("vendor"), pytest.mark.stage("pre-integration"), pytest.mark.critical]
SEAM = "API → cooking rules → vendor cloud"


@pytest.mark.seam(SEAM, path="complete cook cycle")
@pytest.mark.story("US-1", criterion="AC-1")
@pytest.mark.story("US-1", criterion="AC-2")
@pytest.mark.story("US-1", criterion="AC-3")
def test_complete_cook_cycle_reaches_done(api, appliance, steak):
    """INT-01, API → vendor cloud: a steak from the start to the plate.

    Validates: FR-02, FR-04, FR-05
    """
    started = api.post("/start-cook", json=steak)
    assert (started.status_code, started.json["state"]) == (201, "preheating")

    appliance.change(minutes=20)
    assert api.get("/status").json == {"state": "cooking", "temperature": 60.0, "target": 60.0, "minutes_left": 90}

    appliance.change(minutes=90)
    assert api.get("/status").json["state"] == "done"

    assert api.post("/stop-cook").json == {"state": "idle", "final_temperature": 60.0}


@pytest.mark.seam(SEAM, path="refused before the vendor is asked")
@pytest.mark.story("US-2", criterion="AC-1")
@pytest.mark.story("US-2", criterion="AC-2")
def test_unsafe_cook_never_reaches_the_vendor(api, appliance, steak, refusal):
    """INT-02, API → vendor cloud: what is unsafe stays on our side; not even a token is fetched.

    Validates: FR-03
    """
    assert refusal(api.post("/start-cook", json={**steak, "temperature": 40})) == (400, "TEMPERATURE_TOO_LOW")
    assert refusal(api.post("/start-cook", json={**steak, "food": "steak\0"})) == (400, "INVALID_FOOD")
    assert appliance.asked == []
