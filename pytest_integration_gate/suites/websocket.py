"""Steps that talk over a websocket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import requests

from pytest_integration_gate.durations import seconds, shown
from pytest_integration_gate.suites.extras import needs
from pytest_integration_gate.suites.http import is_loopback, joined, scalar
from pytest_integration_gate.suites.matchers import Difference, differences
from pytest_integration_gate.suites.seen import Seen, StepFailed

if TYPE_CHECKING:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import ClientConnection

    from pytest_integration_gate.suites.world import World

DEFAULT_TIMEOUT = "5s"


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Connect, then go through the exchange in order; the first part that does not happen as expected ends it."""
    with needs("websocket", "the type websocket"):
        from websockets.exceptions import InvalidStatus, WebSocketException
        from websockets.sync.client import connect
    url = _address(data["url"], world)
    if url.startswith("ws://app.invalid"):
        raise StepFailed(
            "A websocket needs a server that listens; `app` answers in this process.",
            suggestion="Start the server in `setup` and name it by `base_url`.",
            is_final=True,
        )
    timeout = seconds(data.get("timeout", DEFAULT_TIMEOUT))
    exchange = _Exchange(url, timeout)
    proxy: dict[str, Any] = {"proxy": None} if is_loopback(url) else {}
    try:
        headers = _headers(data, world, url)
        with connect(url, open_timeout=timeout, close_timeout=1, additional_headers=headers, **proxy) as connection:
            for number, part in enumerate(data["exchange"]):
                exchange.take(part, connection, f"$.exchange[{number}]")
    except InvalidStatus as error:
        exchange.refused(data["exchange"][0], error)
    except (WebSocketException, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise StepFailed(f"The websocket {url} failed: {reason}.", sent="\n".join(exchange.log)) from None
    return exchange.seen


class _Exchange:
    """What went over a websocket so far."""

    def __init__(self, url: str, timeout: float) -> None:
        self._timeout = timeout
        self._messages: list[Any] = []
        self.log = [f"connect {url}"]

    @property
    def seen(self) -> Seen:
        return Seen(data={"messages": self._messages}, sent="\n".join(self.log))

    def take(self, part: Mapping[str, Any], connection: ClientConnection, path: str) -> None:
        """Send, and wait for what is expected next."""
        if "send" in part:
            text = part["send"] if isinstance(part["send"], str) else json.dumps(part["send"])
            self.log.append(f"send    {text}")
            connection.send(text)
        limit = seconds(part["timeout"]) if "timeout" in part else self._timeout
        if "expect" in part:
            self._messages.append(self._next(connection, limit, part["expect"], path))
            self._compare(part["expect"], self._messages[-1], path)
        if "closed" in part:
            self._compare(part["closed"], self._end(connection, limit, part["closed"], path), f"{path}.closed")
        if "refused" in part:
            self._differ(Difference(path=f"{path}.refused", expected=part["refused"], actual=_Word("accepted")))

    def refused(self, part: Mapping[str, Any], error: InvalidStatus) -> None:
        """Compare the status that the server has answered instead of opening a websocket."""
        status = error.response.status_code
        self.log.append(f"refused {status}")
        if "refused" not in part:
            raise StepFailed(f"The server answered {status} and opened no websocket.", seen=self.seen)
        self._compare(part["refused"], status, "$.exchange[0].refused")

    def _next(self, connection: ClientConnection, limit: float, expected: Any, path: str) -> Any:
        try:
            message = connection.recv(timeout=limit)
        except TimeoutError:
            self._differ(Difference(path=path, expected=expected, actual=_Word("nothing")), silent=limit)
        self.log.append(f"receive {_text(message)}")
        return _data(message)

    def _end(self, connection: ClientConnection, limit: float, expected: Any, path: str) -> Any:
        """Return the code with which the server closes (RFC 6455, section 7.4), or what comes instead."""
        from websockets.exceptions import ConnectionClosed

        try:
            return self._next(connection, limit, {"closed": expected}, path)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else 1006
            self.log.append(f"closed  {code}")
            return code

    def _compare(self, expected: Any, actual: Any, path: str) -> None:
        self._differ(*differences(expected, actual, path=path))

    def _differ(self, *found: Difference, silent: float = 0.0) -> None:
        if found:
            reason = f"No message came within {shown(silent)}." if silent else ""
            raise StepFailed(reason, differences=found, seen=self.seen)


class _Word:
    """What happened, where no message can stand for it."""

    def __init__(self, word: str) -> None:
        self._word = word

    def __str__(self) -> str:
        return self._word


def _address(url: str, world: World) -> str:
    url = joined(world.base_url, url)
    return url.replace("http", "ws", 1) if url.startswith("http") else url


def _headers(data: Mapping[str, Any], world: World, url: str) -> dict[str, str]:
    """Return the headers of the handshake: those of the suite and of the step, and the cookies of the test."""
    headers = {**world.headers, **data.get("headers", {})}
    wanted = {name: scalar(value) for name, value in headers.items() if value is not None}
    session = world.session_for(url.replace("ws", "http", 1))
    request = session.prepare_request(requests.Request("GET", url.replace("ws", "http", 1), headers=wanted))
    return {name: request.headers[name] for name in (*wanted, "Cookie") if name in request.headers}


def _text(message: str | bytes) -> str:
    return message if isinstance(message, str) else repr(message)


def _data(message: str | bytes) -> Any:
    text = message if isinstance(message, str) else message.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
