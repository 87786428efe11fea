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
from pytest_integration_gate.isolation import clock, open_file
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Contribution
from pytest_integration_gate.judging.wording import counted


class Fixing:
    """Mends the mismatches of one run, in the process that judges it. With `writes` the files are changed."""

    def __init__(self, root: Path, *, writes: bool) -> None:
        self._root = root.resolve()
        self._writes = writes
        self._started = clock()
        self._proposal: Proposal | None = None
        self._tried: set[str] = set()
        self._written: set[str] = set()

    def pytest_integration_gate_judge(self, ended: Ended) -> Contribution:
        """Work out what can be mended. Nothing of it fails the run."""
        found = [one for one in ended.findings if one.verdict in ("contradicted", "suspect")]
        try:
            self._proposal = propose(found, Knowledge((*ended.stored, *ended.records.values())), self._read)
        except Exception as error:  # a run is never lost for what would mend it
            return Contribution(warnings=(f"--gate-fix: nothing could be mended: {type(error).__name__}: {error}",))
        return Contribution()

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

    @pytest.hookimpl(trylast=True)  # what the gate shows of the files is what the tests ran
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
        for problem in self._write():
            terminalreporter.write_line(problem, red=True)
        terminalreporter.write_line(self._conclusion(proposal))

    def pytest_unconfigure(self) -> None:
        """Write the files of a run that shows nothing."""
        self._write()

    def _write(self) -> list[str]:
        """Write the files that are not written yet, and return what went wrong."""
        problems = []
        files = self._proposal.files if self._proposal is not None and self._writes else {}
        for name in [name for name in files if name not in self._tried]:
            path = self._root / name
            self._tried.add(name)
            try:
                mode = path.stat().st_mode
                write_text(path, files[name].after)
                path.chmod(mode)
            except OSError as error:
                problems.append(f"{name} could not be written: {error.strerror or error}")
            else:
                self._written.add(name)
        return problems

    def _conclusion(self, proposal: Proposal) -> str:
        if not proposal.files:
            return "nothing to mend" if not proposal.untouched else "nothing that can be mended for certain"
        places = f"{counted(proposal.places, 'place')} in {counted(len(proposal.files), 'file')}"
        if self._writes:
            if len(self._written) < len(proposal.files):
                return f"mended: {len(self._written)} of {counted(len(proposal.files), 'file')}"
            return f"mended: {places}. Run the tests again."
        return f"can be mended: {places}; nothing is written. --gate-fix=write writes it."


def diff_lines(proposal: Proposal) -> Iterator[str]:
    """Give the changes of all files as one unified diff."""
    for name, file in proposal.files.items():
        lines = unified_diff(file.before.splitlines(), file.after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
        yield from lines


def _color(line: str) -> dict[str, bool]:
    if line.startswith(("+++", "---")):
        return {"bold": True}
    return {"green": line.startswith("+"), "red": line.startswith("-"), "cyan": line.startswith("@@")}
