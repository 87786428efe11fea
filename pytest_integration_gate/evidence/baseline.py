"""The file of a baseline: a first line that names the format, and one entry a line, sorted, for code review."""

from __future__ import annotations

from collections.abc import Iterable
from json import dumps, loads
from pathlib import Path

from pytest_integration_gate.errors import BaselineError
from pytest_integration_gate.files import write_text
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.verdicts.baseline import Entry

FORMAT = 1
KIND = "integration-gate baseline"


def read_baseline(path: Path) -> frozenset[Entry]:
    """Read a baseline; raise BaselineError when it cannot be used. The file stays as it is."""
    try:
        with open_file(path, encoding="utf-8") as stream:
            lines = stream.read().splitlines()
    except FileNotFoundError:
        raise BaselineError(
            f"There is no baseline {path}.", remedy="Write it with --gate-baseline-update, or name another file."
        ) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BaselineError(f"The baseline {path} cannot be read: {why}.") from None
    found = []
    for number, line in enumerate(lines or [""], start=1):
        try:
            data = loads(line)
            if number == 1:
                _check_header(data, path)
            else:
                found.append(from_data(Entry, data))
        except (ValueError, RecursionError) as error:
            raise BaselineError(
                f"{path}:{number}: this line of the baseline cannot be understood: {error!s:.100}.",
                remedy="Restore the file, or remove it and write it anew with --gate-baseline-update.",
            ) from None
    return frozenset(found)


def write_baseline(path: Path, entries: Iterable[Entry]) -> None:
    """Write a baseline in one step; raises OSError."""
    ordered = sorted(entries, key=lambda entry: (entry.test, entry.target, entry.kind, entry.paths))
    lines = [dumps({"format": FORMAT, "kind": KIND}), *(dumps(to_data(entry)) for entry in ordered)]
    write_text(path, "".join(f"{line}\n" for line in lines))


def _check_header(data: object, path: Path) -> None:
    if not isinstance(data, dict) or data.get("kind") != KIND or type(data.get("format")) is not int:
        raise ValueError("the first line does not say that this is a baseline of the gate")
    if data["format"] != FORMAT:
        raise BaselineError(
            f"The baseline {path} has format {data['format']}; this version reads format {FORMAT}.",
            remedy="Use the version of pytest-integration-gate that wrote it.",
        )
