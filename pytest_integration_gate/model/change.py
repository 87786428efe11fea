"""What differs between two states of the tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from pytest_integration_gate.values import dataclass

ChangeKind = Literal["added", "modified", "deleted", "renamed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file that changed. `path` is its old name when it was deleted or renamed; `now` the new one after a rename.

    Paths start at the root directory and have forward slashes. `is_loose` says that git does not have the file: tests
    and tools leave such files behind, so it means something only to who names it.
    """

    path: str
    kind: ChangeKind = "modified"
    now: str = ""
    is_loose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeState:
    """The files that a run was made with: a short digest of the content of each, by path.

    `commit` is the commit that is checked out, empty without git; `is_clean` says that the files are those of it.
    `id` names the state: equal files, equal name.
    """

    id: str
    commit: str = ""
    is_clean: bool = False
    files: Mapping[str, str] = field(default_factory=dict)


def changes_between(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """Compare two states file by file. What went and came under another name with the same content was renamed."""
    gone = {path for path in old if path not in new}
    came = {path for path in new if path not in old}
    by_content: dict[str, list[str]] = {}
    for path in sorted(came):
        by_content.setdefault(new[path], []).append(path)
    changes = []
    for path in sorted(gone):
        names = by_content.get(old[path])
        if names:
            came.discard(now := names.pop(0))
            changes.append(Change(path=path, kind="renamed", now=now))
        else:
            changes.append(Change(path=path, kind="deleted"))
    changes += [Change(path=path) for path in old if path in new and old[path] != new[path]]
    changes += [Change(path=path, kind="added") for path in came]
    return tuple(sorted(changes, key=lambda change: change.path))
