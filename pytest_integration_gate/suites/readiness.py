"""Waits until a command in the background is ready: polls, and stops at once when the command has ended."""

from __future__ import annotations

import re
import socket
from time import monotonic, sleep
from typing import Any

from pytest_integration_gate.durations import shown as length
from pytest_integration_gate.isolation import at_work
from pytest_integration_gate.suites.commands import Background, CommandError, Commands, shown
from pytest_integration_gate.suites.http import is_loopback, joined
from pytest_integration_gate.suites.suite import Ready

_ONE_TRY = 2.0


class NotReady(Exception):
    """A command did not become ready. The message is a sentence."""


def wait_until_ready(command: Background, ready: Ready, commands: Commands, base_url: str) -> None:
    """Poll until the command is ready; raise `NotReady` when it ends before, or when it takes too long."""
    deadline = monotonic() + ready.timeout
    while True:
        problem = _problem(command, ready, commands, base_url)
        if command.exit_code is not None and (problem or ready.log == ""):
            raise NotReady(f"`{shown(command.line)}` ended with exit code {command.exit_code} before it was ready.")
        if not problem:
            return
        if monotonic() >= deadline:
            raise NotReady(f"`{shown(command.line)}` was not ready within {length(ready.timeout)}: {problem}.")
        sleep(ready.interval)


def _problem(command: Background, ready: Ready, commands: Commands, base_url: str) -> str:
    """Say what is missing, empty when the command is ready."""
    if ready.url and (problem := _ask(joined(base_url, ready.url))):
        return problem
    if ready.port is not None and (problem := _knock(_number(ready.port))):
        return problem
    if ready.log and re.search(ready.log, command.log) is None:
        return f"its log has no line with `{ready.log}`"
    if ready.command:
        try:
            done = commands.run(ready.command, timeout=max(ready.timeout, _ONE_TRY))
        except CommandError as error:
            return error.message
        if done.exit_code != 0:
            return f"`{shown(ready.command)}` ended with exit code {done.exit_code}"
    return ""


def _ask(url: str) -> str:
    import requests

    with at_work(), requests.Session() as session:  # how often it is asked is chance, and no observation
        session.trust_env = not is_loopback(url)
        try:
            response = session.get(url, timeout=_ONE_TRY, allow_redirects=False)
        except requests.RequestException as error:
            return f"{url} does not answer ({type(error).__name__})"
    return f"{url} answers {response.status_code}" if response.status_code >= 400 else ""


def _number(port: Any) -> int:
    try:
        if 0 < int(port) < 65536:
            return int(port)
    except (TypeError, ValueError):
        pass
    raise NotReady(f"`ready.port` is `{port}`, which is no port.")


def _knock(port: int) -> str:
    for host in ("127.0.0.1", "::1"):
        try:
            with socket.create_connection((host, port), timeout=_ONE_TRY):
                return ""
        except OSError:
            continue
    return f"nothing listens on port {port}"
