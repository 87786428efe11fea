"""INT-ERR-01 to INT-ERR-04: trouble at the vendor reaches the caller as a code, and nothing else of it does."""

import pytest

pytestmark = [pytest.mark.boundary("vendor"), pytest.mark.stage("pre-integration"), pytest.mark.requirement("FR-08")]
SEAM = "API → vendor client → vendor cloud"


@pytest.mark.seam(SEAM, path="key refused")
def test_refused_key_is_a_bad_gateway(caller_of, cloud, appliance, refusal):
    """INT-ERR-01, API → vendor cloud: our key is wrong, which is no fault of the caller, who does not see it either.

    Validates: FR-08
    """
    answer = caller_of(cloud, appliance, api_key="key-of-nobody").get("/status")
    assert refusal(answer) == (502, "VENDOR_LOGIN_FAILED")
    assert "key-of-nobody" not in answer.text


@pytest.mark.seam(SEAM, path="vendor fails")
@pytest.mark.parametrize("trouble", [500, 503, 200, 409, "reset", "garbage"])  # the statuses come without content
def test_failing_vendor_is_a_bad_gateway(caller_of, cloud, appliance, refusal, gate_faults, trouble):
    """INT-ERR-02, API → vendor cloud: the vendor's own failures, and answers that are none.

    Validates: FR-08
    """
    proxy = gate_faults.http(cloud).always(trouble)
    assert refusal(caller_of(proxy.url, appliance).get("/status")) == (502, "VENDOR_UNAVAILABLE")
    proxy.attempts.assert_count(1)


@pytest.mark.seam(SEAM, path="vendor hangs")
def test_hanging_vendor_is_a_gateway_timeout(caller_of, cloud, appliance, steak, refusal, gate_faults):
    """INT-ERR-03, API → vendor cloud: we wait as long as we said, and do not start the cook a second time.

    Validates: FR-08
    """
    proxy = gate_faults.http(cloud).sequence("ok", "timeout")
    answer = caller_of(proxy.url, appliance, timeout=0.3).post("/start-cook", json=steak)
    assert refusal(answer) == (504, "VENDOR_TIMEOUT")
    proxy.attempts.assert_unsafe_not_retried()


@pytest.mark.seam(SEAM, path="connection lost and found again")
def test_lost_connection_heals_by_itself(caller_of, cloud, appliance, refusal, gate_faults):
    """INT-ERR-04, API → vendor cloud: when the vendor is back, so are we.

    Validates: FR-08
    """
    proxy = gate_faults.http(cloud)
    api = caller_of(proxy.url, appliance)
    assert api.get("/status").status_code == 200
    with proxy.down():
        assert refusal(api.get("/status")) == (502, "VENDOR_UNAVAILABLE")
    assert api.get("/status").status_code == 200
