"""A line in the terminal while something takes long."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def notice_in(config: pytest.Config) -> Callable[[str], None] | None:
    """Return what shows a line at once, captured output or not; None where there is no terminal, as in a worker."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or config.get_verbosity() < 0:
        return None

    def notice(text: str) -> None:
        if capture is None:
            reporter.write_line(text)
            return
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(text)

    return notice
