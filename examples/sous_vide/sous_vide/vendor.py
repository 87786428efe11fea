"""The client of the vendor's cloud: it signs in, keeps the token fresh, and asks and tells one appliance."""

import threading
from typing import Any

import requests

from sous_vide.errors import ServiceError

REFUSALS = {
    "device_offline": ("DEVICE_OFFLINE", "The appliance is not connected."),
    "device_busy": ("DEVICE_BUSY", "The appliance is cooking already."),
    "no_active_cook": ("NO_ACTIVE_COOK", "Nothing is being cooked."),
}
"""What the vendor calls its refusals, and what callers are told."""


class VendorClient:
    """Speaks with the vendor about one appliance; many threads may use it at once. `timeout` is in seconds."""

    def __init__(self, url: str, api_key: str, device: str, timeout: float = 5.0) -> None:
        self._url = url
        self._api_key = api_key
        self._device = device
        self._timeout = timeout
        self._token: str | None = None
        self._signing_in = threading.Lock()

    def status(self) -> dict[str, Any]:
        """Return the state, the temperature, the target and the minutes that are left."""
        return self._ask("GET", f"/v1/devices/{self._device}")

    def start(self, target: float, minutes: int) -> dict[str, Any]:
        """Heat to the target (°C), keep it for so many minutes, and return the status."""
        return self._ask("POST", f"/v1/devices/{self._device}/cook", {"target": target, "minutes": minutes})

    def stop(self) -> dict[str, Any]:
        """End the cook and return the status."""
        return self._ask("POST", f"/v1/devices/{self._device}/stop")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        token = self._token or self._sign_in(instead_of=None)
        answer = self._send(method, path, body, token)
        if answer.status_code == 401:  # the token has expired, or the vendor has forgotten it
            answer = self._send(method, path, body, self._sign_in(instead_of=token))
        return _content(answer)

    def _sign_in(self, instead_of: str | None) -> str:
        with self._signing_in:
            if self._token is None or self._token == instead_of:  # else another thread was faster
                answer = self._send("POST", "/v1/token", {"api_key": self._api_key})
                self._token = _content(answer)["access_token"]
            return self._token

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, token: str | None = None
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return requests.request(method, self._url + path, json=body, headers=headers, timeout=self._timeout)
        except requests.Timeout:
            raise ServiceError("VENDOR_TIMEOUT", "The vendor does not answer in time.") from None
        except requests.RequestException:
            raise ServiceError("VENDOR_UNAVAILABLE", "The vendor cannot be reached.") from None


def _content(answer: requests.Response) -> dict[str, Any]:
    if answer.status_code == 401:
        raise ServiceError("VENDOR_LOGIN_FAILED", "The vendor does not accept our key.")
    try:
        content: dict[str, Any] = answer.json()
    except requests.JSONDecodeError:  # not the vendor speaks, but something on the way to it
        content = {}
    if answer.ok and content:
        return content
    unknown = ("VENDOR_UNAVAILABLE", f"The vendor answered {answer.status_code}.")
    raise ServiceError(*REFUSALS.get(content.get("error", ""), unknown))
