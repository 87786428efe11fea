"""Routes of the library ``respx``: where each was configured last, and which request it answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

from pytest_integration_gate.doubles.stub_places import births, place_of
from pytest_integration_gate.traffic.listening import Undo, Unheard, guarded, listen, tell, together
from pytest_integration_gate.traffic.wire import Wire


@together
def hook(module: ModuleType, wire: Wire) -> Iterator[Undo]:
    """Listen to routes when they are made, configured, and asked for an answer; return the undoing."""
    route = module.models.Route

    def resolves(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> Unheard:
        return _Resolving(wire, *values[:2])

    def passes(route: Any, *_: Any) -> None:
        if route.is_pass_through:
            wire.hit(place_of(route))

    yield births(route.__init__, wire)
    yield births(route.return_value.fset, wire)
    yield births(route.side_effect.fset, wire)
    yield listen(route.resolve, wire, resolves)
    yield tell(route.match, wire, passes)


class _Resolving(Unheard):
    """A route is asked for its answer: none when a function does not want to, the request itself to let it pass."""

    def __init__(self, wire: Wire, route: Any, request: Any) -> None:
        self._wire = wire
        self._route = route
        self._request = request

    def returned(self, value: Any) -> None:
        """The route has answered, or has not."""
        if value is self._request:
            guarded(self._wire, lambda: self._wire.hit(place_of(self._route)))
        elif value is not None:
            self.raised()

    def raised(self) -> None:
        """An exception is an answer, too."""
        guarded(self._wire, lambda: self._wire.stubbed(place_of(self._route)))
