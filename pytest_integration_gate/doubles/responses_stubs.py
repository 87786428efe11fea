"""Stubs of the library ``responses``: where each was written, and which request it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.traffic.listening import all_of, listen, tell
from pytest_integration_gate.traffic.wire import Wire

_PLACE = "_gate_place"


def hook(module: ModuleType, wire: Wire) -> Callable[[], None]:
    """Listen to stubs at their birth and when they answer; return the undoing."""

    def born(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        vars(values[0])[_PLACE] = wire.place(frame)

    def takes(*_: Any) -> None:
        wire.intercepted()

    def answers(stub: Any, *_: Any) -> None:
        wire.stubbed(vars(stub).get(_PLACE))

    # A stub that lets the request pass is not asked for an answer.
    return all_of(
        [
            listen(module.BaseResponse.__init__, wire, born, always=True),  # also those of modules and fixtures
            tell(module.RequestsMock._on_request, wire, takes),
            tell(module.Response.get_response, wire, answers),
            tell(module.CallbackResponse.get_response, wire, answers),
        ]
    )
