"""One HTTP request and what answered it, for claims and observations alike (SPEC section 7, rules 16 to 20)."""

from __future__ import annotations

from pytest_integration_gate.model.interaction import Argument, Uses
from pytest_integration_gate.model.shape import NEVER, Shape
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.values import dataclass

GONE = (404, 405, 410)
"""Answers that may say that a route does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment of a path, unquoted and masked.

    `is_id` says that it is a number, a UUID, a hash or a date. `is_spelled` says that the project's source writes it;
    what is neither was filled in by somebody and may be another word the next time (rule 17). `is_any` says that the
    author of a claim left open which word it is.
    """

    text: str
    is_id: bool = False
    is_spelled: bool = False
    is_any: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. `origin` is ``https://api.example.com``, without the port that its scheme implies.

    `query` has the parameters by name, sorted. `body` is what a JSON or form body holds, the text of another one, None
    when there is none or it was not seen. `content_type` is without parameters and in lower case. `is_authorized` says
    that there was an ``Authorization`` header; what it held is kept nowhere. `ends_in_slash` is for those who send the
    request again: some services tell ``/users/`` and ``/users`` apart, and a path is compared without it.
    """

    method: str
    origin: str
    path: tuple[Segment, ...] = ()
    query: tuple[tuple[str, Argument], ...] = ()
    body: Argument | None = None
    content_type: str = ""
    is_authorized: bool = False
    ends_in_slash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `status` is None when a double did not say it.

    `headers` are names in lower case, sorted: of a double those that its author wrote. `body` is what a JSON body
    holds, the text of another one, the picture of None for an empty one; None when it was not seen (a stream that
    nobody read).
    """

    status: int | None = None
    headers: tuple[str, ...] = ()
    content_type: str = ""
    body: Argument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request with its answer, or with the exception that came instead (`error`, `Never` when there was none).

    `uses` is what the code at the call site does with the response object, `body_uses` what the code does with the
    parsed body; None when nothing read the body. `headers_read` are the headers of the answer that the code was seen to
    read, in lower case, sorted. `is_emulated` says that the application answered inside the process (the test client of
    a framework), whatever the marker of the test says. `states` name the world in which a claim holds, where its author
    says so: reality was in another one.
    """

    request: Request
    answer: Answer | None = None
    error: Shape = NEVER
    uses: Uses | None = None
    body_uses: Uses | None = None
    headers_read: tuple[str, ...] = ()
    is_emulated: bool = False
    states: tuple[str, ...] = ()


def route_of(request: Request) -> str:
    """Write a request as a target: ``GET https://api.example.com/users/{}``."""
    segments = ["{}" if segment.is_id and not segment.is_spelled else segment.text for segment in request.path]
    return f"{request.method} {request.origin}/{'/'.join(segments)}"


def text_of_answer(answer: Answer | None, error: Shape = NEVER) -> str:
    """Say what came back: ``answers 200 {id: int}``, ``raises ConnectionError``."""
    if answer is None:
        return f"raises {text_of(error)}" if error != NEVER else "gives no answer"
    status = "" if answer.status is None else f" {answer.status}"
    return f"answers{status}{'' if answer.body is None else f' {text_of(answer.body.shape)}'}"
