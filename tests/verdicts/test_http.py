"""Verdicts on HTTP claims (SPEC section 7, rules 16 to 20), each rule on both sides of its line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Exchange, route_of
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Arguments, Outcome, Site, Uses
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import ANYTHING
from pytest_integration_gate.traffic.callers import Caller
from pytest_integration_gate.traffic.exchanges import exchange_of
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.verdicts.evidence import EvidenceIndex, Witnessed
from pytest_integration_gate.verdicts.http import HttpMatcher

HERE = Site(file="shop/client.py", function="ask", call="requests.get(url)", line=7)
ELSEWHERE = Site(file="shop/other.py", function="ask", call="requests.get(url)", line=9)
STUB, REAL = "https://api.example", "http://127.0.0.1:5000"
SPELLED = frozenset({"users", "orders", "v1", "v2", "lines", "latest"})
NOBODY = Caller((), False, "test")
STATUS_ONLY = Uses(escapes=False, members=((".status_code", Uses(escapes=False, operations=frozenset({"__eq__"}))),))
BODY_ONLY = Uses(escapes=False, members=((".json", Uses(escapes=False)),))
ADA = {"id": 1, "email": "ada@example.com"}


def reads_header(name: str) -> Uses:
    """The code reads one header of the response and nothing else."""
    part = Uses(escapes=False, members=((f"[{name!r}]", EVERYTHING),))
    return Uses(escapes=False, members=((".headers", part),))


class Service:
    """A service that was seen in boundary tests; `claim` gives the finding about a stub of it."""

    def __init__(self, origins: Mapping[str, str] | None = None) -> None:
        self.origins = origins or {}
        self.records: list[TestRecord] = []
        self.compared: set[str] = set()
        self.configured: dict[str, str] = {}

    def exchange(
        self,
        method: str,
        url: str,
        *,
        status: int | None = 200,
        body: Any = None,
        sent: Any = None,
        headers: Mapping[str, str] | None = None,
        sent_headers: Mapping[str, str] | None = None,
        error: Exception | None = None,
        uses: Uses = EVERYTHING,
        body_uses: Uses | None = EVERYTHING,
        stub: bool = False,
    ) -> Exchange:
        content = b"" if sent is None else json.dumps(sent).encode()
        asked = {"Content-Type": "application/json"} if sent is not None else {}
        asked |= sent_headers or {}
        sending = Sending("requests", NOBODY)
        sending.method, sending.url, sending.body = method, url, content
        sending.headers = {name.lower(): value for name, value in asked.items()}
        if error is None:
            sending.status = status
            given = {"content-type": "application/json", **(headers or {})}
            sending.response_headers = {name.lower(): value for name, value in given.items()}
            sending.content = b"" if body is None else json.dumps(body).encode()
        if stub:
            sending.stub = ("tests/test_it.py", 3)
        exchange = exchange_of(sending, SPELLED)
        return replace(exchange, uses=uses, body_uses=body_uses)

    def see(self, request: str, *, site: Site | None = HERE, fidelity: Any = "real", **more: Any) -> None:
        """Let a boundary test send ``GET /users/1`` and get an answer."""
        method, _, path = request.partition(" ")
        url = path if "://" in path else REAL + path
        exchange = self.exchange(method, url, **more)
        body = exchange.answer.body if exchange.answer is not None else None
        outcome = Outcome(kind="returned", shape=ANYTHING if body is None else body.shape, text=body and body.text)
        observation = Observation(
            target=route_of(exchange.request),
            arguments=Arguments(),
            outcome=outcome,
            site=site,
            first_party=False,
            exchange=exchange,
        )
        nodeid = f"tests/test_real.py::test_{len(self.records)}"
        self.records.append(
            TestRecord(nodeid=nodeid, boundaries=("http",), fidelity=fidelity, observations=(observation,))
        )

    def stub(self, request: str, *, site: Site | None = HERE, **more: Any) -> Claim:
        """Let a stub answer the code."""
        method, _, path = request.partition(" ")
        url = path if "://" in path else STUB + path
        exchange = self.exchange(method, url, stub=True, **more)
        body = (exchange.answer.body if exchange.answer is not None else None) or Argument(shape=ANYTHING)
        outcome = Outcome(kind="returned", shape=body.shape, text=body.text)
        if exchange.answer is None:
            outcome = Outcome(kind="raised", shape=exchange.error)
        return Claim(
            root=route_of(exchange.request),
            action="call",
            outcome=outcome,
            uses=exchange.uses or EVERYTHING,
            at="tests/test_it.py:3",
            site=site,
            double="stub",
            exchange=exchange,
        )

    def judge(self, *claims: Claim) -> list[Finding]:
        """Judge what stubs said."""
        matcher = HttpMatcher(
            EvidenceIndex([Witnessed(record) for record in self.records]),
            claims,
            origins=self.origins,
            apis={},
            configured=self.configured.get,
            boundary_of=lambda target: "http",
            compares_values=lambda boundary: boundary in self.compared,
        )
        return [matcher.judge(claim, ("tests/test_it.py::test_it",)) for claim in claims]

    def claim(self, request: str, **more: Any) -> Finding:
        """Judge what one stub said to the code."""
        return self.judge(self.stub(request, **more))[0]


@pytest.fixture
def service() -> Service:
    """A service that nobody has seen yet."""
    return Service()


def told(finding: Finding) -> tuple[str, str | None]:
    """What a finding says: verdict and kind."""
    return finding.verdict, finding.kind


def paths(finding: Finding) -> list[str]:
    """Where claim and reality differ."""
    return [difference.path for difference in finding.differences]


# Which requests are of one route


def test_ids_in_a_path_are_one_route(service: Service) -> None:
    """Numbers, UUIDs, hashes and dates differ from request to request (rule 17)."""
    for word in ("77", "9f8e7d6c5b4a", "2026-01-31", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"):
        service.records.clear()
        service.see(f"GET /users/{word}", body={"id": 1, "mail": "x"})
        finding = service.claim("GET /users/1", body=ADA)
        assert (*told(finding), finding.target) == ("contradicted", "http_body", f"GET {STUB}/users/{{}}")


def test_what_the_source_spells_tells_routes_apart(service: Service) -> None:
    """``/users/latest`` is no user (rule 17)."""
    service.see("GET /users/latest", body={"count": 3})
    assert told(service.claim("GET /users/1", body=ADA)) == ("unverified", None)


def test_what_one_call_site_fills_in_is_one_route(service: Service) -> None:
    """Two words that the source does not spell are one template at one call site, and two routes at two."""
    service.see("GET /users/eve", body={"mail": "x"})
    finding = service.claim("GET /users/ada", body=ADA)
    assert (*told(finding), finding.target) == ("contradicted", "http_body", f"GET {STUB}/users/{{}}")
    assert told(service.claim("GET /users/ada", body=ADA, site=ELSEWHERE)) == ("unverified", None)


def test_another_method_is_another_route(service: Service) -> None:
    """What POST answers says nothing of GET."""
    service.see("POST /users", body={"mail": "x"}, status=201)
    assert told(service.claim("GET /users", body=ADA)) == ("unverified", None)


def test_a_base_path_may_differ_at_one_call_site(service: Service) -> None:
    """The service of the boundary test need not be mounted where the production one is."""
    service.see("GET /users/7", body={"mail": "x"})
    assert told(service.claim("GET /base/v1/users/1", body=ADA)) == ("contradicted", "http_body")
    assert told(service.claim("GET /base/v1/users/1", body=ADA, site=ELSEWHERE)) == ("unverified", None)


def test_the_configuration_maps_origins() -> None:
    """A stub of the mapped origin meets the real service from any call site; another origin does not (rule 16)."""
    service = Service({f"{STUB}/base": REAL})
    service.see("GET /users/7", body={"mail": "x"}, site=ELSEWHERE)
    service.see("GET http://127.0.0.1:6000/users/7", body=ADA, site=ELSEWHERE)
    service.see("GET http://127.0.0.1:6000/base/users/7", body=ADA, site=ELSEWHERE)
    assert told(service.claim("GET /base/users/1", body=ADA)) == ("suspect", "http_body")
    service.see("GET /users/8", body={"mail": "y"}, site=ELSEWHERE)
    assert told(service.claim("GET /base/users/1", body=ADA)) == ("contradicted", "http_body")
    other = "GET https://other.example/users/1"
    assert told(service.claim(other, body=ADA)) == ("verified", None)  # the service on port 6000, by its route
    del service.records[1:3]
    assert told(service.claim(other, body=ADA)) == ("unverified", None)  # what is mapped belongs to its stub


def test_without_a_mapping_a_route_that_only_one_service_has_is_met(service: Service) -> None:
    """From another call site a spelled route of one service is evidence; with two services nobody knows which."""
    service.see("GET /users/7", body={"mail": "x"})
    service.see("GET /users/8", body={"mail": "x"})
    assert told(service.claim("GET /users/1", body=ADA, site=ELSEWHERE)) == ("contradicted", "http_body")
    service.see("GET http://users.internal/users/7", body=ADA)
    assert told(service.claim("GET /users/1", body=ADA, site=ELSEWHERE)) == ("unverified", None)


def test_a_service_may_start_on_another_port_in_each_test(service: Service) -> None:
    """Ports of this machine are one service, unless one test uses several of them."""
    service.see("GET http://127.0.0.1:6001/users/7", body={"mail": "x"})
    service.see("GET http://127.0.0.1:6002/users/8", body={"mail": "x"})
    assert told(service.claim("GET /users/1", body=ADA, site=ELSEWHERE)) == ("contradicted", "http_body")
    first, second = service.records
    service.records = [replace(first, observations=(*first.observations, *second.observations))]
    assert told(service.claim("GET /users/1", body=ADA, site=ELSEWHERE)) == ("unverified", None)


@pytest.mark.parametrize("ports", [(6001, 6001, 6001), (6001, 6002, 6001), (6002, 6001, 6001), (6003, 6002, 6001)])
def test_the_evidence_that_is_shown_does_not_hang_on_ports(service: Service, ports: tuple[int, ...]) -> None:
    """However tests are spread over workers, of which each has a server, the same ones are named."""
    for port, name in zip(ports, ("y", "x", "x"), strict=True):
        service.see(f"GET http://127.0.0.1:{port}/users/7", body={"mail": name})
    assert told(service.claim("GET /users/1", body=ADA)) == ("contradicted", "http_body")
    reality = service.claim("GET /users/1", body=ADA).reality
    assert reality is not None
    assert reality.tests == ("tests/test_real.py::test_0",)
    del service.records[0]
    reality = service.claim("GET /users/1", body=ADA).reality
    assert reality is not None
    assert reality.tests == ("tests/test_real.py::test_1", "tests/test_real.py::test_2")


def test_one_observation_from_elsewhere_does_not_bind(service: Service) -> None:
    """Rule 1: at the claim's own call site one observation binds, else it takes two."""
    service.see("GET /users/7", body={"mail": "x"})
    assert told(service.claim("GET /users/1", body=ADA, site=ELSEWHERE)) == ("suspect", "http_body")
    assert told(service.claim("GET /users/1", body=ADA)) == ("contradicted", "http_body")


