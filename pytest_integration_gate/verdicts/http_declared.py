"""Judging a claim about an HTTP service by the document that describes it (SPEC section 7, evidence of kind 1).

A document speaks of what a service answers when all is well and of the errors that its authors thought of. It never
speaks of a service that is down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches

from pytest_integration_gate.model.api import Api, Content, DeclaredAnswer, Operation, Route
from pytest_integration_gate.model.content import includes, is_json
from pytest_integration_gate.model.exchange import GONE, Answer, Exchange, Request, route_of
from pytest_integration_gate.model.finding import Difference, Kind
from pytest_integration_gate.model.secrecy import SECRET
from pytest_integration_gate.model.shape import NEVER, NONE, Scalar
from pytest_integration_gate.model.templates import is_greedy, trimmed
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.bodies import fit_body, readable
from pytest_integration_gate.verdicts.contradiction import Contradiction
from pytest_integration_gate.verdicts.http_sent import wrong_request
from pytest_integration_gate.verdicts.reading import body_uses_in, headers_read_in

_BEFORE_THE_SERVICE = frozenset((401, 403, 407, 408, 413, 429, 431))
"""What gateways and proxies answer, in front of services whose documents do not know of them."""

_WITHOUT_BODY = (204, 205, 304)
_GENERAL_HEADERS = re.compile(
    r"access-control-.*|age|allow|cache-control|connection|content-.*|date|etag|expires|keep-alive|last-modified|pragma"
    r"|proxy-.*|retry-after|server|set-cookie|strict-transport-security|trailer|transfer-encoding|vary|via"
    r"|www-authenticate"
)
"""Headers that any server may send (RFC 9110, 9111, 6265, Fetch), whatever a document lists."""


def check(exchange: Exchange, api: Api) -> Iterator[Contradiction]:
    """Give every contradiction between a claimed exchange and a document, the plainest first.

    Only what the code read from the body binds. A simulated failure (an exception, a 5xx) is never contradicted, nor is
    anything about a service that the document does not describe.
    """
    matched = _match(exchange, api)
    if matched is None:
        return
    if not matched.routes:
        yield from _check_route(matched)
        return
    found: list[list[Contradiction]] = []
    for route in matched.routes:  # several where nobody can tell them apart
        found.append(list(_check_operation(matched, route)))
        if not found[-1]:
            return
    yield from found[0]


def declared(exchange: Exchange, api: Api) -> bool:
    """Say whether a document speaks of a claimed exchange and nothing in it contradicts the claim."""
    matched = _match(exchange, api)
    if matched is None or not matched.routes or next(check(exchange, api), None) is not None:
        return False
    return any(_answers(api.operation(route), matched.answer.status) for route in matched.routes)


def target_of(request: Request, api: Api) -> str:
    """Write a request as a target whose ``{}`` are the parameters of the document: ``GET https://api.test/users/{}``.

    A request that the document does not know is written as `route_of` does.
    """
    routes = api.find(request.origin, request.path) if api.speaks_of(request.origin) else ()
    found = next((route for route in routes if route.method == request.method), routes[0] if routes else None)
    if found is None or any(map(is_greedy, found.segments)):
        return route_of(request)
    path = trimmed(request.path)
    before = len(path) - len(found.segments)
    segments = (
        replace(segment, is_id="{" in template, is_spelled=False)
        for segment, template in zip(path[before:], found.segments, strict=True)
    )
    return route_of(replace(request, path=(*path[:before], *segments)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """A claim that a document may be asked about. `paths` are the routes of any method, `routes` those of its own."""

    exchange: Exchange
    answer: Answer
    api: Api
    target: str
    paths: tuple[Route, ...]
    routes: tuple[Route, ...]

    def contradiction(self, kind: Kind, at: str, reality: str, differences: Iterable[Difference]) -> Contradiction:
        return Contradiction(
            kind=kind,
            target=self.target,
            differences=tuple(differences),
            reality=readable(reality),
            at=self.api.place_of(at) if at else "",
        )


def _match(exchange: Exchange, api: Api) -> _Match | None:
    """Find what a document says about the route of a claim; None when it has no say."""
    request, answer = exchange.request, exchange.answer
    if answer is None or exchange.error != NEVER or (answer.status or 0) >= 500 or not api.speaks_of(request.origin):
        return None
    paths = api.find(request.origin, request.path)
    routes = tuple(route for route in paths if route.method == request.method)
    if not routes and request.method == "HEAD":
        routes = tuple(route for route in paths if route.method == "GET")
    if not routes and (request.method == "OPTIONS" or answer.status in GONE):
        return None
    if not any(SECRET in segment.text for segment in request.path):  # masked: it may be any of them
        routes = tuple(route for route in routes if _literals(route) == _literals(routes[0]))
    return _Match(exchange=exchange, answer=answer, api=api, target=target_of(request, api), paths=paths, routes=routes)


def _literals(route: Route) -> list[bool]:
    return ["{" in segment for segment in route.segments]


# Routes


def _check_route(matched: _Match) -> Iterator[Contradiction]:
    request, paths = matched.exchange.request, matched.paths
    if paths:
        methods = ", ".join(route.method for route in paths if route.template == paths[0].template)
        at, known = paths[0].at, f"{paths[0].template} takes {methods}"
        reality = f"absent ({known})"
    else:
        near = matched.api.nearest(request.method, request.origin, request.path)
        hint = f" (nearest: {near.text})" if near else ""
        at, known = matched.api.at, f"has no path /{'/'.join(segment.text for segment in request.path)}{hint}"
        reality = f"absent{hint}"
    difference = Difference(path="$.path", claim="is answered", reality=reality)
    yield matched.contradiction("http_route", at, known, [difference])


# Answers


def _check_operation(matched: _Match, route: Route) -> Iterator[Contradiction]:
    operation, status = matched.api.operation(route), matched.answer.status
    answers = _answers(operation, status)
    if status is not None and not answers and _excludes(operation, status):
        known = " | ".join(answer.status for answer in operation.answers)
        difference = Difference(path="$.status", claim=str(status), reality=known)
        yield matched.contradiction("http_status", operation.at, f"answers {known}", [difference])
    if answers and matched.exchange.request.method != "HEAD" and status not in _WITHOUT_BODY:
        yield from _check_body(matched, answers)
        yield from _check_headers(matched, answers)
    if status is None or status < 400:
        words, differences = wrong_request(matched.exchange.request, operation)
        if differences:
            yield matched.contradiction("http_request", operation.at, words, differences)


def _answers(operation: Operation, status: int | None) -> tuple[DeclaredAnswer, ...]:
    """Give what is declared for a status; for one that nobody said, the answers of success."""
    if status is None:
        found = tuple(answer for answer in operation.answers if answer.status.startswith("2"))
        return found or tuple(answer for answer in operation.answers if answer.status == "default")
    for word in (str(status), f"{status // 100}XX", "default"):
        for answer in operation.answers:
            if answer.status == word:
                return (answer,)
    return ()


def _excludes(operation: Operation, status: int) -> bool:
    """Say whether a status is none that the operation answers.

    A document "is expected to cover a successful operation response and any known errors" (OpenAPI, Responses Object):
    one that declares no redirects or no errors of the client says nothing about them.
    """
    if status in _BEFORE_THE_SERVICE:
        return False
    family = str(status)[0]
    return bool(operation.answers) and (
        family == "2" or any(answer.status[0] == family for answer in operation.answers)
    )


def _check_body(matched: _Match, answers: tuple[DeclaredAnswer, ...]) -> Iterator[Contradiction]:
    body, uses = matched.answer.body, body_uses_in(matched.exchange)
    if body is None or body.shape == NONE or uses is None:
        return  # not seen, not there, or nobody looks at it
    if isinstance(body.shape, Scalar) and body.shape.name == "str" and not is_json(matched.answer.content_type):
        return  # a text that may hold anything
    nearest: tuple[tuple[Difference, ...], DeclaredAnswer, Content] | None = None
    for answer in answers:
        contents = _contents_for(matched.answer.content_type, answer.contents)
        if not contents:
            return
        for content in contents:
            differences = fit_body(body, content.shape, uses)
            if not differences:
                return
            if nearest is None or len(differences) < len(nearest[0]):
                nearest = (differences, answer, content)
    if nearest is not None:
        differences, answer, content = nearest
        yield matched.contradiction(
            "http_body", answer.at, f"answers {answer.status} {text_of(content.shape)}", differences
        )


def _contents_for(content_type: str, contents: tuple[Content, ...]) -> tuple[Content, ...]:
    """Give the JSON bodies that are declared for a content type, all of them when it is none of the declared ones.

    Doubles have content types that nobody chose, and code parses the body all the same.
    """
    meant = tuple(content for content in contents if includes(content.type, content_type))
    return tuple(content for content in meant or contents if is_json(content.type))


def _check_headers(matched: _Match, answers: tuple[DeclaredAnswer, ...]) -> Iterator[Contradiction]:
    """Compare the headers that the code reads, and JSON that it parses, with the only answer that may be meant."""
    answer, written = answers[0], matched.answer
    if len(answers) > 1:
        return
    differences = []
    types = [content.type for content in answer.contents]
    is_parsed = is_json(written.content_type) and matched.exchange.body_uses is not None
    if types and is_parsed and not any(map(is_json, types)):
        differences.append(_header("content-type", written.content_type, " | ".join(types)))
    read = headers_read_in(matched.exchange) if answer.headers else frozenset()
    for name in written.headers:
        if name in read and name not in answer.headers and not _GENERAL_HEADERS.fullmatch(name):
            near = get_close_matches(name, answer.headers, 1)
            differences.append(_header(name, "sent", f"absent (nearest: {near[0]})" if near else "absent"))
    if differences:
        known = ", ".join((*answer.headers, *types))
        yield matched.contradiction("http_header", answer.at, f"answers {answer.status} with {known}", differences)


def _header(name: str, claim: str, reality: str) -> Difference:
    return Difference(path=f"$.headers.{name}", claim=claim, reality=reality)
