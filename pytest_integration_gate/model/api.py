"""What a document says about an HTTP service: its routes, what they take and what they answer.

Whoever reads documents makes these (`pytest_integration_gate.evidence.openapi`). A large document has thousands of
operations of which a test run meets a handful, so an `Api` knows its routes and works an operation out when asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Literal

from pytest_integration_gate.model.exchange import Segment
from pytest_integration_gate.model.shape import ANYTHING, Shape
from pytest_integration_gate.model.templates import below, fits, fits_text, is_greedy, nameless, split_url, trimmed
from pytest_integration_gate.values import dataclass

_ANY = -1  # the length of templates that fit paths of several lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a service answers. `origin` is empty when the document leaves it open; `path` has the segments before every
    route. Both may hold ``{name}``, which any text fits."""

    origin: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an operation outside its body."""

    name: str
    where: Literal["query", "header", "path", "cookie"]
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body of one content type (``application/json``, ``image/*``), in lower case and without parameters."""

    type: str
    shape: Shape = ANYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredAnswer:
    """What an operation answers under one status: ``200``, ``4XX`` or ``default``.

    `headers` are names in lower case. `at` is the JSON pointer of the answer in its document.
    """

    status: str
    contents: tuple[Content, ...] = ()
    headers: tuple[str, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route takes and answers. `accepts` is empty when the document says nothing about a body."""

    parameters: tuple[Parameter, ...] = ()
    accepts: tuple[Content, ...] = ()
    answers: tuple[DeclaredAnswer, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method on a path. `segments` are those of the `template` (``/users/{id}``).

    `servers` replace those of the document; None when they do not. `at` is the JSON pointer of the operation.
    """

    method: str
    template: str
    segments: tuple[str, ...]
    servers: tuple[Server, ...] | None = None
    at: str = ""

    @property
    def text(self) -> str:
        """The route as people write it."""
        return f"{self.method} {self.template}"


class Api:
    """The description of one service.

    `operation_of` works out what a route takes and answers. `place_of` writes an `at` as a place that people find
    (``docs/payments.yaml:12``); `at` is that of the routes. `urls` maps origins that tests use, with a path or without,
    to those where the real service answers; `origins` are the other ones that belong to the boundary.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        operation_of: Callable[[Route], Operation],
        *,
        servers: tuple[Server, ...] = (),
        at: str = "",
        place_of: Callable[[str], str] = str,
        urls: Mapping[str, str] | None = None,
        origins: Iterable[str] = (),
    ) -> None:
        self.routes = tuple(routes)
        self.at = at
        self.place_of = place_of
        self._operation_of = operation_of
        self._operations: dict[Route, Operation] = {}
        self._servers = servers or (Server(),)
        self._mapped = tuple(split_url(url) for pair in (urls or {}).items() for url in pair)
        own = [server for route in self.routes for server in route.servers or ()]
        self._named = {server.origin for server in (*self._servers, *own)} - {""}
        self._origins = {split_url(url)[0] for url in origins}
        self._found: dict[tuple[str, tuple[Segment, ...]], tuple[Route, ...]] = {}
        self._groups: dict[tuple[Server, ...], dict[int, list[Route]]] = {}
        for route in self.routes:
            group = self._groups.setdefault(self._servers if route.servers is None else route.servers, {})
            length = _ANY if any(is_greedy(segment) for segment in route.segments) else len(route.segments)
            group.setdefault(length, []).append(route)

    def operation(self, route: Route) -> Operation:
        """Give what a route takes and answers."""
        if route not in self._operations:
            self._operations[route] = self._operation_of(route)
        return self._operations[route]

    def speaks_of(self, origin: str) -> bool:
        """Say whether the service at an origin is the one that is described here.

        That is so for the servers of the document and for what the boundary maps; for the other origins of the boundary
        when the document names none of them; and for any when neither names one.
        """
        if self._is_named(origin) or any(origin == mapped for mapped, _ in self._mapped):
            return True
        if self._origins:
            return origin in self._origins and not any(map(self._is_named, self._origins))
        return not self._named and not self._mapped

    def find(self, origin: str, path: tuple[Segment, ...]) -> tuple[Route, ...]:
        """Give every route, of whatever method, whose template fits a path; the most literal ones first."""
        key = (origin, path)
        if key not in self._found:
            self._found[key] = self._find(origin, trimmed(path))
        return self._found[key]

    def nearest(self, method: str, origin: str, path: tuple[Segment, ...]) -> Route | None:
        """Give the route that reads most like a path which none fits, one of the same method before others."""
        named: dict[str, Route] = {}
        for route in sorted(self.routes, key=lambda route: route.method == method):
            named["/".join(nameless(segment) for segment in route.segments)] = route
        words = {
            "/".join("{}" if segment.is_id else segment.text for segment in rest)
            for rest in self._rests(origin, trimmed(path))
        }
        close = [(ratio, name) for word in sorted(words) for ratio, name in _close(word, named)]
        return named[max(close)[1]] if close else None

    def _is_named(self, origin: str) -> bool:
        """Say whether the document has a server at an origin."""
        return any(fits_text(named, origin) for named in self._named)

    def _find(self, origin: str, path: tuple[Segment, ...]) -> tuple[Route, ...]:
        found: dict[Route, None] = {}
        for rest in self._below_mapped(origin, path):
            for servers, group in self._groups.items():
                for base in _bases(servers, origin):
                    inner = below(base, rest)
                    if inner is not None:
                        near = (*group.get(len(inner), ()), *group.get(_ANY, ()))
                        found.update(dict.fromkeys(route for route in near if fits(route.segments, inner)))
        return tuple(sorted(found, key=lambda route: (*("{" in segment for segment in route.segments), True)))

    def _rests(self, origin: str, path: tuple[Segment, ...]) -> Iterator[tuple[Segment, ...]]:
        """Give what of a path may be that of a route."""
        for rest in self._below_mapped(origin, path):
            for servers in self._groups:
                for base in _bases(servers, origin):
                    inner = below(base, rest)
                    yield rest if inner is None else inner

    def _below_mapped(self, origin: str, path: tuple[Segment, ...]) -> Iterator[tuple[Segment, ...]]:
        yield path
        for mapped, prefix in self._mapped:
            inner = below(prefix, path) if prefix and mapped == origin else None
            if inner is not None:
                yield inner


def _close(word: str, names: Iterable[str]) -> list[tuple[float, str]]:
    return [(SequenceMatcher(None, word, name).ratio(), name) for name in get_close_matches(word, names, 1, 0.6)]


def _bases(servers: tuple[Server, ...], origin: str) -> frozenset[tuple[str, ...]]:
    """Give the paths that may stand before a route: those of the servers at that origin, if there are any."""
    here = [server for server in servers if server.origin and fits_text(server.origin, origin)]
    bases = frozenset(server.path for server in here or servers)
    return bases if here else bases | {()}