def test_emulated_answers_are_silent_beside_real_ones(service: Service) -> None:
    """Of one route the real observations speak."""
    service.see("GET /users/7", body={"mail": "x"}, fidelity="emulated")
    assert told(service.claim("GET /users/1", body=ADA)) == ("contradicted", "http_body")
    service.see("GET /users/7", body=ADA)
    assert told(service.claim("GET /users/1", body=ADA)) == ("verified", None)


def test_two_services_behind_one_call_site_are_told_apart(service: Service) -> None:
    """What was seen fits the stub of another origin: nothing was seen of this one, unless it is mapped."""
    service.see("GET /users/7", body=ADA)
    other = service.stub("GET https://other.example/users/1", body={"count": 3})
    mine = service.stub("GET /users/1", body=ADA)
    assert [told(one) for one in service.judge(other, mine)] == [("unverified", None), ("verified", None)]
    assert [told(one) for one in service.judge(other)] == [("contradicted", "http_body")]
    service.origins = {"https://other.example": REAL}
    assert told(service.judge(other, mine)[0]) == ("contradicted", "http_body")


# Routes


@pytest.mark.parametrize(
    ("status", "path", "verdict"),
    [
        (410, "/v1/users/7", "contradicted"),
        (405, "/v1/users/7", "contradicted"),
        (404, "/v1/users", "contradicted"),
        (404, "/v1/users/7", "unverified"),
    ],
)
def test_a_route_that_reality_refuses_is_unknown(service: Service, status: int, path: str, verdict: str) -> None:
    """405 and 410 prove it; a 404 under an id may be about the one resource (rule 18)."""
    service.see(f"GET {path}", status=status, body={"error": "no"})
    kind = None if verdict == "unverified" else "http_route"
    assert told(service.claim(f"GET {path.replace('7', '1')}", body=ADA)) == (verdict, kind)


