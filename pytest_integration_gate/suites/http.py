"""Steps that send an HTTP request."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from socket import create_connection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from pytest_integration_gate.durations import milliseconds, seconds, shown
from pytest_integration_gate.isolation import at_work, perf_counter
from pytest_integration_gate.suites.matchers import ABSENT, Difference, differences
from pytest_integration_gate.suites.seen import Seen, StepFailed

if TYPE_CHECKING:
    from pytest_integration_gate.suites.world import World

DEFAULT_TIMEOUT = "30s"
DEFAULT_EXPECT: Mapping[str, Any] = {"status": {"lt": 400}}
"""What is expected of an answer when nothing is written."""

_MAX_SHOWN = 4000
_MAX_LINES = 40
_ONE_LINE = 160
_KNOCK = 2.0
_OWN_HEADERS = frozenset(("accept", "accept-encoding", "connection", "content-length", "host", "user-agent"))
"""Headers that every request has and nobody wants to read."""


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Send the request of a step."""
    arguments: dict[str, Any] = {"params": data.get("params")}
    if "form" in data:
        arguments["data"] = {name: scalar(value) for name, value in data["form"].items()}
    elif isinstance(data.get("data"), str):
        arguments["data"] = data["data"].encode()
    elif "data" in data:
        arguments["json"] = data["data"]
    return send(data, world, **arguments)


def compare(expect: Mapping[str, Any] | None, seen: Seen) -> tuple[Difference, ...]:
    """Compare a response with what is expected of it; without an expectation it must not be an error."""
    expect = dict(expect or DEFAULT_EXPECT)
    exact = expect.pop("exact", False)
    found: list[Difference] = []
    for key, wanted in expect.items():
        actual = seen.data[key]
        if key == "headers":
            wanted = {str(name).lower(): _header(value) for name, value in wanted.items()}
            actual = {name.lower(): value for name, value in actual.items()}
        if key == "response_time":
            wanted = milliseconds(wanted)
        if key == "body" and actual == "":  # no body at all is empty, null and absent alike
            actual = None if wanted is None else ABSENT if wanted == {"absent": True} else ""
        found += differences(wanted, actual, path=f"$.{key}", exact=exact and key == "body")
    return tuple(found)


def send(data: Mapping[str, Any], world: World, /, method: str = "GET", **arguments: Any) -> Seen:
    """Send a request with a body that is given as `requests` takes it; raise `StepFailed` when nothing comes back.

    `method` is the one of an endpoint that names none.
    """
    method, url = target(data["endpoint"], world, method)
    headers = {**world.headers, **data.get("headers", {})}
    headers = {name: scalar(value) for name, value in headers.items() if value is not None}
    try:
        session = world.session_for(url)
        request = session.prepare_request(requests.Request(method, url, headers=headers, **arguments))
    except (requests.RequestException, TypeError, ValueError) as error:
        raise StepFailed(f"{method} {url}: the request cannot be made: {error}.", is_final=True) from None
    sent, again = _sent(request), _curl(request)
    timeout = seconds(data.get("timeout", DEFAULT_TIMEOUT))
    if "eventually" in data and session.get_adapter(url).__class__ is HTTPAdapter and not _listens(url):
        # Waiting for a service is no observation of it.
        raise _refused(f"{method} {url}: connection refused, nothing listens there.", url, sent, again)
    settings: Any = {}
    if session.trust_env:
        settings = session.merge_environment_settings(request.url, {}, False, None, None)
    started = perf_counter()
    try:
        response = session.send(
            request, timeout=timeout, allow_redirects=data.get("follow_redirects", False), **settings
        )
    except requests.Timeout:
        raise StepFailed(f"{method} {url}: no answer within {shown(timeout)}.", sent=sent, again=again) from None
    except requests.ConnectionError as error:
        raise _refused(f"{method} {url}: {_why(error)}.", url, sent, again) from None
    except requests.RequestException as error:
        raise StepFailed(f"{method} {url}: {type(error).__name__}: {error}.", sent=sent, again=again) from None
    took = perf_counter() - started
    seen = {
        "status": response.status_code,
        "headers": CaseInsensitiveDict(response.headers),
        "body": body_of(response),
        "response_time": round(took * 1000, 3),
    }
    return Seen(data=seen, sent=sent, received=_received(response, seen["body"], took), again=again)


def _refused(reason: str, url: str, sent: str, again: str) -> StepFailed:
    suggestion = f"Start what answers at {_origin(url)} in `setup`, with `ready`, or correct the address."
    return StepFailed(reason, sent=sent, again=again, suggestion=suggestion)


