"""Stubs of the vendor's cloud that each test puts together as it needs them."""

VENDOR = "https://cloud.vendor.example"
DEVICE = f"{VENDOR}/v1/devices/device-1"


def device(state="idle", temperature=20.0, target=None, minutes_left=None):
    """Return what the vendor says about a device."""
    return {"state": state, "temperature": temperature, "target": target, "minutes_left": minutes_left}


class VendorStubs:
    """Says what the vendor answers: `vendor.signs_in().tells(device("done", 60.0, 60.0, 0))`."""

    url = VENDOR
    device_url = DEVICE

    def __init__(self, stubs):
        self.stubs = stubs

    def signs_in(self, token="token-1"):
        self.stubs.post(f"{VENDOR}/v1/token", json={"access_token": token, "token_type": "Bearer"})
        return self

    def refuses_key(self):
        self.stubs.post(f"{VENDOR}/v1/token", status=401, json={"error": "bad_credentials"})
        return self

    def tells(self, status):
        self.stubs.get(DEVICE, json=status)
        return self

    def starts(self, status):
        self.stubs.post(f"{DEVICE}/cook", status=202, json=status)
        return self

    def stops(self, status):
        self.stubs.post(f"{DEVICE}/stop", json=status)
        return self

    def refuses(self, what, error, status=409):
        method, path = {"status": ("GET", ""), "start": ("POST", "/cook"), "stop": ("POST", "/stop")}[what]
        self.stubs.add(method, DEVICE + path, status=status, json={"error": error})
        return self

    def sent(self):
        """Return what was asked, in order."""
        return [f"{call.request.method} {call.request.path_url}" for call in self.stubs.calls]
