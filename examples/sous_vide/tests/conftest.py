"""What all tests share: nobody speaks with anything but this machine."""

import sys

HERE = (None, "127.0.0.1", "::1", "localhost")


def only_loopback(event, arguments):
    """Refuse to look up or to reach other machines. (An audit hook of Python: it sees what every library does.)"""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in HERE:
        raise RuntimeError(f"a test tried to reach {host}")


sys.addaudithook(only_loopback)