def _listens(url: str) -> bool:
    """Whether anything listens where a URL leads, as far as this machine can tell without a request."""
    if not is_loopback(url):
        return True
    parts = urlsplit(url)
    with at_work():
        try:
            with create_connection((parts.hostname, parts.port or 80), timeout=_KNOCK):
                return True
        except ConnectionRefusedError:
            return False
        except OSError:
            return True


def target(endpoint: str, world: World, default: str = "GET") -> tuple[str, str]:
    """Return method and URL of an endpoint; `default` is the method of one that names none."""
    method, _, address = endpoint.strip().partition(" ")
    if not address or not method.isalpha():  # spaces may also stand in what a template gave
        method, address = default, endpoint.strip()
    if "://" in address.partition("?")[0]:
        return method, address
    if not world.base_url:
        raise StepFailed(
            f"`{endpoint}` is a path, and the suite has no `base_url`.",
            suggestion="Write `base_url: http://…` at the top of the suite, or `app:` with a fixture.",
            is_final=True,
        )
    return method, joined(world.base_url, address)


def joined(base: str, address: str) -> str:
    """Return the URL of a path below a base; a URL stays as it is."""
    return address if "://" in address.partition("?")[0] else f"{base.rstrip('/')}/{address.lstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine; no proxy is asked for it."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1", "0.0.0.0") or host.startswith("127.") or host.endswith(".localhost")  # noqa: S104


def body_of(response: requests.Response) -> Any:
    """Return the body: JSON as data, text as text. What does not say that it is JSON and reads as JSON is JSON too."""
    content = response.content
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode(response.encoding or "latin-1", errors="replace")
    says_json = kind == "application/json" or kind.endswith("+json")
    if says_json or (kind in ("", "text/plain", "text/html") and text.lstrip()[:1] in ("{", "[")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def scalar(value: Any) -> str:
    """Write a value of a header or a form."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _header(value: Any) -> Any:
    """Compare a header with the number that a suite may have written."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _why(error: Exception) -> str:
    text = str(error)
    for part, meaning in (
        ("refused", "connection refused, nothing listens there"),
        ("reset", "the connection was reset before an answer came"),
        ("RemoteDisconnected", "the server closed the connection without an answer"),
        ("resolve", "this host is not known"),
        ("getaddrinfo", "this host is not known"),
        ("IncompleteRead", "the answer broke off"),
        ("CERTIFICATE", "its certificate is not trusted"),
    ):
        if part.lower() in text.lower():
            return meaning
    return f"{type(error).__name__}: {text}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _sent(request: requests.PreparedRequest) -> str:
    lines = [f"{request.method} {request.url}", *_header_lines(request.headers)]
    if request.body:
        lines += ["", _bounded(_body_text(request))]
    return "\n".join(lines)


def _received(response: requests.Response, body: Any, took: float) -> str:
    text = body if isinstance(body, str) else _json(body)
    lines = [f"{response.status_code} {response.reason or ''}".rstrip() + f", after {shown(took)}"]
    lines += _header_lines(response.headers)
    return "\n".join([*lines, "", _bounded(text)] if text else lines)


def _header_lines(headers: Mapping[str, Any]) -> list[str]:
    hidden = _OWN_HEADERS | {"date", "server"}
    return [f"{name}: {value}" for name, value in headers.items() if name.lower() not in hidden]


def _body_text(request: requests.PreparedRequest) -> str:
    body = request.body
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body)


def _json(body: Any) -> str:
    """Print data on one line when it is short."""
    text = json.dumps(body, ensure_ascii=False)
    return text if len(text) <= _ONE_LINE else json.dumps(body, indent=2, ensure_ascii=False)


def _bounded(text: str) -> str:
    lines = text[:_MAX_SHOWN].splitlines()
    if len(text) <= _MAX_SHOWN and len(lines) <= _MAX_LINES:
        return text
    return "\n".join([*lines[:_MAX_LINES], f"… ({len(text)} characters in all)"])


def _curl(request: requests.PreparedRequest) -> str:
    """Write the request as a command."""
    words = ["curl", "-i", "-X", str(request.method), str(request.url)]
    for name, value in request.headers.items():
        if name.lower() not in _OWN_HEADERS:
            words += ["-H", f"{name}: {value if isinstance(value, str) else value.decode()}"]
    if request.body:
        words += ["--data-raw", _bounded(_body_text(request))]
    return shlex.join(words)
