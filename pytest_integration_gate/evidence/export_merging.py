"""Merges exported files without reading them into memory, by the rules of `carrying.merge`.

The files are sorted, so they are read side by side. What is remembered is which file has the newest record of a test:
memory grows with the number of tests, and not with what they claim and saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, groupby
from json import dumps, loads
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeAlias

from pytest_integration_gate.evidence.carrying import (
    PARTS,
    Age,
    CarriedEnd,
    CarriedRun,
    CarriedTest,
    Key,
    age_of,
    end_age,
    weight_of,
)
from pytest_integration_gate.evidence.export import (
    check_known,
    header_of,
    line_of,
    makers_of,
    read_entries,
    sorted_lines,
    understood,
)
from pytest_integration_gate.files import write_parts
from pytest_integration_gate.model.codec import from_data

_Line: TypeAlias = tuple[str, str, str, Sequence[tuple[Key, int]]]
"""The beginning by which a line is sorted, its name, the text of what it says, and the tests that have it."""
_CLASSES: dict[str, Any] = {"test": CarriedTest, "end": CarriedEnd, "run": CarriedRun} | {
    name: cls for name, (_, cls) in PARTS.items()
}


def merge_exports(files: Iterable[Path], output: Path) -> None:
    """Merge exported files into one, in one step; raises StoreError for a file that cannot be used, and OSError."""
    newest = _Newest()
    streams = [newest.of_file(path, place) for place, path in enumerate(files)]
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as body:
        number = 0
        for line in _merged(streams):
            body.write(line)
            number += 1
        body.seek(0)
        write_parts(output, chain((header_of(number),), body))


def _merged(streams: Iterable[Iterable[_Line]]) -> Iterator[str]:
    for _, same in groupby(merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        (_, name, text, makers), *others = same
        if name not in PARTS:
            yield f'{{"{name}":{text}}}\n'
            continue
        ran: Counter[str] = Counter()
        skipped: Counter[str] = Counter()
        for (nodeid, is_skipped), times in chain(makers, *(other[3] for other in others)):
            (skipped if is_skipped else ran)[nodeid] += times
        yield line_of(name, text, ran, skipped)


class _Newest:
    """Which of the files, by its place, has the newest record and the newest end of a test."""

    def __init__(self) -> None:
        self._tests: dict[Key, tuple[Age, int]] = {}
        self._ends: dict[str, tuple[Age, int]] = {}

    def of_file(self, path: Path, place: int) -> Iterator[_Line]:
        """Read a whole file for the first time. Return its lines, as far as they stay, to be read when all are known.

        Raises StoreError when it cannot be used.
        """
        tests: dict[Key, CarriedTest] = {}
        weights: Counter[Key] = Counter()
        before, is_sorted = "", True
        for number, entry in read_entries(path):
            with understood(path, number):
                beginning, name, text = _parts_of(entry)
                before, is_sorted = beginning, is_sorted and before <= beginning
                value = from_data(_CLASSES[name], entry[name])
                if name == "test":
                    key = value.record.nodeid, value.is_skipped
                    tests[key] = value
                    weights[key] += weight_of(name, text)
                elif name == "end":
                    _keep(self._ends, value.outcome.nodeid, end_age(value), place)
                elif name in PARTS:
                    weight = weight_of(name, text)
                    for key, times in makers_of(entry):
                        weights[key] += times * weight
        with understood(path):
            check_known(weights, tests)
        for key, test in tests.items():
            _keep(self._tests, key, age_of(test, weights[key]), place)
        return self._lines(path, place, is_sorted=is_sorted)

    def _lines(self, path: Path, place: int, *, is_sorted: bool) -> Iterator[_Line]:
        for entry in _entries(path, is_sorted=is_sorted):
            beginning, name, text = _parts_of(entry)
            data = entry[name]
            if name == "test":
                is_kept = self._tests[data["record"]["nodeid"], data.get("is_skipped", False)][1] == place
            elif name == "end":
                is_kept = self._ends[data["outcome"]["nodeid"]][1] == place
            else:
                is_kept = name == "run"
            makers = [(key, times) for key, times in makers_of(entry) if self._tests[key][1] == place]
            if is_kept or makers:
                yield beginning, name, text, makers


def _keep(known: dict[Any, tuple[Age, int]], name: object, age: Age, place: int) -> None:
    if name not in known or known[name][0] < age:
        known[name] = (age, place)


def _parts_of(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    name = next(iter(entry))
    text = dumps(entry[name], separators=(",", ":"))
    return f'{{"{name}":{text}', name, text


def _entries(path: Path, *, is_sorted: bool) -> Iterable[Any]:
    entries = (entry for _, entry in read_entries(path))
    if is_sorted:
        return entries
    return map(loads, sorted_lines(f"{dumps(entry, separators=(',', ':'))}\n" for entry in entries)[1])
