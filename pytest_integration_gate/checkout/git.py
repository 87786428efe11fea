"""What git says, by the git command: commits, changed files, earlier contents."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from pytest_integration_gate.model.change import Change

_TIMEOUT = 60  # seconds
_KINDS = {"A": "added", "D": "deleted", "R": "renamed"}


class GitError(Exception):
    """git is missing, or refuses; the text is what it says."""


class Git:
    """The repository that a folder lies in. `is_there` is False without git or outside of a repository."""

    def __init__(self, root: str) -> None:
        self._root = root
        try:
            self._prefix = self._run("rev-parse", "--show-prefix").strip()
            self.is_there = True
        except GitError as error:
            self._prefix = ""
            self.is_there = False
            self.reason = str(error)

    @property
    def is_shallow(self) -> bool:
        """Whether the history was cut off, as CI systems do."""
        return self._run("rev-parse", "--is-shallow-repository").strip() == "true"

    def commit(self, revision: str = "HEAD") -> str:
        """Return the full id of a revision, empty when it does not exist."""
        if revision.startswith("-") or not revision.strip():
            return ""
        try:
            return self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
        except GitError:
            return ""

    def branch(self) -> str:
        """Return the branch that is checked out, empty when it is a commit of its own."""
        try:
            return self._run("symbolic-ref", "--quiet", "--short", "HEAD").strip()
        except GitError:
            return ""

    def fork_point(self, commit: str) -> str:
        """Return the last commit that a commit and what is checked out have in common, empty when there is none."""
        try:
            return self._run("merge-base", commit, "HEAD").strip()
        except GitError:
            return ""

    def changes(self, commit: str) -> tuple[Change, ...]:
        """List what differs between a commit and the work tree below the root, with what is new and not ignored."""
        fields = iter(
            self._run("diff", "--name-status", "--find-renames", "--relative", "-z", commit, "--").split("\0")
        )
        changes = list(_changes(fields))
        changes += [Change(path=path, kind="added") for path in self.untracked()]
        return tuple(sorted(changes, key=lambda change: change.path))

    def tracked(self) -> dict[str, str]:
        """Return the files of the index below the root with the ids of their contents."""
        files = {}
        for entry in self._run("ls-files", "--stage", "-z").split("\0"):
            about, tab, path = entry.partition("\t")
            if tab:
                files[path] = about.split(" ")[1]
        return files

    def untracked(self) -> list[str]:
        """List the files below the root that are neither tracked nor ignored."""
        return [path for path in self._run("ls-files", "--others", "--exclude-standard", "-z").split("\0") if path]

    def ignored(self) -> list[str]:
        """List the files below the root that are ignored one by one, and the folders that are ignored as a whole."""
        text = self._run("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
        return [path for path in text.split("\0") if path]

    def modified(self) -> list[str]:
        """List the tracked files of which the work tree differs from the index; those that are gone too."""
        return [path for path in self._run("diff-files", "--name-only", "--relative", "-z").split("\0") if path]

    def is_committed(self) -> bool:
        """Whether the tracked files are those of the commit that is checked out."""
        return not self._run("diff", "--name-only", "--relative", "-z", "HEAD", "--")

    def content(self, blob: str) -> str | None:
        """Return a content by the beginning of its id, None when git does not have it or it is no text."""
        try:
            return self._run("cat-file", "blob", blob).encode("utf-8", "surrogateescape").decode()
        except (GitError, UnicodeDecodeError):
            return None

    def source(self, commit: str, path: str) -> str | None:
        """Return a file as it was at a commit, None when it was not there or is no text."""
        try:
            return self._run("show", f"{commit}:{self._prefix}{path}").encode("utf-8", "surrogateescape").decode()
        except (GitError, UnicodeDecodeError):
            return None

    def _run(self, *arguments: str) -> str:
        command = ["git", "-c", "core.quotepath=off", "--no-optional-locks", *arguments]
        try:
            done = subprocess.run(command, cwd=self._root, capture_output=True, timeout=_TIMEOUT)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            raise GitError(f"{type(error).__name__}: {error}") from None
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}")
        return done.stdout.decode("utf-8", "surrogateescape")


def _changes(fields: Iterator[str]) -> Iterator[Change]:
    for status in fields:
        if not status:
            continue
        path = next(fields)
        if status[0] in "RC":
            now = next(fields)
            yield Change(path=path, kind="renamed", now=now) if status[0] == "R" else Change(path=now, kind="added")
        else:
            yield Change(path=path, kind=_KINDS.get(status[0], "modified"))  # type: ignore[arg-type]
