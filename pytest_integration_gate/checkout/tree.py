"""The state of the files that a run is made with."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from hashlib import sha1, sha256
from os.path import splitext

from pytest_integration_gate.checkout.git import Git
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.change import TreeState

_SUFFIXES = frozenset(
    {".py", ".pyi", ".json", ".yaml", ".yml", ".toml", ".csv", ".tsv", ".txt", ".sql", ".ini", ".cfg", ".xml", ".html"}
)
_FOLDERS = frozenset({"__pycache__", "node_modules", "venv", "build", "dist", "site-packages"})
_LARGEST = 5_000_000  # bytes
_MOST_LOOSE, _LARGEST_LOOSE = 1000, 200_000
_NO_DATA = ("/", ".gitignore", ".lock", ".log", ".py", ".pyc")
_METADATA = (".dist-info", ".egg-info")


def tree_state(root: str, git: Git, *, ignored: Collection[str] = ()) -> TreeState:
    """Take the state of the files below the root: what git tracks and new Python files, or without git what looks like
    source and data. `ignored` are files that the run itself writes, relative to the root.
    """
    if git.is_there:
        files = git.tracked()
        changed = git.modified()
        new = [path for path in git.untracked() if path.endswith(".py")]
    else:
        files, changed, new = {}, [], list(_walk(root))
    for path in (*changed, *new):
        if digest := _digest(f"{root}/{path}"):
            files[path] = digest
        else:
            files.pop(path, None)
    kept = {path: digest[:12] for path, digest in sorted(files.items()) if path not in ignored}
    text = "\0".join(part for pair in kept.items() for part in pair)
    return TreeState(
        id=sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        commit=git.commit() if git.is_there else "",
        is_clean=git.is_there and not new and bool(git.commit()) and git.is_committed(),
        files=kept,
    )


def loose_files(root: str, git: Git, *, ignored: Collection[str] = ()) -> dict[str, str]:
    """Take the files below the root that git does not have, with short digests; none from ignored or hidden folders.

    Tests and tools leave such files behind, so they are no part of the state; but they may be read, too.
    """
    if not git.is_there:
        return {}
    paths = {
        path
        for path in (*git.untracked(), *git.ignored())
        if path not in ignored and not path.endswith(_NO_DATA) and not _is_hidden(path)
    }
    return {
        path: digest[:12]
        for path in sorted(paths)[:_MOST_LOOSE]
        if (digest := _digest(f"{root}/{path}", _LARGEST_LOOSE))
    }


def _is_hidden(path: str) -> bool:
    """Whether a file lies where tools keep their own."""
    return any(folder.startswith(".") or folder == "__pycache__" for folder in path.split("/")[:-1])


def environment() -> str:
    """Name the Python and the packages that are installed for it; equal name, equal versions."""
    names = {name for folder in dict.fromkeys(sys.path) for name in _listed(folder) if name.endswith(_METADATA)}
    text = "\0".join([sys.version, sys.platform, *sorted(names)])
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder) if folder else []
    except OSError:
        return []


def _walk(root: str) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _FOLDERS)
        place = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in sorted(names):
            if splitext(name)[1] in _SUFFIXES and not name.startswith("."):
                yield name if place == "." else f"{place}/{name}"


def _digest(path: str, largest: int = _LARGEST) -> str:
    """Return the id that git gives to a content, which stays when the file is committed; a large one has its size."""
    try:
        if os.path.getsize(path) > largest:
            return str(os.path.getsize(path))
        with open_file(path, "rb") as stream:
            content = stream.read()
    except OSError:
        return ""
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
