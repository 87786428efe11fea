"""INT-03 to INT-05: what goes wrong now and then."""

import pytest

pytestmark = [pytest.mark.boundary("vendor"), pytest.mark.stage("pre-integration")]
SEAM = "API → vendor client → vendor cloud"


@pytest.mark.critical
@pytest.mark.seam(SEAM, path="device offline")
@pytest.mark.story("US-3", criterion="AC-1")
def test_offline_device_is_unavailable(api, appliance, steak, refusal):
    """INT-03, API → vendor cloud: an appliance without a connection can neither start, tell nor stop.

    Validates: FR-08
    """
    appliance.change(offline=True)
    for answer in (api.post("/start-cook", json=steak), api.get("/status"), api.post("/stop-cook")):
        assert refusal(answer) == (503, "DEVICE_OFFLINE")


@pytest.mark.seam(SEAM, path="device busy")
@pytest.mark.story("US-3", criterion="AC-2")
def test_busy_device_is_a_conflict(api, appliance, steak, refusal):
    """INT-04, API → vendor cloud: somebody at the appliance was faster.

    Validates: FR-08
    """
    appliance.change(busy=True)
    assert refusal(api.post("/start-cook", json=steak)) == (409, "DEVICE_BUSY")
    assert api.get("/status").json["state"] == "idle"


@pytest.mark.critical
@pytest.mark.seam("caller → API", path="authentication")
@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Basic caller-token", "caller-token"])
def test_stranger_is_unauthorized(api, appliance, steak, refusal, header):
    """INT-05, caller → API: without the right bearer token nothing is done and the vendor is not asked.

    Validates: FR-06
    """
    strange = {"Authorization": header}
    assert refusal(api.post("/start-cook", json=steak, headers=strange)) == (401, "UNAUTHORIZED")
    assert refusal(api.get("/status", headers=strange)) == (401, "UNAUTHORIZED")
    assert refusal(api.post("/stop-cook", headers=strange)) == (401, "UNAUTHORIZED")
    assert appliance.asked == []
