"""From what went over the wire to exchanges: routes, shapes of bodies, and what the code does with the answer.

Done when the test is over. What identifies somebody is masked here: of ``Authorization`` only the presence is kept, of
the other headers only their names, and values under telling names are masked as everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from zlib import decompressobj, error

from pytest_integration_gate.model.capture import argument_of, shape_of
from pytest_integration_gate.model.exchange import Answer, Exchange, Request, Segment
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Uses
from pytest_integration_gate.model.literal import normal
from pytest_integration_gate.model.secrecy import mask_parameter
from pytest_integration_gate.model.shape import NEVER, Scalar
from pytest_integration_gate.source.spelling import Spelling
from pytest_integration_gate.source.uses import uses_at
from pytest_integration_gate.traffic.callers import Caller
from pytest_integration_gate.traffic.sending import Sending, text_of
from pytest_integration_gate.traffic.wire import LARGEST

_ID = re.compile(
    r"""
    [-+]?\d+(?:\.\d+)?
    | [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}
    | (?=[a-fA-F]*\d)[0-9a-fA-F]{7,128}
    | \d{4}-\d\d(?:-\d\d(?:T[\d:.,Z+-]+)?)?
    """,
    re.VERBOSE,
)
_PORTS = {"http": 80, "https": 443}
# What a client or a stub library adds by itself; its author did not claim it.
AUTOMATIC = frozenset({"content-length", "content-type", "date", "server", "connection", "transfer-encoding", "vary"})
FORM = "application/x-www-form-urlencoded"
_FIELD = re.compile(rb"""content-disposition:[^\r\n]*?;\s*name="?([^"\r\n;]+)""", re.IGNORECASE)
_STR = Scalar("str")
_SMALL = 4_096
_GZIP = b"\x1f\x8b"


def exchange_of(sending: Sending, spelling: Spelling) -> Exchange:
    """Understand one request and what came of it."""
    return Exchange(
        request=_request(sending, spelling),
        answer=_answer(sending),
        error=NEVER if sending.error is None else sending.error,
        uses=uses_of(sending.caller),
        body_uses=body_uses_of(sending.readers),
        headers_read=tuple(sorted({*sending.headers_read})),
        is_emulated=sending.is_emulated,
    )


def uses_of(caller: Caller) -> Uses:
    """What the code that made a call does with what the call gave."""
    return uses_at(caller.standings) if caller.is_direct and caller.standings else EVERYTHING


def segments_of(path: str, spelling: Container[str]) -> tuple[Segment, ...]:
    """Cut a path into segments and sort out which of them are ids, and which the source spells."""
    words = [normal(unquote(word)) for word in path.strip("/").split("/") if word]
    return tuple(
        Segment(text=word, is_id=_is_id(word), is_spelled=not _is_id(word) and word in spelling) for word in words
    )


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, without a port that goes without saying and without credentials."""
    parts = urlsplit(url)
    return _origin(parts.scheme, parts.netloc)


@lru_cache(maxsize=1024)
def _origin(scheme: str, netloc: str) -> str:
    parts = SplitResult(scheme, netloc, "", "", "")
    host = (parts.hostname or "").lower()
    try:
        port = parts.port
    except ValueError:
        port = None
    host = f"[{host}]" if ":" in host else host
    shown = "" if port is None or _PORTS.get(scheme) == port else f":{port}"
    return f"{scheme}://{host}{shown}"


