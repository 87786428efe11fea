"""What the steps of a suite share while it runs: variables, connections, processes, secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.suites.masking import Secrets

if TYPE_CHECKING:
    import requests
    from sqlalchemy import Engine

    from pytest_integration_gate.suites.commands import Background, Commands

_IN_PROCESS = "http://app.invalid"
"""Where an application in this process answers: a host that exists nowhere else (RFC 6761)."""


class World:
    """The world of one suite. `variables` live as long as the suite, and captures with them.

    `app` is the application that relative endpoints go to, None when they go to `base_url`. `notice`, if there is one,
    is told how far a long step is.
    """

    def __init__(self, root: Path, *, secrets: Secrets, commands: Commands | None = None) -> None:
        self.root = root
        self.secrets = secrets
        self.commands = commands
        self.notice: Callable[[str], None] | None = None
        self.variables: dict[str, Any] = {}
        self.database = ""
        self.headers: Mapping[str, Any] = {}
        self._base_url = ""
        self._app: Any = None
        self._sessions: dict[str, requests.Session] = {}
        self._engines: dict[str, Engine] = {}

    @property
    def base_url(self) -> str:
        """Where relative endpoints go."""
        return _IN_PROCESS if self._app is not None else self._base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._base_url = url

    @property
    def background(self) -> list[Background]:
        """The commands that run beside the tests."""
        return self.commands.background if self.commands is not None else []

    def enter(self, app: Any) -> None:
        """Begin a test: it has cookies of its own, and `app` answers relative endpoints unless it is None."""
        self._drop("app")
        self._app = app
        for session in self._sessions.values():
            session.cookies.clear()

    def session_for(self, url: str) -> requests.Session:
        """Return the session for a URL: of the application in this process, of this machine, or of the world."""
        import requests

        from pytest_integration_gate.suites.http import is_loopback

        name = "app" if url.startswith(_IN_PROCESS) else "loopback" if is_loopback(url) else "world"
        if name not in self._sessions:
            session = self._sessions[name] = requests.Session()
            session.trust_env = name == "world"  # no proxy stands between this machine and itself
            if name == "app":
                from pytest_integration_gate.suites.in_process import adapter_for

                session.mount(_IN_PROCESS, adapter_for(self._app))
        return self._sessions[name]

    def engine(self, url: str) -> Engine:
        """Return the engine of a database."""
        if url not in self._engines:
            from pytest_integration_gate.suites.sql import connect

            self._engines[url] = connect(url, self.root)
        return self._engines[url]

    def close(self) -> None:
        """Let all connections go, then end all processes."""
        for name in tuple(self._sessions):
            self._drop(name)
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        if self.commands is not None:
            self.commands.end()

    def _drop(self, name: str) -> None:
        session = self._sessions.pop(name, None)
        if session is not None:
            session.close()
