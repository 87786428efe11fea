"""Sends notifications again that could not be delivered: ``integration-gate resend``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pytest_integration_gate.commands.deferred import configured
from pytest_integration_gate.controller.letters import FILE, Letter, forget_letters, read_letters
from pytest_integration_gate.controller.notifying import sent
from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.reports.layout import printable
from pytest_integration_gate.reports.notification import Receiver


def resend(options: Sequence[str]) -> int:
    """Send what was not delivered to the receivers that are configured now, and print what became of it.

    Each message is the one that could not be delivered, with its id, so that a receiver knows one that it has seen.
    Who does not take one is not asked again. Returns 0 when nothing is left, 1 otherwise. Raises GateError.
    """
    with configured(options) as (_, settings):
        path = settings.store / FILE
        try:
            letters, damaged = read_letters(settings.store)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from None
        delivered: list[Letter] = []
        silent: dict[str, str] = {}
        for letter in letters:
            receiver = _receiver(letter, settings.notify)
            if receiver is None:
                _say(letter, "not sent: it is no receiver of `gate_notify` (any more)")
            elif receiver.address in silent:
                _say(letter, f"not sent: {silent[receiver.address]}")
            elif failed := sent(letter.message, [receiver], settings):
                silent[receiver.address] = failed[0][1]
                _say(letter, f"not sent: {failed[0][1]}")
            else:
                delivered.append(letter)
                _say(letter, "sent")
        if delivered:
            try:
                forget_letters(settings.store, delivered)
            except OSError as error:
                raise StoreError(f"{path} cannot be changed: {error.strerror or error}.") from None
    if damaged:
        sys.stdout.write(f"{counted(damaged, 'line')} of {path} cannot be understood\n")
    if not letters and not damaged:
        sys.stdout.write("Everything was delivered.\n")
    return int(len(delivered) < len(letters) + damaged)


def _receiver(letter: Letter, receivers: Sequence[Receiver]) -> Receiver | None:
    """Find whom a letter is for, whatever events it is told of now."""
    return next((one for one in receivers if one.address == letter.address), None)


def _say(letter: Letter, what: str) -> None:
    sys.stdout.write(printable(f"{letter.message.event} to {letter.name}: {what}") + "\n")
