"""Stubs of the library ``requests-mock``: where each was written, and which request it answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.doubles.stub_places import births, place_of
from pytest_integration_gate.traffic.listening import Undo, listen, tell, together
from pytest_integration_gate.traffic.wire import Wire


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to stubs at their birth and when they answer; return the undoing."""
    stub = module.response._MatcherResponse

    def answers(stub: Any, *_: Any) -> None:
        wire.stubbed(place_of(stub))

    def creates(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        # A function that somebody wrote as a matcher makes its answer itself.
        if frame is not None and wire.project.kind(frame.f_code.co_filename) in ("test", "first-party"):
            wire.stubbed((frame.f_code.co_filename, frame.f_lineno))

    yield births(stub.__init__, wire)
    yield tell(stub.get_response, wire, answers)
    yield listen(module.response.create_response, wire, creates)
