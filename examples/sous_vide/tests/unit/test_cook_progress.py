"""The service and the vendor's client together, with a vendor that goes through its states."""

from tests.unit.stubs import device


def test_progress_is_seen_until_done(vendor, client, app_for, gate_progression):
    """Each request meets the next state: idle, preheating, cooking, done."""
    vendor.signs_in()
    gate_progression(
        "GET",
        vendor.device_url,
        {
            "idle": device(),
            "preheating": device("preheating", 38.0, 57.5, 90),
            "cooking": device("cooking", 57.5, 57.5, 42),
            "done": device("done", 57.5, 57.5, 0),
        },
    )
    api = app_for(client)
    assert [api.get("/status").json["state"] for _ in range(4)] == ["idle", "preheating", "cooking", "done"]


def test_start_is_possible_while_idle_only(vendor, client, app_for, gate_progression):
    """The second start meets a device that is preheating."""
    vendor.signs_in()
    progression = gate_progression(
        "GET", vendor.device_url, {"idle": device(), "preheating": device("preheating", 20.0, 60.0, 30)}, hold=True
    )
    progression.on(
        "POST",
        f"{vendor.device_url}/cook",
        {"idle": (202, device("preheating", 20.0, 60.0, 30)), "preheating": (409, {"error": "device_busy"})},
        advances=True,
    )
    api = app_for(client)
    steak = {"temperature": 60, "minutes": 30, "food": "steak"}
    assert [api.post("/start-cook", json=steak).status_code for _ in range(2)] == [201, 409]
    assert api.get("/status").json["state"] == "preheating"
    assert progression.asked_in("preheating") == [f"POST {vendor.device_url}/cook", f"GET {vendor.device_url}"]


def test_telephone_shows_one_line(vendor, client, app_for):
    """Who asks for text gets one line for the display."""
    # Stale: the vendor calls it `minutes_left` by now. This stub, and the code that it proves, have not heard of that.
    stale = {"state": "cooking", "temperature": 57.5, "target": 57.5, "timer": 42}
    vendor.signs_in().stubs.get(vendor.device_url, json=stale)
    line = app_for(client).get("/status", headers={"Accept": "text/plain"}).text
    assert line == "cooking at 57.5 °C, 42 min left"
