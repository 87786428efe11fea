"""The words of a script of faults: what a proxy does with one request or one connection.

Each word is a function that gives a `Fault`; without arguments it may also be written bare, or as text:
``sequence(503, timeout, "reset", latency(0.2), ok)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.values import dataclass

Kind = Literal["ok", "status", "timeout", "reset", "refused", "latency", "slow_body", "truncated_body", "garbage"]


class FaultError(GateError):
    """A script or an upstream that makes no sense."""

    slug = "faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one request or connection. `name` is how tables show it; times are in seconds."""

    kind: Kind
    name: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float | None = None
    jitter: float = 0.0
    after: int | None = None
    then: Fault | None = None


Word: TypeAlias = "Fault | int | str | Callable[[], Fault]"


def ok() -> Fault:
    """Pass everything through untouched."""
    return Fault(kind="ok", name="ok")


def status(code: int, *, headers: Mapping[str, str] | None = None, body: str | bytes = b"") -> Fault:
    """Answer with this HTTP status, without asking the server. HTTP only."""
    if not 200 <= code <= 599:
        raise FaultError(f"{code} is no final HTTP status.", remedy="Write a number from 200 to 599.")
    content = body.encode() if isinstance(body, str) else body
    return Fault(kind="status", name=str(code), status=code, headers=dict(headers or {}), body=content)


def timeout(seconds: float | None = None) -> Fault:
    """Accept and never answer. After `seconds` the connection is closed; None waits until the caller gives up."""
    return Fault(kind="timeout", name="timeout", seconds=_time(seconds, "timeout"))


def reset() -> Fault:
    """Reset the connection: an HTTP request is read first, a TCP connection ends at once."""
    return Fault(kind="reset", name="reset")


def refused() -> Fault:
    """Refuse a connection: with ``always`` or ``then`` nobody listens, and the system refuses whoever comes.

    Such attempts cannot be seen. In a sequence, where each one counts, the connection is accepted and reset at once.
    """
    return Fault(kind="refused", name="refused")


def latency(seconds: float = 1.0, *, jitter: float = 0.0, then: Word = ok) -> Fault:
    """Wait `seconds`, more or less up to `jitter`, before `then` happens. TCP: before each piece of the answer."""
    _time(seconds, "latency")
    if not 0 <= jitter <= seconds:
        raise FaultError(f"latency: a jitter of {jitter} s does not fit {seconds} s.", remedy="It must not be larger.")
    after = fault_of(then)
    name = f"latency {seconds:g} s" + (f" ± {jitter:g} s" if jitter else "")
    name += f", {after.name}" if after.kind != "ok" else ""
    return Fault(kind="latency", name=name, seconds=seconds, jitter=jitter, then=after)


def slow_body(seconds: float = 1.0) -> Fault:
    """Send the body of the answer in small pieces over this long. TCP: each piece of the answer."""
    return Fault(kind="slow_body", name=f"slow body {seconds:g} s", seconds=_time(seconds, "slow_body"))


def truncated_body(after: int | None = None) -> Fault:
    """Close the connection after so many bytes of the body, None for half of it. TCP: bytes of the answer."""
    if after is not None and after < 0:
        raise FaultError(f"truncated_body: {after} is no number of bytes.", remedy="Write 0 or more, or nothing.")
    return Fault(kind="truncated_body", name="truncated body", after=after)


def garbage() -> Fault:
    """Answer with bytes that are no protocol at all, then close the connection."""
    return Fault(kind="garbage", name="garbage")


WORDS: Mapping[str, Callable[[], Fault]] = {
    word.__name__: word for word in (ok, timeout, reset, refused, latency, slow_body, truncated_body, garbage)
}


def fault_of(word: Word) -> Fault:
    """Return what a word of a script means: a status, a name, a function of this module, or a fault itself."""
    if isinstance(word, Fault):
        return word
    if isinstance(word, str) and word in WORDS:
        return WORDS[word]()
    if isinstance(word, int) and not isinstance(word, bool):
        return status(word)
    if callable(word) and isinstance(made := word(), Fault):
        return made
    raise FaultError(f"{word!r} is no fault.", remedy=f"Write a status from 200 to 599, or one of {', '.join(WORDS)}.")


def _time(seconds: float | None, name: str) -> float | None:
    if seconds is not None and not 0 <= seconds <= 3600:
        raise FaultError(f"{name}: {seconds} s is out of bounds.", remedy="Write 0 to 3600 seconds.")
    return seconds
