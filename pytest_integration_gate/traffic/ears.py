"""Ears that listen only from the moment in a test on at which there is something for them to hear."""

from __future__ import annotations

from collections.abc import Callable

from pytest_integration_gate.trampoline import Trampoline


class Ears:
    """Ears that sleep until something happens in a test that makes them worth while: most requests do without."""

    def __init__(self) -> None:
        self._trampolines: list[Trampoline] = []
        self._are_awake = False

    def take(self, ear: Trampoline) -> Callable[[], None]:
        """Have an ear among the others; return what takes it out again."""
        self._trampolines.append(ear)

        def undo() -> None:
            self._trampolines.remove(ear)
            ear.uninstall()

        return undo

    def wake(self) -> None:
        """Listen until the test is over."""
        if not self._are_awake:
            self._are_awake = True
            for ear in self._trampolines:
                ear.install()

    def sleep(self) -> None:
        """Listen no more."""
        if self._are_awake:
            self._are_awake = False
            for ear in self._trampolines:
                ear.uninstall()
