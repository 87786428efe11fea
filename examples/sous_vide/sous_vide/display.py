"""One line for the display of a telephone."""

from typing import Any


def line(device: dict[str, Any]) -> str:
    """Write what the appliance does, from its status."""
    if device["state"] == "cooking":
        return f"cooking at {device['temperature']:.1f} °C, {device['timer']} min left"
    return f"{device['state']}, {device['temperature']:.1f} °C"
