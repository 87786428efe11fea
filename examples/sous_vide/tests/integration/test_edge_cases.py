"""INT-06 to INT-08: values at the border, tokens at their end, callers at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

pytestmark = [pytest.mark.boundary("vendor"), pytest.mark.stage("pre-integration")]


@pytest.mark.seam("API → cooking rules → vendor cloud", path="boundary values")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"temperature": 55.0}, 201),
        ({"temperature": 54.9}, 400),
        ({"temperature": 95.0}, 201),
        ({"temperature": 95.1}, 400),
        ({"minutes": 1}, 201),
        ({"minutes": 0}, 400),
        ({"minutes": 72 * 60}, 201),
        ({"minutes": 72 * 60 + 1}, 400),
        ({"food": "x" * 64}, 201),
        ({"food": "x" * 65}, 400),
    ],
)
def test_value_at_the_border_is_judged_exactly(api, appliance, steak, change, status):
    """INT-06, API → vendor cloud: the last good value starts a cook, the first bad one does not.

    Validates: FR-02, FR-03
    """
    assert api.post("/start-cook", json={**steak, **change}).status_code == status
    assert ("POST cook" in appliance.asked) == (status == 201)


@pytest.mark.critical
@pytest.mark.seam("API → vendor client → vendor cloud", path="token expired")
def test_expired_token_is_renewed(api, appliance):
    """INT-07, API → vendor cloud: the caller does not notice that the token has expired.

    Validates: FR-07
    """
    assert api.get("/status").status_code == 200
    appliance.change(expire_tokens=True)
    assert api.get("/status").status_code == 200
    assert appliance.asked == ["POST /v1/token", "GET status", "GET status", "POST /v1/token", "GET status"]


@pytest.mark.seam("API → cooking rules → vendor cloud", path="two callers at once")
def test_two_starts_at_once_start_one_cook(served, appliance, steak):
    """INT-08, API → vendor cloud: of callers who start at the same time one wins, and they share one token.

    Validates: FR-02, FR-08
    """

    def start(_):
        token = {"Authorization": "Bearer caller-token"}
        return requests.post(f"{served}/start-cook", json=steak, headers=token, timeout=5).status_code

    with ThreadPoolExecutor(4) as callers:
        assert sorted(callers.map(start, range(4))) == [201, 409, 409, 409]
    assert appliance.asked.count("POST /v1/token") == 1
