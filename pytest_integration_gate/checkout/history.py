"""What changed since a base, file by file and name by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from pytest_integration_gate.checkout.git import Git
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.judging.culprit import Carry, Reach
from pytest_integration_gate.model.change import Change
from pytest_integration_gate.model.failure import Failure
from pytest_integration_gate.source.import_graph import ImportGraph
from pytest_integration_gate.source.influence import (
    Influence,
    changed_names,
    influence_of,
    means_the_same,
    names_defined,
)
from pytest_integration_gate.source.remains import may_leave_behind


class History:
    """The changes since a base, without those that mean nothing, and the graph of files then and now.

    `old` has the ids of the base's contents by path; without them the files are read from `commit`. `files` are those
    of now, `roots` the folders from which modules are imported, `for_all` what pytest loads for every test.
    """

    def __init__(
        self,
        changes: Iterable[Change],
        old: Mapping[str, str],
        *,
        git: Git,
        root: str,
        commit: str,
        roots: Sequence[str],
        files: Collection[str],
        for_all: Sequence[str] = (),
    ) -> None:
        self._git = git
        self._root = root
        self._commit = commit
        self._old = old
        self._sources: dict[str, tuple[str | None, str | None]] = {}
        self._names: dict[str, frozenset[str] | None] = {}
        self._influences: dict[tuple[str, str], Influence] = {}
        self._reaches: dict[tuple[str, tuple[str, ...]], Reach] = {}
        self.changes = tuple(change for change in changes if not self._means_nothing(change))
        gone = [change.path for change in self.changes if change.kind in ("deleted", "renamed")]
        python = {path for path in (*files, *gone) if path.endswith(".py")}
        others = {path for change in self.changes for path in (change.path, change.now) if path} - python
        self.graph = ImportGraph(root, python, roots, others=sorted(others), all_files=files, for_all=for_all)
        self._packages = frozenset(module.partition(".")[0] for module in self.graph.modules)
        self._remains: dict[Change, bool] = {}

    def reach_of(self, failure: Failure) -> Reach:
        """Return what a failing test needs; that of its neighbours which failed at the same place is the same."""
        key = (failure.nodeid.partition("::")[0], failure.files)
        if key not in self._reaches:
            self._reaches[key] = Reach(*key, self.changes, self.graph)
        return self._reaches[key]

    def carries(self, path: str, nodeid: str, reached: Collection[str]) -> Carry:
        """Say whether the change of a file carries to a test, as far as names tell."""
        is_python = path.endswith(".py")
        names = self._changed_names(path) if is_python else frozenset()
        if is_python and not names:
            return "unknown" if names is None else "nothing"
        key = (path, nodeid.partition("::")[0])
        if key not in self._influences:  # the tests of one file need the same
            self._influences[key] = influence_of(path, names or frozenset(), self.graph, reached)
        if self._influences[key].carries_to(nodeid):
            return "yes"
        return "no" if is_python else "unknown"

    def lost(self, change: Change, name: str) -> bool | None:
        """Say whether a module defined a name and does so no more, None when nobody knows or it still does."""
        old, new = self._before(change.path), self._now(change.now or change.path)
        before, now = ((None if source is None else names_defined(source)) for source in (old, new))
        if before is None:
            return None
        return name in before and (None if now is None or name in now else True)

    def leaves_behind(self, change: Change) -> bool:
        """Say whether a change may outlast the test that runs it."""
        if change not in self._remains:
            old, new = self._before(change.path), self._now(change.now or change.path)
            self._remains[change] = may_leave_behind(old, new, self._packages)
        return self._remains[change]

    def _means_nothing(self, change: Change) -> bool:
        if change.kind != "modified" or not change.path.endswith(".py"):
            return False
        old, new = self._versions(change.path)
        return old is not None and new is not None and means_the_same(old, new)

    def _changed_names(self, path: str) -> frozenset[str] | None:
        if path not in self._names:
            old, new = self._versions(path)
            self._names[path] = None if old is None or new is None else changed_names(old, new)
        return self._names[path]

    def _versions(self, path: str) -> tuple[str | None, str | None]:
        if path not in self._sources:
            self._sources[path] = (self._before(path), self._now(path))
        return self._sources[path]

    def _before(self, path: str) -> str | None:
        if not self._git.is_there:
            return None
        if self._old:
            return self._git.content(self._old[path]) if path in self._old else None
        return self._git.source(self._commit, path) if self._commit else None

    def _now(self, path: str) -> str | None:
        try:
            with open_file(f"{self._root}/{path}", encoding="utf-8") as stream:
                return stream.read()
        except (OSError, UnicodeDecodeError):
            return None