def test_a_404_that_the_framework_wrote_is_suspect(service: Service) -> None:
    """A service that talks JSON and answers HTML may not know the route at all."""
    service.see("GET /v1/users/7", status=404, headers={"content-type": "text/html; charset=utf-8"})
    assert told(service.claim("GET /v1/users/1", body=ADA)) == ("suspect", "http_route")


def test_a_resource_that_is_found_under_another_route_has_moved(service: Service) -> None:
    """The same id is there under ``/v2``: the 404 under ``/v1`` is about the route."""
    service.see("GET /v1/users/7", status=404)
    service.see("GET /v2/users/7", body=ADA)
    assert told(service.claim("GET /v1/users/1", body=ADA)) == ("contradicted", "http_route")


def test_a_route_that_works_for_others_is_known(service: Service) -> None:
    """One missing user does not make a missing route."""
    service.see("GET /users/99", status=404, body={"error": "no such user"})
    service.see("GET /users/7", body=ADA)
    assert told(service.claim("GET /users/1", body=ADA)) == ("verified", None)


# Requests


def test_a_field_that_reality_spells_otherwise(service: Service) -> None:
    """Requests of the claimed make were refused, others accepted (rule 19)."""
    service.see("POST /orders", sent={"sku": "a", "qty": 1}, status=422, body={"detail": "no"})
    service.see("POST /orders", sent={"sku": "a", "quantity": 1}, status=201, body={"id": 1})
    finding = service.claim("POST /orders", sent={"sku": "b", "qty": 2}, status=201, body={"id": 2})
    assert told(finding) == ("contradicted", "http_request")
    assert paths(finding) == ["$.body.qty", "$.body.quantity"]


