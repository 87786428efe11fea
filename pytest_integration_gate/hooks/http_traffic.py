"""Around each test: HTTP requests become claims where a stub answers, and observations where the real service does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence

from pytest_integration_gate.doubles.claims import HeardClaim, Interpreter
from pytest_integration_gate.doubles.http_functions import HttpFunctions
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.doubles.stub_libraries import STUBS
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Exchange, route_of
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Arguments, Outcome, Site
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.shape import ANYTHING
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import site_of
from pytest_integration_gate.source.spelling import Spelling
from pytest_integration_gate.traffic.clients import CLIENTS, OBSERVED, Hook
from pytest_integration_gate.traffic.exchanges import exchange_of
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.traffic.wire import Wire


class HttpTraffic:
    """The HTTP traffic of this process. `contaminate` is told of each request that a stub answers."""

    def __init__(
        self, project: Project, contaminate: Callable[[str], None], book: Notebook, interpreter: Interpreter
    ) -> None:
        self.wire = Wire(project, contaminate)
        self._spelling = Spelling(project)
        self._functions = HttpFunctions(book, interpreter, self._spelling, self.wire)
        self._project = project
        self._unhook: dict[tuple[str, Hook], Callable[[], None] | None] = {}
        self._missing: list[str] = []

    @property
    def warnings(self) -> tuple[str, ...]:
        """What cannot be listened to, and what put an end to listening."""
        return (*self._missing, self.wire.failure)

    def hook(self, *, is_boundary: bool = False) -> None:
        """Listen to the libraries that have been imported since the last call; in boundary tests to some more."""
        for table in (CLIENTS, STUBS, OBSERVED if is_boundary else {}):
            for name, hook in table.items():
                if name in sys.modules and (name, hook) not in self._unhook:
                    self._unhook[name, hook] = self._hook(name, hook)

    def _hook(self, name: str, hook: Hook) -> Callable[[], None] | None:
        try:
            return hook(sys.modules[name], self.wire)
        except AttributeError as error:
            self._missing.append(f"HTTP through {name} cannot be watched on this version: {error}")
            return None

    def close(self) -> None:
        """Give the libraries, and the tests, their functions back."""
        self._functions.close()
        for unhook in reversed(self._unhook.values()):
            if unhook is not None:
                unhook()
        self._unhook.clear()

    def claims(self, heard: Sequence[HeardClaim]) -> tuple[list[HeardClaim], list[Claim]]:
        """Return what the test that just stopped said of HTTP services by stubs and by mocks of HTTP functions.

        `heard` are the claims of its other doubles; they come back, those that HTTP claims stand for marked as told.
        """
        left, claims = self._functions.read(heard)
        if self.wire.sendings:
            self._spelling.learn()
        return left, [*claims, *self._stubbed()]

    def _stubbed(self) -> Iterator[Claim]:
        for sending in self.wire.sendings:
            if sending.stub is None or sending.caller.kind != "first-party" or not _has_ended(sending):
                continue
            exchange = exchange_of(sending, self._spelling)
            file, line = sending.stub
            standings = sending.caller.standings
            yield Claim(
                root=route_of(exchange.request),
                action="call",
                outcome=_outcome(exchange),
                uses=exchange.uses or EVERYTHING,
                at=f"{self._project.relative(file)}:{line}",
                site=site_of(*standings[0], self._project) if standings else None,
                double="stub",
                exchange=exchange,
            )

    def observations(self, replayed: Site | None = None) -> Iterator[Observation]:
        """Give what real services answered in the boundary test that just stopped.

        `replayed` is the project's call site for which a request was sent again.
        """
        self._spelling.learn()
        for sending in self.wire.sendings:
            if not (sending.is_real or sending.is_emulated) or sending.stub is not None or not _has_ended(sending):
                continue
            exchange = exchange_of(sending, self._spelling)
            standings = sending.caller.standings
            site = site_of(*standings[0], self._project) if standings else replayed
            yield Observation(
                target=route_of(exchange.request),
                arguments=Arguments(),
                outcome=_outcome(exchange),
                at=f"{site.file}:{site.line}" if site is not None else "",
                site=site,
                first_party=False,
                exchange=exchange,
            )


def _has_ended(sending: Sending) -> bool:
    if not sending.url.startswith(("http://", "https://")):  # clients are made to read files, too
        return False
    return sending.status is not None or sending.error is not None


def _outcome(exchange: Exchange) -> Outcome:
    if exchange.answer is None:
        return Outcome(kind="raised", shape=exchange.error)
    body = exchange.answer.body or Argument(shape=ANYTHING)
    return Outcome(kind="returned", shape=body.shape, text=body.text)
