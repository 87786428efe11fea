"""Pact files of others, read as claims about the service that they were written for (SPEC section 9).

Versions 2 to 4 are understood. Each HTTP interaction becomes the record of a test that claims it, so that it is judged,
replayed, reported and exported like any claim of a stub.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pytest_integration_gate.errors import PactError
from pytest_integration_gate.evidence.pact_rules import Rules, UnknownPath
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.content import is_json
from pytest_integration_gate.model.exchange import Answer, Exchange, Request, Segment, route_of
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Outcome, Site, Uses
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.secrecy import mask
from pytest_integration_gate.model.shape import ANYTHING
from pytest_integration_gate.traffic.exchanges import body_of, media_type, origin_of, query_of, segments_of

_VERSIONS = ("2", "3", "4")
_REMEDY = "Name a file that a Pact library has written by version 2, 3 or 4 of the specification."
_HTTP = "Synchronous/HTTP"
_ALL = Uses(members=((".status_code", EVERYTHING),))
_ERROR = 400


class _Fault(Exception):
    """Something that a Pact file must not have; the text says what."""


def read_pact(path: Path, name: str, base_of: Callable[[str], str]) -> tuple[tuple[TestRecord, ...], tuple[str, ...]]:
    """Read a Pact file, which messages call `name`; raise `PactError` with everything that is wrong with it.

    Returns the records, and what in the file is no claim about an HTTP service, each with the reason. `base_of` gives
    the URL under which a provider is known to the project.
    """
    text, data = _load(path, name)
    base = base_of(data["provider"]["name"])
    lines = text.splitlines()
    records: dict[str, TestRecord] = {}
    left_out = [f"{len(data['messages'])} messages"] if data.get("messages") else []
    problems: list[str] = []
    for index, one in enumerate(data.get("interactions", ())):
        try:
            reason = _foreign(one)
            if reason:
                left_out.append(mask(f"`{_description(one)}` ({reason})"))
                continue
            record = _record(one, name, _line(lines, one), base)
            records[record.nodeid] = _both(records.get(record.nodeid), record)
        except (_Fault, UnknownPath) as fault:
            problems.append(f"{name}: interactions[{index}]{_said(one)}: {_worded(fault)}.")
    if problems:
        raise PactError("\n".join(problems), remedy=_REMEDY)
    return tuple(records.values()), tuple(left_out)


# The file


def _load(path: Path, name: str) -> tuple[str, dict[str, Any]]:
    """Return a file as text and as data, when it can be a Pact file at all."""
    try:
        with open_file(path, encoding="utf-8-sig") as stream:
            text = stream.read()
        data = json.loads(text)
        _check(data)
    except OSError as error:
        message = f"The Pact file {name} cannot be read: {error.strerror or error}."
        raise PactError(message, remedy="Name a file that is there.") from None
    except _Fault as fault:
        raise PactError(f"{name} is no Pact file that can be read: {fault}.", remedy=_REMEDY) from None
    except (ValueError, RecursionError) as error:  # what is no UTF-8 is one, too
        where = f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise PactError(f"{name} is no Pact file that can be read: it is no JSON{where}.", remedy=_REMEDY) from None
    return text, data


def _check(data: Any) -> None:
    if not isinstance(data, dict):
        raise _Fault("it holds no object")
    for role in ("consumer", "provider"):
        party = data.get(role)
        if not isinstance(party, dict) or not isinstance(party.get("name"), str) or not party["name"].strip():
            raise _Fault(f"it does not say who the {role} is")
    version = _version(data)
    if version.partition(".")[0] not in _VERSIONS:
        raise _Fault(f"it follows version {version} of the specification")
    if not isinstance(data.get("interactions", [] if "messages" in data else None), list):
        raise _Fault("it has no list of `interactions`")


def _version(data: Mapping[str, Any]) -> str:
    metadata = data.get("metadata")
    found = metadata if isinstance(metadata, dict) else {}
    said = found.get("pactSpecification", found.get("pact-specification", found.get("pactSpecificationVersion")))
    return str(said.get("version") if isinstance(said, dict) else said or "2.0.0")  # old libraries do not say


# Interactions


def _foreign(one: Any) -> str:
    """Say why an interaction is no claim of an HTTP service; empty when it is one."""
    if not isinstance(one, dict):
        raise _Fault("it is no object")
    kind = one.get("type", _HTTP)
    if kind != _HTTP:
        return f"{kind} is not HTTP"
    if one.get("pending") is True:
        return "it is pending"
    if one.get("pluginConfiguration"):
        return "a plugin has its contents"
    return "its status is any of several errors" if _is_any_error(one.get("response")) else ""


def _is_any_error(response: Any) -> bool:
    if not isinstance(response, dict) or not isinstance(response.get("status"), int):
        return False
    return response["status"] >= _ERROR and Rules.of(response.get("matchingRules")).is_status_open()


def _record(one: dict[str, Any], name: str, line: int, base: str) -> TestRecord:
    request, response = _opened(one, "request"), _opened(one, "response")
    asked, rules = _request(request, base), Rules.of(response.get("matchingRules"))
    answer, read = _answer(response, rules)
    description = mask(_description(one))
    exchange = Exchange(
        request=asked, answer=answer, uses=_ALL, body_uses=EVERYTHING, headers_read=read, states=_states(one)
    )
    body = answer.body or Argument(shape=ANYTHING)
    claim = Claim(
        root=route_of(asked),
        action="call",
        outcome=Outcome(kind="returned", shape=body.shape, text=body.text),
        at=f"{name}:{line}",
        site=Site(file=name, function="", call=description, line=line),
        double="pact",
        exchange=exchange,
    )
    return TestRecord(nodeid=f"{name}::{description}", claims=(claim,))


def _both(known: TestRecord | None, record: TestRecord) -> TestRecord:
    """Put interactions of one description, which differ in their provider states, into one record."""
    return record if known is None else replace(known, claims=(*known.claims, *record.claims))


def _request(data: dict[str, Any], base: str) -> Request:
    method, path = data.get("method"), data.get("path")
    if not isinstance(method, str) or not isinstance(path, str) or not path.startswith("/"):
        raise _Fault("its `request` needs a `method` and a `path` that starts with a slash")
    rules = Rules.of(data.get("matchingRules"))
    headers = _headers(data)
    content_type = _content_type(data, headers)
    return Request(
        method=method.upper(),
        origin=origin_of(base),
        path=(*_segments(urlsplit(base).path, ()), *_segments(path, rules.words_filled_in(_words(path)))),
        query=query_of(_pairs(data.get("query") or {})),
        body=_body(data, content_type, None),
        content_type=content_type,
        is_authorized="authorization" in headers,
        ends_in_slash=path[1:].endswith("/"),
    )


def _pairs(query: Any) -> list[tuple[str, Any]]:
    """Return the parameters of a query: version 2 writes a text, later ones a list for each name."""
    match query:
        case str():
            return parse_qsl(query, keep_blank_values=True)
        case dict():
            listed = {name: value if isinstance(value, list) else [value] for name, value in query.items()}
            return [(name, value) for name, values in listed.items() for value in values]
    raise _Fault("its `request.query` is neither a text nor an object")


def _words(path: str) -> list[str]:
    return [word for word in path.split("/") if word]


def _segments(path: str, filled_in: Container[int]) -> tuple[Segment, ...]:
    """Cut a path. Nobody says which words belong to the route: of those that no rule fills in, only the first does."""
    found = segments_of(path, ())
    return tuple(
        replace(one, is_id=True, is_any=True)
        if index in filled_in
        else replace(one, is_spelled=index == 0 and not one.is_id)
        for index, one in enumerate(found)
    )


def _answer(data: dict[str, Any], rules: Rules) -> tuple[Answer, tuple[str, ...]]:
    """Return what the consumer expects, and the names of the headers that it needs."""
    status = data.get("status", 200)
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise _Fault(f"its `response.status` is {status!r}, and must be a number from 100 to 599")
    headers = _headers(data)
    content_type = _content_type(data, headers)
    names = tuple(sorted(headers))
    is_type_told = "content-type" in headers and not rules.at("header", ("content-type",))
    answer = Answer(
        status=None if rules.is_status_open() else status,
        headers=tuple(name for name in names if name != "content-type"),
        content_type=content_type,
        body=_body(data, content_type, rules),
    )
    return answer, tuple(name for name in names if name != "content-type" or is_type_told)


def _headers(data: dict[str, Any]) -> dict[str, str]:
    """Return the headers by their names in lower case; of repeated ones the first value."""
    headers = data.get("headers") or {}
    if not isinstance(headers, dict):
        raise _Fault("its `headers` are no object")
    first = {name: value[0] if isinstance(value, list) and value else value for name, value in headers.items()}
    return {name.lower(): str(value) for name, value in first.items()}


def _content_type(data: dict[str, Any], headers: Mapping[str, str]) -> str:
    written = data.get("contentType")
    found = media_type(headers) or (media_type({"content-type": written}) if isinstance(written, str) else "")
    return found or ("application/json" if isinstance(data.get("body"), dict | list) else "")


def _opened(one: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a request or a response with its body as older versions write it. Version 4 gives each interaction a type,
    and each body its content type and encoding."""
    part = one.get(name)
    if not isinstance(part, dict):
        raise _Fault(f"it has no `{name}`")
    wrapped = part.get("body")
    if "type" not in one or not isinstance(wrapped, dict):
        return part
    part = {key: value for key, value in part.items() if key != "body"} | {"contentType": wrapped.get("contentType")}
    return part | {"body": _decoded(wrapped)} if "content" in wrapped else part


