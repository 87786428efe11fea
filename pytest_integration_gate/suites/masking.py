"""Hides secrets in what a suite shows: by name, by look, and wherever a known secret value turns up again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_integration_gate.model.secrecy import SECRET, looks_secret, mask, names_secret, pairs

_SHORTEST = 4
"""Secrets shorter than this are not looked for elsewhere: they would hide half of the text."""

ANSWERED = 8
"""The same for what a service answers, where more than secrets stands under telling names."""


class Secrets:
    """The secret values of one suite. `patterns` are regular expressions for names besides the usual ones."""

    def __init__(self, values: Iterable[str] = (), patterns: Sequence[str] = ()) -> None:
        self._values = {value for value in values if len(value) >= _SHORTEST}
        names = "|".join(f"(?:{pattern})" for pattern in patterns)
        self._patterns = re.compile(names, re.IGNORECASE) if names else None
        self._pairs = pairs(names) if names else None

    def is_secret(self, name: str) -> bool:
        """Whether what stands under this name is to be hidden."""
        return names_secret(name) or (self._patterns is not None and self._patterns.search(name) is not None)

    def learn(self, data: Any, name: str = "", shortest: int = _SHORTEST) -> None:
        """Remember every value of at least `shortest` characters in `data` that stands under the name of a secret."""
        if isinstance(data, Mapping):
            for key, value in data.items():
                self.learn(value, str(key) if not name or self.is_secret(str(key)) else name, shortest)
        elif isinstance(data, list | tuple):
            for value in data:
                self.learn(value, name, shortest)
        elif name and self.is_secret(name) and isinstance(data, str | int | float) and not isinstance(data, bool):
            for word in str(data).split():  # `Bearer …`: the scheme is no secret
                if len(word) >= shortest and word.lower() not in ("bearer", "basic", "digest", "token"):
                    self._values.add(word)

    def hide(self, data: Any, name: str = "") -> Any:
        """Return a copy of `data` without secrets."""
        if isinstance(data, Mapping):
            return {key: self.hide(value, str(key)) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.hide(value, name) for value in data]
        if name and self.is_secret(name) and data not in (None, "") and not isinstance(data, bool):
            return SECRET
        return self.text(data) if isinstance(data, str) else data

    def text(self, text: str) -> str:
        """Return a text without secrets: the known ones, and what stands under telling names or looks like one."""
        text = mask(self.known(text))
        return text if self._pairs is None else self._pairs.sub(rf"\1{SECRET}", text)

    def known(self, text: str) -> str:
        """Return a text without the values that are known to be secret, and without credentials of well-known forms.

        For lines of the suite itself, where a name of a secret mostly stands before a template or a type word.
        """
        for value in sorted(self._values, key=len, reverse=True):
            for written in {value, json.dumps(value)[1:-1]}:
                text = text.replace(written, SECRET)
        return mask(text) if looks_secret(text) else text
