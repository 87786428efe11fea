"""HTTP claims against a document: both sides of every line that is drawn."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_integration_gate.model.api import Api, Content, DeclaredAnswer, Operation, Parameter, Route, Server
from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.exchange import Answer, Exchange, Request, Segment
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Uses
from pytest_integration_gate.model.schema import shape_of_schema
from pytest_integration_gate.model.shape import Object
from pytest_integration_gate.model.templates import split_url
from pytest_integration_gate.verdicts.contradiction import Contradiction
from pytest_integration_gate.verdicts.http_declared import check, declared, target_of

ORIGIN = "https://api.example"
USER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "email": {"type": "string"},
        "born": {"type": "string", "format": "date"},
        "state": {"enum": ["idle", "busy"]},
        "manager": {"type": ["object", "null"], "properties": {"id": {"type": "integer"}}},
    },
    "required": ["id", "email"],
}
NEW = {"type": "object", "properties": {"email": {"type": "string"}, "id": {"type": "integer"}}, "required": ["email"]}


def content(schema: Any, kind: str = "application/json", *, is_request: bool = False) -> Content:
    """A body of a content type."""
    shape = shape_of_schema(schema, "", lambda reference, file: ({}, file), is_request=is_request)
    return Content(type=kind, shape=shape)


def answers(status: str, *contents: Content, headers: tuple[str, ...] = ()) -> DeclaredAnswer:
    """What is declared for a status."""
    return DeclaredAnswer(status=status, contents=contents, headers=headers, at=f"answer {status}")


USERS: dict[str, Operation] = {
    "GET /users/{id}": Operation(
        answers=(answers("200", content(USER)), answers("404", content({"properties": {"error": {"type": "string"}}}))),
    ),
    "GET /users/me": Operation(answers=(answers("200", content({"properties": {"login": {"type": "string"}}})),)),
    "DELETE /users/{id}": Operation(answers=(answers("204"),)),
    "GET /users": Operation(
        parameters=(
            Parameter(name="page", where="query", required=True),
            Parameter(name="filter", where="query", required=True),
            Parameter(name="sort", where="query"),
            Parameter(name="X-Tenant", where="header", required=True),
        ),
        answers=(answers("2XX", content({"type": "array", "items": USER}), headers=("x-next",)), answers("default")),
    ),
    "POST /users": Operation(
        accepts=(content(NEW, is_request=True), content(NEW, "application/x-www-form-urlencoded", is_request=True)),
        answers=(answers("201", content(USER)), answers("422")),
        at="post",
    ),
    "PUT /users/{id}": Operation(
        accepts=(content({**NEW, "additionalProperties": False}, is_request=True),), answers=(answers("200"),)
    ),
    "GET /report": Operation(
        answers=(answers("200", content({"type": "string"}, "text/csv"), content(USER, "application/hal+json")),)
    ),
    "GET /silent": Operation(),
}


def api(operations: dict[str, Operation] = USERS, **more: Any) -> Api:
    """The service of these tests."""
    routes = []
    for text in operations:
        method, template = text.split()
        routes.append(Route(method=method, template=template, segments=split_url(template)[1], at=f"route {text}"))
    named = {"at": "paths", "place_of": lambda at: f"users.yaml:{at}", **more}
    return Api(routes, lambda route: operations[route.text], **named)


def argument(value: object) -> Argument:
    """A body or a parameter."""
    shape, text = picture(value)
    return Argument(shape=shape, text=text)


MISSING = object()


def exchange(
    text: str,
    status: int | None = 200,
    body: Any = MISSING,
    *,
    sent: Any = MISSING,
    sent_type: str = "application/json",
    content_type: str = "application/json",
    query: str = "page filter",
    headers: tuple[str, ...] = (),
    **more: Any,
) -> Exchange:
    """A claim: the route as people write it, what was sent, and what a double answers."""
    method, path = text.split()
    segments = tuple(Segment(text=part, is_id=part.isdecimal()) for part in path[1:].split("/"))
    request = Request(
        method=method,
        origin=ORIGIN,
        path=segments,
        query=tuple((name, argument("1")) for name in sorted(query.split())),
        body=None if sent is MISSING else argument(sent),
        content_type="" if sent is MISSING else sent_type,
    )
    answer = Answer(
        status=status,
        headers=headers,
        content_type=content_type,
        body=None if body is MISSING else argument(body),
    )
    return Exchange(request=request, answer=answer, **more)


def reads(*names: str) -> Uses:
    """Uses of a body, or of the headers of an answer, that read these keys."""
    return Uses(escapes=False, members=tuple((f"[{name!r}]", EVERYTHING) for name in names))


def kinds(claim: Exchange, service: Api | None = None) -> list[str]:
    """What kinds of contradictions a claim has."""
    return [found.kind for found in check(claim, service or api())]


def the(claim: Exchange, service: Api | None = None) -> Contradiction:
    """The only contradiction of a claim."""
    (found,) = check(claim, service or api())
    return found


def differences(found: Contradiction) -> list[tuple[str, str, str]]:
    """The differences as tuples."""
    return [(each.path, each.claim, each.reality) for each in found.differences]


GOOD = {"id": 1, "email": "ada@example.com"}
SHAPE = "{born?: date, email: str, id: int, manager?: {id?: int} | None, state?: Literal['busy', 'idle']}"


@pytest.mark.parametrize(
    "claim",
    [
        exchange("GET /users/1", 200, GOOD),
        exchange("GET /users/1", 200, {**GOOD, "manager": None, "state": "idle", "born": "1815-12-10"}),
        exchange("GET /users/1", 200, {"email": "a"}),  # what is not read may be missing
        exchange("GET /users/1/", 200, GOOD),
        exchange("GET /users/me", 200, {"login": "ada"}),
        exchange("GET /users/1", 404, {"error": "gone"}),
        exchange("GET /users", 206, [GOOD]),
        exchange("GET /users", 404),
        exchange("DELETE /users/1", 204),
        exchange("POST /users", 201, GOOD, sent={"email": "a", "more": 1}),
        exchange("GET /users/1", None, GOOD),
    ],
)
def test_a_true_claim_is_declared(claim: Exchange) -> None:
    """What fits the document is contradicted by nothing and at least declared."""
    assert kinds(claim) == []
    assert declared(claim, api())


# Routes


def test_an_unknown_path() -> None:
    """A path that is not in the document is `http_route`, with the nearest one that is."""
    found = the(exchange("GET /user/1"))
    assert (found.kind, found.target, found.at) == ("http_route", f"GET {ORIGIN}/user/{{}}", "users.yaml:paths")
    assert found.reality == "has no path /user/1 (nearest: GET /users/{id})"
    assert differences(found) == [("$.path", "is answered", "absent (nearest: GET /users/{id})")]
    assert the(exchange("GET /other/thing/entirely")).reality == "has no path /other/thing/entirely"


def test_a_method_that_is_not_allowed() -> None:
    """A known path without the method is `http_route`, with the methods that it takes."""
    found = the(exchange("PATCH /users/1"))
    assert (found.kind, found.at) == ("http_route", "users.yaml:route GET /users/{id}")
    assert differences(found) == [("$.path", "is answered", "absent (/users/{id} takes GET, DELETE, PUT)")]
    assert found.reality == "/users/{id} takes GET, DELETE, PUT"
    assert found.target == f"PATCH {ORIGIN}/users/{{}}"


@pytest.mark.parametrize(
    "claim",
    [
        exchange("GET /user/1", 404),  # reality says the same
        exchange("PATCH /users/1", 405),
        exchange("HEAD /users/1", 200),
        exchange("OPTIONS /users/1", 204),
        exchange("DELETE /users/me", 204),  # the template has the method
    ],
)
def test_routes_that_are_no_lie(claim: Exchange) -> None:
    """Refusals of what is not there, methods that come with others, and templates behind literal paths are true."""
    assert kinds(claim) == []


def test_a_literal_path_wins() -> None:
    """`/users/me` is not a user with the id `me`."""
    assert kinds(exchange("GET /users/me", 200, GOOD)) == ["http_body"]
    assert kinds(exchange("GET /users/<secret>", 200, GOOD)) == []  # masked: it may be either
    assert kinds(exchange("GET /users/<secret>", 200, {"mail": 1})) == ["http_body"]


def test_another_service_is_not_judged() -> None:
    """The document of one service says nothing about another one of the boundary."""
    service = api(servers=(Server(origin="https://other.example"),), origins=[ORIGIN, "https://other.example"])
    claim = exchange("GET /nothing")
    assert kinds(claim, service) == []
    assert not declared(claim, service)
    assert target_of(claim.request, service) == f"GET {ORIGIN}/nothing"


@pytest.mark.parametrize(
    "claim",
    [
        exchange("GET /nothing", 503),
        exchange("GET /users/1", 500, {"no": "user"}),
        exchange("POST /users", 502, sent={}),
        Exchange(request=exchange("GET /nothing").request, error=Object("requests:Timeout")),
        Exchange(request=exchange("GET /nothing").request),
    ],
)
def test_simulated_trouble_is_not_judged(claim: Exchange) -> None:
    """A service that is down answers what no document says."""
    assert kinds(claim) == []
    assert not declared(claim, api())


# Statuses


def test_a_status_that_is_not_declared() -> None:
    """Another success than the declared one is `http_status`, and so is an error besides declared ones."""
    found = the(exchange("POST /users", 200, sent={"email": "a"}))
    assert (found.kind, found.at, found.reality) == ("http_status", "users.yaml:post", "answers 201 | 422")
    assert differences(found) == [("$.status", "200", "201 | 422")]
    assert kinds(exchange("POST /users", 409, sent={"email": "a"})) == ["http_status"]
    assert kinds(exchange("DELETE /users/1", 200)) == ["http_status"]


@pytest.mark.parametrize(
    "claim",
    [
        exchange("GET /users", 418),  # default
        exchange("GET /users", 202, [GOOD]),  # 2XX
        exchange("DELETE /users/1", 404),  # no error of the client is declared at all
        exchange("DELETE /users/1", 302),
        exchange("POST /users", 429),  # answered before the service
        exchange("POST /users", 401),
        exchange("GET /silent", 299),
    ],
)
def test_statuses_that_are_no_lie(claim: Exchange) -> None:
    """Ranges and `default` cover; of errors and redirects a document is silent that declares none."""
    assert kinds(claim) == []


def test_what_is_not_covered_is_not_declared() -> None:
    """A status about which the document is silent is neither contradicted nor declared."""
    assert not declared(exchange("DELETE /users/1", 404), api())
    assert declared(exchange("GET /users", 404), api())


# Bodies


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"id": 1, "mail": "a"}, [("$.mail", "str", "absent (nearest: email)")]),
        ({"id": "1"}, [("$.id", "str", "int")]),
        ({"id": None}, [("$.id", "None", "int")]),
        ({"born": "10.12.1815"}, [("$.born", "'10.12.1815'", "date")]),
        ({"state": "done"}, [("$.state", "'done'", "Literal['busy', 'idle']")]),
        ({"state": 1}, [("$.state", "int", "Literal['busy', 'idle']")]),
        ({"manager": {"id": "x"}}, [("$.manager.id", "str", "int")]),
        ([GOOD], [("$", "[{email: str, id: int}]", SHAPE)]),
        ("text", None),
    ],
)
def test_a_body_that_does_not_fit(body: Any, found: list[tuple[str, str, str]] | None) -> None:
    """Names, types, null, enumerations and dates of the body are compared by the schema of the status."""
    contradiction = the(exchange("GET /users/1", 200, body))
    assert (contradiction.kind, contradiction.at) == ("http_body", "users.yaml:answer 200")
    assert contradiction.target == f"GET {ORIGIN}/users/{{}}"
    assert contradiction.reality == f"answers 200 {SHAPE}"
    if found is not None:
        assert differences(contradiction) == found


def test_elements_are_compared() -> None:
    """Items of a list are compared like everything else."""
    assert differences(the(exchange("GET /users", 200, [GOOD, {"id": 2, "mail": "b"}]))) == [
        ("$[*].mail", "str", "absent (nearest: email)")
    ]


def test_only_what_is_read_binds() -> None:
    """A wrong field that the code does not read is no difference; not knowing what is read, all of it is."""
    body = {"id": 1, "mail": "a"}
    assert kinds(exchange("GET /users/1", 200, body, body_uses=reads("id"))) == []
    assert kinds(exchange("GET /users/1", 200, body, body_uses=reads("mail"))) == ["http_body"]
    assert kinds(exchange("GET /users/1", 200, body)) == ["http_body"]
    only_status = Uses(escapes=False, members=((".status_code", EVERYTHING),))
    assert kinds(exchange("GET /users/1", 200, body, uses=only_status)) == []


@pytest.mark.parametrize(
    "claim",
    [
        exchange("GET /users/1", 200),  # not seen
        exchange("GET /users/1", 200, None, body_uses=EVERYTHING),  # a stub without a body says nothing of one
        exchange("GET /users/1", 200, "<html>", content_type="text/html"),
        exchange("GET /users/1", 200, '{"mail": 1}', content_type="text/plain"),
        exchange("HEAD /users/1", 200, {"mail": 1}),
        exchange("DELETE /users/1", 204, {"mail": 1}),
        exchange("PUT /users/1", 200, {"mail": 1}),  # the document declares no body
        exchange("GET /report", 200, "a;b", content_type="text/csv"),
        exchange("GET /report", 200, {"mail": 1}, content_type="text/csv"),
    ],
)
def test_bodies_about_which_nothing_is_known(claim: Exchange) -> None:
    """What is not seen, not JSON, not declared or not JSON in the document is not compared."""
    assert "http_body" not in kinds(claim)


def test_bodies_of_json() -> None:
    """A body that is JSON by its content type is compared; a content type that nobody chose is no obstacle."""
    assert kinds(exchange("GET /report", 200, {"mail": 1}, content_type="application/hal+json")) == ["http_body"]
    assert kinds(exchange("GET /users/1", 200, {"mail": 1}, content_type="text/plain")) == ["http_body"]
    assert kinds(exchange("GET /users/1", 200, "text")) == ["http_body"]


def test_a_status_that_nobody_said() -> None:
    """A double without a status claims success, in whichever of the declared forms."""
    both = Operation(
        answers=(answers("200", content(USER)), answers("202", content({"properties": {"job": {}}})), answers("404"))
    )
    service = api({"GET /a": both})
    assert kinds(exchange("GET /a", None, GOOD), service) == []
    assert kinds(exchange("GET /a", None, {"job": 1}), service) == []
    assert the(exchange("GET /a", None, {"jib": 1}), service).kind == "http_body"
    assert kinds(exchange("GET /users", None, ["x"])) == ["http_body"]
    silent = api({"GET /a": Operation(answers=(answers("default"),))})
    assert kinds(exchange("GET /a", None, ["x"]), silent) == []


# Headers


def test_a_header_that_is_not_declared() -> None:
    """A header that a stub sends and the code reads is `http_header` when the answer declares others."""
    found = the(exchange("GET /users", 200, [GOOD], headers=("x-nxt", "x-other"), headers_read=("x-nxt",)))
    assert (found.kind, found.at) == ("http_header", "users.yaml:answer 2XX")
    assert found.reality == "answers 2XX with x-next, application/json"
    assert differences(found) == [("$.headers.x-nxt", "sent", "absent (nearest: x-next)")]
    spelled = Uses(escapes=False, members=((".headers", reads("X-Other")), (".json", EVERYTHING)))
    found = the(exchange("GET /users", 200, [GOOD], headers=("x-other",), uses=spelled))
    assert differences(found) == [("$.headers.x-other", "sent", "absent")]


@pytest.mark.parametrize(
    ("text", "headers", "read"),
    [
        ("GET /users", ("x-next",), ("x-next",)),
        ("GET /users", ("x-nxt",), ("x-next",)),
        ("GET /users", ("etag", "set-cookie", "access-control-allow-origin"), ("etag", "access-control-allow-origin")),
        ("GET /users", (), ("x-nxt",)),
        ("GET /users/1", ("x-nxt",), ("x-nxt",)),  # the document lists no header at all
    ],
)
def test_headers_that_are_no_lie(text: str, headers: tuple[str, ...], read: tuple[str, ...]) -> None:
    """Declared headers, those that any server sends, those that the code does not read or the stub does not send."""
    body = [GOOD] if text == "GET /users" else GOOD
    assert kinds(exchange(text, 200, body, headers=headers, headers_read=read)) == []


def test_json_where_the_document_has_another_type() -> None:
    """JSON that the code parses is a lie where the service answers something else."""
    service = api({"GET /a": Operation(answers=(answers("200", content({"type": "string"}, "text/csv")),))})
    found = the(exchange("GET /a", 200, GOOD, body_uses=EVERYTHING), service)
    assert (found.kind, found.reality) == ("http_header", "answers 200 with text/csv")
    assert differences(found) == [("$.headers.content-type", "application/json", "text/csv")]
    assert kinds(exchange("GET /a", 200, GOOD), service) == []  # nobody parses it
    assert kinds(exchange("GET /a", 200, GOOD, content_type="text/csv", body_uses=EVERYTHING), service) == []
    assert kinds(exchange("GET /report", 200, GOOD, body_uses=EVERYTHING)) == []  # another kind of JSON


# Requests


def test_a_missing_parameter() -> None:
    """A required query parameter must be sent; one that is structured comes under many names."""
    found = the(exchange("GET /users", 200, [GOOD], query="page"))
    assert (found.kind, found.reality) == ("http_request", "requires in the query filter")
    assert differences(found) == [("$.query.filter", "absent", "required")]
    assert kinds(exchange("GET /users", 200, [GOOD], query="page filter[name] more")) == []


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"id": 1}, [("$.body.email", "absent", "required")]),
        ({}, [("$.body.email", "absent", "required")]),
        ({"email": 1}, [("$.body.email", "int", "str")]),
        ([], [("$.body", "[]", "{email: str, id?: int, …}")]),
    ],
)
def test_a_request_that_is_not_taken(sent: Any, found: list[tuple[str, str, str]]) -> None:
    """Fields that are required and types of fields are compared by the schema of the request."""
    contradiction = the(exchange("POST /users", 201, GOOD, sent=sent))
    assert contradiction.kind == "http_request"
    assert contradiction.reality == "takes {email: str, id?: int, …}"
    assert differences(contradiction) == found


def test_fields_beyond_the_schema() -> None:
    """More fields than listed are sent without harm unless the schema forbids them."""
    assert kinds(exchange("POST /users", 201, GOOD, sent={"email": "a", "mail": 1})) == []
    assert differences(the(exchange("PUT /users/1", 200, sent={"email": "a", "mail": 1}))) == [
        ("$.body.mail", "int", "absent (nearest: email)")
    ]


def test_a_content_type_that_is_not_accepted() -> None:
    """A body of another content type than the accepted ones is refused."""
    found = the(exchange("PUT /users/1", 200, sent={"email": "a"}, sent_type="text/xml"))
    assert (found.kind, found.reality) == ("http_request", "takes application/json")
    assert differences(found) == [("$.headers.content-type", "text/xml", "application/json")]


@pytest.mark.parametrize(
    "claim",
    [
        exchange("POST /users", 422, sent={}),  # the claim says that it is refused
        exchange("POST /users", 201, GOOD),  # not seen
        exchange("POST /users", 201, GOOD, sent="x", sent_type=""),
        exchange(
            "POST /users", 201, GOOD, sent={"email": "a", "id": "1"}, sent_type="application/x-www-form-urlencoded"
        ),
        exchange("DELETE /users/1", 204, sent={"a": 1}),  # the document says nothing of a body
    ],
)
def test_requests_that_are_no_lie(claim: Exchange) -> None:
    """Refused, unseen and undeclared requests are not judged, and the fields of a form are all text."""
    assert kinds(claim) == []


def test_a_form_lacks_a_field() -> None:
    """Of a form the names of the fields are compared."""
    claim = exchange("POST /users", 201, GOOD, sent={"id": "1"}, sent_type="application/x-www-form-urlencoded")
    assert differences(the(claim)) == [("$.body.email", "absent", "required")]


@pytest.mark.parametrize(
    ("schema", "sent", "paths"),
    [
        ({"type": "array", "items": NEW}, [{"email": "a"}, {"id": 1}], ["$.body[*].email"]),
        ({"type": "array", "items": NEW}, [], []),
        ({"properties": {"user": NEW}}, {"user": {"id": 1}}, ["$.body.user.email"]),
        ({"type": "object", "additionalProperties": NEW}, {"ada": {"id": 1}}, ["$.body.ada.email"]),
        ({"oneOf": [NEW, {"type": "object", "required": ["key"]}]}, {"id": 1}, ["$.body.email"]),
        ({"oneOf": [NEW, {"type": "object", "required": ["key"]}]}, {"key": 1}, []),
        ({"type": "array", "items": {"oneOf": [NEW, {"type": "string"}]}}, ["x", {"id": 1}], ["$.body[*].email"]),
    ],
)
def test_what_is_required_inside(schema: Any, sent: Any, paths: list[str]) -> None:
    """Required fields are looked for in lists, in other objects and in the form that fits best."""
    operation = Operation(accepts=(content(schema, is_request=True),), answers=(answers("200"),))
    found = list(check(exchange("POST /a", 200, sent=sent), api({"POST /a": operation})))
    assert [difference.path for one in found for difference in one.differences] == paths


names = st.sampled_from(["id", "email", "name"])
scalars = st.sampled_from(
    [
        {"type": "integer"},
        {"type": "number"},
        {"type": "string"},
        {"type": ["string", "null"]},
        {"enum": ["a", 1, None]},
    ]
)
flat = st.builds(
    lambda properties, required, more: {
        "type": "object",
        "properties": properties,
        "required": sorted(required & properties.keys()),
        "additionalProperties": more,
    },
    st.dictionaries(names, scalars, min_size=1, max_size=3),
    st.sets(names, max_size=2),
    st.booleans(),
)
plain = st.sampled_from([None, 0, 1, 1.0, 1.5, "a", "b"])
objects = st.dictionaries(names, plain, max_size=3)


@given(
    st.one_of(
        st.tuples(flat, objects),
        st.tuples(flat.map(lambda one: {"type": "array", "items": one}), st.lists(objects, max_size=4)),
    )
)
def test_requests_agree_with_json_schema(pair: tuple[Any, Any]) -> None:
    """A body of plain fields is taken by the gate exactly when JSON Schema takes it."""
    schema, sent = pair
    operation = Operation(accepts=(content(schema, is_request=True),), answers=(answers("200"),))
    claim = exchange("POST /a", 200, sent=sent)
    is_valid = Draft202012Validator(schema).is_valid(sent)
    assert (kinds(claim, api({"POST /a": operation})) == []) is is_valid


def test_several_contradictions_come_in_order() -> None:
    """The answer comes before the request, so that the plainest contradiction is the first."""
    operation = Operation(
        accepts=(content(NEW, is_request=True),), answers=(answers("200", content(USER), headers=("x-next",)),)
    )
    sent = exchange("POST /a", 200, {"mail": "a"}, sent={}, headers=("x-nxt",), headers_read=("x-nxt",))
    assert kinds(sent, api({"POST /a": operation})) == ["http_body", "http_header", "http_request"]


# Targets


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("GET /users/ada", "GET https://api.example/users/{}"),
        ("GET /users/me", "GET https://api.example/users/me"),
        ("GET /users/7/", "GET https://api.example/users/{}"),
        ("PATCH /users/ada", "PATCH https://api.example/users/{}"),
        ("GET /other/7", "GET https://api.example/other/{}"),
        ("GET /v1/users/ada", "GET https://api.example/v1/users/{}"),
    ],
)
def test_targets_have_the_parameters_of_the_document(text: str, target: str) -> None:
    """A segment that is a parameter is `{}`, whatever it looks like."""
    service = api(servers=(Server(path=("v1",)), Server()))
    assert target_of(exchange(text).request, service) == target


def test_targets_of_long_parameters() -> None:
    """A parameter of several segments leaves the target as it is."""
    service = api({"GET /files/{path}": Operation()})
    assert target_of(exchange("GET /files/a/b").request, service) == "GET https://api.example/files/a/b"


def test_ambiguous_templates() -> None:
    """Two templates that differ in nothing but a name: what fits one of them is not contradicted."""

    def first(name: str) -> Operation:
        return Operation(answers=(answers("200", content({"properties": {name: {}}})),))

    service = api({"GET /a/{x}": first("x"), "GET /a/{y}": first("y")})
    assert kinds(exchange("GET /a/1", 200, {"y": 1}), service) == []
    assert kinds(exchange("GET /a/1", 200, {"z": 1}), service) == ["http_body"]
