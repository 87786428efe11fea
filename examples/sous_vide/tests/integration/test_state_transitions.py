"""INT-ST-01 to INT-ST-05: each arrow of idle → preheating → cooking → done, and the ways back."""

import pytest

pytestmark = [pytest.mark.boundary("vendor"), pytest.mark.stage("pre-integration"), pytest.mark.requirement("FR-04")]
SEAM = "API → vendor client → vendor cloud"


@pytest.mark.seam(SEAM, path="idle to preheating")
def test_start_while_idle_begins_preheating(api, steak):
    """INT-ST-01, API → vendor cloud: idle → preheating.

    Validates: FR-02
    """
    assert api.get("/status").json["state"] == "idle"
    api.post("/start-cook", json=steak)
    assert api.get("/status").json == {"state": "preheating", "temperature": 20.0, "target": 60.0, "minutes_left": 90}


@pytest.mark.seam(SEAM, path="preheating to cooking")
def test_target_temperature_begins_cooking(api, appliance, steak):
    """INT-ST-02, API → vendor cloud: preheating → cooking, at the moment when the target is reached.

    Validates: FR-04
    """
    api.post("/start-cook", json=steak)
    appliance.change(minutes=19.5)
    assert api.get("/status").json["state"] == "preheating"
    appliance.change(minutes=0.5)
    assert api.get("/status").json["state"] == "cooking"


@pytest.mark.seam(SEAM, path="cooking to done")
def test_last_minute_ends_the_cook(api, appliance, steak):
    """INT-ST-03, API → vendor cloud: cooking → done, and the time left counts down to nothing.

    Validates: FR-04
    """
    api.post("/start-cook", json=steak)
    appliance.change(minutes=109)
    assert api.get("/status").json["minutes_left"] == 1
    appliance.change(minutes=1)
    assert api.get("/status").json == {"state": "done", "temperature": 60.0, "target": 60.0, "minutes_left": 0}


@pytest.mark.seam(SEAM, path="stopped while cooking")
def test_stop_while_cooking_returns_to_idle(api, appliance, steak):
    """INT-ST-04, API → vendor cloud: cooking → idle; the appliance may start again.

    Validates: FR-05
    """
    api.post("/start-cook", json=steak)
    appliance.change(minutes=30)
    assert api.post("/stop-cook").json == {"state": "idle", "final_temperature": 60.0}
    assert api.get("/status").json["state"] == "idle"
    assert api.post("/start-cook", json=steak).status_code == 201


@pytest.mark.seam(SEAM, path="stopped while idle")
def test_stop_while_idle_is_a_conflict(api, refusal):
    """INT-ST-05, API → vendor cloud: idle stays idle.

    Validates: FR-05, FR-08
    """
    assert refusal(api.post("/stop-cook")) == (409, "NO_ACTIVE_COOK")
    assert api.get("/status").json["state"] == "idle"
