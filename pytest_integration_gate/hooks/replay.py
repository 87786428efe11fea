"""``--gate-replay``: what stubs claim of a service and nobody has seen is asked of the real one (SPEC section 8).

When the tests are over, each unverified HTTP claim whose origin a boundary maps to a URL becomes a test item that sends
the same request there. The item passes when an answer comes; what the answer says of the claim is judged as always.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import requests

from pytest_integration_gate.hooks.gate_file import BoundarySettings
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Request
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Argument, Site
from pytest_integration_gate.model.secrecy import SECRET
from pytest_integration_gate.traffic.exchanges import FORM
from pytest_integration_gate.verdicts.makes import request_text

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Replay:
    """Replays the claims of one run. `findings` gives the verdicts so far; with `is_dry` nothing is sent."""

    def __init__(self, boundaries: Iterable[BoundarySettings], findings: Any, *, is_dry: bool) -> None:
        self._boundaries = tuple(boundaries)
        self._findings = findings
        self._is_dry = is_dry

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Run the replays after all tests, in this process."""
        result = yield
        if not (session.shouldstop or session.shouldfail or session.config.getoption("collectonly", False)):
            items = [*self._items(session)]
            session.testscollected += len(items)
            for item, following in zip_longest(items, items[1:]):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return result

    def _items(self, session: pytest.Session) -> Iterator[ReplayItem]:
        known: set[object] = set()
        findings: list[Finding] = self._findings()
        for finding in sorted(findings, key=lambda one: (one.target, one.claim.at, one.tests)):
            claim = finding.claim
            if finding.verdict != "unverified" or not _says_something(claim):
                continue
            assert claim.exchange is not None
            request = claim.exchange.request
            key = (request.method, request.origin, request_text(request) or claim)
            found = next(filter(None, (_base_of(request, one) for one in self._boundaries)), None)
            if found is None or key in known:
                continue
            known.add(key)
            boundary, url = found
            name = f"{request.method} {url}" if len(known) == 1 else f"{request.method} {url} [{len(known)}]"
            item: ReplayItem = ReplayItem.from_parent(session, name=name, nodeid=f"gate-replay::{name}")
            item.prepare(request, claim.site, boundary, url, is_dry=self._is_dry)
            yield item


class ReplayItem(pytest.Item):
    """One request that a stub answered, sent to the real service."""

    request: Request
    replayed_site: Site | None
    boundary: BoundarySettings
    url: str
    is_dry: bool

    def prepare(
        self, request: Request, site: Site | None, boundary: BoundarySettings, url: str, *, is_dry: bool
    ) -> None:
        """Take what is to be sent; `site` is the project's call that it stands for."""
        self.request, self.replayed_site, self.boundary, self.url, self.is_dry = request, site, boundary, url, is_dry
        self.add_marker(pytest.mark.boundary(boundary.name))

    def runtest(self) -> None:
        """Send the request, or skip with the reason why not."""
        request, allowed = self.request, SAFE | {method.upper() for method in self.boundary.allow_methods}
        if request.method not in allowed:
            where = f"boundaries.{self.boundary.name}.allow_methods"
            pytest.skip(f"{request.method} may change something: allow it with `{where}: [{request.method}]`")
        query, body = {name: _plain(argument) for name, argument in request.query}, _plain(request.body)
        if self.is_dry:
            pytest.skip(f"dry run: would send {request.method} {self.url}")
        as_form = request.content_type == FORM
        requests.request(
            request.method,
            self.url,
            params=query,
            data=body if as_form else None,
            json=None if as_form else body,
            headers=dict(self.boundary.headers),
            timeout=self.boundary.timeout,
            allow_redirects=False,
        )

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where it comes from: no line of a file."""
        return self.path, None, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """Say what was asked and why there is no answer; frames of the client say nothing more."""
        return f"{self.request.method} {self.url} was not answered: {excinfo.type.__name__}: {excinfo.value}"


def _says_something(claim: Claim) -> bool:
    """Whether reality could agree: simulated trouble is compared only with the same trouble."""
    answer = claim.exchange.answer if claim.exchange is not None else None
    return answer is not None and (answer.status is None or answer.status < 500)


def _base_of(request: Request, boundary: BoundarySettings) -> tuple[BoundarySettings, str] | None:
    """Return the URL that a boundary maps a request to, None when it is not about that service."""
    path = "".join(f"/{segment.text}" for segment in request.path)
    for origin, real in sorted(boundary.urls.items(), key=lambda pair: -len(pair[0])):
        asked = f"{request.origin}{path}/"
        if asked.startswith(f"{origin.rstrip('/')}/"):
            return boundary, real.rstrip("/") + asked[len(origin.rstrip("/")) :].rstrip("/")
    return None


def _plain(argument: Argument | None) -> Any:
    """Return the value that was sent; skip when it was masked or is no plain data."""
    if argument is None:
        return None
    if argument.text is None:
        pytest.skip("what the code sent is no plain data")
    if SECRET in argument.text:
        pytest.skip("what the code sent holds a secret, which is not kept")
    try:
        return ast.literal_eval(argument.text)
    except (ValueError, SyntaxError):
        pytest.skip("what the code sent was too large to be kept")
