"""``--gate-fix``: shows, or writes, what makes the doubles of a run say again what reality does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

from pytest_integration_gate.files import write_text
from pytest_integration_gate.fixing.knowledge import Knowledge
from pytest_integration_gate.fixing.proposal import Proposal, propose
from pytest_integration_gate.fixing.source import Left
from pytest_integration_gate.hooks.ended import Ended
from pytest_integration_gate.isolation import clock, open_file
from pytest_integration_gate.judging.gate import Contribution
from pytest_integration_gate.judging.wording import counted


class Fixing:
    """Mends the mismatches of one run, in the process that judges it. With `writes` the files are changed."""

    def __init__(self, root: Path, *, writes: bool) -> None:
        self._root = root.resolve()
        self._writes = writes
        self._started = clock()
        self._proposal: Proposal | None = None
        self._written: list[str] = []
        self._failed: list[str] = []

    def judge(self, ended: Ended) -> Contribution:
        """Work out what can be mended, and write it where that is asked for. Nothing of it fails the run."""
        found = [one for one in ended.findings if one.verdict in ("contradicted", "suspect")]
        try:
            self._proposal = propose(found, Knowledge((*ended.stored, *ended.records.values())), self._read)
        except Exception as error:  # a run is never lost for what would mend it
            self._failed.append(f"--gate-fix: nothing could be mended: {type(error).__name__}: {error}")
        else:
            if self._writes:
                self._write(self._proposal)
        return Contribution(warnings=tuple(self._failed))

    def _read(self, name: str) -> bytes:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise Left("the file is outside the root directory")
        try:
            with open_file(path, "rb") as stream:
                if os.fstat(stream.fileno()).st_mtime > self._started:
                    raise Left("the file was changed while the tests ran")
                return stream.read()
        except OSError as error:
            raise Left(f"the file cannot be read ({error.strerror})") from None

    def _write(self, proposal: Proposal) -> None:
        for name, file in proposal.files.items():
            path = self._root / name
            try:
                mode = path.stat().st_mode
                write_text(path, file.after)
                path.chmod(mode)
            except OSError as error:
                self._failed.append(f"--gate-fix: {name} could not be written: {error.strerror or error}")
            else:
                self._written.append(name)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the changes, and what is left alone and why."""
        if self._proposal is None:
            return
        proposal = self._proposal
        terminalreporter.section("integration gate: fixes", sep="_")
        for line in diff_lines(proposal):
            terminalreporter.write_line(line, **_color(line))
        for one in proposal.untouched:
            terminalreporter.write_line(f"{one.at}: left alone: {one.target}: {one.reason}")
        terminalreporter.write_line(self._conclusion(proposal))

    def _conclusion(self, proposal: Proposal) -> str:
        if not proposal.files:
            return "nothing to mend" if not proposal.untouched else "nothing that can be mended for certain"
        places = f"{counted(proposal.places, 'place')} in {counted(len(proposal.files), 'file')}"
        if self._writes:
            return f"mended: {places}; {counted(len(self._written), 'file')} written. Run the tests again."
        return f"can be mended: {places}; nothing is written. --gate-fix=write writes it."


def diff_lines(proposal: Proposal) -> Iterator[str]:
    """Give the changes of all files as one unified diff, which ``patch -p1`` takes."""
    for name, file in proposal.files.items():
        lines = unified_diff(file.before.splitlines(), file.after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
        yield from lines


def _color(line: str) -> dict[str, bool]:
    if line.startswith(("+++", "---")):
        return {"bold": True}
    return {"green": line.startswith("+"), "red": line.startswith("-"), "cyan": line.startswith("@@")}
