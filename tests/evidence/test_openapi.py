"""OpenAPI documents: what is read from them, what is wrong with them, and how they are kept."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from pytest_integration_gate.errors import OpenapiError
from pytest_integration_gate.evidence import openapi
from pytest_integration_gate.model.api import Api, Operation, Parameter, Server
from pytest_integration_gate.model.exchange import Segment
from pytest_integration_gate.model.text import text_of

Docs = Any  # of conftest.py
USER = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
REFERENCE = {"$ref": "#/components/schemas/User"}


def answer(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    """An answer with a body."""
    return {"description": "", "content": {kind: {"schema": schema}}}


def operation_of(api: Api, text: str) -> Operation:
    """The operation of a route."""
    return api.operation(next(route for route in api.routes if route.text == text))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("name", ["api.yaml", "api.json"])
def test_an_operation_is_read(docs: Docs, document: Any, version: str, name: str) -> None:
    """Parameters of the path item and of the operation, bodies by content type, answers by status, shared parts."""
    paths = {
        "/users/{id}": {
            "summary": "One user",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"name": "page", "in": "query", "schema": {"type": "integer"}},
            ],
            "x-internal": True,
            "put": {
                "parameters": [
                    {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}},
                    {"$ref": "#/components/parameters/filter"},
                ],
                "requestBody": {"$ref": "#/components/requestBodies/User"},
                "responses": {
                    "200": answer(REFERENCE, "application/json; charset=utf-8"),
                    "4xx": {"$ref": "#/components/responses/Error"},
                    "default": {"description": "", "headers": {"X-Next": {}, "x-left": {}}},
                    "x-note": 1,
                },
            },
        }
    }
    components = {
        "schemas": {"User": USER},
        "parameters": {"filter": {"name": "filter", "in": "query", "required": True, "schema": {"type": "object"}}},
        "requestBodies": {
            "User": {"required": True, "content": {"Application/JSON": {"schema": REFERENCE}, "text/csv": {}}}
        },
        "responses": {"Error": answer({"type": "string"}, "application/problem+json")},
    }
    docs.write(name, document(paths, version, components=components))
    api = docs.api(name)
    (route,) = api.routes
    assert (route.text, route.segments) == ("PUT /users/{id}", ("users", "{id}"))
    operation = api.operation(route)
    assert operation.parameters == (
        Parameter(name="id", where="path", required=True),
        Parameter(name="page", where="query", required=True),
        Parameter(name="filter", where="query"),  # an object: each of its properties is a parameter
    )
    assert [(one.type, text_of(one.shape)) for one in operation.accepts] == [
        ("application/json", "{id: int, …}"),
        ("text/csv", "anything"),
    ]
    assert [
        (one.status, one.headers, [(each.type, text_of(each.shape)) for each in one.contents])
        for one in operation.answers
    ] == [
        ("200", (), [("application/json", "{id: int}")]),
        ("4XX", (), [("application/problem+json", "str")]),
        ("default", ("x-left", "x-next"), []),
    ]
    place = api.place_of(operation.answers[1].at)
    if name == "api.json":
        assert place == "docs/api.json#/paths/~1users~1{id}/put/responses/4xx"
    else:
        line = (docs.folder / name).read_text().splitlines()[int(place.removeprefix("docs/api.yaml:")) - 1]
        assert line.strip() == "4xx:"


def test_servers(docs: Docs, document: Any) -> None:
    """Servers of the document, of a path and of an operation; variables stand for any text."""
    other, third = [{"url": "https://files.example/v2"}], [{"url": "/"}]
    item = {"get": {"responses": {}}, "put": {"responses": {}, "servers": third}, "servers": other}
    paths = {"/a": {"get": {"responses": {}}}, "/b": item}
    docs.write("api.yaml", document(paths, servers=[{"url": "https://{site}.example/{version}/"}]))
    api = docs.api()
    servers = {route.text: route.servers for route in api.routes}
    assert servers == {
        "GET /a": None,
        "GET /b": (Server(origin="https://files.example", path=("v2",)),),
        "PUT /b": (Server(),),
    }
    assert api.find("https://eu.example", (Segment(text="v7"), Segment(text="a")))


def test_references_to_other_files(docs: Docs, document: Any) -> None:
    """Path items, answers and schemas may stand in files beside the document, which refer to each other."""
    docs.write("parts/user.json", {"User": {**USER, "properties": {"id": {"$ref": "id.yaml"}, "a/b~c": {}}}})
    docs.write("parts/id.yaml", "type: string\n")
    docs.write("parts/paths.yaml", {"user": {"get": {"responses": {"200": answer({"$ref": "user.json#/User"})}}}})
    paths = {
        "/user": {"$ref": "parts/paths.yaml#/user"},
        "/key": {"get": {"responses": {"200": answer({"$ref": "parts/user.json#/User/properties/a~1b~0c"})}}},
    }
    docs.write("api.yaml", document(paths))
    api = docs.api()
    (found,) = operation_of(api, "GET /user").answers
    assert text_of(found.contents[0].shape) == "{'a/b~c'?: anything, id: str}"
    assert api.place_of(found.at) == "docs/parts/paths.yaml:4"
    assert text_of(operation_of(api, "GET /key").answers[0].contents[0].shape) == "anything"


def test_names_of_schemas_are_not_followed(docs: Docs, document: Any) -> None:
    """A reference to an `$anchor` says nothing and is no fault."""
    docs.write("api.yaml", document({"/a": {"get": {"responses": {"200": answer({"$ref": "#user"})}}}}, "3.1.0"))
    assert text_of(operation_of(docs.api(), "GET /a").answers[0].contents[0].shape) == "anything"


GOOD = {"get": {"responses": {"200": answer({"type": "string"})}}}


def get(**parts: Any) -> Any:
    """Paths with one operation."""
    return {"/a": {"get": {"responses": {}, **parts}}}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ([], "docs/api.yaml: must be a mapping with `openapi` and `paths`, not a list."),
        ({"info": {}}, "docs/api.yaml: no OpenAPI document: `openapi` is missing. The gate reads OpenAPI 3.0 and 3.1."),
        ({"swagger": "2.0"}, "docs/api.yaml: Swagger 2.0. The gate reads OpenAPI 3.0 and 3.1."),
        ({"openapi": "4.0.0"}, "docs/api.yaml:1: `/openapi`: version `4.0.0`. The gate reads OpenAPI 3.0 and 3.1."),
        ({"openapi": "3.10.0"}, "docs/api.yaml:1: `/openapi`: version `3.10.0`. The gate reads OpenAPI 3.0 and 3.1."),
        ({"openapi": "3.0.0"}, "docs/api.yaml#/paths: must be a mapping of paths, not empty."),
        ("openapi: 3.0.0\npaths: [\n", "docs/api.yaml:3:1: not valid YAML: while parsing a flow node"),
        ({"a": GOOD}, "`/paths/a`: the path `a` does not begin with `/`."),
        ({"/{a": GOOD}, "`/paths/~1{a`: the braces of the path `/{a` do not match."),
        ({"/a": [1]}, "`/paths/~1a`: must be a mapping, not a list."),
        ({"/a": {"gett": {}}}, "`/paths/~1a/gett`: `gett` is no method. Did you mean `get`?"),
        ({"/a": {"GET": {}}}, "`GET` is no method. Did you mean `get`?"),
        ({"/a": {"get": None}}, "`/paths/~1a/get`: must be a mapping, not empty."),
        ({"/a": {"get": {}}}, "`/paths/~1a/get`: the operation has no `responses`."),
        ({"/a": {"$ref": "#/paths/~1a"}}, "`#/paths/~1a` cannot be resolved: it leads back to itself."),
        (get(responses={"ok": {}}), "`ok` is no status. Write it like `200`, `4XX` or `default`."),
        (get(responses=["200"]), "/get/responses`: must be a mapping, not a list."),
        (get(responses={"200": {"content": []}}), "/200/content`: must be a mapping, not a list."),
        (get(responses={"200": {"content": {"a/b": 1}}}), "/a~1b`: must be a mapping, not `1`."),
        (get(responses={"200": {"headers": {"a": 1}}}), "/headers/a`: must be a mapping, not `1`."),
        (get(responses={"200": {"$ref": "#/components/x"}}), "cannot be resolved: docs/api.yaml has no #/components."),
        (get(parameters={}), "/parameters`: must be a list, not a mapping."),
        (get(parameters=[{"in": "query"}]), "/parameters/0/name`: must be text, not empty."),
        (
            get(parameters=[{"name": "a", "in": "body"}]),
            "/in`: must be one of cookie, header, path, query, not `body`.",
        ),
        (
            get(parameters=[{"name": "a", "in": "path", "required": 1}]),
            "/required`: must be `true` or `false`, not `1`.",
        ),
        (
            get(parameters=[{"name": "a", "in": "path", "schema": {"$ref": "#/x"}}]),
            "cannot be resolved: docs/api.yaml has no",
        ),
        (get(requestBody={}), "/requestBody/content`: must be a mapping of content types, not empty."),
        (get(servers=[{}]), "/servers/0/url`: must be text, the URL of a server, not empty."),
        (get(servers=["/v1"]), "/servers/0`: must be text, the URL of a server, not `/v1`."),
    ],
)
def test_a_broken_document(docs: Docs, document: Any, content: Any, fault: str) -> None:
    """Each fault is said with its place and what is allowed."""
    whole = not isinstance(content, dict) or not next(iter(content), "").startswith(("/", "a"))
    (found,) = docs.faults(content if whole else document(content))
    assert fault in found
    assert found.startswith("docs/api.yaml")


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ([], "schema`: must be a schema, which is a mapping, not a list."),
        ({"type": "strng"}, "type`: `strng` is no type. Did you mean `string`?"),
        ({"type": ["string", "nul"]}, "`nul` is no type. Did you mean `null`?"),
        ({"properties": []}, "properties`: must be a mapping of names to schemas, not a list."),
        ({"properties": {"a": "text"}}, "properties/a`: must be a schema, which is a mapping, not `text`."),
        ({"required": True}, "required`: must be a list of names of properties, not `true`."),
        ({"enum": "a"}, "enum`: must be a list of values, not `a`."),
        ({"nullable": "yes"}, "nullable`: must be `true` or `false`, not `yes`."),
        ({"allOf": {}}, "allOf`: must be a list, not a mapping."),
        ({"items": {"anyOf": [{"type": "x"}]}}, "items/anyOf/0/type`: `x` is no type."),
        ({"additionalProperties": {"type": "x"}}, "additionalProperties/type`: `x` is no type."),
        ({"$ref": 1}, "$ref`: must be text, not `1`."),
        ({"$ref": "#/components/schemas/Usr"}, "cannot be resolved: docs/api.yaml has no /components/schemas/Usr."),
        (
            {"$ref": "gone.yaml#/User"},
            "`gone.yaml#/User` cannot be resolved: docs/gone.yaml: cannot be read: No such file",
        ),
        ({"$ref": "broken.yaml"}, "`broken.yaml` cannot be resolved: docs/broken.yaml:2:1: not valid YAML"),
        ({"$ref": "https://example.com/a.yaml"}, "cannot be resolved: another host is not asked."),
        ({"$ref": "#/components/schemas/Bad"}, "docs/api.yaml:25: `/components/schemas/Bad/type`: `x` is no type."),
        ({"$ref": "#/components/schemas/Loop"}, "schemas/Loop` cannot be resolved: it leads back to itself."),
    ],
)
def test_a_broken_schema(docs: Docs, document: Any, schema: Any, fault: str) -> None:
    """Schemas are checked wherever they can be reached from, and what is not reached is not."""
    docs.write("broken.yaml", "[")
    components = {"User": USER, "Bad": {"type": "x"}, "Loop": {"$ref": "#/components/schemas/Loop"}, "Unused": 1}
    found = docs.faults(document(get(responses={"200": answer(schema)}), components={"schemas": components}))
    assert fault in found[0]
    assert "Unused" not in "".join(found)


def test_faults_in_json_have_pointers(docs: Docs, document: Any) -> None:
    """A JSON document has no lines: the pointer is the place."""
    found = docs.faults(document({"/a": {"get": 1}}), "api.json")
    assert found == ("docs/api.json#/paths/~1a/get: must be a mapping, not `1`.",)


def test_all_faults_at_once(docs: Docs, document: Any) -> None:
    """Twenty faults are listed, the others counted."""
    found = docs.faults(document({f"/{number}": {"get": 1} for number in range(25)}))
    assert len(found) == 21
    assert found[-1] == "and 5 more like these."


def test_a_missing_document(docs: Docs) -> None:
    """A document that is not there is named."""
    assert docs.faults(None) == ("docs/api.yaml: cannot be read: No such file or directory.",)


def test_documents_without_paths(docs: Docs, document: Any) -> None:
    """OpenAPI 3.1 may describe webhooks only, and a document may have no path yet."""
    docs.write("api.yaml", {"openapi": "3.1.0", "info": {}, "webhooks": {}})
    assert docs.api().routes == ()
    docs.write("api.yaml", document({}))
    assert docs.api().routes == ()


# Keeping


@pytest.fixture
def _keeps_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "KEPT_FROM", 0)


@pytest.mark.usefixtures("_keeps_all")
def test_a_document_is_kept(docs: Docs, document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time neither YAML is parsed nor anything checked, and what is read is the same."""
    docs.write("user.yaml", USER)
    docs.write("api.yaml", document(get(responses={"200": answer({"$ref": "user.yaml"})})))
    first = operation_of(docs.api(cached=True), "GET /a")
    monkeypatch.setattr("pytest_integration_gate.evidence.references.load", None)
    monkeypatch.setattr(openapi, "faults_of", None)
    api = docs.api(cached=True)
    assert operation_of(api, "GET /a") == first
    assert text_of(first.answers[0].contents[0].shape) == "{id: int}"
    assert api.place_of(first.answers[0].at).startswith("docs/api.yaml:")
    assert (docs.store / ".gitignore").exists()