def test_a_refused_value_is_no_refused_make(service: Service) -> None:
    """A negative quantity is refused, the fields are right: the claim for a positive one stands."""
    service.see("POST /orders", sent={"sku": "a", "quantity": -1}, status=422, body={"detail": "no"})
    service.see("POST /orders", sent={"sku": "a", "quantity": 1}, status=201, body={"id": 1})
    assert told(service.claim("POST /orders", sent={"sku": "b", "quantity": 2}, status=201, body={"id": 2})) == (
        "verified",
        None,
    )


def test_a_missing_field_has_to_be_the_cause(service: Service) -> None:
    """A refusal may be due to a value: the answer names the field, or only the field made the difference."""
    claim: dict[str, Any] = {"sent": {"sku": "b"}, "status": 201, "body": {"id": 2}}
    service.see("POST /orders", sent={"sku": "a", "note": "x"}, status=201, body={"id": 1})
    service.see("POST /orders", sent={"sku": "?"}, status=422, body={"detail": "unknown article"})
    assert told(service.claim("POST /orders", **claim)) == ("unverified", None)
    service.see("POST /orders", sent={"sku": "a"}, status=422, body={"detail": "no"})
    assert told(service.claim("POST /orders", **claim)) == ("contradicted", "http_request")
    del service.records[2]
    service.see("POST /orders", sent={"sku": "?"}, status=422, body={"detail": "note: required"})
    assert told(service.claim("POST /orders", **claim)) == ("contradicted", "http_request")


def test_a_field_that_was_refused_for_its_value_is_not_unknown(service: Service) -> None:
    """The refusal names the field; only a word such as "unexpected" says that there is no such field."""
    claim: dict[str, Any] = {"sent": {"age": 30, "team": "red"}, "status": 201, "body": {"id": 2}}
    service.see("POST /users", sent={"age": 40}, status=201, body={"id": 1})
    service.see("POST /users", sent={"age": 20, "team": "green"}, status=422, body={"field": "team"})
    assert told(service.claim("POST /users", **claim)) == ("unverified", None)
    service.see("POST /users", sent={"age": 20, "team": "blue"}, status=422, body={"detail": "unexpected: team"})
    assert told(service.claim("POST /users", **claim)) == ("contradicted", "http_request")


