"""Patched HTTP functions and sessions: ``patch("requests.get")`` says of a service what a stub would (SPEC section 4).

The mock of ``get`` knows the URL that the code asked for, and the mock that it returned knows the status, the headers
and the body. Together they are one HTTP claim; what they claim of the client library itself is left to facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any
from urllib.parse import urlsplit

from pytest_integration_gate.doubles.claims import HeardClaim, Interpreter, argument
from pytest_integration_gate.doubles.ears import Ears
from pytest_integration_gate.doubles.http_responses import (
    NOTHING,
    REAL,
    Parse,
    Response,
    Written,
    answer_of,
    attributes_of,
    held_by,
    names_of,
    value_of,
)
from pytest_integration_gate.doubles.marks import KEY, Mark, Root
from pytest_integration_gate.doubles.notebook import HeardCall, Note, Notebook
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.classes import canonical
from pytest_integration_gate.model.exchange import Exchange, Request, route_of
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Outcome, Uses
from pytest_integration_gate.model.shape import ANYTHING, NEVER, Record
from pytest_integration_gate.source.spelling import Spelling
from pytest_integration_gate.traffic.exchanges import (
    FORM,
    body_of,
    body_uses_of,
    both,
    media_type,
    origin_of,
    query_of,
    segments_of,
)
from pytest_integration_gate.traffic.wire import Wire

_FUNCTION = re.compile(
    r"(?:requests(?:\.api|(?:\.sessions)?\.Session)?|httpx(?:\._api|(?:\._client)?\.(?:Async)?Client)?"
    r"|aiohttp(?:\.client)?\.ClientSession)\.(get|options|head|post|put|patch|delete|request)"
)
_ENTERED = (".__enter__", ".__aenter__")
_JSON = "application/json"


class HttpFunctions:
    """Makes HTTP claims of the notes of one test after the other."""

    def __init__(self, book: Notebook, interpreter: Interpreter, spelling: Spelling, wire: Wire) -> None:
        self._book = book
        self._interpreter = interpreter
        self._spelling = spelling
        self._wire = wire
        self._ears = Ears(book)
        self._written: dict[Note, Written] = {}
        book.met = self._meet

    def _meet(self, note: Note, value: Any) -> None:
        """An HTTP function gave an object: look at what the test wrote of it before that changes."""
        root = note.mark.root
        if root is None or not _FUNCTION.fullmatch(_dotted(root, note.mark.path)):
            return
        held, mark = held_by(value), None
        if self._book.is_mock(value):
            mark = held.get(KEY)
        else:
            self._written[note] = self._look(value, held)
        parse = held.get("json")
        if type(parse) is FunctionType and self._ears.can_hear(parse):
            if mark is None:
                mark = Mark(root=root, path=(*note.mark.path, "()"), above=note.mark)
                self._book.given.setdefault(note.mark, {})[mark] = None
            at = (parse.__code__.co_filename, parse.__code__.co_firstlineno)
            path = (*note.mark.path, "()", ".json")
            self._ears.hear(parse, Parse(Mark(root=root, path=path, above=mark, configured_at=at)))

    def _look(self, value: Any, held: Mapping[str, Any]) -> Written:
        attributes = attributes_of(value, held)
        content = held.get("_content")
        if type(content) is not bytes or canonical(type(value)) not in REAL:
            return Written(attributes)
        # What it sends is a body like any other, and `json()` of it is heard where that of real answers is.
        return Written({**attributes, "body": body_of(content, "")}, self._wire.lend(value))

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
        self._ears.close()
        if not told:
            return [*heard], []
        return [
            HeardClaim(replace(one.claim, is_told=True), one.real) if _is_told(one.claim, told) else one
            for one in heard
        ], [*claims]

    def close(self) -> None:
        """Listen no more."""
        self._ears.close()

    def _claim(self, call: HeardCall, root: Root, verb: str, response: Response) -> Claim | None:
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
            answer, at = answer_of(response)
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

    def _response(self, call: HeardCall, mock: Mark | None) -> Response:
        mocks: dict[Mark, None] = {} if mock is None else {mock: None}
        for above, inner in self._book.given.items():
            if above.path[-1:] and above.path[-1] in _ENTERED and above.above in mocks:
                mocks |= inner
        calls = [one for one in self._book.calls if one.note.mark.above in mocks]
        # An object that the test wrote knows what it stands for by where it was given.
        calls += [one for one in self._book.calls if _is_of_fake(one.note.mark, call.note.mark)]
        return Response(mocks, calls, self._written.get(call.note, NOTHING))

    def _body_uses(self, response: Response) -> Uses | None:
        if response.written.lent is not None:
            return body_uses_of(response.written.lent.readers)
        readers = [heard.note for heard in response.called("json")]
        found = [self._interpreter.uses_of(note.callers) if note.is_direct else EVERYTHING for note in readers]
        return both(found) if found else None

    def _request(self, note: Note, root: Root, verb: str) -> Request | None:
        positional = [*note.positional[1 if root.takes_self and note.mark.path == root.prefix else 0 :]]
        given = {name: argument(value) for name, value in note.keywords}
        if verb == "request":
            method = value_of(given.get("method") or (argument(positional.pop(0)) if positional else None))
        else:
            method = verb
        url = value_of(given.get("url") or (argument(positional[0]) if positional else None))
        if type(method) is not str or type(url) is not str or not url.startswith(("http://", "https://")):
            return None
        headers = _pairs(value_of(given.get("headers")))
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
            query=query_of((*_pairs(parts.query), *_pairs(value_of(given.get("params"))))),
            body=body,
            content_type=content_type,
            is_authorized="auth" in given or "authorization" in map(str.lower, names_of(given.get("headers"))),
            ends_in_slash=parts.path[1:].endswith("/"),
        )


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
