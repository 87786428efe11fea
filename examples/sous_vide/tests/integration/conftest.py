"""The real thing: the service in this process, and the vendor's simulator in another."""

import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from werkzeug.serving import make_server

from sous_vide.api import create_app
from sous_vide.vendor import VendorClient

SIMULATOR = Path(__file__).parents[2] / "vendor_simulator.py"


class Appliance:
    """A device of the simulator, of which this test alone knows. Its time moves when the test says so."""

    def __init__(self, cloud):
        self.name = str(uuid4())
        self.api_key = f"key of {self.name}"
        self._control = f"{cloud}/control/devices/{self.name}"
        requests.put(self._control, json={"api_key": self.api_key}, timeout=5).raise_for_status()

    def change(self, **what):
        """Move the time (`minutes=30`), or change the device: `offline=True`, `busy=True`, `expire_tokens=True`."""
        requests.post(self._control, json=what, timeout=5).raise_for_status()

    @property
    def asked(self):
        """What the vendor was asked about this device so far, in order."""
        return requests.get(self._control, timeout=5).json()["requests"]


@pytest.fixture(scope="session")
def cloud():
    """The vendor's cloud, simulated by a process of its own."""
    with subprocess.Popen(
        [sys.executable, str(SIMULATOR), "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture
def appliance(cloud):
    """A new appliance, idle and cold."""
    return Appliance(cloud)


@pytest.fixture
def caller_of():
    """Return somebody who calls the service, which reaches the vendor at a URL."""

    def caller(url, appliance, api_key=None, timeout=5.0):
        vendor = VendorClient(url, api_key or appliance.api_key, appliance.name, timeout=timeout)
        caller = create_app(vendor, "caller-token").test_client()
        caller.environ_base["HTTP_AUTHORIZATION"] = "Bearer caller-token"
        return caller

    return caller


@pytest.fixture
def api(caller_of, cloud, appliance):
    """A caller of the service that controls the appliance."""
    return caller_of(cloud, appliance)


@pytest.fixture
def served(cloud, appliance):
    """The address of the service, served over HTTP for tests with many callers at once."""
    app = create_app(VendorClient(cloud, appliance.api_key, appliance.name), "caller-token")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # so often it looks whether to end
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def steak():
    """What one sends to cook a steak: it is warm after 20 minutes and done after 110."""
    return {"temperature": 60.0, "minutes": 90, "food": "steak"}


@pytest.fixture
def refusal():
    """Return the status and the code of an answer that refuses."""

    def read(answer):
        return answer.status_code, answer.json["error"]["code"]

    return read
