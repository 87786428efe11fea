"""Doubles of HTTP services in the libraries that make them."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("libcst")

BODIES = [
    'responses.add(responses.GET, URL, json={"email": "a"}, status=200)  # lie',
    'responses.get(URL, json={"email": "a"})  # lie',
    'responses.get(URL, body=json.dumps({"email": "a"}))  # lie',
    'requests_mock.get(URL, json={"email": "a"})  # lie',
    'respx.get(URL).mock(return_value=httpx.Response(200, json={"email": "a"}))  # lie',
    'respx.get(URL).respond(200, json={"email": "a"})  # lie',
    'httpx_mock.add_response(url=URL, json={"email": "a"})  # lie',
    'aio.get(URL, payload={"email": "a"}, status=200)  # lie',
    'get.return_value.json.return_value = {"email": "a"}  # lie',
    '@patch("requests.get", return_value=Mock(json=Mock(return_value={"email": "a"})))  # lie\ndef test_a(get): ...',
    'get = mocker.patch("requests.get", **{"return_value.json.return_value": {"email": "a"}})  # lie',
]


@pytest.mark.parametrize("line", BODIES)
def test_a_key_of_a_body(bench: Any, line: str) -> None:
    """The body of a stub of every library gets the key that the service answers."""
    finding = bench.stub("http_body", 200, {"email_address": "b", "active": True}, ("$.email", "str", "absent"))
    assert bench.after(line, finding) == line.replace('"email"', '"email_address"')


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("responses.post(URL, json={}, status=200)  # lie", "responses.post(URL, json={}, status=201)  # lie"),
        ("responses.post(URL, json={})  # lie", "responses.post(URL, json={}, status=201)  # lie"),
        (
            "def test_a(requests_mock):\n    requests_mock.post(URL, json={})  # lie",
            "    requests_mock.post(URL, json={}, status_code=201)  # lie",
        ),
        ("respx.post(URL).mock(return_value=Response(200))  # lie", "Response(201))  # lie"),
        ("respx.post(URL).respond(json={})  # lie", "respond(json={}, status_code=201)  # lie"),
        ("httpx_mock.add_response(json={})  # lie", "httpx_mock.add_response(json={}, status_code=201)  # lie"),
        ("aio.post(URL, status=200)  # lie", "aio.post(URL, status=201)  # lie"),
        ("post.return_value.status_code = 200  # lie", "post.return_value.status_code = 201  # lie"),
        (
            "def test_a(a):\n    a.return_value.status_code = 200\n    a.return_value.json.return_value = 1  # lie",
            "    a.return_value.status_code = 201",
        ),
    ],
)
def test_a_status(bench: Any, line: str, mended: str) -> None:
    """The status is changed where it is written, and written where the library's default was meant."""
    finding = bench.stub("http_status", 201, {}, ("$.status", "200", "201"))
    assert bench.mend(line, finding).endswith(mended)


def test_a_status_over_several_lines(bench: Any) -> None:
    """A stub that is written over several lines stays so."""
    text = "responses.post(  # lie\n    URL,\n    json={},\n)\n"
    finding = bench.stub("http_status", 201, {}, ("$.status", "200", "201"))
    assert bench.after(text, finding) == text.replace("json={},\n", "json={},\n    status=201,\n")


def test_a_header_that_is_no_longer_sent(bench: Any) -> None:
    """It goes, and with the last one the argument."""
    finding = bench.stub("http_header", 200, [], ("$.headers.x-total", "sent", "absent"))
    two = 'responses.get(URL, headers={"X-Total": "4", "ETag": "a"}, json=[])  # lie'
    assert bench.mend(two, finding) == 'responses.get(URL, headers={"ETag": "a"}, json=[])  # lie'
    one = 'responses.get(URL, json=[], headers={"X-Total": "4"})  # lie'
    assert bench.mend(one, finding) == "responses.get(URL, json=[])  # lie"


def test_a_route_that_is_gone_is_refused(bench: Any) -> None:
    """The stub answers what the service answered."""
    finding = bench.stub("http_route", 410, {"error": "gone"}, ("$.path", "is answered", "refused with 410"))
    after = bench.mend('responses.get(URL, json={"title": "Emma"})  # lie', finding)
    assert after == 'responses.get(URL, json={"error": "gone"}, status=410)  # lie'


@pytest.mark.parametrize(
    ("kind", "line", "reason"),
    [
        ("http_request", "responses.post(URL, json={})  # lie", "the code sends what the service refuses"),
        ("http_status", "responses.post(URL, status=CREATED)  # lie", "its status is not written out"),
        ("http_status", "stub_orders()  # lie", "does not say which status"),
        ("http_body", "responses.post(URL, body=BODY)  # lie", "does not say what the stub answers"),
        ("http_header", "responses.post(URL, headers=HEADERS)  # lie", "its headers are not written out"),
    ],
)
def test_what_a_stub_does_not_say(bench: Any, kind: Any, line: str, reason: str) -> None:
    """Where the line does not tell, nothing is changed."""
    assert reason in bench.left(line, bench.stub(kind, 201, {"a": 1}, ("$.b", "int", "absent")))


def test_a_masked_answer_is_not_written(bench: Any) -> None:
    """What was a secret in the service's answer never gets into a test."""
    finding = bench.stub("http_route", 403, {"token": "<secret>"}, ("$.path", "is answered", "refused with 403"))
    assert "was not seen" in bench.left('responses.get(URL, json={"a": 1})  # lie', finding)
