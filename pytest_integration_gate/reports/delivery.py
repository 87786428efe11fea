"""Delivers notifications: to all receivers at once, several times each, and never longer than allowed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from pytest_integration_gate.isolation import at_work, clock, sleep
from pytest_integration_gate.model.secrecy import mask
from pytest_integration_gate.reports.notification import Message, Receiver
from pytest_integration_gate.values import dataclass

TRIES = 3
_FIRST_PAUSE = 0.2  # seconds; each is twice the one before
_MARGIN = 0.1  # seconds before the end in which a command that hangs is killed
_LONGEST = 300
_PASSING = (408, 425, 429)  # statuses below 500 that another try may change

_Try: TypeAlias = Callable[[float], "_Refusal | None"]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why one try failed, empty when it took too long, and whether it was the last one."""

    why: str = ""
    is_final: bool = False


def deliver(
    message: Message, receivers: Sequence[Receiver], *, secret: str, timeout: float, folder: Path
) -> list[tuple[Receiver, str]]:
    """Deliver a message to each receiver, and return those that did not take it, each with the reason.

    All of them together have `timeout` seconds, tries and pauses included. Commands run in `folder`. Never raises.
    """
    deadline = monotonic() + timeout
    late = f"no answer within {timeout:g} s"
    why = [late] * len(receivers)

    def work(number: int) -> None:
        with at_work():  # nothing of this is an interaction of a test
            refusal = _tried(_way(message, receivers[number], secret, folder), deadline - min(_MARGIN, timeout / 10))
            why[number] = "" if refusal is None else mask(refusal.why)[:_LONGEST] or late

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(receivers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(deadline - monotonic(), 0))
    return [(receiver, reason) for receiver, reason in zip(receivers, [*why], strict=True) if reason]


def _tried(attempt: _Try, deadline: float) -> _Refusal | None:
    """Try until it is delivered, refused for good, or too late; return the last refusal."""
    refusal: _Refusal | None = _Refusal()
    for number in range(TRIES):
        if number:
            sleep(max(min(_FIRST_PAUSE * 2 ** (number - 1), deadline - monotonic()), 0))
        left = deadline - monotonic()
        if left <= 0:
            break
        try:
            refusal = attempt(left)
        except Exception as error:  # whatever a library makes of a place
            refusal = _Refusal(f"{type(error).__name__}: {error}")
        if refusal is None or refusal.is_final:
            break
    return refusal


def _way(message: Message, receiver: Receiver, secret: str, folder: Path) -> _Try:
    if receiver.is_url:
        return lambda left: _post(message, receiver, secret, left)
    return lambda left: _run(message, receiver, folder, left)


def _post(message: Message, receiver: Receiver, secret: str, left: float) -> _Refusal | None:
    import requests

    headers = message.signed(int(clock()), secret)
    with requests.Session() as session:
        try:
            # The body of the answer is not waited for, and no redirection followed: what is signed is for one place.
            answer = session.post(
                receiver.place, data=message.body, headers=headers, timeout=left, allow_redirects=False, stream=True
            )
        except requests.Timeout:
            return _Refusal(is_final=True)
        except requests.RequestException as error:
            return _Refusal(type(error).__name__)  # its text has the URL
        status = answer.status_code
        answer.close()
    if 200 <= status < 300:
        return None
    return _Refusal(f"status {status}", is_final=status < 500 and status not in _PASSING)


def _run(message: Message, receiver: Receiver, folder: Path, left: float) -> _Refusal | None:
    words = shlex.split(receiver.place) if os.name == "posix" else receiver.place
    try:
        process = subprocess.Popen(  # noqa: S603  # what the ini file names
            words,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return _Refusal(f"it cannot be started: {error}", is_final=True)
    try:
        _, said = process.communicate(message.body, timeout=left)
    except subprocess.TimeoutExpired:
        _kill(process)
        return _Refusal(is_final=True)
    if process.returncode == 0:
        return None
    last = (said.decode(errors="replace").strip().splitlines() or [""])[-1]
    return _Refusal(f"exit status {process.returncode}" + (f": {last}" if last else ""))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    for stream in (process.stdin, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()
