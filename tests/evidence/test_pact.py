"""Claims written as Pact files: what binds, what is left out, and that both readers understand the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pact import Verifier

from pytest_integration_gate.evidence.pact import Pact, pacts_of
from pytest_integration_gate.evidence.pact_bodies import UNKNOWN, binding, plain, sendable
from pytest_integration_gate.evidence.pact_reading import read_pact
from pytest_integration_gate.model.capture import argument_of, shape_of
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.exchange import Answer, Exchange, Request, Segment
from pytest_integration_gate.model.finding import Finding, Verdict
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Uses
from pytest_integration_gate.model.shape import Scalar

ORIGIN = "https://api.example"
KEYS = st.sampled_from(["id", "name", "Größe", "a b", "x-y", "it's", "", "*", 'q"', "tags"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def finding(
    path: str = "/things",
    body: Any = None,
    *,
    request: Any = None,
    verdict: Verdict = "verified",
    uses: Uses = EVERYTHING,
    boundary: str = "things",
    **answer: Any,
) -> Finding:
    """A verdict on what a stub claims: that a path answers 200 with a body."""
    words = [word for word in path.split("/") if word]
    asked = Request(method="GET", origin=ORIGIN, path=tuple(Segment(text=word) for word in words), **(request or {}))
    said = Answer(**{"status": 200, "body": argument_of(body), "content_type": "application/json", **answer})
    exchange = Exchange(request=asked, answer=said, body_uses=uses)
    claim = Claim(root=f"GET {ORIGIN}{path}", action="call", at="t.py:1", double="stub", exchange=exchange)
    return Finding(claim=claim, target=claim.root, verdict=verdict, boundary=boundary, tests=("t.py::t",))


def pact_of(*findings: Finding) -> Pact:
    """The only Pact of some findings."""
    (pact,) = pacts_of(findings, "web", lambda test: ())
    return pact


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=JSON)
def test_what_is_written_is_read_again(body: Any, tmp_path: Path) -> None:
    """A body that is exported and read back as a claim fits the body that it came from, whatever its keys."""
    path = pact_of(finding(body=body)).write(tmp_path)
    ((record,), left_out) = read_pact(path, "x.json", lambda provider: ORIGIN)
    (claim,) = record.claims
    assert left_out == ()
    assert claim.root == f"GET {ORIGIN}/things"
    assert claim.exchange is not None
    assert claim.exchange.answer is not None
    found = claim.exchange.answer.body
    assert found is None or not fit(found.shape, shape_of(body))


@given(body=JSON)
def test_an_example_binds_nothing_that_was_not_claimed(body: Any) -> None:
    """The example of a body fits that body, and every bound path leads to a part of it."""
    example, paths = binding(argument_of(body), EVERYTHING)
    if example is UNKNOWN:
        return
    assert not fit(shape_of(example), shape_of(body))
    assert len(set(paths)) == len(paths)
    assert paths[0] == "$"


def test_only_what_is_read_binds() -> None:
    """Parts that the code does not read stand in no file; a body that it drops has none."""
    reads_name = Uses(escapes=False, members=(("['name']", Uses(escapes=False, operations=frozenset({"__add__"}))),))
    picture = argument_of({"name": "Ada", "age": 36})
    assert binding(picture, reads_name) == ({"name": "Ada"}, ("$", "$['name']"))
    assert binding(picture, Uses(escapes=False)) == (UNKNOWN, ())


def test_values_that_were_not_kept() -> None:
    """A large body has an example of its shape; a masked one shows the mask; what varies is sent as some value."""
    large = argument_of({"text": "x" * 900, "n": 3, "f": 1.5, "b": True, "none": None})
    assert binding(large, EVERYTHING)[0] == {"text": "text", "n": 1, "f": 1.5, "b": True, "none": None}
    masked = argument_of({"token": "abc", "n": 1})
    assert binding(masked, EVERYTHING)[0] == {"token": "<secret>", "n": 1}
    assert sendable(plain(masked)) is UNKNOWN
    stamp = argument_of(["2026-11-20T10:30:00Z", "0b1e9d5e-7f4f-4b52-8f0e-0f6f2f1a2b3c"])
    assert sendable(plain(stamp)) == ["2000-01-01T00:00:00Z", "00000000-0000-4000-8000-000000000000"]
    assert sendable(plain(Argument(shape=Scalar("str")))) is UNKNOWN


def test_what_no_file_holds() -> None:
    """Contradicted, suspect and waived claims are named, simulated trouble is no contract, secrets are not sent."""
    secret = (("token", argument_of("abc", "token")),)
    pact = pact_of(
        finding("/kept"),
        finding("/stale", verdict="stale"),
        finding("/unverified", verdict="unverified"),
        *(finding(f"/{verdict}", verdict=verdict) for verdict in ("contradicted", "suspect", "waived")),
        finding("/trouble", status=503),
        finding("/secret", request={"query": secret}),
    )
    assert [one["request"]["path"] for one in pact.interactions] == ["/kept", "/stale", "/unverified"]
    assert pact.contradicted == tuple(f"GET {ORIGIN}/{name}" for name in ("contradicted", "suspect", "waived"))
    reason = "its query has a secret or something large, which is not kept"
    assert pact.unsendable == (f"GET {ORIGIN}/secret ({reason})",)


def test_a_state_makes_trouble_a_contract() -> None:
    """A failure that a test prepares by a provider state can be asked of the provider."""
    (pact,) = pacts_of([finding("/trouble", status=503)], "web", lambda test: ("the disk is full",))
    (interaction,) = pact.interactions
    assert interaction["providerStates"] == [{"name": "the disk is full"}]
    assert interaction["response"]["status"] == 503


def test_a_file_does_not_depend_on_the_order() -> None:
    """The same claims give the same text, whichever came first; equal interactions stand once."""
    some = [finding("/a", {"x": 1}), finding("/a", {"x": "1"}), finding("/b"), finding("/b")]
    assert pact_of(*some).text == pact_of(*reversed(some)).text
    assert len(pact_of(*some).interactions) == 3
    assert len({one["description"] for one in pact_of(*some).interactions}) == 3


def test_names_lead_out_of_no_folder() -> None:
    """The names of project and boundary make a file name and nothing else."""
    assert Pact(consumer="../web shop", provider="a/b").file_name == "_web_shop-a_b.json"


def test_a_slash_at_the_end_stays() -> None:
    """Some services tell paths with and without it apart."""
    (interaction,) = pact_of(finding("/users", request={"ends_in_slash": True})).interactions
    assert interaction["request"]["path"] == "/users/"


def test_every_kind_of_request_is_written() -> None:
    """Words of a path are quoted, forms are encoded, other texts stand as they are; bytes cannot be written."""

    def request(body: Any, content_type: str) -> Any:
        asked = finding("/a b/ü", request={"body": argument_of(body), "content_type": content_type})
        pact = pact_of(asked)
        return pact.interactions[0]["request"] if pact.interactions else pact.unsendable

    form = request({"name": "Ada", "x": "ä"}, "application/x-www-form-urlencoded")
    assert form["path"] == "/a%20b/%C3%BC"
    assert form["body"]["content"] == "name=Ada&x=%C3%A4"
    assert request("<a/>", "text/xml")["body"] == {"content": "<a/>", "contentType": "text/xml", "encoded": False}
    assert request({"part": ""}, "multipart/form-data") == (
        f"GET {ORIGIN}/a b/ü (the multipart/form-data that it sends is not kept)",
    )
    assert request(b"\x00", "application/octet-stream")[0].endswith("a secret or something large, which is not kept)")


KEPT: Sequence[tuple[Any, Any]] = (
    ({"id": 1}, {"id": 7, "more": [1]}),
    ({"rate": 1.5}, {"rate": 2}),
    ({"tags": ["a"]}, {"tags": []}),
    ({"tags": []}, {"tags": ["a", "b"]}),
    ({"rows": [{"k": 1}, {"k": 2}]}, {"rows": [{"k": 3, "x": 1}]}),
    ({"mixed": [1, "a"]}, {"mixed": ["a", None]}),
    ({"none": None}, {"none": None}),
    ({"it's": 1, "": 2, "x-y": 3}, {"x-y": 4}),
    ({"17": 1, "18": 2}, {"4711": 3}),
    ([1, 2], []),
    ("text", "other"),
    ({}, {"x": 1}),
    ({"deep": {"er": {"and": {"on": {"x": 1}}}}}, {"deep": {"er": {"and": {"on": {}}}}}),
)
BROKEN: Sequence[tuple[Any, Any]] = (
    ({"id": 1}, {"id": "1"}),
    ({"id": 1}, {"other": 1}),
    ({"rows": [{"k": 1}]}, {"rows": [{"k": 1}, {}]}),
    ({"tags": []}, {"tags": {}}),
    ({"ok": True}, {"ok": 1}),
    ([1], {"x": 1}),
    ({"none": None}, {"none": 1}),
)


class Bodies(BaseHTTPRequestHandler):
    """Answers ``/kept/3`` and ``/broken/3`` with what reality has in these places."""

    def do_GET(self) -> None:
        _, kind, index = self.path.split("/")
        content = json.dumps((KEPT if kind == "kept" else BROKEN)[int(index)][1]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def reality(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a service with these bodies."""
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    with ThreadingHTTPServer(("127.0.0.1", 0), Bodies) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_official_verifier_agrees(reality: str, tmp_path: Path) -> None:
    """What fits the claimed bodies passes pact-python's verifier, and every body that breaks its claim fails."""
    kept = pact_of(*(finding(f"/kept/{index}", claimed) for index, (claimed, _) in enumerate(KEPT)))
    assert len(kept.interactions) == len(KEPT)
    Verifier("things", host="127.0.0.1").add_transport(url=reality).add_source(kept.write(tmp_path / "a")).verify()
    broken = pact_of(*(finding(f"/broken/{index}", claimed) for index, (claimed, _) in enumerate(BROKEN)))
    verifier = Verifier("things", host="127.0.0.1").add_transport(url=reality).add_source(broken.write(tmp_path / "b"))
    with pytest.raises(RuntimeError):
        verifier.verify()
    assert len(verifier.results["errors"]) == len(BROKEN)
