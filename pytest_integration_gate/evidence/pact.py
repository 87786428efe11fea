"""Pact files: what the project's tests claim of HTTP services, for the verification of those services (SPEC section 9).

A file is written in version 4 of the Pact specification, one for each boundary. The consumer is the project, the
provider the boundary. Only what the code reads of an answer binds the provider, and only by its type.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from pytest_integration_gate.evidence.pact_bodies import UNKNOWN, binding, plain, sendable
from pytest_integration_gate.files import write_text
from pytest_integration_gate.model.content import is_json
from pytest_integration_gate.model.exchange import Answer, Exchange, Request
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import EVERYTHING, Uses
from pytest_integration_gate.traffic.exchanges import FORM
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.reading import body_uses_in, headers_read_in, is_status_read

_EXPORTED = ("verified", "unverified", "stale")
_JSON = "application/json"
_SEGMENT = "[^/]+"


class _LeftOut(Exception):
    """A claim that no Pact file can hold; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pact:
    """What one boundary owes the project.

    `contradicted` are the targets of claims that are left out because reality says otherwise, `unsendable` those of
    which a request cannot be written down, each with the reason. `origins` are the services that the tests stubbed.
    """

    consumer: str
    provider: str
    interactions: tuple[Mapping[str, Any], ...] = ()
    contradicted: tuple[str, ...] = ()
    unsendable: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """The name of the file, in which nothing leads out of a folder."""
        return f"{_safe(self.consumer)}-{_safe(self.provider)}.json"

    @property
    def text(self) -> str:
        """The content of the file: the same for the same claims, in whatever order they came."""
        document = {
            "consumer": {"name": self.consumer},
            "provider": {"name": self.provider},
            "interactions": self.interactions,
            "metadata": {"pactSpecification": {"version": "4.0"}},
        }
        return json.dumps(document, indent=2) + "\n"

    def write(self, folder: Path) -> Path:
        """Replace the file in a folder in one step, and return its path. Raises OSError."""
        path = folder / self.file_name
        write_text(path, self.text)
        return path


def pacts_of(
    findings: Iterable[Finding], consumer: str, states_of: Callable[[str], tuple[str, ...]]
) -> tuple[Pact, ...]:
    """Sort the HTTP claims among findings by boundary, and write them as interactions.

    `states_of` gives the provider states that a test names. Simulated failures of a service (an exception, a 5xx) are
    no contract, unless a state says how the service comes to fail.
    """
    by_boundary: dict[str, list[Finding]] = {}
    for one in findings:
        if one.claim.exchange is not None:
            by_boundary.setdefault(one.boundary, []).append(one)
    return tuple(_pact(consumer, boundary, by_boundary[boundary], states_of) for boundary in sorted(by_boundary))


def _pact(
    consumer: str, provider: str, findings: Iterable[Finding], states_of: Callable[[str], tuple[str, ...]]
) -> Pact:
    found: dict[str, tuple[dict[str, Any], str]] = {}
    contradicted, unsendable, origins = set(), set(), set()
    for finding in findings:
        if finding.claim.exchange is not None:
            origins.add(finding.claim.exchange.request.origin)
        if finding.verdict not in _EXPORTED:
            contradicted.add(finding.target)
            continue
        for states, test in _by_states(finding, states_of):
            try:
                interaction = _interaction(finding, states)
            except _LeftOut as reason:
                unsendable.add(f"{finding.target} ({reason})")
                continue
            if interaction is not None:
                key = _key(interaction)
                found[key] = (interaction, min(test, found[key][1]) if key in found else test)
    return Pact(
        consumer=consumer,
        provider=provider,
        interactions=tuple(_finished(found)),
        contradicted=tuple(sorted(contradicted)),
        unsendable=tuple(sorted(unsendable)),
        origins=tuple(sorted(origins)),
    )


