"""What all tests share: nobody speaks with anything but this machine."""

import sys


def only_loopback(event, arguments):
    """Refuse connections to other machines. (An audit hook of Python: it sees what every library does.)"""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test tried to connect to {address}")


sys.addaudithook(only_loopback)