def test_a_request_without_authorization(service: Service) -> None:
    """401 for a request without the header and success with it: the header is owed, whatever its value."""
    service.see("GET /users/7", status=401, body={"error": "who?"})
    service.see("GET /users/7", body=ADA, sent_headers={"Authorization": "Bearer one"})
    finding = service.claim("GET /users/1", body=ADA)
    assert (*told(finding), *paths(finding)) == ("contradicted", "http_request", "$.headers.authorization")
    assert told(service.claim("GET /users/1", body=ADA, sent_headers={"Authorization": "Bearer two"}))[0] == "verified"


# Status


def test_another_success_is_a_mismatch_where_the_code_looks(service: Service) -> None:
    """A 200 for a 201 contradicts code that compares the status, and nobody else."""
    service.see("POST /orders", sent={"sku": "a"}, status=201, body={"id": 1})
    claim: dict[str, Any] = {"sent": {"sku": "b"}, "status": 200, "body": {"id": 2}}
    assert told(service.claim("POST /orders", uses=STATUS_ONLY, **claim)) == ("contradicted", "http_status")
    assert told(service.claim("POST /orders", uses=BODY_ONLY, **claim)) == ("verified", None)
    assert told(service.claim("POST /orders", uses=EVERYTHING, **claim)) == ("suspect", "http_status")


def test_a_status_that_reality_gave_once_is_no_mismatch(service: Service) -> None:
    """201 and 200 were both seen."""
    service.see("POST /orders", sent={"sku": "a"}, status=201, body={"id": 1})
    service.see("POST /orders", sent={"sku": "b"}, status=200, body={"id": 1})
    assert told(service.claim("POST /orders", sent={"sku": "c"}, uses=STATUS_ONLY, body={"id": 2}))[0] == "verified"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_simulated_trouble_is_unverified(service: Service, status: int) -> None:
    """Rule 4: that the service once worked does not say that it always does."""
    service.see("GET /users/1", body=ADA)
    assert told(service.claim("GET /users/1", status=status, uses=STATUS_ONLY)) == ("unverified", None)
    error = ConnectionError("down")
    assert service.exchange("GET", STUB, error=error).answer is None


def test_a_refusal_of_the_same_request_is_compared(service: Service) -> None:
    """The very same request was refused with 422: a 400 is a lie; for another request it is only suspect."""
    service.see("POST /orders", sent={"sku": ""}, status=422, body={"detail": "no"})
    same = service.claim("POST /orders", sent={"sku": ""}, status=400, uses=STATUS_ONLY)
    assert told(same) == ("contradicted", "http_status")
    other = service.claim("POST /orders", sent={"sku": "?"}, status=400, uses=STATUS_ONLY)
    assert told(other) == ("suspect", "http_status")
    assert told(service.claim("POST /orders", sent={"sku": "?"}, status=409, uses=STATUS_ONLY))[0] == "unverified"


# Headers


def test_a_header_that_reality_does_not_send(service: Service) -> None:
    """It counts when the code reads it; names have no case (rule 20)."""
    service.see("GET /users", body=[ADA], headers={"x-page": "1"})
    sends = {"X-Total": "41"}
    finding = service.claim("GET /users", body=[ADA], headers=sends, uses=reads_header("x-TOTAL"))
    assert (*told(finding), *paths(finding)) == ("contradicted", "http_header", "$.headers.x-total")
    assert told(service.claim("GET /users", body=[ADA], headers=sends, uses=reads_header("X-Other")))[0] == "verified"
    sends = {"X-PAGE": "41"}
    assert told(service.claim("GET /users", body=[ADA], headers=sends, uses=reads_header("X-Page")))[0] == "verified"


def test_the_configured_boundary_of_a_stub_is_that_of_its_claim(service: Service) -> None:
    """Wherever the service answered in the tests, what the configuration says of the stub's origin decides."""
    service.see("GET /users/7", body=ADA)
    assert service.claim("GET /users/1", body=ADA).boundary == "http"
    service.configured[f"GET {STUB}/users/{{}}"] = "accounts"
    assert service.claim("GET /users/1", body=ADA).boundary == "accounts"


# Bodies


