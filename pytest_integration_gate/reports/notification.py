"""What receivers are told of a run, and how it is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shlex
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.model.secrecy import mask
from pytest_integration_gate.values import dataclass

Event: TypeAlias = Literal["start", "complete", "failed"]
EVENTS: tuple[Event, ...] = ("start", "complete", "failed")

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PREFIXED = re.compile(r"(\w+(?:\s*,\s*\w+)*):\s+(.*)")
_ENCODED = "whsec_"


class UnsetVariable(SettingsError):
    """A receiver that only some environments know, such as those of CI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is told of which events. `place` is a URL or a command, `name` what may be shown of it."""

    name: str
    place: str
    is_url: bool
    events: tuple[Event, ...] = EVENTS

    @property
    def address(self) -> str:
        """A digest of the place, which may be a secret: by it a receiver is known again."""
        return hashlib.sha256(self.place.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event as it is sent. `id` stays the same however often it is tried: a receiver knows it again by that."""

    id: str
    event: Event
    body: bytes

    def signed(self, moment: int, secret: str) -> dict[str, str]:
        """Return the headers of a request at this time (Unix seconds), by https://www.standardwebhooks.com.

        Without a secret there is no signature. A secret that begins with ``whsec_`` is Base64 behind that.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": self.id,
            "webhook-id": self.id,
            "webhook-timestamp": str(moment),
        }
        if secret:
            content = f"{self.id}.{moment}.".encode() + self.body
            digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
            headers["webhook-signature"] = f"v1,{b64encode(digest).decode()}"
        return headers


def read_receiver(text: str, *, environ: Mapping[str, str] = os.environ) -> Receiver:
    """Understand one line of ``gate_notify``: ``[events:] URL or command``; raise `SettingsError` otherwise.

    ``${NAME}`` in a URL is read from the environment, and what is shown of it is as it was written. Without the
    variable it raises `UnsetVariable`.
    """
    found = _PREFIXED.fullmatch(text.strip())
    words = re.split(r"\s*,\s*", found[1]) if found else list(EVENTS)
    place = found[2] if found else text.strip()
    if unknown := [word for word in words if word not in EVENTS]:
        raise SettingsError(f"`{unknown[0]}` is no event.", remedy=f"Known: {', '.join(EVENTS)}.")
    if not place:
        raise SettingsError(f"`{text}` names no receiver.", remedy="Write a URL or a command.")
    is_url = re.match(r"https?://|\$\{\w+\}", place) is not None
    name = place.split()[0]
    if is_url:
        if missing := [one for one in _VARIABLE.findall(place) if not environ.get(one)]:
            raise UnsetVariable(f"`{place}` is not told: the environment lacks `{missing[0]}`.", remedy="Set it.")
        name = place if _VARIABLE.search(place) else shown_url(place)
        place = _VARIABLE.sub(lambda variable: environ[variable[1]], place)
        if not re.fullmatch(r"https?://[^\s/]+\S*", place):
            raise SettingsError(f"`{name}` is no URL.", remedy="Write `https://host/path`.")
    else:
        try:
            shlex.split(place)
        except ValueError as error:
            raise SettingsError(f"`{place}` is no command: {error}.", remedy="Close what is quoted.") from None
    events = tuple(event for event in EVENTS if event in words)
    return Receiver(name=name, place=place, is_url=is_url, events=events)


def message_of(event: Event, *, id: str, **about: Any) -> Message:  # noqa: A002  # what receivers call it
    """Put an event into words; what is None is left out."""
    data = {"event": event, "id": id, **{name: value for name, value in about.items() if value is not None}}
    return Message(id=id, event=event, body=json.dumps(data, ensure_ascii=False, default=str).encode())


def figures(report: RunReport) -> dict[str, Any]:
    """Return what a receiver learns of a judged run."""
    summary, gate = report.summary, report.gate
    return {
        "status": report.test_run.status,
        "testsPass": summary.passed,
        "testsFail": summary.failed + summary.errors,
        "testsTotal": summary.total_tests,
        "boundariesTested": ", ".join(sorted(one.name for one in report.boundaries if one.tests)),
        "mismatches": gate.claims.contradicted,
        "claims": gate.claims.total,
        "duration": report.test_run.duration,
    }


def why(report: RunReport) -> str:
    """Return in one line why a run failed."""
    return mask(", ".join(report.gate.reasons))


def _key(secret: str) -> bytes:
    if secret.startswith(_ENCODED):
        try:
            return b64decode(secret.removeprefix(_ENCODED), validate=True)
        except ValueError:
            pass  # then it is a secret that happens to begin so
    return secret.encode()


def shown_url(url: str) -> str:
    """Show a URL without what may be a secret in it: user, path and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}/…" if parts.path.strip("/") or parts.query else f"{parts.scheme}://{host}"
