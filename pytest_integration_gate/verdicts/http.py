"""HTTP claims: which observed exchanges bear on one, and the verdict that comes of it (SPEC 7, rules 16 to 20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pytest_integration_gate.model.api import Api
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Exchange, Request
from pytest_integration_gate.model.finding import Finding, Reality
from pytest_integration_gate.verdicts.agreement import Group
from pytest_integration_gate.verdicts.contradiction import Contradiction
from pytest_integration_gate.verdicts.evidence import Evidence, EvidenceIndex, across_ports, most_real
from pytest_integration_gate.verdicts.http_declared import check, declared
from pytest_integration_gate.verdicts.http_observed import exchange_of, weigh_exchange
from pytest_integration_gate.verdicts.routes import Routes, agree, is_local, is_telling
from pytest_integration_gate.verdicts.suggestions import suggestion
from pytest_integration_gate.verdicts.weighing import Weighed


class HttpMatcher:
    """Gives verdicts on claims that have an exchange.

    `origins` maps what stubs call a service to where it answers in tests. `boundary_of` files a route under a boundary,
    `configured` gives the one that the configuration names, if it does; `compares_values` tells the boundaries with
    ``compare: value``. `apis` are the descriptions of services by boundary.
    """

    def __init__(
        self,
        evidence: EvidenceIndex,
        claims: Iterable[Claim],
        *,
        origins: Mapping[str, str],
        apis: Mapping[str, Api],
        boundary_of: Callable[[str], str],
        configured: Callable[[str], str | None] = lambda target: None,
        compares_values: Callable[[str], bool],
    ) -> None:
        self._seen = evidence.exchanges()
        self._claims = [claim for claim in claims if claim.exchange is not None]
        claimed = [(claim.exchange.request, claim.site) for claim in self._claims if claim.exchange is not None]
        seen = [(exchange_of(one).request, one.observation.site) for one in self._seen]
        local: dict[str, set[str]] = defaultdict(set)
        for one in self._seen:
            if is_local(exchange_of(one).request.origin):
                for test in one.tests:
                    local[test].add(exchange_of(one).request.origin)
        self._has_one_local_service = all(len(origins) == 1 for origins in local.values())
        self._routes = Routes([*claimed, *seen], origins)
        self._apis = apis
        self._boundary_of = boundary_of
        self._configured = configured
        self._compares_values = compares_values

    def judge(self, claim: Claim, tests: tuple[str, ...]) -> Finding:
        """Return the verdict on one claim that `tests` made."""
        assert claim.exchange is not None
        target = self._routes.target(claim.exchange.request, claim.site)
        found = across_ports(self._candidates(claim, claim.exchange))
        if claim.double == "pact":
            found = tuple(map(_as_own, found))
        boundary = self._configured(target) or self._boundary_of(found[0].observation.target if found else target)
        boundary, api = self._described(claim.exchange, boundary)
        weighed = weigh_exchange(claim, claim.exchange, Group(found), self._seen, self._compares_values(boundary))
        if weighed.kind is not None and self._is_about_another_service(claim, claim.exchange, found):
            weighed = Weighed("unverified", weighed.evidence)
        wrong = next(check(claim.exchange, api), None) if api is not None and weighed.verdict != "verified" else None
        if wrong is not None:  # reality itself would know better than its description
            return _contradicted(claim, tests, boundary, wrong)
        kind = weighed.kind
        return Finding(
            claim=claim,
            target=target,
            verdict=weighed.verdict,
            boundary=boundary,
            kind=kind,
            differences=weighed.differences,
            reality=weighed.evidence.as_reality() if weighed.evidence is not None else None,
            shown=weighed.evidence.as_shown() if kind is not None and weighed.evidence is not None else None,
            suggestion=suggestion(claim, target, kind, weighed.differences) if kind is not None else "",
            declared=weighed.verdict == "unverified" and api is not None and declared(claim.exchange, api),
            tests=tests,
        )

    def _described(self, exchange: Exchange, boundary: str) -> tuple[str, Api | None]:
        """Find the description of a service: that of its boundary, else the only one that speaks of its origin."""
        fitting = [name for name, api in self._apis.items() if api.speaks_of(exchange.request.origin)]
        if boundary in fitting:
            return boundary, self._apis[boundary]
        return (fitting[0], self._apis[fitting[0]]) if len(fitting) == 1 else (boundary, None)

    # -- which observations bear on a claim -----------------------------------------------------------------------

    def _candidates(self, claim: Claim, exchange: Exchange) -> tuple[Evidence, ...]:
        """Find requests of the same route: to the same service by configuration or by call site, else (rule 16) to the
        only service at which that route was seen."""
        request = exchange.request
        same_method = [one for one in self._seen if exchange_of(one).request.method == request.method]
        near = [one for one in same_method if self._is_same(claim, exchange, one)]
        far = [
            one
            for one in same_method
            if agree(request.path, exchange_of(one).request.path, is_same_site=False)
            and not self._routes.is_taken(exchange_of(one).request)
        ]
        is_mapped = any(self._routes.is_mapped(request, exchange_of(one).request) for one in near)
        if is_mapped or self._is_shared(request):
            return most_real(near)
        if near:  # which service it is, is known now: other call sites have seen it too
            services = {self._service_of(one) for one in near}
            return most_real(near + [one for one in far if one not in near and self._service_of(one) in services])
        return most_real(far) if len({*map(self._service_of, far)}) == 1 and is_telling(request.path) else ()

    def _service_of(self, one: Evidence) -> str:
        """Name the service that answered: each test may start the same one on another free port of this machine."""
        origin = exchange_of(one).request.origin
        return "" if self._has_one_local_service and is_local(origin) else origin

    def _is_shared(self, request: Request) -> bool:
        """Whether stubs of another service have a route of this form too."""
        return any(
            said.request.origin != request.origin
            and said.request.method == request.method
            and agree(request.path, said.request.path, is_same_site=False)
            for said in (other.exchange for other in self._claims)
            if said is not None
        )

    def _is_same(self, claim: Claim, exchange: Exchange, one: Evidence) -> bool:
        seen, site = exchange_of(one).request, one.observation.site
        if claim.site is not None and site is not None and claim.site.key == site.key:
            return agree(exchange.request.path, seen.path, is_same_site=True)
        return self._routes.is_mapped(exchange.request, seen)

    def _is_about_another_service(self, claim: Claim, exchange: Exchange, found: tuple[Evidence, ...]) -> bool:
        """Whether stubs of another origin claim the same route at the same call site and agree with what was seen.

        Then the observations are of that service, and nothing was seen of this one.
        """
        request = exchange.request
        if any(self._routes.is_mapped(request, exchange_of(one).request) for one in found):
            return False
        for other in self._claims:
            said = other.exchange
            if (
                said is not None
                and said.request.origin != request.origin
                and said.request.method == request.method
                and other.site is not None
                and claim.site is not None
                and other.site.key == claim.site.key
                and agree(request.path, said.request.path, is_same_site=True)
                and weigh_exchange(other, said, Group(found), self._seen, compares_values=False).verdict == "verified"
            ):
                return True
        return False


def _contradicted(claim: Claim, tests: tuple[str, ...], boundary: str, found: Contradiction) -> Finding:
    return Finding(
        claim=claim,
        target=found.target,
        verdict="contradicted",
        boundary=boundary,
        kind=found.kind,
        differences=found.differences,
        reality=Reality(outcome=found.reality, source="declared", at=found.at, fidelity="declared"),
        suggestion=suggestion(claim, found.target, found.kind, found.differences),
        tests=tests,
    )


def _as_own(one: Evidence) -> Evidence:
    """Take an observation for one of first-party code, as the service is that somebody else's Pact asks for: rule 1."""
    return replace(one, observation=replace(one.observation, first_party=True))
