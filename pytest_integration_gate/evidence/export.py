"""The text form of evidence, made to be carried, compared and reviewed: JSON Lines, sorted (SPEC section 9).

The first line names the format. Then every distinct claim, observation, edition and fact has one line that holds all
of it and the tests that made it, so that a change of one shape is a change of one line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from json import dumps, loads
from pathlib import Path
from typing import Any

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.carrying import Carried, CarriedEnd, CarriedRun, CarriedTest, carried
from pytest_integration_gate.files import write_parts
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.claim import Claim, Hygiene, Unbound
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.observation import Observation

FORMAT = 1
KIND = "integration-gate export"
_PARTS: dict[str, tuple[str, Any]] = {
    "claim": ("claims", Claim),
    "observation": ("observations", Observation),
    "edition": ("editions", Edition),
    "fact": ("facts", Fact),
    "unbound": ("unbound", Unbound),
    "hygiene": ("hygiene", Hygiene),
}
_EMPTY: dict[str, Any] = {name: () for name, _ in _PARTS.values()}


class _Damaged(ValueError):
    """The file is not what this program writes; the text says why."""


def read_export(path: Path) -> Carried:
    """Read an exported file; raise StoreError when it cannot be used. The file stays as it is."""
    try:
        with open_file(path, encoding="utf-8") as stream:
            return _parse(stream, path)
    except OSError as error:
        raise StoreError(
            f"The exported evidence {path} cannot be read: {error.strerror or error}.",
            remedy="Name a file that --gate-export or `integration-gate merge` has written.",
        ) from None
    except ValueError as error:  # what is no UTF-8 is one, too
        why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise StoreError(
            f"{path} is no exported evidence, or damaged: {why}.",
            remedy="Export it again with --gate-export. The file was not changed.",
        ) from None


def write_export(path: Path, what: Carried) -> None:
    """Write an exported file in one step; raises OSError."""
    write_parts(path, export_lines(what))


def export_lines(what: Carried) -> Iterator[str]:
    """Give the lines of the text form; equal evidence gives equal lines."""
    lines = sorted(dumps(entry, separators=(",", ":")) for entry in _entries(what))
    yield dumps({"format": FORMAT, "kind": KIND, "lines": len(lines)}) + "\n"
    for line in lines:
        yield f"{line}\n"


def _entries(what: Carried) -> Iterator[dict[str, Any]]:
    makers: dict[str, dict[Any, tuple[Counter[str], Counter[str]]]] = {name: {} for name in _PARTS}
    for test in what.tests.values():
        record = test.record
        for name, (parts, _) in _PARTS.items():
            for part in getattr(record, parts):
                ran, skipped = makers[name].setdefault(part, (Counter(), Counter()))
                (skipped if test.is_skipped else ran)[record.nodeid] += 1
        yield {"test": to_data(replace(test, record=replace(record, **_EMPTY)))}
    for end in what.ends.values():
        yield {"end": to_data(end)}
    for run in what.runs:
        yield {"run": to_data(run)}
    for name, made in makers.items():
        for part, (ran, skipped) in made.items():
            entry = {name: to_data(part), "tests": dict(sorted(ran.items()))}
            yield entry | ({"skipped": dict(sorted(skipped.items()))} if skipped else {})


def _parse(stream: Iterable[str], path: Path) -> Carried:
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
    reading = _Reading()
    for number, line in lines:
        reading.add(number, _json(line, number))
    if header.get("lines") != number - 1:
        raise _Damaged(f"it should have {header.get('lines')} lines below the first and has {number - 1}")
    return reading.result()


def _json(line: str, number: int) -> Any:
    try:
        return loads(line)
    except (ValueError, RecursionError):
        raise _Damaged(f"line {number} is not JSON") from None


class _Reading:
    """One pass over the lines below the first. What tests share is read once and kept until all tests are known."""

    def __init__(self) -> None:
        self._tests: dict[tuple[str, bool], CarriedTest] = {}
        self._ends: list[CarriedEnd] = []
        self._runs: list[CarriedRun] = []
        self._parts: list[tuple[int, str, Any, list[tuple[str, bool, int]]]] = []

    def add(self, number: int, entry: Any) -> None:
        """Take one line; raise _Damaged when it is not understood."""
        try:
            name = next(iter(entry))
            if name == "test":
                test = from_data(CarriedTest, entry[name])
                self._tests[test.record.nodeid, test.is_skipped] = test
            elif name == "end":
                self._ends.append(from_data(CarriedEnd, entry[name]))
            elif name == "run":
                self._runs.append(from_data(CarriedRun, entry[name]))
            else:
                field, cls = _PARTS[name]
                makers = [
                    (nodeid, is_skipped, times)
                    for of, is_skipped in (("tests", False), ("skipped", True))
                    for nodeid, times in entry.get(of, {}).items()
                ]
                self._parts.append((number, field, from_data(cls, entry[name]), makers))
        except Exception as error:  # whatever a foreign line makes the decoder do
            raise _misunderstood(number, error) from None

    def result(self) -> Carried:
        """Give every test its parts."""
        found: dict[tuple[str, bool], dict[str, list[Any]]] = {key: {of: [] for of in _EMPTY} for key in self._tests}
        for number, field, part, makers in self._parts:
            try:
                for nodeid, is_skipped, times in makers:
                    found[nodeid, is_skipped][field] += [part] * times
            except Exception as error:
                raise _misunderstood(number, error) from None
        whole = []
        for key, test in self._tests.items():
            parts: dict[str, Any] = {of: tuple(some) for of, some in found[key].items()}
            whole.append(replace(test, record=replace(test.record, **parts)))
        return carried(whole, self._ends, self._runs)


def _misunderstood(number: int, error: Exception) -> _Damaged:
    return _Damaged(f"line {number} cannot be understood: {type(error).__name__}: {error!s:.100}")
