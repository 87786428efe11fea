"""INT-PERF-01 to INT-PERF-03: many callers. The bounds are wide; they find what is broken, not what is slow today."""

import pytest

pytestmark = [
    pytest.mark.boundary("api"),
    pytest.mark.stage("pre-integration"),
    pytest.mark.seam("caller → API", path="many callers"),
]
TOKEN = {"Authorization": "Bearer caller-token"}


@pytest.mark.requirement("QR-01")
def test_status_for_ten_callers_is_quick(served, gate_load):
    """INT-PERF-01, caller → API: ten callers at once, with the vendor behind them.

    Validates: QR-01
    """
    gate_load(
        f"GET {served}/status",
        concurrent_requests=10,
        requests=100,
        headers=TOKEN,
        expect={"p95": {"lt": 1000}, "success_rate": {"gte": 1}},
    )


def test_refusals_under_load_spare_the_vendor(served, appliance, gate_load, steak):
    """INT-PERF-02, caller → API: a flood of requests that are refused does not reach the vendor.

    Validates: FR-03
    """
    gate_load(
        f"POST {served}/start-cook",
        concurrent_requests=10,
        requests=100,
        headers=TOKEN,
        data={**steak, "temperature": 40},
        status=400,
        expect={"success_rate": {"gte": 1}},
    )
    assert appliance.asked == []


@pytest.mark.budget(5)
def test_ten_cooks_in_a_row_stay_in_budget(api, appliance, steak):
    """INT-PERF-03, caller → API: ten whole cooks take seconds, as the appliance's hours are not slept.

    Validates: QR-01
    """
    for _ in range(10):
        assert api.post("/start-cook", json=steak).status_code == 201
        appliance.change(minutes=110)
        assert api.post("/stop-cook").json["final_temperature"] == 60.0
