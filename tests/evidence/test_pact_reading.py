"""Pact files of others as claims: the versions, the matching rules, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pact import Pact, match

from pytest_integration_gate.errors import PactError
from pytest_integration_gate.evidence.pact_reading import read_pact
from pytest_integration_gate.evidence.pact_rules import Rules, UnknownPath
from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Exchange
from pytest_integration_gate.model.text import text_of

BASE = "https://prices.example/v1"


@pytest.fixture(autouse=True, scope="module")
def no_tracking() -> Iterator[None]:
    """The library counts its users over the network unless it is told not to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACT_DO_NOT_TRACK", "true")
        yield


def claims_of(path: Path) -> list[Claim]:
    """The claims of a file."""
    records, _ = read_pact(path, path.name, lambda provider: BASE)
    return [claim for record in records for claim in record.claims]


def exchange_of(path: Path) -> Exchange:
    """The exchange of the only claim of a file."""
    (claim,) = claims_of(path)
    assert claim.exchange is not None
    return claim.exchange


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a Pact file by hand: interactions, and what else shall be different."""

    def written(*interactions: Any, version: str = "4.0", **others: Any) -> Path:
        data = {
            "consumer": {"name": "shop"},
            "provider": {"name": "prices"},
            "interactions": interactions,
            "metadata": {"pactSpecification": {"version": version}},
            **others,
        }
        path = tmp_path / "shop-prices.json"
        path.write_text(json.dumps(data, indent=2))
        return path

    return written


def interaction(response: Any = None, *, path: str = "/prices/apple", **others: Any) -> dict[str, Any]:
    """An interaction of version 4."""
    request = {"method": "get", "path": path, **others.pop("request", {})}
    answer = {"status": 200, **(response or {})}
    return {"type": "Synchronous/HTTP", "description": "a price", "request": request, "response": answer, **others}


@pytest.mark.parametrize("version", ["V2", "V3", "V4"])
def test_every_version_says_the_same(version: Any, tmp_path: Path) -> None:
    """One interaction, written by pact-python itself in three versions, makes the same claim."""
    pact = Pact("shop", "prices").with_specification(version)
    asked = pact.upon_receiving("a price of an apple", "HTTP").given("an apple exists")
    asked = asked.with_request("POST", match.regex("/prices/apple", regex="/prices/[a-z]+"))
    asked = asked.with_query_parameter("currency", "EUR").with_header("Authorization", "Bearer abc")
    asked = asked.with_body({"amount": match.integer(3)}, content_type="application/json")
    body = {"id": match.integer(3), "rate": match.number(1.5), "tags": match.each_like({"k": match.like("x")})}
    answer = asked.will_respond_with(201).with_header("X-Total", match.regex("1", regex=".*"))
    answer.with_body({**body, "none": None, "exact": "v"}, content_type="application/json")
    pact.write_file(tmp_path)
    (claim,) = claims_of(tmp_path / "shop-prices.json")
    found = claim.exchange
    assert found is not None
    assert found.answer is not None
    assert found.answer.body is not None
    assert claim.root == "POST https://prices.example/v1/prices/{}"
    assert [(one.text, one.is_any) for one in found.request.path] == [("v1", False), ("prices", False), ("apple", True)]
    assert [(name, argument.text) for name, argument in found.request.query] == [("currency", "'EUR'")]
    assert found.request.body is not None
    assert (found.request.body.text, found.request.content_type) == ("{'amount': 3}", "application/json")
    assert found.request.is_authorized
    assert (found.answer.status, found.answer.headers) == (201, ("x-total",))
    assert found.headers_read == ("content-type", "x-total")
    assert text_of(found.answer.body.shape) == "{exact: str, id: int, none: None, rate: int, tags: [{k: str}]}"
    assert found.states == ("an apple exists",)
    lines = (tmp_path / "shop-prices.json").read_text().splitlines()
    assert lines[int(claim.at.rpartition(":")[2]) - 1].strip() == '"description": "a price of an apple",'
    assert "abc" not in repr(claim)


@pytest.mark.parametrize(
    ("example", "rules", "shape"),
    [
        ({"a": 1.5}, {}, "{a: float}"),
        ({"a": 1.5}, {"$.a": [{"match": "integer"}]}, "{a: int}"),
        ({"a": 1}, {"$['a']": [{"match": "decimal"}]}, "{a: float}"),
        ({"a": "2020-01-01"}, {"$.a": [{"match": "date", "format": "yyyy-MM-dd"}]}, "{a: str}"),
        ({"a": "x"}, {"$.a": [{"match": "null"}]}, "{a: None}"),
        ({"a": "x"}, {"$.a": [{"match": "regex", "regex": "[a-f]+-x"}]}, "{a: str}"),
        ({"a": "12345"}, {"$.a": [{"match": "regex", "regex": r"^\d{5}$"}]}, "{a: anything}"),
        ({"a": "true"}, {"$.a": [{"match": "regex", "regex": "true|false"}]}, "{a: anything}"),
        ({"a": "x"}, {"$.a": [{"match": "regex", "regex": "(?<id>x)"}]}, "{a: anything}"),
        ({"a": "ab"}, {"$.a": [{"match": "include", "value": "b"}]}, "{a: str}"),
        ({"a": "1b"}, {"$.a": [{"match": "include", "value": "1"}]}, "{a: anything}"),
        ({"a": "x"}, {"$.a": [{"match": "notEmpty"}]}, "{a: anything}"),
        ({"a": [1]}, {"$.a": [{"match": "type", "min": 1}]}, "{a: [int]}"),
        ({"a": [{"k": 1}]}, {"$.a[*].k": [{"match": "boolean"}]}, "{a: [{k: bool}]}"),
        ({"a": [1, "x"]}, {"$.a[1]": [{"match": "integer"}]}, "{a: [int]}"),
        ({"a": [1]}, {"$.a": [{"match": "arrayContains", "variants": []}]}, "{a: [anything]}"),
        ({"a": {"k": 1}}, {"$.a": [{"match": "values"}]}, "{a: {[str]: int}}"),
        ({"a": {"k": 1}}, {"$.a": [{"match": "eachKey"}, {"match": "eachValue"}]}, "{a: {[str]: int}}"),
        ({"a": {"k": 1}}, {"$.a.*": [{"match": "type"}]}, "{a: {[str]: int}}"),
        ({"a": {"17": 1}}, {}, "{a: {[str]: int}}"),
        ({"a": "x"}, {"$.a": [{"match": "notYetInvented"}]}, "{a: anything}"),
        ({"a": "x"}, {"$.a": {"combine": "OR", "matchers": [{"match": "type"}, {"match": "null"}]}}, "{a: anything}"),
        ({"a": 1}, {"$.a": [{"match": "type"}, {"match": "integer"}]}, "{a: int}"),
        ({}, {"$": [{"match": "type"}]}, text_of(shape_of({}))),
        ([{"a": 1}], {"$[0].a": [{"match": "regex", "regex": "x"}]}, "[{a: str}]"),
        (None, {}, "None"),
    ],
)
def test_rules_tell_what_an_example_stands_for(example: Any, rules: Any, shape: str) -> None:
    """The shape that a body claims is that of the example, but where a rule asks for another one."""
    written = {place: rule if isinstance(rule, dict) else {"matchers": rule} for place, rule in rules.items()}
    picture = Rules.of({"body": written}).picture(example)
    assert text_of(picture.shape) == shape
    assert (picture.text is None) == bool(rules)


@pytest.mark.parametrize(
    ("path", "rule", "open_words"),
    [
        ("users/12", r"/users/\d+", {1}),
        ("users/12/pets/7", r"^/users/[^/]+/pets/\d+$", {1, 3}),
        ("users/12/pets/7", r"\/users\/(12|13)\/pets\/\d+", {3}),
        ("users/12", "/users/(?<id>", set()),
        ("users/12", "/users/(12|13)", set()),
    ],
)
def test_a_rule_for_the_path_leaves_words_open(path: str, rule: str, open_words: set[int]) -> None:
    """The words of a path that its regular expression would accept otherwise are found by trying."""
    rules = Rules.of({"path": {"matchers": [{"match": "regex", "regex": rule}]}})
    assert rules.words_filled_in(path.split("/")) == open_words


@pytest.mark.parametrize(("combine", "open_words"), [("AND", set()), ("OR", {1})])
def test_several_rules_for_the_path(combine: str, open_words: set[int]) -> None:
    """A word is open when all rules leave it open, or one of them where one is enough."""
    matchers = [{"match": "regex", "regex": rule} for rule in (r"/users/\d+", "/users/(12|x-y)")]
    rules = Rules.of({"path": {"combine": combine, "matchers": matchers}})
    assert rules.words_filled_in(["users", "12"]) == open_words


def test_a_place_that_cannot_be_understood() -> None:
    """A rule whose path is no path is refused: to leave it out could make a false claim."""
    with pytest.raises(UnknownPath, match="a b"):
        Rules.of({"body": {"$a b": {"matchers": []}}})


def test_depth_is_bounded() -> None:
    """What is nested deeper than reality is pictured claims nothing, and cannot exhaust the stack."""
    example: Any = 1
    for _ in range(400):
        example = [example]
    assert text_of(Rules.of({}).picture(example).shape) == "[[[[[anything]]]]]"


@pytest.mark.parametrize("status", ["success", "nonError", [200, 201]])
def test_any_success_is_no_status(write: Write, status: Any) -> None:
    """A rule that asks for any success, or for one of several, leaves the status open."""
    rules = {"status": {"matchers": [{"match": "statusCode", "status": status}]}}
    answer = exchange_of(write(interaction({"matchingRules": rules}))).answer
    assert answer is not None
    assert answer.status is None


def test_bodies_are_decoded(write: Write) -> None:
    """Version 4 may write a body in base64, and as text of JSON; older ones write it as it is."""
    form = {"content": "bmFtZT1BZGE=", "contentType": "application/x-www-form-urlencoded", "encoded": "base64"}
    text = {"content": '{"cents": 3}', "contentType": "application/json", "encoded": "JSON"}
    found = exchange_of(write(interaction({"body": text}, request={"body": form})))
    assert found.request.body is not None
    assert found.request.body.text == "{'name': 'Ada'}"
    assert found.answer is not None
    assert found.answer.body is not None
    assert found.answer.body.text == "{'cents': 3}"
    old = {"description": "a price", "request": {"method": "GET", "path": "/", "query": "a=1&a=2"}}
    old["response"] = {"status": 200, "body": {"content": "x"}}
    found = exchange_of(write(old, version="2.0.0"))
    assert [(name, argument.text) for name, argument in found.request.query] == [("a", "['1', '2']")]
    assert found.answer is not None
    assert found.answer.body is not None
    assert found.answer.body.text == "{'content': 'x'}"


def test_what_is_not_http_is_told(write: Write) -> None:
    """Messages, pending interactions and those of plugins are no claims; each is named with the reason."""
    path = write(
        {"type": "Asynchronous/Messages", "description": "an event", "contents": {}},
        interaction(pending=True, description="not yet"),
        interaction(pluginConfiguration={"protobuf": {}}, description="a plugin's"),
        interaction(
            {"status": 404, "matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": [404, 410]}]}}},
            description="gone",
        ),
        interaction(),
    )
    records, left_out = read_pact(path, "x.json", lambda provider: BASE)
    assert [record.nodeid for record in records] == ["x.json::a price"]
    assert left_out == (
        "`an event` (Asynchronous/Messages is not HTTP)",
        "`not yet` (it is pending)",
        "`a plugin's` (a plugin has its contents)",
        "`gone` (its status is any of several errors)",
    )
    path.write_text(json.dumps({"consumer": {"name": "a"}, "provider": {"name": "b"}, "messages": [{}]}))
    assert read_pact(path, "x.json", lambda provider: BASE) == ((), ("1 messages",))


def test_interactions_of_one_description_stay_apart(write: Write) -> None:
    """The same request in two states is two claims of one name."""
    path = write(interaction(providerStates=[{"name": "full"}]), interaction({"status": 404}))
    records, _ = read_pact(path, "x.json", lambda provider: BASE)
    assert [(record.nodeid, len(record.claims)) for record in records] == [("x.json::a price", 2)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "it is no JSON (line 1: Expecting property name enclosed in double quotes"),
        ("[" * 100_000, "it is no JSON."),
        ("[]", "it holds no object."),
        ('{"consumer": {}}', "it does not say who the consumer is."),
        ('{"consumer": {"name": "a"}, "provider": "b"}', "it does not say who the provider is."),
        ('{"consumer": {"name": "a"}, "provider": {"name": "b"}}', "it has no list of `interactions`."),
    ],
)
def test_what_is_no_pact_file(text: str, told: str, tmp_path: Path) -> None:
    """A file of another kind is one error that says what is missing."""
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(PactError) as caught:
        claims_of(path)
    assert told in caught.value.message
    assert caught.value.remedy


def test_other_versions_and_missing_files(write: Write, tmp_path: Path) -> None:
    """A version that is not known, a file that is not there and one that is no text are one error each."""
    with pytest.raises(PactError, match=r"follows version 5\.1 of the specification"):
        claims_of(write(version="5.1"))
    with pytest.raises(PactError, match="cannot be read: No such file"):
        claims_of(tmp_path / "none.json")
    tmp_path.joinpath("x.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PactError, match="it is no JSON"):
        claims_of(tmp_path / "x.json")


def test_all_faults_of_a_file_are_told_at_once(write: Write) -> None:
    """Each interaction that cannot be understood is named with its place and what is wrong."""
    path = write(
        interaction(path="prices"),
        interaction({"status": "200"}),
        interaction({"headers": ["x"]}),
        interaction(request={"query": 3}),
        interaction({"matchingRules": {"body": {"$x y": {"matchers": []}}}}),
        interaction({"body": {"content": "?", "encoded": "base64"}}),
        {"type": "Synchronous/HTTP", "description": "half"},
        "what",
    )
    with pytest.raises(PactError) as caught:
        claims_of(path)
    assert [line.partition(": ")[2] for line in caught.value.message.splitlines()] == [
        "interactions[0] (a price): its `request` needs a `method` and a `path` that starts with a slash.",
        "interactions[1] (a price): its `response.status` is '200', and must be a number from 100 to 599.",
        "interactions[2] (a price): its `headers` are no object.",
        "interactions[3] (a price): its `request.query` is neither a text nor an object.",
        "interactions[4] (a price): the place of a matching rule, `$x y`, cannot be understood.",
        "interactions[5] (a price): its body is not base64, as it says.",
        "interactions[6] (half): it has no `request`.",
        "interactions[7]: it is no object.",
    ]
