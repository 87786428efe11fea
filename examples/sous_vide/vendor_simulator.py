"""A simulator of the vendor's cloud, for tests: `python vendor_simulator.py PORT` (0: a free one, which it prints).

It behaves as the vendor's documentation says, and remembers: a device is idle, preheating, cooking or done. Its time
stands still until a test moves it. What only tests may do is below `/control`. Each test makes a device of its own, so
that tests can run side by side.
"""

import itertools
import json
import sys
import threading
from dataclasses import dataclass, field

from flask import Flask, request
from werkzeug.serving import make_server

ROOM = 20.0  # °C
HEATING = 2.0  # °C a minute


@dataclass
class Device:
    """An appliance, and the key of the account that it belongs to."""

    api_key: str
    minutes: float = 0.0  # of its own time, since it was switched on
    cook: tuple[float, float, float] | None = None  # when it began, target, minutes at the target
    offline: bool = False
    busy: bool = False
    tokens: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)

    def status(self) -> dict:
        """Say what it does at this moment."""
        if self.cook is None:
            return {"state": "idle", "temperature": ROOM, "target": None, "minutes_left": None}
        began, target, minutes = self.cook
        warm = self.minutes - began - (target - ROOM) / HEATING  # minutes since the target was reached
        if warm < 0:
            state, temperature, left = "preheating", target + warm * HEATING, minutes
        elif warm < minutes:
            state, temperature, left = "cooking", target, minutes - warm
        else:
            state, temperature, left = "done", target, 0
        return {"state": state, "temperature": temperature, "target": target, "minutes_left": int(left)}


app = Flask(__name__)
devices: dict[str, Device] = {}
numbers = itertools.count(1)
one_at_a_time = threading.Lock()


def refused(error: str, status: int) -> tuple[dict, int]:
    return {"error": error}, status


# -- what the vendor offers


@app.post("/v1/token")
def sign_in():
    key = (request.get_json(silent=True) or {}).get("api_key")
    for device in list(devices.values()):  # other threads may add devices
        if device.api_key == key:
            device.requests.append("POST /v1/token")
            token = f"token-{next(numbers)}"
            device.tokens.add(token)
            return {"access_token": token, "token_type": "Bearer"}
    return refused("bad_credentials", 401)


@app.get("/v1/devices/<name>")
def status(name: str):
    return with_device(name, "GET status", lambda device: (device.status(), 200))


@app.post("/v1/devices/<name>/cook")
def start(name: str):
    def begin(device: Device):
        if device.busy or device.status()["state"] in ("preheating", "cooking"):
            return refused("device_busy", 409)
        asked = request.get_json()
        device.cook = (device.minutes, asked["target"], asked["minutes"])
        return device.status(), 202

    return with_device(name, "POST cook", begin)


@app.post("/v1/devices/<name>/stop")
def stop(name: str):
    def end(device: Device):
        before = device.status()
        if before["state"] == "idle":
            return refused("no_active_cook", 409)
        device.cook = None
        return {**device.status(), "temperature": before["temperature"]}, 200

    return with_device(name, "POST stop", end)


def with_device(name: str, what: str, act):
    device = devices.get(name)
    if device is None:
        return refused("no_such_device", 404)
    with one_at_a_time:
        device.requests.append(what)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in device.tokens:
            return refused("token_expired", 401)
        if device.offline:
            return refused("device_offline", 409)
        return act(device)


# -- what only tests may do


@app.put("/control/devices/<name>")
def make(name: str):
    """Put a new device there, with its key."""
    devices[name] = Device(api_key=request.get_json()["api_key"])
    return devices[name].status(), 201


@app.get("/control/devices/<name>")
def seen(name: str):
    """Say what was asked about a device, in order."""
    return {"requests": devices[name].requests}


@app.post("/control/devices/<name>")
def change(name: str):
    """Move the time (`minutes`), take the device off or on (`offline`, `busy`), or let its tokens expire."""
    device, asked = devices[name], request.get_json()
    device.minutes += asked.get("minutes", 0)
    device.offline = asked.get("offline", device.offline)
    device.busy = asked.get("busy", device.busy)
    if asked.get("expire_tokens"):
        device.tokens.clear()
    return device.status()


def main() -> None:
    if sys.argv[1] == "--check":
        print(json.dumps(Device(api_key="").status()))
        return
    server = make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