def query_of(pairs: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Argument], ...]:
    """Picture the parameters of a query by name; one that is repeated is a list."""
    values: dict[str, list[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(mask_parameter(name, value) if isinstance(value, str) else value)
    return tuple(
        (name, argument_of(found[0] if len(found) == 1 else found, name)) for name, found in sorted(values.items())
    )


def media_type(headers: Mapping[str, str]) -> str:
    """Return the content type without its parameters (rule 20)."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def body_of(content: bytes, content_type: str) -> Argument:
    """Picture a body: what JSON or a form holds, the text of anything else, None when it is empty."""
    # Services say the same again and again.
    return _picture_again(content, content_type) if len(content) <= _SMALL else _picture(content, content_type)


@lru_cache(maxsize=256)
def _picture_again(content: bytes, content_type: str) -> Argument:
    return _picture(content, content_type)


def _picture(content: bytes, content_type: str) -> Argument:
    if not content:
        return argument_of(None)
    if content_type == FORM:
        fields: dict[str, Any] = {}
        for name, value in parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True):
            fields.setdefault(name, value)
        return argument_of(fields)
    if "json" in content_type or content.lstrip()[:1] in (b"{", b"["):
        try:
            return argument_of(json.loads(content))
        except ValueError:
            pass
    if content_type.startswith("multipart/"):
        # What the parts hold may be files of any size and secrets of any name; only their names are kept.
        names = sorted({name.decode("utf-8", "replace") for name in _FIELD.findall(content)})
        return Argument(shape=shape_of(dict.fromkeys(names, "")))
    if content_type.startswith("text/") or "json" in content_type or not content_type:
        return argument_of(content.decode("utf-8", "replace"))
    return argument_of(content)


def _request(sending: Sending, spelling: Spelling) -> Request:
    parts, headers = urlsplit(sending.url), _named(sending.headers.items())
    content_type = media_type(headers)
    return Request(
        method=sending.method,
        origin=_origin(parts.scheme, parts.netloc),
        path=segments_of(parts.path, spelling),
        query=query_of(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else (),
        body=body_of(sending.body, content_type) if sending.body else None,
        content_type=content_type,
        is_authorized="authorization" in headers,
        ends_in_slash=parts.path[1:].endswith("/"),
    )


def _answer(sending: Sending) -> Answer | None:
    if sending.status is None:
        return None
    headers = _named(sending.response_headers.items())
    content_type = media_type(headers)
    body = None if sending.content is None else body_of(_unpacked(sending.content, headers), content_type)
    if sending.stub is None:
        names: Iterable[str] = headers
    else:
        names = headers.keys() - AUTOMATIC
        content_type = _written_type(content_type, body)
    return Answer(status=sending.status, headers=tuple(sorted(names)), content_type=content_type, body=body)


def _named(headers: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    return {text_of(name).lower(): text_of(value) for name, value in headers}


def _written_type(content_type: str, body: Argument | None) -> str:
    """Return the content type of a stub, without those that libraries add by themselves: ``text/plain`` for every
    body, or JSON for one that is none."""
    is_text = body is not None and body.shape == _STR
    return "" if content_type == "text/plain" or ("json" in content_type and is_text) else content_type


def _unpacked(content: bytes, headers: Mapping[str, str]) -> bytes:
    """Undo a compression that a client left to its caller (``http.client`` does)."""
    if headers.get("content-encoding", "").lower() != "gzip" or content[:2] != _GZIP:
        return content
    try:
        return decompressobj(31).decompress(content, LARGEST)  # RFC 1952
    except error:
        return content


def body_uses_of(readers: Sequence[Caller]) -> Uses | None:
    """What all who asked for the parsed body do with it, None when nobody did but a test."""
    uses = [uses_of(one) for one in readers if one.kind != "test"]
    return both(uses) if uses else None


def both(uses: Sequence[Uses]) -> Uses:
    """Return what is done by any of several, of which there must be some."""
    if len(uses) == 1:
        return uses[0]
    names = dict.fromkeys(name for one in uses for name, _ in one.members)
    return Uses(
        escapes=any(one.escapes for one in uses),
        operations=frozenset().union(*(one.operations for one in uses)),
        members=tuple(
            (name, both([inner for one in uses for known, inner in one.members if known == name])) for name in names
        ),
    )


def _is_id(word: str) -> bool:
    return _ID.fullmatch(word) is not None or word in ("<uuid>", "<datetime>", "<secret>")
