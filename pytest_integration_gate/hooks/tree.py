"""Tells whether the work tree is as it was: the commit that is checked out, and all that differs from it."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

_UNTOUCHED = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis")
"""Folders that runs write into; they say nothing about the work."""


def fingerprint(root: Path, without: Iterable[Path] = ()) -> str:
    """Return a text that changes with the commit and with any change of the tree, empty without git.

    What git ignores does not count, nor do the paths in `without`, which the run itself writes.
    """
    head, changes = _git(root, "rev-parse", "HEAD"), _git(root, "diff", "--binary", "HEAD")
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    if head is None or changes is None or untracked is None:
        return ""
    digest = hashlib.sha256(head + changes)
    written = tuple(path.resolve() for path in without)
    for name in sorted(untracked.decode(errors="surrogateescape").split("\0")):
        path = root / name
        if not name or set(Path(name).parts) & set(_UNTOUCHED) or any(_is_in(path, one) for one in written):
            continue
        digest.update(name.encode(errors="surrogateescape") + b"\0")
        try:
            digest.update(path.read_bytes())
        except OSError:
            digest.update(b"?")
    return digest.hexdigest()


def commit_of(root: Path) -> str:
    """Return the short id of the commit that is checked out, empty without git."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _is_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder)


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
