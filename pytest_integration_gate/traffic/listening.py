"""Listening to a function of an HTTP library through a trampoline, so that nothing in its place changes."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import len
from collections.abc import Callable, Iterable, Mapping
from inspect import CO_COROUTINE
from types import FrameType, FunctionType
from typing import Any, TypeAlias

from pytest_integration_gate.isolation import getframe, quiet
from pytest_integration_gate.traffic.wire import Sending, Wire
from pytest_integration_gate.trampoline import Trampoline, obstacle

# From the values of all parameters in order (`*args` behind them), the keywords and the caller.
Begin: TypeAlias = Callable[[tuple[Any, ...], Mapping[str, Any], FrameType | None], "SendCall | None"]


def listen(function: Any, wire: Wire, begin: Begin, *, always: bool = False) -> Callable[[], None]:
    """Call `begin` before each call of a function, while the wire listens or `always`; return what ends that.

    Raises AttributeError when it is no Python function.
    """
    if type(function) is not FunctionType or obstacle(function):
        raise AttributeError(f"{function!r} cannot be listened to")

    def enter(values: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> SendCall:
        if quiet.busy or not (wire.is_on or always):
            return UNHEARD
        quiet.busy = True
        try:
            return begin((*values, *args), kwargs, getframe(1).f_back) or UNHEARD
        except (RecursionError, MemoryError):
            return UNHEARD
        except Exception as error:
            wire.fail(error)
            return UNHEARD
        finally:
            quiet.busy = False

    trampoline = Trampoline(function, enter)
    trampoline.install()
    return trampoline.uninstall


def tell(function: Any, wire: Wire, hear: Callable[..., object]) -> Callable[[], None]:
    """Tell `hear` the arguments of each call; return what ends that."""

    def begin(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        hear(*values)

    return listen(function, wire, begin)


def all_of(undo: Iterable[Callable[[], None]]) -> Callable[[], None]:
    """Make one undoing of several, the last first."""
    steps = [*undo]

    def undo_all() -> None:
        for step in reversed(steps):
            step()

    return undo_all


class SendCall:
    """One call that sends a request. `answered` is told what the call gave."""

    def __init__(self, wire: Wire, sending: Sending, answered: Callable[[Sending, Any], None], *, later: bool = False):
        self._wire = wire
        self._sending = sending
        self._answered = answered
        if not later:
            wire.enter(sending)

    def resumed(self) -> None:
        """The coroutine runs: from now on its task serves the request."""
        self._wire.enter(self._sending)

    def returned(self, value: Any) -> None:
        """The client gave a response."""
        self._wire.leave(self._sending)
        self._guarded(lambda: self._answered(self._sending, value))

    def raised(self) -> None:
        """The client raised the exception that is being handled."""
        self._wire.leave(self._sending)
        self._guarded(lambda: self._wire.failed(self._sending))

    def yielded(self, value: Any) -> None:
        """No client sends from a generator."""

    def thrown(self) -> None:
        """No client sends from a generator."""

    def _guarded(self, work: Callable[[], object]) -> None:
        if not self._wire.is_on or quiet.busy:
            return
        quiet.busy = True
        try:
            work()
        except (RecursionError, MemoryError):
            pass  # the test's own trouble, not the gate's
        except Exception as error:
            self._wire.fail(error)
        finally:
            quiet.busy = False


class _Unheard(SendCall):
    """A call that nobody notes."""

    def __init__(self) -> None:
        pass

    def resumed(self) -> None:
        """Pass over it."""

    def returned(self, value: Any) -> None:
        """Pass over it."""

    def raised(self) -> None:
        """Pass over it."""


UNHEARD = _Unheard()


def is_coroutine(function: Any) -> bool:
    """Whether calling a function only makes a coroutine, which sends when it is awaited."""
    return len(function.__code__.co_code) > 0 and bool(function.__code__.co_flags & CO_COROUTINE)