def _decoded(wrapped: dict[str, Any]) -> Any:
    content, encoding = wrapped["content"], wrapped.get("encoded")
    if not isinstance(encoding, str) or not isinstance(content, str):
        return content
    try:
        return json.loads(content) if encoding.lower() == "json" else b64decode(content, validate=True)
    except ValueError:
        raise _Fault(f"its body is not {encoding}, as it says") from None


def _body(data: dict[str, Any], content_type: str, rules: Rules | None) -> Argument | None:
    """Picture a body, None when nothing is said of one. `rules` are those of an answer."""
    if "body" not in data:
        return None
    body = data["body"]
    if isinstance(body, bytes) or (isinstance(body, str) and not is_json(content_type)):
        return body_of(body if isinstance(body, bytes) else body.encode(), content_type)
    return argument_of(body) if rules is None else rules.picture(body)


def _states(one: dict[str, Any]) -> tuple[str, ...]:
    old = one.get("providerState", one.get("provider_state"))
    states = one.get("providerStates") or ([{"name": old}] if old else [])
    named = states if isinstance(states, list) else []
    return tuple(mask(str(each.get("name", ""))) for each in named if isinstance(each, dict))


# Words


def _description(one: dict[str, Any]) -> str:
    return str(one.get("description") or "an interaction without a description")


def _said(one: Any) -> str:
    return f" ({mask(_description(one))})" if isinstance(one, dict) else ""


def _worded(fault: Exception) -> str:
    return (
        f"the place of a matching rule, `{fault}`, cannot be understood"
        if isinstance(fault, UnknownPath)
        else str(fault)
    )


def _line(lines: list[str], one: dict[str, Any]) -> int:
    """Return the line with the description of an interaction: there is none of the interaction itself in its data."""
    description = json.dumps(one.get("description"))
    wanted = (description, json.dumps(one.get("description"), ensure_ascii=False))
    return next((at for at, line in enumerate(lines, start=1) if any(each in line for each in wanted)), 1)
