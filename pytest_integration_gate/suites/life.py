"""The life of a suite: its variables, its setup, its tests, its teardown, which always runs and runs once."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_integration_gate.durations import shown as length
from pytest_integration_gate.suites.commands import CommandError, Commands, Finished, shown
from pytest_integration_gate.suites.failure import failed_command, printed
from pytest_integration_gate.suites.masking import Secrets
from pytest_integration_gate.suites.matchers import differences
from pytest_integration_gate.suites.readiness import NotReady, wait_until_ready
from pytest_integration_gate.suites.running import run_test
from pytest_integration_gate.suites.seen import SuiteFailed
from pytest_integration_gate.suites.suite import Suite, SuiteCommand, SuiteTest
from pytest_integration_gate.suites.templates import TemplateError, as_command, as_text, render
from pytest_integration_gate.suites.watchdog import Watchdog
from pytest_integration_gate.suites.world import World


class Life:
    """One run of a suite in this process.

    `begin`, then `run` for each test, then `end`, which also follows when `begin` fails. `root` is where commands run
    and relative paths start; `redact` are regular expressions for the names of secrets besides the usual ones.
    """

    def __init__(
        self, suite: Suite, root: Path, *, redact: Sequence[str] = (), watchdog: Watchdog | None = None
    ) -> None:
        self._suite = suite
        self._is_over = False
        self._watchdog = watchdog
        self.world = World(root, secrets=Secrets(suite.secrets, redact))

    def begin(self, values: Mapping[str, Any]) -> None:
        """Give the variables their values and run the setup; raise `SuiteFailed` when that fails.

        `values` are those of the suite's own fixtures.
        """
        self.world.variables |= values
        try:
            self._prepare()
        except TemplateError as error:
            raise failed_command(f"setup: {error.message}", suite=self._suite, line=1, world=self.world) from None
        for command in self._suite.setup:
            self._command(command, "setup")

    def run(self, test: SuiteTest, values: Mapping[str, Any]) -> dict[str, Any]:
        """Run a test and return its figures. `values` are those of its fixtures and parameters.

        Raises SuiteFailed when it fails, SkipTest when a condition says that nothing is to be done.
        """
        world, suite = self.world, self._suite
        before = {name: world.variables[name] for name in values if name in world.variables}
        database = world.database
        world.variables.update(values)
        try:
            app = test.app or suite.app
            world.enter(values[app] if app else None)
            if test.database:
                world.database = str(render(test.database, world.variables))
            return run_test(suite, test, world)
        finally:
            world.database = database
            for name in values:
                world.variables.pop(name, None)
            world.variables.update(before)

    def end(self) -> None:
        """Run the teardown and end every process; raise `SuiteFailed` for the first command that failed.

        All commands run, whatever becomes of those before them. A second call does nothing.
        """
        if self._is_over:
            return
        self._is_over = True
        failures: list[SuiteFailed] = []
        try:
            for command in self._suite.teardown if self.world.commands is not None else ():
                try:
                    self._command(command, "teardown")
                except SuiteFailed as failure:
                    failures.append(failure)
        finally:
            self.world.close()
        if failures:
            raise failures[0]

    def _prepare(self) -> None:
        """Give the variables their values."""
        suite, world = self._suite, self.world
        variables = world.variables
        for name, port in suite.ports.items():
            variables[name] = port or free_port()
        base_url = str(render(suite.base_url, variables))
        if urlsplit(base_url).port == 0:
            base_url = base_url.replace(":0", f":{free_port()}", 1)
        variables |= {"base_url": base_url, "port": urlsplit(base_url).port, "unique": os.urandom(4).hex()}
        for name, value in suite.variables.items():
            variables[name] = render(value, variables)
        world.secrets.learn(variables)
        world.base_url = base_url
        world.headers = render(suite.headers, variables)
        world.secrets.learn(world.headers)
        world.database = str(render(suite.database, variables))
        env = _texts(render(suite.env, variables))
        world.secrets.learn(env)
        world.commands = Commands(world.root, env, self._watchdog)

    # -- commands -----------------------------------------------------------------------------------------------------

    def _command(self, command: SuiteCommand, part: str) -> None:
        world = self.world
        assert world.commands is not None
        text = shown(command.command)
        try:
            line = as_command(render(_written(command.command), world.variables))
            text = shown(line)
            env = _texts(render(command.env, world.variables))
            world.secrets.learn(env)
            if command.background:
                background = world.commands.start(line, env=env, cwd=command.cwd)
                if command.ready is not None:
                    ready = _rendered(command.ready, world.variables)
                    wait_until_ready(background, ready, world.commands, world.base_url)
                return
            done = world.commands.run(line, timeout=command.wait, env=env, cwd=command.cwd)
        except (CommandError, NotReady, TemplateError) as error:
            message = getattr(error, "message", str(error))
            raise self._failed(f"{part}: {message}", command) from None
        if problem := _problem(done, command, text):
            raise self._failed(f"{part}: {problem}", command, done.tail)

    def _failed(self, reason: str, command: SuiteCommand, output: str = "") -> SuiteFailed:
        return failed_command(reason, suite=self._suite, line=command.line, world=self.world, output=output)


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as found:
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _problem(done: Finished, command: SuiteCommand, text: str) -> str:
    if done.exit_code is None:
        return f"`{text}` did not end within {length(command.wait)} and was ended."
    if differences(command.exit_code, done.exit_code):
        return f"`{text}` ended with exit code {done.exit_code}, expected {printed(command.exit_code)}."
    return ""


def _written(command: str | tuple[str, ...]) -> str | list[str]:
    return command if isinstance(command, str) else list(command)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): "" if value is None else as_text(value) for name, value in values.items()}


def _rendered(ready: Any, variables: Mapping[str, Any]) -> Any:
    from dataclasses import replace

    return replace(
        ready,
        url=as_text(render(ready.url, variables)),
        port=render(ready.port, variables),
        log=as_text(render(ready.log, variables)),
        command=as_command(render(_written(ready.command), variables)),
    )