def test_only_what_the_code_reads_of_a_body_counts(service: Service) -> None:
    """A field that is gone and that nobody reads is no mismatch; extra fields of reality are none."""
    service.see("GET /users/7", body={"id": 7, "name": "Eve", "active": True})
    names = Uses(escapes=False, members=(("['name']", EVERYTHING),))
    claim = {"name": "Ada", "email": "x"}
    assert told(service.claim("GET /users/1", body=claim, uses=BODY_ONLY, body_uses=names)) == ("verified", None)
    assert paths(service.claim("GET /users/1", body=claim, uses=BODY_ONLY)) == ["$.email"]
    assert told(service.claim("GET /users/1", body={"x": 1}, uses=STATUS_ONLY, body_uses=None))[0] == "verified"


def test_numbers_of_json_are_one_kind(service: Service) -> None:
    """A claimed ``60.0`` fits ``60`` and ``60.5``; where it fits nothing, the difference calls it a number."""
    service.see("GET /ovens/7", body={"target": 60})
    service.see("GET /ovens/8", body={"target": 60.5})
    assert told(service.claim("GET /ovens/1", body={"target": 60.0})) == ("verified", None)
    service.records.clear()
    service.see("GET /ovens/7", body={"target": None})
    (difference,) = service.claim("GET /ovens/1", body={"target": 60.0}).differences
    assert (difference.claim, difference.reality) == ("number", "None")


def test_bodies_are_compared_per_status(service: Service) -> None:
    """The body of a 404 is compared with bodies of 404s (rule 19)."""
    service.see("GET /users/7", body=ADA)
    service.see("GET /users/9", status=404, body={"detail": "no"})
    assert told(service.claim("GET /users/3", status=404, body={"detail": "x"})) == ("verified", None)
    assert told(service.claim("GET /users/3", status=404, body={"error": "x"})) == ("contradicted", "http_body")


def test_an_empty_list_fits_any_list(service: Service) -> None:
    """Nothing in it says nothing of what would be in it (rule 7)."""
    service.see("GET /users", body=[ADA])
    assert told(service.claim("GET /users", body=[])) == ("verified", None)


def test_values_are_compared_where_the_boundary_asks_for_it(service: Service) -> None:
    """``compare: value`` is for the same request."""
    service.see("GET /users/1", body=ADA)
    other = {**ADA, "email": "eve@example.com"}
    assert told(service.claim("GET /users/1", body=other)) == ("verified", None)
    service.compared.add("http")
    assert told(service.claim("GET /users/1", body=other)) == ("contradicted", "http_body")


NAMES = st.sampled_from(["id", "name", "email", "total", "items", "price", "active"])
SCALARS = st.one_of(st.integers(1, 99), st.text("abc", min_size=1, max_size=3), st.booleans(), st.just(1.5))
BODIES = st.recursive(
    SCALARS,
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3) | inner.map(lambda one: [one, one]),
    max_leaves=6,
).filter(lambda body: isinstance(body, dict | list))


def fits(said: Any, seen: Any) -> bool:
    """Compare two answers directly."""
    if isinstance(said, dict) and isinstance(seen, dict):
        return all(name in seen and fits(value, seen[name]) for name, value in said.items())
    if isinstance(said, list) and isinstance(seen, list):
        return fits(said[0], seen[0])
    numbers = (int, float)  # one kind in JSON
    return type(said) is type(seen) or (type(said) in numbers and type(seen) in numbers)


@settings(max_examples=200, deadline=None)
@given(BODIES, BODIES, st.sampled_from([200, 201]), st.sampled_from([200, 201]), st.booleans())
def test_the_verdict_is_that_of_comparing_the_two_answers(
    said: Any, seen: Any, said_status: int, seen_status: int, same: bool
) -> None:
    """Where the code reads everything, a stub is contradicted exactly when its answer does not fit the real one."""
    seen = said if same else seen
    uses = Uses(escapes=False, members=(*STATUS_ONLY.members, *BODY_ONLY.members))
    service = Service()
    service.see("POST /orders", sent={"sku": "a"}, status=seen_status, body=seen)
    finding = service.claim("POST /orders", sent={"sku": "b"}, status=said_status, body=said, uses=uses)
    expected = ("verified", None)
    if said_status != seen_status:
        expected = ("contradicted", "http_status")
    elif not fits(said, seen):
        expected = ("contradicted", "http_body")
    assert told(finding) == expected
