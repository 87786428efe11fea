"""Routes of a described service: which one a request means, and which one is nearest."""

from __future__ import annotations

import pytest

from pytest_integration_gate.model.api import Api, Operation, Route, Server
from pytest_integration_gate.model.exchange import Segment
from pytest_integration_gate.model.templates import split_url

ORIGIN = "https://api.example"
OWN = ["https://stub.example", "http://localhost:1"]


def api(*texts: str, **more: object) -> Api:
    """A service with these routes."""
    return Api([route(text) for text in texts], lambda _: Operation(), **more)  # type: ignore[arg-type]


def route(text: str, servers: tuple[Server, ...] | None = None) -> Route:
    """A route as people write it."""
    method, template = text.split()
    return Route(method=method, template=template, segments=split_url(template)[1], servers=servers)


def segments(path: str) -> tuple[Segment, ...]:
    """The segments of a path; numbers are ids."""
    return tuple(Segment(text=text, is_id=text.isdecimal()) for text in path.lstrip("/").split("/"))


def found(service: Api, path: str, origin: str = ORIGIN) -> list[str]:
    """The routes that a path may mean."""
    return [route.text for route in service.find(origin, segments(path))]


@pytest.mark.parametrize(
    ("path", "routes"),
    [
        ("/users", ["GET /users", "POST /users"]),
        ("/users/", ["GET /users", "POST /users"]),
        ("/users/7", ["GET /users/{id}"]),
        ("/users/me", ["GET /users/me", "GET /users/{id}"]),
        ("/users/me/posts", ["GET /users/me/{part}", "GET /users/{id}/posts"]),
        ("/users/<secret>", ["GET /users/me", "GET /users/{id}"]),
        ("/users/<uuid>", ["GET /users/{id}"]),
        ("/reports/2026.pdf", ["GET /reports/{year}.pdf"]),
        ("/reports/.pdf", []),
        ("/files/a/b/c", ["GET /files/{path}"]),
        ("/files/a/b/raw", ["GET /files/{path}/raw", "GET /files/{path}"]),
        ("/files", []),
        ("/user", []),
        ("/users/7/8/9", []),
    ],
)
def test_a_path_means_routes(path: str, routes: list[str]) -> None:
    """Parameters stand for one segment, those that are named like paths for several; literal routes come first."""
    service = api(
        *("GET /users", "POST /users", "GET /users/{id}", "GET /users/me", "GET /users/{id}/posts"),
        *("GET /users/me/{part}", "GET /reports/{year}.pdf", "GET /files/{path}", "GET /files/{path}/raw"),
    )
    assert found(service, path) == routes


def test_the_path_of_a_server_comes_first() -> None:
    """At a server that the document names its path is needed; at another origin it may be missing."""
    service = api("GET /users", servers=(Server(origin=ORIGIN, path=("v1",)),))
    assert found(service, "/v1/users") == ["GET /users"]
    assert found(service, "/users") == []
    assert found(service, "/users", "http://127.0.0.1:8000") == ["GET /users"]
    assert found(service, "/v1/users", "http://127.0.0.1:8000") == ["GET /users"]


def test_variables_of_servers() -> None:
    """Variables in the origin and in the path of a server stand for any text."""
    service = api("GET /users", servers=(Server(origin="https://{site}.example", path=("{version}",)),))
    assert found(service, "/v2/users", "https://eu.example") == ["GET /users"]
    assert found(service, "/users", "https://eu.example") == []


def test_servers_of_a_route() -> None:
    """A route may answer elsewhere than the others."""
    files = (Server(origin="https://files.example", path=("up",)),)
    routes = [route("GET /users"), route("GET /files", files)]
    service = Api(routes, lambda _: Operation(), servers=(Server(origin=ORIGIN),), origins=[ORIGIN])
    assert found(service, "/up/files", "https://files.example") == ["GET /files"]
    assert service.speaks_of("https://files.example")
    assert found(service, "/files") == ["GET /files"]  # a server that the document does not name for it


def test_mapped_origins() -> None:
    """What the boundary maps is taken off before the path of the server is."""
    urls = {"https://stub.example/api": "http://127.0.0.1:8001"}
    service = api("GET /users", servers=(Server(origin=ORIGIN, path=("v1",)),), urls=urls, origins=[ORIGIN])
    assert found(service, "/api/v1/users", "https://stub.example") == ["GET /users"]
    assert found(service, "/api/users", "https://stub.example") == ["GET /users"]
    assert service.speaks_of("https://stub.example")
    assert service.speaks_of("http://127.0.0.1:8001")


@pytest.mark.parametrize(
    ("servers", "urls", "origins", "spoken_of"),
    [
        # the document says itself where the service is
        ([ORIGIN], {}, [], [ORIGIN]),
        ([ORIGIN], {}, [ORIGIN, "https://auth.example"], [ORIGIN]),
        ([ORIGIN], {"https://stub.example": "http://localhost:1/api"}, [], [ORIGIN, *OWN]),
        # the tests use an origin of their own
        ([ORIGIN], {}, ["https://stub.example"], [ORIGIN, "https://stub.example"]),
        # the document leaves it open
        ([], {}, ["https://stub.example/v1"], ["https://stub.example"]),
        ([], {"https://stub.example": "http://localhost:1"}, [], OWN),
        ([], {}, [], [ORIGIN, "https://auth.example", "https://stub.example", "http://localhost:1"]),
    ],
)
def test_a_document_speaks_of_its_service(
    servers: list[str], urls: dict[str, str], origins: list[str], spoken_of: list[str]
) -> None:
    """Another service of the same boundary is none of its business; which one is meant may be left open."""
    service = api("GET /users", servers=tuple(Server(origin=one) for one in servers), urls=urls, origins=origins)
    asked = [ORIGIN, "https://auth.example", "https://stub.example", "http://localhost:1"]
    assert [one for one in asked if service.speaks_of(one)] == sorted(spoken_of, key=asked.index)


@pytest.mark.parametrize(
    ("request_", "near"),
    [
        ("GET /user/7", "GET /users/{id}"),
        ("POST /user", "POST /users"),
        ("DELETE /user", "POST /users"),
        ("GET /v1/usrs", "GET /users"),
        ("GET /quite/another", None),
    ],
)
def test_the_nearest_route(request_: str, near: str | None) -> None:
    """Of the routes that read alike, one of the same method is meant; what reads like none has none."""
    service = api("GET /users/{id}", "GET /users", "POST /users", servers=(Server(origin=ORIGIN, path=("v1",)),))
    method, path = request_.split()
    nearest = service.nearest(method, ORIGIN, segments(path))
    assert (nearest and nearest.text) == near


def test_operations_are_worked_out_once() -> None:
    """An operation is asked for when it is needed, and then remembered."""
    asked = []
    service = Api([route("GET /users")], lambda one: asked.append(one) or Operation(at="here"))  # type: ignore[func-returns-value]
    assert asked == []
    assert service.operation(service.routes[0]) is service.operation(service.routes[0])
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://API.example:443/v1/", ("https://api.example", ("v1",))),
        ("http://a:80", ("http://a", ())),
        ("http://a:8080/x/y?z=1#t", ("http://a:8080", ("x", "y"))),
        ("/v1/users", ("", ("v1", "users"))),
        ("/", ("", ())),
    ],
)
def test_urls_are_split(url: str, parts: tuple[str, tuple[str, ...]]) -> None:
    """Origins are written one way only, without the port that their scheme implies."""
    assert split_url(url) == parts
