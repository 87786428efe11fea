"""The state of the files that a run is made with."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from hashlib import sha1, sha256

from pytest_integration_gate.checkout.git import Git
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.change import TreeState

_SUFFIXES = frozenset(
    {".py", ".pyi", ".json", ".yaml", ".yml", ".toml", ".csv", ".tsv", ".txt", ".sql", ".ini", ".cfg", ".xml", ".html"}
)
_FOLDERS = frozenset({"__pycache__", "node_modules", "venv", "build", "dist", "site-packages"})
_LARGEST = 5_000_000  # bytes


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


def _walk(root: str) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _FOLDERS)
        place = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in sorted(names):
            if os.path.splitext(name)[1] in _SUFFIXES and not name.startswith("."):
                yield name if place == "." else f"{place}/{name}"


def _digest(path: str) -> str:
    """Return the id that git gives to a content, so that a file keeps it when it is committed."""
    try:
        if os.path.getsize(path) > _LARGEST:
            return str(os.path.getsize(path))
        with open_file(path, "rb") as stream:
            content = stream.read()
    except OSError:
        return ""
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
