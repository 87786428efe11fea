"""Whose code is behind a call that went through an HTTP client or a stub library."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, range
from functools import lru_cache
from types import FrameType
from typing import TypeAlias

from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import Standing, callers
from pytest_integration_gate.values import dataclass

Place: TypeAlias = tuple[str, int]

_MOST_FRAMES = 80
_MAX_CALLERS = 3
# Files whose frames hand a request on unchanged.
_CLIENTS = (
    *("/requests/", "/urllib3/", "/httpx/", "/httpx2/", "/httpcore/", "/httpcore2/", "/aiohttp/"),
    *("/urllib/request.py", "/http/client.py", "/asyncio/", "/concurrent/"),
    *("/responses/", "/requests_mock/", "/respx/", "/pytest_httpx/", "/aioresponses/"),
)
# An event loop between: its caller waits for something else than this request.
_LOOPS = ("/asyncio/base_events.py", "/asyncio/events.py", "/asyncio/runners.py")


@dataclass(frozen=True, slots=True)
class Caller:
    """The project's code behind a call: where it stands, innermost first.

    `is_direct` says that only an HTTP client lies in between, so that the code gets what the client gave. `kind` is
    whose code it is (`Project.kind`), ``foreign`` when nobody's was found.
    """

    standings: tuple[Standing, ...]
    is_direct: bool
    kind: str


def caller_of(frame: FrameType | None, project: Project) -> Caller:
    """Find the project's code, or the test, that a call came from."""
    is_direct, is_apart, kinds = True, False, project.kinds
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        file = frame.f_code.co_filename
        kind = kinds.get(file) or project.kind(file)
        if kind in ("first-party", "test") and is_apart:
            return Caller((), False, kind)
        if kind == "first-party":
            return Caller(callers(frame, project, _MAX_CALLERS), is_direct, kind)
        if kind == "test":
            return Caller((), is_direct, kind)
        if kind == "foreign":
            passes_on, is_loop = _role(file)
            is_direct, is_apart = is_direct and passes_on, is_apart or is_loop
        frame = frame.f_back
    return Caller((), False, "foreign")


def place_of(frame: FrameType | None, project: Project) -> Place | None:
    """Return file and line where the project (a test, most likely) stands outside of a library."""
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        if project.kind(frame.f_code.co_filename) in ("test", "first-party"):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


@lru_cache(maxsize=4096)
def _role(file: str) -> tuple[bool, bool]:
    """Whether a library's code hands a request on unchanged, and whether it is an event loop."""
    path = file.replace("\\", "/")
    return any(part in path for part in _CLIENTS), path.endswith(_LOOPS)
