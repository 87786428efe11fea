"""INT-API-01 to INT-API-04: what callers may rely on, key by key."""

import pytest

pytestmark = [pytest.mark.boundary("api"), pytest.mark.stage("pre-integration")]
SEAM = "caller → API"


@pytest.mark.critical
@pytest.mark.seam(SEAM, path="health")
def test_health_tells_version_and_time(api, gate_expect):
    """INT-API-01, caller → API: the health, for everybody.

    Validates: FR-01
    """
    answer = api.get("/health", headers={"Authorization": ""})
    assert answer.status_code == 200
    expected = {"status": "healthy", "version": {"matches": r"^\d+\.\d+\.\d+$"}, "timestamp": "datetime"}
    gate_expect(answer.json, expected, exact=True)


@pytest.mark.seam(SEAM, path="shape of a started cook")
def test_started_cook_has_its_shape(api, steak, gate_expect):
    """INT-API-02, caller → API: what a start answers.

    Validates: FR-02
    """
    expected = {"food": "steak", "state": "preheating", "temperature": 20.0, "target": 60.0, "minutes_left": 90}
    gate_expect(api.post("/start-cook", json=steak).json, expected, exact=True)


@pytest.mark.seam(SEAM, path="shape of the status")
def test_status_has_its_shape(api, appliance, steak, gate_expect):
    """INT-API-03, caller → API: what is known of an idle appliance, and of one that cooks.

    Validates: FR-04
    """
    idle = {"state": "idle", "temperature": "number", "target": None, "minutes_left": None}
    gate_expect(api.get("/status").json, idle, exact=True)
    api.post("/start-cook", json=steak)
    appliance.change(minutes=50)
    cooking = {"state": "cooking", "temperature": "number", "target": "number", "minutes_left": "integer"}
    gate_expect(api.get("/status").json, cooking, exact=True)


@pytest.mark.seam(SEAM, path="shape of errors")
@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/start-cook", '{"temperature": 40, "minutes": 90, "food": "steak"}', 400, "TEMPERATURE_TOO_LOW"),
        ("POST", "/start-cook", "{", 400, "INVALID_REQUEST"),
        ("POST", "/start-cook", "[]", 400, "INVALID_REQUEST"),
        ("POST", "/stop-cook", None, 409, "NO_ACTIVE_COOK"),
        ("GET", "/start-cook", None, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/stop", None, 404, "NOT_FOUND"),
    ],
)
def test_every_error_has_code_and_message(api, gate_expect, method, path, body, status, code):
    """INT-API-04, caller → API: whatever is wrong, the answer looks the same.

    Validates: FR-08
    """
    answer = api.open(path, method=method, data=body, content_type="application/json")
    assert answer.status_code == status
    gate_expect(answer.json, {"error": {"code": code, "message": {"matches": "."}}}, exact=True)
