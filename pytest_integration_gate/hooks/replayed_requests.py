"""HTTP claims as requests to the real services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

import pytest
import requests

from pytest_integration_gate.configuration.gate_file import BoundarySettings
from pytest_integration_gate.extension import Replayed
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Request
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.literal import NotLiteral, value_of
from pytest_integration_gate.model.secrecy import mask
from pytest_integration_gate.traffic.exchanges import FORM
from pytest_integration_gate.verdicts.makes import request_text

_UNQUOTED = "!$&'()*+,;=:@~"  # what may stand in a segment as it is (RFC 3986, 3.3)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def requests_in(findings: Sequence[Finding], boundaries: Sequence[BoundarySettings]) -> Iterator[Replayed]:
    """Give the requests of claims whose origin a boundary maps to a URL."""
    for finding in findings:
        claim = finding.claim
        if not _says_something(claim):
            continue
        assert claim.exchange is not None
        request = claim.exchange.request
        found = next(filter(None, (_base_of(request, one) for one in boundaries)), None)
        if found is None:
            continue
        boundary, url = found
        data, refused = _data_of(request, boundary)
        shown = mask(f"{request.method} {unquote(url)}")
        yield Replayed(
            name=shown,
            act=f"send {shown}",
            boundary=boundary.name,
            key=(request.method, request.origin, request_text(request) or claim),
            refused=refused,
            tests=finding.tests,
            site=claim.site,
            ask=partial(_send, request, boundary, url, *data),
        )


def _send(
    request: Request, boundary: BoundarySettings, url: str, query: Any, body: Any, _: pytest.FixtureRequest
) -> str:
    as_form = request.content_type == FORM
    try:
        requests.request(
            request.method,
            url,
            params=query,
            data=body if as_form else None,
            json=None if as_form else body,
            headers=dict(boundary.headers),
            timeout=boundary.timeout,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        # Frames of the client say nothing more.
        why = f"{request.method} {url} was not answered: {type(error).__name__}: {error}"
        pytest.fail(mask(why), pytrace=False)
    return ""


def _data_of(request: Request, boundary: BoundarySettings) -> tuple[tuple[Any, Any], str]:
    """Return query and body as they were sent, and why they cannot be sent again."""
    if not boundary.replay:
        return (None, None), f"`boundaries.{boundary.name}.replay` is false"
    if request.method not in SAFE | {method.upper() for method in boundary.allow_methods}:
        where = f"boundaries.{boundary.name}.allow_methods"
        return (None, None), f"{request.method} may change something: allow it with `{where}: [{request.method}]`"
    try:
        for segment in request.path:
            value_of(repr(segment.text))
        return ({name: _plain(argument) for name, argument in request.query}, _plain(request.body)), ""
    except NotLiteral as reason:
        return (None, None), f"what the code sent {reason}"


def _says_something(claim: Claim) -> bool:
    """Whether reality could agree: simulated trouble is compared only with the same trouble."""
    answer = claim.exchange.answer if claim.exchange is not None else None
    return answer is not None and (answer.status is None or answer.status < 500)


def _base_of(request: Request, boundary: BoundarySettings) -> tuple[BoundarySettings, str] | None:
    """Return the URL that a boundary maps a request to, None when it is not about that service."""
    path = "".join(f"/{quote(segment.text, safe=_UNQUOTED)}" for segment in request.path)
    slash = "/" if request.ends_in_slash else ""
    for origin, real in sorted(boundary.urls.items(), key=lambda pair: -len(pair[0])):
        asked = f"{request.origin}{path}/"
        if asked.startswith(f"{origin.rstrip('/')}/"):
            return boundary, real.rstrip("/") + asked[len(origin.rstrip("/")) : -1] + slash
    return None


def _plain(argument: Argument | None) -> Any:
    return None if argument is None else value_of(argument.text)
