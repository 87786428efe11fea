"""Listening to a function of an HTTP library through a trampoline, so that nothing in its place changes."""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import str, tuple, type
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from types import FrameType, FunctionType, ModuleType
from typing import Any, TypeAlias

from pytest_integration_gate.isolation import getframe, quiet
from pytest_integration_gate.traffic.ears import Ears
from pytest_integration_gate.traffic.sending import Sending
from pytest_integration_gate.traffic.wire import Wire
from pytest_integration_gate.trampoline import Call, Trampoline, obstacle

Undo: TypeAlias = Callable[[], None]
# From the values of all parameters in order (`*args` behind them), the keywords and the caller.
Begin: TypeAlias = Callable[[tuple[Any, ...], Mapping[str, Any], FrameType | None], "Call | None"]


def listen(
    function: Any,
    wire: Wire,
    begin: Begin,
    *,
    always: bool = False,
    of: Callable[[Any], bool] | None = None,
    among: Ears | None = None,
) -> Undo:
    """Call `begin` before each call of a function, while the wire listens or `always`; return what ends that.

    `of` says whether the first argument is of interest; it is asked first, for functions that clients call often. An
    ear that is one `among` others listens only when those are awake. Raises AttributeError when it is no Python
    function.
    """
    if type(function) is not FunctionType or obstacle(function):
        raise AttributeError(f"{function!r} cannot be listened to")

    def enter(values: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call | None:
        if not (wire.is_on or always) or (of is not None and not of(values[0])) or quiet.busy:
            return None
        quiet.busy = True
        try:
            return begin((*values, *args) if args else values, kwargs, getframe(1).f_back)
        except (RecursionError, MemoryError):
            return None
        except Exception as error:
            wire.fail(error)
            return None
        finally:
            quiet.busy = False

    trampoline = Trampoline(function, enter)
    if among is not None:
        return among.take(trampoline)
    trampoline.install()
    return trampoline.uninstall


def tell(function: Any, wire: Wire, hear: Callable[..., object]) -> Undo:
    """Tell `hear` the arguments of each call; return what ends that."""

    def begin(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        hear(*values)

    return listen(function, wire, begin)


def after(function: Any, wire: Wire, hear: Callable[[Any, Any], object]) -> Undo:
    """Tell `hear` the first argument (the instance, of a method) and the result of each call that returns."""

    def begin(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> Call:
        return _ReturnCall(wire, hear, values[0])

    return listen(function, wire, begin)


def after_reading(function: Any, wire: Wire) -> Undo:
    """Take note of a body that a method of its response has read as a whole."""

    def begin(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> Call:
        return _ReturnCall(wire, wire.read, values[0])

    return listen(function, wire, begin, of=wire.is_awaiting, among=wire.of_bodies)


def header_reading(function: Any, wire: Wire) -> Undo:
    """Take note of the headers of stubs that the project's code reads through ``__getitem__`` of a class."""

    def begin(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        wire.header_read(values[0], values[1], frame)

    return listen(function, wire, begin, of=wire.is_header, among=wire.of_headers)


def parsing(function: Any, wire: Wire) -> Undo:
    """Take note of who calls a method that parses the body of its response."""

    def begin(values: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType | None) -> None:
        wire.parsed(values[0], frame)

    return listen(function, wire, begin)


def together(hook: Callable[[ModuleType, Wire], Iterator[Undo]]) -> Callable[[ModuleType, Wire], Undo]:
    """Make one hook of a generator of several: all of them or, when something has moved, none."""

    @wraps(hook)
    def hook_all(module: ModuleType, wire: Wire) -> Undo:
        steps: list[Undo] = []

        def undo() -> None:
            while steps:
                steps.pop()()

        try:
            for step in hook(module, wire):
                steps.append(step)
        except AttributeError:
            undo()
            raise
        return undo

    return hook_all


class Unheard:
    """A call that nobody notes."""

    def resumed(self) -> None:
        """Pass over it."""

    def returned(self, value: Any) -> None:
        """Pass over it."""

    def raised(self) -> None:
        """Pass over it."""

    def yielded(self, value: Any) -> None:
        """No client sends from a generator."""

    def thrown(self) -> None:
        """No client sends from a generator."""


class _ReturnCall(Unheard):
    """A call whose result is asked for."""

    def __init__(self, wire: Wire, hear: Callable[[Any, Any], object], instance: Any) -> None:
        self._wire = wire
        self._hear = hear
        self._instance = instance

    def returned(self, value: Any) -> None:
        """Pass the result on."""
        guarded(self._wire, lambda: self._hear(self._instance, value))


class SendCall(Unheard):
    """One call that sends a request. `answered` is told what the call gave.

    A coroutine sends `later`, when it is awaited, and serves the request as long as it runs.
    """

    def __init__(
        self, wire: Wire, sending: Sending, answered: Callable[[Sending, Any], object], *, later: bool = False
    ) -> None:
        self._wire = wire
        self._sending = sending
        self._answered = answered
        if not later:
            wire.enter(sending)

    def resumed(self) -> None:
        """The coroutine runs: from now on its task serves the request."""
        self._wire.enter(self._sending)

    def returned(self, value: Any) -> None:
        """The client gave a response, or what it makes of one."""
        self._wire.leave(self._sending)
        guarded(self._wire, lambda: self._note(value))

    def raised(self) -> None:
        """The client raised the exception that is being handled."""
        self._wire.leave(self._sending)
        guarded(self._wire, lambda: self._wire.failed(self._sending))

    def _note(self, value: Any) -> None:
        self._answered(self._sending, value)
        self._wire.look(self._sending)


def guarded(wire: Wire, work: Callable[[], object]) -> None:
    """Do something inside somebody's test that must not be noticed there, whatever goes wrong in it."""
    if not wire.is_on or quiet.busy:
        return
    quiet.busy = True
    try:
        work()
    except (RecursionError, MemoryError):
        pass  # the test's own trouble, not the gate's
    except Exception as error:
        wire.fail(error)
    finally:
        quiet.busy = False
