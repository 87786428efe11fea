"""Small files of the store: a first line that names format and kind, and one JSON value a line.

A file that is not understood is never overwritten: one that is damaged is set aside under another name, one of a newer
format is an error. Two runs do not write at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from json import dumps, loads
from os.path import exists, join
from typing import Any

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.store import prepare
from pytest_integration_gate.files import write_text
from pytest_integration_gate.isolation import open_file, os_replace

FORMAT = 1
_LOCK_TIMEOUT = 10.0  # seconds


def read_lines(folder: str, file: str, kind: str) -> tuple[list[Any], str]:
    """Read a file of a store; say in one sentence what was wrong with it, if anything.

    A file that is not there has no lines. Raises StoreError when a newer version wrote it.
    """
    path = join(folder, file)
    try:
        with open_file(path, encoding="utf-8") as stream:
            first, *rest = [loads(line) for line in stream] or [None]
        if not isinstance(first, dict) or first.get("kind") != kind or type(first.get("format")) is not int:
            raise ValueError(f"its first line does not say that it is {kind}")
    except (FileNotFoundError, NotADirectoryError):
        return [], ""
    except OSError as error:
        return [], f"{path} cannot be read ({error.strerror or error})."
    except (ValueError, RecursionError) as error:
        return [], set_aside(path, str(error))
    if first["format"] > FORMAT:
        raise StoreError(
            f"{path} has format {first['format']}; this version reads up to {FORMAT}.",
            remedy="Upgrade pytest-integration-gate, or name another folder with --gate-store.",
        )
    return rest, ""


def set_aside(path: str, why: str) -> str:
    """Keep a damaged file under another name, and say so."""
    number = 1
    while exists(f"{path}.damaged-{number}"):
        number += 1
    try:
        os_replace(path, f"{path}.damaged-{number}")
    except OSError:
        return f"{path} is damaged ({why})."
    return f"{path} is damaged ({why}). It was set aside as {path}.damaged-{number}."


def change_lines(folder: str, file: str, kind: str, change: Callable[[list[Any]], Iterable[Any]]) -> str:
    """Replace the lines of a file by others in one step, and say in one sentence why that was not possible, if so."""
    from filelock import FileLock, Timeout  # only the end of a run needs it

    path = join(folder, file)
    try:
        prepare(folder)
        with FileLock(f"{path}.lock", timeout=_LOCK_TIMEOUT):
            lines, _ = read_lines(folder, file, kind)
            written = ({"format": FORMAT, "kind": kind}, *change(lines))
            write_text(path, "".join(f"{dumps(line, separators=(',', ':'))}\n" for line in written))
    except Timeout:
        return f"{path} was not written: another run has held it for more than {_LOCK_TIMEOUT:.0f} s."
    except StoreError as error:
        return f"{path} was not written: {error.message}"
    except OSError as error:
        return f"{path} was not written ({error.strerror or error})."
    return ""
