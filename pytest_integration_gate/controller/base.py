"""What a run is compared with: the state of the files now, what changed since the base, and how tests ended on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_integration_gate.checkout.git import Git, GitError
from pytest_integration_gate.checkout.history import History
from pytest_integration_gate.checkout.tree import environment, loose_files, tree_state
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.evidence.outcomes import MIXED, PASSED, RunOutcomes, load_outcomes
from pytest_integration_gate.judging.contexts import Past
from pytest_integration_gate.model.change import Change, changes_between
from pytest_integration_gate.source.import_graph import ImportGraph


class Base:
    """The base of one run, taken before its tests begin.

    `tree` is the state of the files, `changes` what differs from the base, `graph` and `former` are the modules of now
    and those that are gone. `warnings` say what is not known. Raises SettingsError for a revision that does not exist,
    StoreError for a store of a newer version.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._settings = settings
        self._root = str(settings.root)
        self._git = Git(self._root)
        self._compared_with = ""
        self._histories: dict[str, History] = {}
        self.warnings: list[str] = []
        self._commit = self._find_commit()
        self.tree = tree_state(self._root, self._git, ignored=self._written())
        self._loose = self._loose_files()
        self._environment = environment()
        recorded, warning = load_outcomes(str(settings.store))
        self.warnings += [warning] if warning else []
        self._past = [one for one in recorded if one.state.id != self.tree.id]
        self.changes = self._find_changes()
        self._for_all = _loaded_for_all(config, self._root)
        self._roots = tuple(dict.fromkeys(("", "src/", *_below(settings, config.getini("pythonpath")))))
        gone = [change.path for change in self.changes if change.kind in ("deleted", "renamed")]
        self.graph = self.graph_of(self.tree.files)
        self.former = self.graph_of(gone)

    def graph_of(self, files: Iterable[str], known: dict[str, dict[str, int]] | None = None) -> ImportGraph:
        """Make the graph of some files; `known` has imports that were read already."""
        return ImportGraph(self._root, [path for path in files if path.endswith(".py")], self._roots, known=known)

    def outcomes_of(self, nodeid: str) -> RunOutcomes | None:
        """Return the record that a test is compared with: that of the base's commit, else the last of another state of
        the files that has the test."""
        if at_base := self._at_base():
            return at_base
        return next((one for one in reversed(self._past) if _end(nodeid, one)), None)

    def past_of(self, nodeid: str) -> Past:
        """Say how a test, or the tests of a file that cannot be collected, ended before."""
        outcomes = self.outcomes_of(nodeid)
        end = _end(nodeid, outcomes) if outcomes is not None else ""
        if end in ("", MIXED):
            return Past()
        return Past(before="passed") if end == PASSED else Past(before="failed", fingerprint=end)

    def outcomes(self, tests: Mapping[str, str]) -> RunOutcomes:
        """Return the record of this run, when its tests have ended."""
        return RunOutcomes(state=self.tree, tests=tests, environment=self._environment, loose=self._loose_files())

    def has_same_environment(self, nodeid: str) -> bool:
        """Whether a test ran with the same Python and packages on its base, as far as that is known."""
        outcomes = self.outcomes_of(nodeid)
        return outcomes is not None and outcomes.environment == self._environment

    def is_unsteady(self, nodeid: str) -> bool:
        """Whether a test is known to have ended in both ways on the same files: then a change need not be the cause."""
        return any(one.tests.get(nodeid) == MIXED for one in self._past)

    def history_of(self, nodeid: str) -> History:
        """Return what changed since a test passed on its base; since the base as a whole when it did not."""
        outcomes = self.outcomes_of(nodeid)
        if outcomes is None or _end(nodeid, outcomes) != PASSED:
            outcomes = None
        key = outcomes.state.id if outcomes is not None else ""
        if key not in self._histories:
            self._histories[key] = self._history(outcomes)
        return self._histories[key]

    def in_words(self) -> str:
        """Name the base; empty when there is nothing to compare with."""
        last = self._at_base() or (self._past[-1] if self._past else None)
        moved = "" if last is None or last.environment == self._environment else ", recorded with other packages"
        if self._commit:
            recorded = moved if self._at_base() else ", which has no recorded run"
            return f"{self._settings.base} ({self._commit[:7]}){recorded}"
        if last is None:
            return ""
        if not last.state.commit:
            return f"the last run{moved}"
        return f"the last run ({last.state.commit[:7]}{'' if last.state.is_clean else ', changed'}){moved}"

    def _at_base(self) -> RunOutcomes | None:
        at_base = [one for one in self._past if one.state.is_clean and one.state.commit == self._commit]
        return at_base[-1] if at_base and self._commit else None

    def _history(self, outcomes: RunOutcomes | None) -> History:
        return History(
            self.changes if outcomes is None else self._changes_since(outcomes),
            {} if outcomes is None else outcomes.state.files,
            git=self._git,
            root=self._root,
            commit=self._compared_with,
            roots=self._roots,
            files=self.tree.files,
            for_all=self._for_all,
        )

    def _changes_since(self, outcomes: RunOutcomes) -> tuple[Change, ...]:
        before, now = outcomes.state.files, self.tree.files
        loose = changes_between(outcomes.loose, self._loose)
        return (
            *self._with_renames(changes_between(before, now)),
            *(replace(one, is_loose=True) for one in loose if one.path not in before and one.path not in now),
        )

    def _with_renames(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Take from git which files were renamed and changed at once."""
        gone = {change.path for change in changes}
        renamed = {one.path: one for one in self.changes if one.kind == "renamed" and one.path in gone}
        taken = {change.now for change in renamed.values()}
        return tuple(renamed.get(change.path, change) for change in changes if change.path not in taken)

    def _written(self) -> set[str]:
        """What the run itself writes below the root."""
        paths = (self._settings.report, self._settings.brief)
        return {path.relative_to(self._root).as_posix() for path in paths if path and path.is_relative_to(self._root)}

    def _loose_files(self) -> dict[str, str]:
        try:
            return loose_files(self._root, self._git, ignored=self._written())
        except GitError:  # it has just answered; whatever it is, these files only help to doubt
            return {}

    def _find_commit(self) -> str:
        """Return the commit of ``--gate-base``, empty when none is asked for or git is not there."""
        git, base = self._git, self._settings.base
        if not git.is_there:
            if not base and not self._settings.contexts:
                return ""
            asked = f"--gate-base {base}: " if base else ""
            self.warnings.append(
                f"{asked}There is no git repository here: what changed is known from recorded runs only."
            )
            return ""
        if not base:
            return ""
        commit = git.commit(base)
        if not commit:
            cut = " The history here is cut off (a shallow clone): fetch more of it, or" if git.is_shallow else ""
            remedy = f"{cut} name a commit, a branch or a tag.".strip().capitalize()
            raise SettingsError(f"--gate-base: git knows no revision `{base}`.", remedy=remedy)
        if not git.fork_point(commit):
            why = "this is a shallow clone" if git.is_shallow else "they have no common ancestor"
            self.warnings.append(f"--gate-base {base}: compared with the revision itself, because {why}.")
        elif git.is_shallow:
            self.warnings.append(f"--gate-base {base}: this is a shallow clone; what changed may be incomplete.")
        return commit

    def _find_changes(self) -> tuple[Change, ...]:
        """What changed since the base: by git, else since the last run of another state."""
        try:
            if self._commit:
                self._compared_with = self._git.fork_point(self._commit) or self._commit
                return self._relevant(self._git.changes(self._compared_with))
            if self._past:
                return changes_between(self._past[-1].state.files, self.tree.files)
            if self._git.is_there and self._git.commit():
                self._compared_with = "HEAD"
                return self._relevant(self._git.changes("HEAD"))
        except GitError as error:
            self.warnings.append(f"git could not say what changed: {error}")
        return ()

    def _relevant(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """Leave out what is new and no part of the state: the run's own files, what tests leave behind."""
        return tuple(change for change in changes if change.kind != "added" or change.path in self.tree.files)


def _loaded_for_all(config: pytest.Config, root: str) -> tuple[str, ...]:
    """Return the project's files that are plugins, whoever named them: an option, the ini file, an entry point."""
    files = [getattr(plugin, "__file__", None) for plugin in config.pluginmanager.get_plugins()]
    below = [file[len(root) + 1 :] for file in files if isinstance(file, str) and file.startswith(f"{root}/")]
    return tuple(sorted(path for path in below if not path.endswith("conftest.py")))


def _below(settings: Settings, folders: Iterable[Any]) -> list[str]:
    """Return folders relative to the root, with a slash at the end; the root itself is empty."""
    root, found = settings.root.resolve(), []
    for folder in folders:
        path = (root / folder).resolve()
        if path.is_relative_to(root):
            place = path.relative_to(root).as_posix()
            found.append("" if place == "." else f"{place}/")
    return found


def _end(nodeid: str, base: RunOutcomes) -> str:
    """Say how a test ended on a base; of a file, how its tests did. Empty when that is not known."""
    if nodeid in base.tests or "::" in nodeid:
        return base.tests.get(nodeid, "")
    ends = [end for test, end in base.tests.items() if test.startswith((f"{nodeid}::", f"{nodeid}/"))]
    return PASSED if PASSED in ends else ""
