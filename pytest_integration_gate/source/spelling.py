"""Words that the project's source writes, to tell ``/users`` from what somebody filled in (SPEC rule 17)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.source.project import Project

_LITERAL = re.compile(r"""(?<=['"/}])[\w.~:@!$&*+,;=-]+(?=['"/?#{])""")


class Spelling:
    """The words that stand between quotes and slashes in the first-party files that are loaded."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._words: set[str] = set()
        self._read: set[str] = set()

    def learn(self, files: Iterable[str]) -> None:
        """Read the source files of the project among some, each once."""
        for file in files:
            if file not in self._read:
                self._read.add(file)
                if self._project.kind(file) == "first-party":
                    self._words.update(_LITERAL.findall(_text(file)))

    def __contains__(self, word: str) -> bool:
        return word in self._words


def _text(file: str) -> str:
    try:
        with open_file(file, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError):
        return ""
