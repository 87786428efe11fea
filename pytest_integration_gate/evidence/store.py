"""The embedded store: evidence that lasts from run to run, as JSON Lines in one file (SPEC section 9).

The first line names the format. The claims, observations, facts and editions follow, each distinct one once, and then
the tests, which refer to them by their number. A file that is not understood is never overwritten: one that is damaged
is set aside under another name, one of a newer format is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from json import dumps, loads
from os import listdir, makedirs, unlink
from os.path import exists, join
from types import MappingProxyType
from typing import Any

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.merging import Store, StoredTest
from pytest_integration_gate.files import write_parts, write_text
from pytest_integration_gate.isolation import open_file, os_replace
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord

FORMAT = 1
KIND = "integration-gate evidence"
FILE = "evidence.jsonl"
_PARTS: dict[str, Any] = {"claims": Claim, "observations": Observation, "facts": Fact, "editions": Edition}
_LOCK_TIMEOUT = 10.0  # seconds


class _Damaged(Exception):
    """The file is not what this program writes; the text says why."""


def load(folder: str) -> tuple[Store, str]:
    """Read the store in a folder, and say in one sentence what was wrong with it, if anything.

    A store that is not there is empty. A damaged one is set aside and then counts as empty. Raises StoreError when the
    file was written by a newer version; it stays as it is.
    """
    store, warning, _ = _load(folder)
    return store, warning


def update(folder: str, change: Callable[[Store], Store]) -> str:
    """Change the store in a folder, and say in one sentence why that was not possible, if so.

    What other runs have stored in the meantime is read first, and no two runs do this at once.
    """
    from filelock import FileLock, Timeout  # only the end of a run needs it

    try:
        prepare(folder)
        with FileLock(join(folder, "evidence.lock"), timeout=_LOCK_TIMEOUT):
            _sweep(folder)
            store, warning, is_writable = _load(folder)
            if is_writable:
                write_parts(join(folder, FILE), _lines(change(store)))
            return warning
    except Timeout:
        return f"This run's evidence is not kept: another run has held {folder} for more than {_LOCK_TIMEOUT:.0f} s."
    except StoreError as error:
        return f"This run's evidence is not kept: {error.message}"
    except OSError as error:
        return f"This run's evidence is not kept: {folder} cannot be written ({error.strerror or error})."


def prepare(folder: str) -> None:
    """Make a folder that keeps itself out of git; raises OSError."""
    makedirs(folder, exist_ok=True)
    ignore = join(folder, ".gitignore")
    if not exists(ignore):
        write_text(ignore, "# Made by pytest --integration-gate.\n*\n")


def _sweep(folder: str) -> None:
    """Remove what killed runs have left of files that they were writing; the lock says that nobody writes now."""
    for name in listdir(folder):
        if name.startswith(f".{FILE}.") and name.endswith(".tmp"):
            unlink(join(folder, name))


def _load(folder: str) -> tuple[Store, str, bool]:
    """Return the store, what was wrong with its file, and whether the file may be replaced."""
    path = join(folder, FILE)
    try:
        return _read(path), "", True
    except (FileNotFoundError, NotADirectoryError):
        return Store(), "", True
    except OSError as error:
        why = error.strerror or error
        return Store(), f"Stored evidence is neither used nor kept: {path} cannot be read ({why}).", False
    except _Damaged as damage:
        return _set_aside(path, str(damage))


def _set_aside(path: str, why: str) -> tuple[Store, str, bool]:
    number = 1
    while exists(f"{path}.damaged-{number}"):
        number += 1
    aside = f"{path}.damaged-{number}"
    try:
        os_replace(path, aside)
    except OSError:
        return Store(), f"Stored evidence is neither used nor kept: {path} is damaged ({why}).", False
    return (
        Store(),
        f"This run began without stored evidence: {path} is damaged ({why}). It was set aside as {aside}.",
        True,
    )


def _read(path: str) -> Store:
    with open_file(path, encoding="utf-8") as stream:
        try:
            return _parse(stream, path)
        except UnicodeDecodeError:
            raise _Damaged("it is not UTF-8 text") from None


def _parse(lines: Iterable[str], path: str) -> Store:
    numbered = enumerate(lines, start=1)
    number, first = next(numbered, (1, ""))
    header = _json(first, number)
    if not isinstance(header, dict) or header.get("kind") != KIND or type(header.get("format")) is not int:
        raise _Damaged("its first line does not say that it is evidence of the gate")
    if header["format"] > FORMAT:
        raise StoreError(
            f"{path} has format {header['format']}; this version reads up to {FORMAT}.",
            remedy="Upgrade pytest-integration-gate, or name another folder with --gate-store.",
        )
    parts: dict[str, list[Any]] = {name: [] for name in _PARTS}
    tests = {}
    for number, line in numbered:
        entry = _json(line, number)
        try:
            ((name, data),) = entry.items()
            if name == "test":
                test = _test(data, parts)
                tests[test.record.nodeid] = test
            else:
                parts[name].append(from_data(_PARTS[name], data))
        except Exception as error:  # whatever a foreign line makes the decoder do
            raise _Damaged(f"line {number} cannot be understood: {type(error).__name__}: {error!s:.100}") from None
    if header.get("tests") != len(tests):
        raise _Damaged(f"it should have {header.get('tests')} tests and has {len(tests)}")
    return Store(MappingProxyType(tests))


def _json(line: str, number: int) -> Any:
    try:
        return loads(line)
    except (ValueError, RecursionError):
        raise _Damaged(f"line {number} is not JSON") from None


def _test(data: dict[str, Any], parts: dict[str, list[Any]]) -> StoredTest:
    bare = from_data(TestRecord, data["record"])
    found: dict[str, Any] = {name: tuple(parts[name][number] for number in _numbers(data, name)) for name in _PARTS}
    return StoredTest(
        record=replace(bare, **found),
        date=data["date"],
        commit=data["commit"],
        moment=data.get("moment", ""),
        python=data.get("python", ""),
        earlier=tuple(_test(one, parts) for one in data.get("earlier", ())),
    )


def _numbers(data: dict[str, Any], name: str) -> list[int]:
    """Return the numbers of a test's parts; tests without editions do not mention them, as in earlier versions."""
    return data.get(name, []) if name == "editions" else data[name]  # type: ignore[no-any-return]


