"""Patched HTTP functions and sessions: ``patch("requests.get")`` says of a service what a stub would (SPEC section 4).

The mock of ``get`` knows the URL that the code asked for, and the mock that it returned knows the status, the headers
and the body. Together they are one HTTP claim; what they claim of the client library itself is left to facts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from pytest_integration_gate.doubles.claims import HeardClaim, Interpreter, argument
from pytest_integration_gate.doubles.marks import Mark, Place, Root
from pytest_integration_gate.doubles.notebook import HeardCall, Note, Notebook
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.model.exchange import Answer, Exchange, Request, route_of
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Outcome, Uses
from pytest_integration_gate.model.shape import ANYTHING, NEVER, Record
from pytest_integration_gate.source.spelling import Spelling
from pytest_integration_gate.traffic.exchanges import FORM, body_of, both, media_type, origin_of, query_of, segments_of
from pytest_integration_gate.values import dataclass

_FUNCTION = re.compile(
    r"(?:requests(?:\.api|(?:\.sessions)?\.Session)?|httpx(?:\._api|(?:\._client)?\.(?:Async)?Client)?"
    r"|aiohttp(?:\.client)?\.ClientSession)\.(get|options|head|post|put|patch|delete|request)"
)
_ENTERED = (".__enter__", ".__aenter__")
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class _Response:
    """The mocks that one request gave, and what was called on them.

    `written` are attributes of an object that the test wrote, where one was given.
    """

    mocks: dict[Mark, None]
    calls: list[HeardCall]
    written: Mapping[str, Argument]

    def attribute(self, *names: str) -> tuple[Argument, Place | None] | None:
        """Give the value that a test hung on the response, None when there is none or several differ."""
        held = [(name, mock.attributes[name]) for mock in self.mocks for name in names if name in mock.attributes]
        found = [(argument(noted, name), at) for name, (noted, at) in held]
        found += [(self.written[name], None) for name in names if name in self.written]
        return found[0] if found and all(each[0] == found[0][0] for each in found) else None

    def called(self, name: str) -> list[HeardCall]:
        """Give the calls of one method of the response."""
        return [heard for heard in self.calls if heard.note.mark.path[-1] == f".{name}"]


class HttpFunctions:
    """Makes HTTP claims of the notes of one test after the other."""

    def __init__(self, book: Notebook, interpreter: Interpreter, spelling: Spelling) -> None:
        self._book = book
        self._interpreter = interpreter
        self._spelling = spelling
        self._written: dict[Note, Mapping[str, Argument]] = {}
        book.met = self._meet

    def _meet(self, note: Note, value: Any) -> None:
        """An HTTP function gave an object that the test wrote: look at its attributes before they change."""
        if note.mark.root is not None and _FUNCTION.fullmatch(_dotted(note.mark.root, note.mark.path)):
            self._written[note] = _attributes_of(value)

    def read(self, heard: Iterable[HeardClaim]) -> tuple[list[HeardClaim], list[Claim]]:
        """Return the claims of a test, those that HTTP claims stand for judged by facts only, and the HTTP claims."""
        told: dict[tuple[str, tuple[str, ...]], None] = {}
        claims: dict[Claim, None] = {}
        requests: dict[Mark, list[HeardCall]] = {}
        for call in self._book.calls:
            requests.setdefault(call.note.mark, []).append(call)
        for mark, calls in requests.items():
            root = mark.root
            if root is None or not root.target or root.foreign:
                continue
            verb = _FUNCTION.fullmatch(_dotted(root, mark.path))
            if verb is None:
                continue
            self._spelling.learn()
            given = [*self._book.given.get(mark, {})]
            # Answers come in the order of the requests; equal requests, like equal answers, were noted once.
            for index in range(max(len(calls), len(given))):
                call, mock = calls[min(index, len(calls) - 1)], given[min(index, len(given) - 1)] if given else None
                claim = self._claim(call, root, verb[1], self._response(call, mock)) if call.kind != "real" else None
                if claim is not None:
                    claims[claim] = None
                    told[root.target, mark.path] = None
                    if mock is not None and mock.root is not None:
                        told[mock.root.target, mock.path] = None
        self._written = {}
        if not told:
            return [*heard], []
        return [
            HeardClaim(replace(one.claim, is_told=True), one.real) if _is_told(one.claim, told) else one
            for one in heard
        ], [*claims]

    def _claim(self, call: HeardCall, root: Root, verb: str, response: _Response) -> Claim | None:
        note = call.note
        request = self._request(note, root, verb)
        if request is None:
            return None
        uses = self._interpreter.uses_of(note.callers) if note.is_direct else EVERYTHING
        uses = next((inner for name, inner in uses.members if name in _ENTERED), uses)
        if call.kind == "raised":
            exchange = Exchange(request=request, error=call.value, uses=uses)
            outcome, at = Outcome(kind="raised", shape=call.value), None
        else:
            answer, at = _answer(response)
            if answer is None:
                return None
            exchange = Exchange(
                request=request, answer=answer, error=NEVER, uses=uses, body_uses=self._body_uses(response)
            )
            body = answer.body or Argument(shape=ANYTHING)
            outcome = Outcome(kind="returned", shape=body.shape, text=body.text)
        return Claim(
            root=route_of(request),
            action="call",
            outcome=outcome,
            uses=uses,
            at=self._interpreter.text(at or note.mark.configured_at or root.at or note.mark.made_at),
            site=self._interpreter.site(note.callers),
            double="stub",
            exchange=exchange,
        )

    def _response(self, call: HeardCall, mock: Mark | None) -> _Response:
        mocks: dict[Mark, None] = {} if mock is None else {mock: None}
        for above, inner in self._book.given.items():
            if above.path[-1:] and above.path[-1] in _ENTERED and above.above in mocks:
                mocks |= inner
        calls = [one for one in self._book.calls if one.note.mark.above in mocks]
        # An object that the test wrote knows what it stands for by where it was given.
        calls += [one for one in self._book.calls if _is_of_fake(one.note.mark, call.note.mark)]
        return _Response(mocks, calls, self._written.get(call.note, {}))

    def _body_uses(self, response: _Response) -> Uses | None:
        readers = [heard.note for heard in response.called("json")]
        found = [self._interpreter.uses_of(note.callers) if note.is_direct else EVERYTHING for note in readers]
        return both(found) if found else None

    def _request(self, note: Note, root: Root, verb: str) -> Request | None:
        positional = [*note.positional[1 if root.takes_self and note.mark.path == root.prefix else 0 :]]
        given = {name: argument(value) for name, value in note.keywords}
        if verb == "request":
            method = _value(given.get("method") or (argument(positional.pop(0)) if positional else None))
        else:
            method = verb
        url = _value(given.get("url") or (argument(positional[0]) if positional else None))
        if type(method) is not str or type(url) is not str or not url.startswith(("http://", "https://")):
            return None
        headers = _pairs(_value(given.get("headers")))
        body, content_type = given.get("json"), media_type({name.lower(): str(value) for name, value in headers})
        if body is not None:
            content_type = content_type or _JSON
        else:
            body = given.get("data") or given.get("content")
            if body is not None and isinstance(body.shape, Record):
                content_type = content_type or FORM
        parts = urlsplit(url)
        return Request(
            method=method.upper(),
            origin=origin_of(url),
            path=segments_of(parts.path, self._spelling),
            query=query_of((*_pairs(parts.query), *_pairs(_value(given.get("params"))))),
            body=body,
            content_type=content_type,
            is_authorized="auth" in given or "authorization" in map(str.lower, _names(given.get("headers"))),
            ends_in_slash=parts.path[1:].endswith("/"),
        )


def _answer(response: _Response) -> tuple[Answer | None, Place | None]:
    """Put the answer together; None when nothing is said of it, or that it fails without saying how."""
    if any(heard.kind == "raised" for heard in response.called("raise_for_status")):
        return None, None
    status, headers = response.attribute("status_code", "status"), response.attribute("headers")
    text = response.attribute("text", "content")
    bodies = list(dict.fromkeys(_outcome_of(heard) for heard in response.called("json")))
    body, at = None, None
    if len(bodies) == 1 and bodies[0] is not None:
        body, at = bodies[0], response.called("json")[0].note.mark.configured_at
    elif not bodies and text is not None and isinstance(said := _value(text[0]), str):
        body, at = body_of(said.encode(), ""), text[1]
    code = _value(status[0]) if status is not None else None
    if body is None and type(code) is not int:
        return None, None
    places = (at, status and status[1], headers and headers[1])
    return (
        Answer(
            status=code if type(code) is int else None,
            headers=tuple(sorted(name.lower() for name in _names(headers[0] if headers is not None else None))),
            body=body,
        ),
        next((place for place in places if place is not None), None),
    )


def _attributes_of(value: Any) -> dict[str, Argument]:
    """Picture what is plain among the attributes that matter, without running code of the object."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    held = {**{name: each for cls in reversed(mro_of(type(value))) for name, each in namespace_of(cls).items()}, **held}
    found = {name: argument_of(held[name]) for name in ("status_code", "status", "text") if name in held}
    headers = held.get("headers")
    if type(headers) is not dict:  # the mapping without case of requests
        headers = getattr(headers, "__dict__", {}).get("_store", {})
    return {**found, "headers": argument_of({str(name): "" for name in headers})}


