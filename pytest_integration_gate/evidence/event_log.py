"""The event log that a run writes: one JSON value a line, there as soon as it matters (SPEC section 12).

The first line names the format. A claim, observation or fact has a line when it is first seen; later tests refer to it
by its number. `evidence.events` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from json import dumps
from os import PathLike, fspath
from typing import Any

from pytest_integration_gate.files import write_text
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.codec import to_data
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import RunReport, TestOutcome

FORMAT = 1
KIND = "integration-gate events"
PARTS = {"claims": "claim", "observations": "observation", "facts": "fact"}
"""Parts of a record that many tests share, with the names of their events."""


class EventLog:
    """Appends the events of one run to a file that begins anew. `flush` writes what was added.

    `is_new` says that nobody else knows the file: it is made without waiting for the disk.

    When it cannot be written, `failure` says so in one sentence, and everything after that is left out.
    """

    def __init__(self, path: str | PathLike[str], *, is_new: bool = False) -> None:
        self._path = fspath(path)
        self._stream: Any = None
        self._numbers: dict[str, dict[Any, int]] = {name: {} for name in PARTS}
        self.failure = ""
        header = dumps({"format": FORMAT, "kind": KIND}, separators=(",", ":")) + "\n"
        try:
            if not is_new:
                write_text(self._path, header)  # in one step: nobody finds a file that does not say what it is
            self._stream = open_file(self._path, "x" if is_new else "a", encoding="utf-8", newline="\n")
            if is_new:
                self._stream.write(header)
        except OSError as error:
            self.fail(error)

    def add(self, event: str, **data: Any) -> None:
        """Append an event."""
        self.line({"event": event, **data})

    def collected(self, tests: Iterable[str]) -> None:
        """Append which tests are to run."""
        self.add("collected", tests=list(tests))

    def outcome(self, outcome: TestOutcome) -> None:
        """Append how a test, or a file that cannot be collected, ended."""
        self.add("outcome", outcome=to_data(outcome))

    def ended(self, test: str, record: TestRecord | None, **data: Any) -> None:
        """Append that nothing more comes of a test, and what it contributes."""
        if record is not None:
            data["record"] = to_data(replace(record, claims=(), observations=(), facts=()))
            data |= {name: [self.number(name, part) for part in getattr(record, name)] for name in PARTS}
        self.add("ended", test=test, **data)

    def judged(self, report: RunReport, **data: Any) -> None:
        """Append what the run came to."""
        self.add("judged", report=to_data(report), **data)

    def flush(self) -> None:
        """Hand what was added to the system: from there a kill of this process does not take it."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except OSError as error:
                self.fail(error)

    def close(self) -> None:
        """Let the file go."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            try:
                stream.close()
            except OSError as error:
                self.fail(error)

    def number(self, name: str, part: Any) -> int:
        """Return the number of a part, when its line has been appended."""
        known = self._numbers[name]
        following = len(known)
        number = known.setdefault(part, following)
        if number == following:
            self.add(PARTS[name], data=to_data(part))
        return number

    def line(self, entry: dict[str, Any] | str) -> None:
        """Append a line, which may be written out already."""
        if self._stream is None:
            return
        try:
            text = entry if isinstance(entry, str) else dumps(entry, separators=(",", ":"), default=str)
            self._stream.write(text + "\n")
        except OSError as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Write nothing any more, and say why."""
        why = (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"
        self.failure = f"The events of this run are not kept: {self._path} cannot be written ({why})."
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):  # what did not fit is still in its buffer
                stream.close()