def _lines(store: Store) -> Iterator[str]:
    header = {"format": FORMAT, "kind": KIND, "tests": len(store.tests)}
    for entry in chain((header,), _entries(store)):
        yield f"{dumps(entry, separators=(',', ':'))}\n"


def _entries(store: Store) -> Iterator[dict[str, Any]]:
    """Give the lines below the first: every part before the test that refers to it."""
    numbers: dict[str, dict[Any, int]] = {name: {} for name in _PARTS}
    for _, test in sorted(store.tests.items()):
        data = yield from _data_of(test, numbers)
        yield {"test": data}


def _data_of(
    test: StoredTest, numbers: Mapping[str, dict[Any, int]]
) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """Return how a test is written, when the lines of its parts that are new have been given."""
    references: dict[str, list[int]] = {}
    for name, known in numbers.items():
        references[name] = []
        for part in getattr(test.record, name):
            following = len(known)
            number = known.setdefault(part, following)  # one hash of the part: it is what takes time here
            if number == following:
                yield {name: to_data(part)}
            references[name].append(number)
    if not references["editions"]:
        del references["editions"]
    earlier = []
    for one in test.earlier:
        earlier.append((yield from _data_of(one, numbers)))
    told = {"moment": test.moment, "python": test.python, "earlier": earlier}
    said = {name: value for name, value in told.items() if value}
    bare = replace(test.record, claims=(), observations=(), facts=(), editions=())
    return {"record": to_data(bare), "date": test.date, "commit": test.commit, **said, **references}