@pytest.mark.usefixtures("_keeps_all")
@pytest.mark.parametrize("file", ["api.yaml", "user.yaml"])
def test_a_changed_document_is_read_again(docs: Docs, document: Any, file: str) -> None:
    """A change of the document or of a file that it refers to counts in the next run."""
    docs.write("user.yaml", USER)
    docs.write("api.yaml", document(get(responses={"200": answer({"$ref": "user.yaml"})})))
    docs.api(cached=True)
    path = docs.folder / file
    path.write_text(path.read_text().replace("200", "201").replace("integer", "string"))
    os.utime(path, ns=(1, 1))
    (found,) = operation_of(docs.api(cached=True), "GET /a").answers
    assert (found.status, text_of(found.contents[0].shape)) != ("200", "{id: int}")


@pytest.mark.usefixtures("_keeps_all")
@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"format": 0}', '{"format": 1, "files": {}}', "nul\0"])
def test_a_damaged_copy_is_replaced(docs: Docs, document: Any, damage: str) -> None:
    """A copy that is damaged or foreign is as good as none."""
    docs.write("api.yaml", document(get()))
    docs.api(cached=True)
    (copy,) = docs.store.glob("openapi-*.json")
    copy.write_text(damage)
    assert docs.api(cached=True).routes
    assert json.loads(copy.read_text().splitlines()[0])["format"] == openapi.FORMAT


