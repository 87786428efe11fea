"""All requests that go out while a test runs: who sent them, what answered, and what read the answer.

The methods run inside somebody's test: they take notes and nothing else. Bodies are kept as bytes and understood when
the test is over (`traffic.exchanges`). A stub library and the transport of a client say who answered: a stub, the real
service, the application itself in this process, or nobody.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import bytes, dict, id, isinstance, len, type
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from sys import exception
from types import FrameType
from typing import Any
from weakref import ref

from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.traffic.callers import Caller, Place, caller_of, place_of
from pytest_integration_gate.traffic.ears import Ears
from pytest_integration_gate.traffic.sending import Sending, bytes_of, text_of

LARGEST = 1_000_000
"""Bytes of a body that are looked at; a larger one is as if it had not been seen."""
_MOST = 2_000  # requests of one test; after that they go out unnoticed
_ROOM = 100_000_000  # bytes of all bodies of one test; after that bodies are as if they had not been seen
# Of a stub's author or of its library; no service answers so.
_MISTAKES = (AssertionError, AttributeError, LookupError, NameError, TypeError)
# Methods of mappings, and `Response.links` of requests, which read a header for their caller.
_NOBODY = Caller((), False, "test")
_FORWARDING = frozenset({"get", "__contains__", "pop", "links"})
_under_way: ContextVar[Sending | None] = ContextVar("pytest_integration_gate_request", default=None)


class Wire:
    """What goes over the wire in one process. `contaminate` is told of each request that a stub answers."""

    def __init__(self, project: Project, contaminate: Callable[[str], None]) -> None:
        self.project = project
        self.failure = ""
        self.is_on = False
        self.sendings: list[Sending] = []
        self.stubs: dict[Place, bool] = {}  # those that were written while this test ran, and whether one answered
        self._room = _ROOM
        self._ears: list[Ears] = []
        self.of_bodies = self.ears()  # for bodies that had not been read when their response came
        self.of_headers = self.ears()  # for headers of what stubs answer: of real answers nobody asks who reads them
        self._contaminate = contaminate
        self._by_response: dict[int, Sending] = {}
        self._by_headers: dict[int, tuple[Callable[[], Any], Sending]] = {}

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a test: forget what the one before sent."""
        self.sendings, self.stubs, self._by_response, self._by_headers = [], {}, {}, {}
        self._room = _ROOM
        self.is_on = not self.failure

    def stop(self) -> None:
        """End a test; bodies that were read late are fetched now."""
        self.is_on = False
        for ears in self._ears:
            ears.sleep()
        self._by_response, self._by_headers = {}, {}
        try:
            for sending in self.sendings:
                self._fetch(sending)
        except Exception as error:
            self.fail(error)

    def ears(self) -> Ears:
        """Make ears that go to sleep at the end of each test."""
        self._ears.append(Ears())
        return self._ears[-1]

    @property
    def has_notes(self) -> bool:
        """Whether the test had anything to do with HTTP."""
        return bool(self.sendings or self.stubs)

    def fail(self, error: Exception) -> None:
        """Listen no more in this session; a test must never notice that listening failed."""
        self.is_on = False
        self.failure = self.failure or f"watching HTTP was switched off: {type(error).__name__}: {error}"

    # -- from the clients -----------------------------------------------------------------------------------------

    @property
    def under_way(self) -> Sending | None:
        """The request that this thread or task is sending."""
        return _under_way.get()

    def send(
        self, client: str, method: Any, url: Any, headers: Iterable[tuple[Any, Any]], body: Any, caller: Caller
    ) -> Sending | None:
        """A client is about to send a request for `caller`. None when nobody listens."""
        if not self.is_on or len(self.sendings) >= _MOST:
            return None
        sending = Sending(client, caller)
        self.describe(sending, method, url, headers, body)
        self.sendings.append(sending)
        return sending

    def describe(self, sending: Sending, method: Any, url: Any, headers: Iterable[tuple[Any, Any]], body: Any) -> None:
        """Say what is sent."""
        sending.method = text_of(method).upper()
        sending.url = text_of(url)
        sending.headers = dict(headers)
        sent = bytes_of(body)
        sending.body = sent if sent is not None and self._has_room(sent) else None

    def enter(self, sending: Sending) -> None:
        """From now on what this thread or task does serves this request."""
        sending.outer = _under_way.get()
        _under_way.set(sending)

    def leave(self, sending: Sending) -> None:
        """The request has ended."""
        if _under_way.get() is sending:
            _under_way.set(sending.outer)

    def answer(
        self,
        sending: Sending,
        response: Any,
        status: int,
        headers: Any,
        pairs: Iterable[tuple[Any, Any]],
        body: Callable[[Any], bytes | None],
    ) -> None:
        """A response has come with these headers, whose names and values are `pairs`.

        `body` gives what has been read of it, None while that is nothing; `look` takes it.
        """
        sending.status = status
        sending.response_headers = dict(pairs)
        if sending.stub is not None:
            self._by_headers[id(headers)] = (ref(headers), sending)
            self.of_headers.wake()
        sending.response, sending.body_read = ref(response), body
        self._by_response[id(response)] = sending

    def lend(self, response: Any) -> Sending:
        """A test gives the code a response that it made itself: take note of who reads it, as if it had been sent."""
        sending = Sending("", _NOBODY)
        sending.response, sending.content = ref(response), b""
        self._by_response[id(response)] = sending
        return sending

    def look(self, sending: Sending) -> None:
        """The client has given the answer to the code: take the body, or wait until somebody has read it."""
        self._fetch(sending)
        if sending.content is None and sending.status is not None:
            self.of_bodies.wake()

    def failed(self, sending: Sending) -> None:
        """Sending ended with the exception that is being handled."""
        error = exception()
        if sending.status is None and isinstance(error, Exception) and not isinstance(error, _MISTAKES):
            sending.error = shape_of(error)

    def read(self, response: Any, content: Any) -> None:
        """Somebody has read the whole body of a response."""
        sending = self._sending(response)
        if sending is not None and sending.content is None and type(content) is bytes and self._has_room(content):
            sending.content = content

    def parsed(self, response: Any, frame: FrameType | None) -> None:
        """Somebody asks for the parsed body of a response."""
        sending = self._sending(response)
        if sending is not None:
            sending.readers += (self.caller(frame),)

    def is_awaiting(self, response: Any) -> bool:
        """Whether this is a response whose body has not been seen."""
        sending = self._sending(response)
        return sending is not None and sending.content is None

    def forget(self, response: Any) -> None:
        """Wait for the body of a response no longer."""
        self._by_response.pop(id(response), None)

    def _fetch(self, sending: Sending) -> None:
        if sending.content is not None or sending.response is None or sending.body_read is None:
            return
        response = sending.response()
        content = None if response is None else sending.body_read(response)
        if content is not None and self._has_room(content):
            sending.content = content

    def _has_room(self, content: bytes) -> bool:
        """Whether a body is one of those that are kept until the test is over; then it takes its room."""
        size = len(content)
        if size > LARGEST or size > self._room:
            return False
        self._room -= size
        return True

    def _sending(self, response: Any) -> Sending | None:
        sending = self._by_response.get(id(response))
        is_its = sending is not None and sending.response is not None and sending.response() is response
        return sending if is_its else None

    def is_header(self, headers: Any) -> bool:
        """Whether these may be the headers of an answer."""
        return id(headers) in self._by_headers

    def header_read(self, headers: Any, name: Any, frame: FrameType | None) -> None:
        """Somebody reads a header of an answer; what the client itself reads is none of the project's business."""
        known = self._by_headers.get(id(headers))
        if known is None or known[0]() is not headers:
            return
        while frame is not None and frame.f_code.co_name in _FORWARDING:
            frame = frame.f_back
        if frame is not None and self.project.kind(frame.f_code.co_filename) == "first-party":
            known[1].headers_read += (text_of(name).lower(),)

    # -- from transports and stub libraries -----------------------------------------------------------------------

    def went_out(self, *clients: str) -> bool:
        """The request under way leaves the process; False when none of these clients sent it."""
        sending = _under_way.get()
        if sending is None or sending.client not in clients:
            return False
        sending.is_real = True
        return True

    def went_in(self) -> None:
        """An application in this process answers the request under way."""
        sending = _under_way.get()
        if sending is not None:
            sending.is_emulated = True

    def born(self, frame: FrameType | None) -> Place | None:
        """Somebody writes a stub; return where."""
        place = self.place(frame)
        if self.is_on and place is not None:
            self.stubs.setdefault(place, False)
        return place

    def hit(self, place: Place | None) -> None:
        """A stub that was written at a place is used."""
        if place in self.stubs:
            self.stubs[place] = True

    def unmatched(self) -> None:
        """A stub library has no stub for the request under way."""
        sending = _under_way.get()
        if sending is not None:
            sending.stub = None

    def stubbed(self, place: Place | None, sending: Sending | None = None) -> None:
        """The stub that was written at a place answers a request, the one under way if no other is given."""
        self.hit(place)
        sending = sending or _under_way.get()
        if sending is not None:
            sending.stub = place
            self._contaminate(f"{sending.method} {sending.url.partition('?')[0]}")

    def place(self, frame: FrameType | None) -> Place | None:
        """Where the project (a test, most likely) stands outside of a library."""
        return place_of(frame, self.project)

    def caller(self, frame: FrameType | None) -> Caller:
        """Whose code made a call that went through an HTTP client."""
        return caller_of(frame, self.project)
