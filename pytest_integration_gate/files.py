"""Writing files whole or not at all, with functions that no test can have patched."""

from __future__ import annotations

import os
from collections.abc import Iterable
from os import fspath, makedirs, unlink, urandom
from os.path import basename, dirname, exists, isfile, join, realpath

from pytest_integration_gate.isolation import open_file, os_fsync, os_replace


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Replace the content of a file in one step, as `write_parts` does."""
    write_parts(path, (text,))


def write_parts(path: str | os.PathLike[str], parts: Iterable[str]) -> None:
    """Replace the content of a file in one step by parts of a text that need not fit into memory at once; missing
    folders are made.

    A reader sees the old content or the new one. A link is followed; what is no regular file (``/dev/stdout``) is
    written to and not replaced. Raises OSError.
    """
    given = fspath(path)
    if exists(given) and not isfile(given):  # of a pipe, the real path is no path
        with open_file(given, "w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(parts)
        return
    target = realpath(given)
    folder = dirname(target)
    makedirs(folder, exist_ok=True)
    temporary = join(folder, f".{basename(target)[:100]}.{urandom(4).hex()}.tmp")
    try:
        with open_file(temporary, "x", encoding="utf-8", newline="\n") as stream:
            stream.writelines(parts)
            stream.flush()
            os_fsync(stream.fileno())
        os_replace(temporary, target)
    except BaseException:
        if exists(temporary):
            unlink(temporary)
        raise
