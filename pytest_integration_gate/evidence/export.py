"""The text form of evidence, made to be carried, compared and reviewed: JSON Lines, sorted (SPEC section 9).

The first line names the format. Then every distinct claim, observation, edition and fact has one line that holds all
of it and the tests that made it, so that a change of one shape is a change of one line.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from heapq import merge
from json import dumps, loads
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.carrying import (
    PARTS,
    Carried,
    CarriedEnd,
    CarriedRun,
    CarriedTest,
    Key,
    carried,
    text_of,
    without_parts,
)
from pytest_integration_gate.files import write_parts
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.codec import from_data

FORMAT = 1
KIND = "integration-gate export"
_AT_ONCE = 32_000_000  # characters that are sorted in memory


class _Damaged(ValueError):
    """The file is not what this program writes; the text says why."""


def read_export(path: Path) -> Carried:
    """Read an exported file; raise StoreError when it cannot be used. The file stays as it is."""
    reading = _Reading()
    for number, entry in read_entries(path):
        with understood(path, number):
            reading.add(entry)
    with understood(path):
        return reading.result()


def read_entries(path: Path) -> Iterator[tuple[int, Any]]:
    """Give the lines below the first with their numbers; raise StoreError when the file cannot be used."""
    try:
        with open_file(path, encoding="utf-8") as stream:
            yield from _entries_of(stream, path)
    except OSError as error:
        raise StoreError(
            f"The exported evidence {path} cannot be read: {error.strerror or error}.",
            remedy="Name a file that --gate-export or `integration-gate merge` has written.",
        ) from None
    except ValueError as error:  # what is no UTF-8 is one, too
        raise _unusable(path, "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)) from None


@contextmanager
def understood(path: Path, number: int = 0) -> Iterator[None]:
    """Raise StoreError for whatever the content of a foreign line makes a decoder do."""
    try:
        yield
    except Exception as error:
        where = f"line {number} cannot be understood: {type(error).__name__}: " if number else ""
        raise _unusable(path, f"{where}{error!s:.100}") from None


def write_export(path: Path, what: Carried) -> None:
    """Write an exported file in one step; raises OSError."""
    write_parts(path, export_lines(what))


def export_lines(what: Carried) -> Iterator[str]:
    """Give the lines of the text form; equal evidence gives equal lines."""
    number, lines = sorted_lines(_lines(what))
    yield header_of(number)
    yield from lines


def header_of(number: int) -> str:
    """Return the first line of a file with a number of others."""
    return dumps({"format": FORMAT, "kind": KIND, "lines": number}) + "\n"


def line_of(name: str, text: str, ran: Mapping[str, int], skipped: Mapping[str, int]) -> str:
    """Write the line of what tests share: how often each of those that ran, and that were skipped, has it."""
    tests = dumps(dict(sorted(ran.items())), separators=(",", ":"))
    others = f',"skipped":{dumps(dict(sorted(skipped.items())), separators=(",", ":"))}' if skipped else ""
    return f'{{"{name}":{text},"tests":{tests}{others}}}\n'


def sorted_lines(lines: Iterable[str]) -> tuple[int, Iterator[str]]:
    """Sort lines of which not all need fit into memory, and count them."""
    number = size = 0
    chunk: list[str] = []
    spilled: list[Iterable[str]] = []
    with ExitStack() as files:
        for line in lines:
            if size > _AT_ONCE:
                stream = files.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n"))
                stream.writelines(sorted(chunk))
                stream.seek(0)
                spilled.append(stream)
                chunk, size = [], 0
            chunk.append(line)
            size += len(line)
            number += 1
        chunk.sort()
        return number, _drawn(merge(*spilled, chunk), files.pop_all())


def _drawn(lines: Iterable[str], files: ExitStack) -> Iterator[str]:
    with files:
        yield from lines


def _lines(what: Carried) -> Iterator[str]:
    makers: dict[str, dict[Any, list[Key]]] = {name: {} for name in PARTS}
    for key, test in what.tests.items():
        for name, (field, _) in PARTS.items():
            for part in getattr(test.record, field):
                makers[name].setdefault(part, []).append(key)
        yield f'{{"test":{text_of(without_parts(test))}}}\n'
    for end in what.ends.values():
        yield f'{{"end":{text_of(end)}}}\n'
    for run in what.runs:
        yield f'{{"run":{text_of(run)}}}\n'
    for name, made in makers.items():
        for part, keys in made.items():
            ran = Counter(nodeid for nodeid, is_skipped in keys if not is_skipped)
            skipped = Counter(nodeid for nodeid, is_skipped in keys if is_skipped)
            yield line_of(name, text_of(part), ran, skipped)


def _entries_of(stream: Iterable[str], path: Path) -> Iterator[tuple[int, Any]]:
    lines = enumerate(stream, start=1)
    number, first = next(lines, (1, ""))
    header = _json(first, number)
    if not isinstance(header, dict) or header.get("kind") != KIND or type(header.get("format")) is not int:
        raise _Damaged("its first line does not say that it is exported evidence of the gate")
    if header["format"] != FORMAT:
        remedy = "Upgrade pytest-integration-gate" if header["format"] > FORMAT else "Export it again"
        raise StoreError(
            f"{path} has format {header['format']}; this version reads format {FORMAT}.", remedy=f"{remedy}."
        )
    for number, line in lines:
        yield number, _json(line, number)
    if header.get("lines") != number - 1:
        raise _Damaged(f"it should have {header.get('lines')} lines below the first and has {number - 1}")


def _json(line: str, number: int) -> Any:
    try:
        return loads(line)
    except (ValueError, RecursionError):
        raise _Damaged(f"line {number} is not JSON") from None


def makers_of(entry: Any) -> Iterator[tuple[Key, int]]:
    """Give the tests of a line, and how often each has what it says."""
    for field, is_skipped in (("tests", False), ("skipped", True)):
        for nodeid, times in entry.get(field, {}).items():
            yield (nodeid, is_skipped), int(times)


class _Reading:
    """One pass over the lines below the first. What tests share comes before them, and is theirs at once."""

    def __init__(self) -> None:
        self._tests: dict[Key, CarriedTest] = {}
        self._ends: list[CarriedEnd] = []
        self._runs: list[CarriedRun] = []
        self._parts: dict[Key, dict[str, list[Any]]] = defaultdict(dict)

    def add(self, entry: Any) -> None:
        """Take one line; raise something when it is not understood."""
        name = next(iter(entry))
        if name == "test":
            test = from_data(CarriedTest, entry[name])
            self._tests[test.record.nodeid, test.is_skipped] = test
        elif name == "end":
            self._ends.append(from_data(CarriedEnd, entry[name]))
        elif name == "run":
            self._runs.append(from_data(CarriedRun, entry[name]))
        else:
            field, cls = PARTS[name]
            part = from_data(cls, entry[name])
            for key, times in makers_of(entry):
                self._parts[key].setdefault(field, []).extend([part] * times)

    def result(self) -> Carried:
        """Give every test its parts."""
        check_known(self._parts, self._tests)
        whole = []
        for key, test in self._tests.items():
            parts: dict[str, Any] = {field: tuple(some) for field, some in self._parts.pop(key, {}).items()}
            whole.append(replace(test, record=replace(test.record, **parts)))
        return carried(whole, self._ends, self._runs)


def check_known(named: Iterable[Key], tests: Container[Key]) -> None:
    """Raise an error for a test that lines name and that has none of its own."""
    missing = next((nodeid for nodeid, is_skipped in named if (nodeid, is_skipped) not in tests), None)
    if missing is not None:
        raise _Damaged(f"the test {missing} has no line")


def _unusable(path: Path, why: str) -> StoreError:
    return StoreError(
        f"{path} is no exported evidence, or damaged: {why}.",
        remedy="Export it again with --gate-export. The file was not changed.",
    )