def _by_states(finding: Finding, states_of: Callable[[str], tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give each set of provider states under which tests make a claim, with the first of these tests."""
    tests: dict[tuple[str, ...], str] = {}
    for test in sorted(finding.tests):
        tests.setdefault(states_of(test), test)
    yield from tests.items()


def _finished(found: Mapping[str, tuple[dict[str, Any], str]]) -> Iterator[dict[str, Any]]:
    """Give the interactions in order, each with its key, a description of its own and the name of its test."""
    told = Counter(_told(interaction) for interaction, _ in found.values())
    for key, (interaction, test) in sorted(found.items(), key=lambda item: (item[1][0]["description"], item[0])):
        description = interaction["description"]
        if told[_told(interaction)] > 1:
            description = f"{description} ({key})"
        comments = {**interaction.get("comments", {}), "testname": test}
        yield {**interaction, "description": description, "key": key, "comments": comments}


def _told(interaction: Mapping[str, Any]) -> str:
    """Return what the verifier and the broker tell interactions apart by."""
    return json.dumps([interaction["description"], interaction.get("providerStates")])


def _interaction(finding: Finding, states: tuple[str, ...]) -> dict[str, Any] | None:
    """Write a claim as an interaction, None for simulated trouble. Raises `_LeftOut`."""
    exchange = finding.claim.exchange
    answer = exchange.answer if exchange is not None else None
    if exchange is None or answer is None or ((answer.status or 200) >= 500 and not states):
        return None
    request = _request(exchange.request, _template(finding.target, exchange.request))
    status = "" if answer.status is None else f" {answer.status}"
    interaction: dict[str, Any] = {
        "type": "Synchronous/HTTP",
        "description": f"{request['method']} {request['path']} answers{status}",
    }
    if states:
        interaction["providerStates"] = [{"name": state} for state in states]
    interaction["request"] = request
    interaction["response"] = _response(exchange, answer)
    if exchange.request.is_authorized:
        note = "The code sends an Authorization header. Its value is not kept: let the verification add one."
        interaction["comments"] = {"text": [note]}
    return interaction


def _key(interaction: Mapping[str, Any]) -> str:
    return sha256(json.dumps(interaction, sort_keys=True).encode()).hexdigest()[:16]


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".") or "_"


# Requests


def _template(target: str, request: Request) -> list[str]:
    """Return the segments of a target's path, in which ``{}`` stands for what differs from request to request."""
    template = target.removeprefix(f"{request.method} {request.origin}/").split("/")
    words = [segment.text for segment in request.path]
    return template if len(template) == len(words) else words


def _request(request: Request, template: list[str]) -> dict[str, Any]:
    words = [_sent(segment.text, "path") for segment in request.path]
    end = "/" if request.ends_in_slash else ""
    written: dict[str, Any] = {"method": request.method, "path": f"/{'/'.join(map(_quoted, words))}{end}"}
    rules: dict[str, Any] = {}
    if "{}" in template:
        form = "/".join(
            _SEGMENT if part == "{}" else re.escape(_quoted(word)) for part, word in zip(template, words, strict=True)
        )
        rules["path"] = _all_of({"match": "regex", "regex": f"^/{form}{end}$"})
    if request.query:
        written["query"] = {
            name: [str(each) for each in (value if isinstance(value, list) else [value]) if each is not None]
            for name, argument in request.query
            for value in (_sent(plain(argument), "query"),)
        }
    if request.content_type:
        written["headers"] = {"Content-Type": [request.content_type]}
    if request.body is not None:
        value = _sent(plain(request.body), "body")
        if request.content_type == FORM and isinstance(value, dict):
            written["body"] = _body(urlencode(value), FORM)
        elif is_json(request.content_type) or not isinstance(value, str):
            if request.content_type and not is_json(request.content_type):
                raise _LeftOut(f"the {request.content_type} that it sends is not kept")
            written["body"] = _body(value, request.content_type or _JSON)
            rules["body"] = {path: _all_of({"match": "type"}) for path in binding(request.body, EVERYTHING)[1]}
        else:
            written["body"] = _body(value, request.content_type or "text/plain")
    return {**written, "matchingRules": rules} if rules else written


def _quoted(segment: str) -> str:
    return quote(segment, safe="!$&'()*+,;=:@")  # RFC 3986, pchar


def _sent(value: Any, where: str) -> Any:
    """Return a value that the project sent as it can be sent again. Raises `_LeftOut`."""
    found = sendable(value)
    if found is UNKNOWN:
        raise _LeftOut(f"its {where} has a secret or something large, which is not kept")
    return found


# Answers


def _response(exchange: Exchange, answer: Answer) -> dict[str, Any]:
    status = answer.status or 200
    written: dict[str, Any] = {"status": status}
    rules: dict[str, Any] = {}
    if answer.status is None or (200 <= status < 300 and _is_any_success(exchange.uses)):
        rules["status"] = _all_of({"match": "statusCode", "status": "success"})
    read = headers_read_in(exchange)
    headers = {name: ["*"] for name in answer.headers if name in read}
    if headers:
        rules["header"] = {name: _all_of({"match": "regex", "regex": ".*"}) for name in headers}
    if "content-type" in read and answer.content_type:
        headers["content-type"] = [answer.content_type]
    if headers:
        written["headers"] = headers
    uses, body = body_uses_in(exchange), answer.body
    if body is not None and uses is not None and (is_json(answer.content_type) or not answer.content_type):
        value, paths = binding(body, uses)
        if value is not UNKNOWN:
            written["body"] = _body(value, answer.content_type or _JSON)
            rules["body"] = {path: _all_of({"match": "type"}) for path in paths}
    return {**written, "matchingRules": rules} if rules else written


def _is_any_success(uses: Uses | None) -> bool:
    """Whether the code is known not to tell one success from another."""
    return uses is not None and not uses.escapes and not is_status_read(uses)


def _body(content: Any, content_type: str) -> dict[str, Any]:
    return {"content": content, "contentType": content_type, "encoded": False}


def _all_of(matcher: Mapping[str, Any]) -> dict[str, Any]:
    return {"combine": "AND", "matchers": [matcher]}
