"""Words that the project's source writes, to tell ``/users`` from what somebody filled in (SPEC rule 17)."""

from __future__ import annotations

import re
import sys

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.source.project import Project

_LITERAL = re.compile(r"""(?<=['"/}])[\w.~:@!$&*+,;=-]+(?=['"/?#{])""")


class Spelling:
    """The words that stand between quotes and slashes in the first-party files that are loaded."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._words: set[str] = set()
        self._read: set[str] = set()
        self._modules = 0

    def learn(self) -> None:
        """Read what has been imported since the last time."""
        if len(sys.modules) == self._modules:
            return
        self._modules = len(sys.modules)
        for module in [*sys.modules.values()]:
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file not in self._read:
                self._read.add(file)
                if self._project.kind(file) == "first-party":
                    self._words.update(_LITERAL.findall(_text(file)))

    def __contains__(self, word: object) -> bool:
        return word in self._words


def _text(file: str) -> str:
    try:
        with open_file(file, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError):
        return ""
