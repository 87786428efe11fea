"""Steps that talk over a websocket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.suites.durations import seconds, shown
from pytest_integration_gate.suites.extras import needs
from pytest_integration_gate.suites.http import is_loopback, joined
from pytest_integration_gate.suites.matchers import Difference, differences
from pytest_integration_gate.suites.seen import Seen, StepFailed

if TYPE_CHECKING:
    from pytest_integration_gate.suites.world import World

DEFAULT_TIMEOUT = "5s"


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Connect, then send and expect in order; the first message that is not as expected ends the exchange."""
    with needs("websocket", "the type websocket"):
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect
    url = _address(data["url"], world)
    timeout = seconds(data.get("timeout", DEFAULT_TIMEOUT))
    log, messages = [f"connect {url}"], []
    headers = {name: str(value) for name, value in data.get("headers", {}).items()}
    proxy: dict[str, Any] = {"proxy": None} if is_loopback(url) else {}
    try:
        with connect(url, open_timeout=timeout, close_timeout=1, additional_headers=headers, **proxy) as connection:
            for number, part in enumerate(data["exchange"]):
                path, limit = f"$.exchange[{number}]", seconds(part.get("timeout", timeout_in_ms(timeout)))
                if "send" in part:
                    text = part["send"] if isinstance(part["send"], str) else json.dumps(part["send"])
                    log.append(f"send    {text}")
                    connection.send(text)
                if "expect" not in part:
                    continue
                try:
                    message = connection.recv(timeout=limit)
                except TimeoutError:
                    raise StepFailed(
                        f"No message came within {shown(limit)}.",
                        differences=(Difference(path=path, expected=part["expect"], actual=_SILENCE),),
                        sent="\n".join(log),
                    ) from None
                log.append(f"receive {_text(message)}")
                messages.append(_data(message))
                found = differences(part["expect"], messages[-1], path=path)
                if found:
                    seen = Seen(data={"messages": messages}, sent="\n".join(log))
                    raise StepFailed("", differences=found, seen=seen)
    except (WebSocketException, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise StepFailed(f"The websocket {url} failed: {reason}.", sent="\n".join(log)) from None
    return Seen(data={"messages": messages}, sent="\n".join(log))


def timeout_in_ms(timeout: float) -> int:
    """Write a length of time as suites do."""
    return round(timeout * 1000)


class _Silence:
    def __repr__(self) -> str:
        return "nothing"


_SILENCE = _Silence()


def _address(url: str, world: World) -> str:
    url = joined(world.base_url, url)
    return url.replace("http", "ws", 1) if url.startswith("http") else url


def _text(message: str | bytes) -> str:
    return message if isinstance(message, str) else repr(message)


def _data(message: str | bytes) -> Any:
    if isinstance(message, bytes):
        return message.decode(errors="replace")
    try:
        return json.loads(message)
    except ValueError:
        return message