@pytest.mark.usefixtures("_keeps_all")
@pytest.mark.parametrize("damage", ["", "[]", '{"half'])
def test_a_copy_that_lost_its_data(docs: Docs, document: Any, damage: str) -> None:
    """Where the data of a copy are gone, the document itself is read."""
    docs.write("api.yaml", document(get()))
    docs.api(cached=True)
    (copy,) = docs.store.glob("openapi-*.json")
    copy.write_text(f"{copy.read_text().splitlines()[0]}\n{damage}")
    assert docs.api(cached=True).routes


@pytest.mark.usefixtures("_keeps_all")
def test_a_kept_document_is_checked_by_its_date(docs: Docs, document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check at the start of a run loads nothing when the document has not changed, and all of it when it has."""
    path = docs.write("api.yaml", document(get()))
    where = {"path": str(path), "name": "api.yaml", "boundary": "users", "cache": str(docs.store)}
    openapi.check_document(**where)
    with monkeypatch.context() as patched:
        patched.setattr(openapi, "_documents", None)
        patched.setattr(openapi, "faults_of", None)
        openapi.check_document(**where)
    path.write_text("openapi: [")
    with pytest.raises(OpenapiError):
        openapi.check_document(**where)


@pytest.mark.usefixtures("_keeps_all")
def test_a_store_that_cannot_be_written_is_no_fault(docs: Docs, document: Any) -> None:
    """The document is read all the same."""
    docs.write("api.yaml", document(get()))
    docs.store.write_text("a file")
    assert docs.api(cached=True).routes


def test_small_and_broken_documents_are_not_kept(docs: Docs, document: Any) -> None:
    """A small document loads at once, and a broken one is never taken for a good one."""
    docs.write("api.yaml", document(get()))
    docs.api(cached=True)
    assert not docs.store.exists()
