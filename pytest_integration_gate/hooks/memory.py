"""Remembers which checkpoints have passed, for as long as the commit and the work tree stay as they are."""

from __future__ import annotations

import json

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.files import write_text
from pytest_integration_gate.hooks.tree import fingerprint
from pytest_integration_gate.suites.checkpoints import Checkpoint

FORMAT = 1


class Memory:
    """What passed before in this state of the tree, and in this run.

    What a run itself writes is no change: the state is taken anew each time something passes, and at the end.
    `warnings` say why nothing could be remembered.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.store / "checkpoints.json"
        self._has_news = False
        self.warnings: list[str] = []
        self._passed = self._read()

    def has(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint, as it is written now, has passed."""
        return _identity(checkpoint) in self._passed

    def note(self, checkpoint: Checkpoint, *, has_passed: bool) -> None:
        """Take down how a checkpoint ended, so that a run that is killed does not lose it."""
        self._has_news = True
        if has_passed:
            self._passed.add(_identity(checkpoint))
        else:
            self._passed.discard(_identity(checkpoint))
        self.keep()

    def keep(self) -> None:
        """Write what has passed, for the tree as it is now."""
        tree = self._tree() if self._has_news else ""
        if not tree:
            return
        memory = {"format": FORMAT, "tree": tree, "passed": sorted(self._passed)}
        try:
            write_text(self._path, json.dumps(memory, indent=1) + "\n")
        except OSError as error:
            self._has_news = False
            self.warnings.append(f"{self._path}: passed checkpoints cannot be remembered: {error.strerror or error}.")

    def _read(self) -> set[str]:
        tree = self._tree()
        if not tree:
            if self._settings.resume:
                self.warnings.append(
                    "--gate-resume needs git to know whether anything has changed: all checkpoints run."
                )
            return set()
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
            is_same = known["format"] == FORMAT and known["tree"] == tree
            return {str(one) for one in known["passed"]} if is_same else set()
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, KeyError, TypeError):
            self.warnings.append(f"{self._path} cannot be understood: all checkpoints run.")
            return set()

    def _tree(self) -> str:
        return fingerprint(self._settings.root, (self._settings.store, self._settings.report))


def _identity(checkpoint: Checkpoint) -> str:
    """Name a checkpoint together with what it does: a changed one has not passed."""
    return repr(checkpoint)