def _outcome_of(heard: HeardCall) -> Argument | None:
    return argument(heard.value) if heard.kind in ("returned", "awaited") else None


def _value(said: Argument | None) -> Any:
    """Return plain data from their text, None when they are none."""
    if said is None or said.text is None:
        return None
    try:
        return ast.literal_eval(said.text)
    except (ValueError, SyntaxError):
        return None


def _names(said: Argument | None) -> tuple[str, ...]:
    shape = said.shape if said is not None else None
    return tuple(field.name for field in shape.fields) if isinstance(shape, Record) else ()


def _pairs(value: Any) -> list[tuple[str, Any]]:
    match value:
        case Mapping():
            return [(str(name), each) for name, each in value.items() if each is not None]
        case list() | tuple():
            return [(str(pair[0]), pair[1]) for pair in value if isinstance(pair, (list, tuple)) and len(pair) == 2]
        case str():
            return [(name, each) for part in value.split("&") if part for name, _, each in [part.partition("=")]]
    return []


def _dotted(root: Root, path: tuple[str, ...]) -> str:
    """Write where a call leads, whoever made the object that it goes through."""
    steps = (step for step in path if step != "()" and step not in _ENTERED)
    return root.target.replace(":", ".") + "".join(steps)


def _is_of_fake(mark: Mark, function: Mark) -> bool:
    """Whether a mark is that of a method of a fake that a function gave."""
    if mark.root is None or function.root is None or mark.root.double != "fake":
        return False
    return mark.root.target == function.root.target and mark.path[:-1] == (*function.path, "()")


def _is_told(claim: Claim, told: Mapping[tuple[str, tuple[str, ...]], None]) -> bool:
    return any(claim.root == root and claim.path[: len(path)] == path for root, path in told)
