"""Reads ``${NAME}`` and ``${NAME:-default}`` in a suite from the environment, before anything else is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from operator import is_not

from pytest_integration_gate.model.secrecy import names_secret
from pytest_integration_gate.strict_yaml import Data, Entry, Node

_VARIABLE = re.compile(r"\$(\$\{)|\$\{(\w+)(:-((?:[^{}]|\{\{[^{}]*\}\}|\{[^{}]*\})*))?\}")


class Expansion:
    """One pass over a file. `problems` names the variables that are missing; `secrets` are values to hide."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []
        self.secrets: set[str] = set()

    def suite(self, node: Node) -> Node:
        """Return a suite with every text expanded, except in checkpoints: there the shell reads the environment."""
        apart = node.entries.get("checkpoints")
        if apart is None:
            return self.node(node)
        rest = {key: entry for key, entry in node.entries.items() if entry is not apart}
        expanded = self.node(replace(node, entries=rest))
        data = {**expanded.data, "checkpoints": apart.value.data} if isinstance(expanded.data, dict) else expanded.data
        return replace(expanded, entries={**expanded.entries, "checkpoints": apart}, data=data)

    def node(self, node: Node) -> Node:
        """Return the node with every text expanded, itself if there is none; ``$${`` stands for ``${``."""
        if isinstance(node.data, str):
            return replace(node, data=self._text(node)) if "${" in node.data else node
        if node.items:
            items = tuple(map(self.node, node.items))
            if any(map(is_not, items, node.items)):
                return replace(node, items=items, data=[item.data for item in items])
        if node.entries:
            values = {key: self.node(entry.value) for key, entry in node.entries.items()}
            if any(values[key] is not entry.value for key, entry in node.entries.items()):
                entries = {key: Entry(key=entry.key, value=values[key]) for key, entry in node.entries.items()}
                data: Data = {key: value.data for key, value in values.items()}
                return replace(node, entries=entries, data=data)
        return node

    def _text(self, node: Node) -> str:
        return _VARIABLE.sub(lambda found: self._value(found, node), str(node.data))

    def _value(self, found: re.Match[str], node: Node) -> str:
        escaped, name, has_default, default = found.groups()
        if escaped:
            return "${"
        value = self._environment.get(name)
        if not value and has_default:
            value = default
        if value is None:
            self.problems.append(
                f"{node.place}: the environment lacks `{name}`. Set it, or write a default: `${{{name}:-…}}`. What is "
                "meant for the shell is written `$${…}`."
            )
            return found[0]
        if names_secret(name):
            self.secrets.add(value)
        return value
