"""Descriptions of YAML files, and the check of a file against its description.

A description is a tree of the rules below, written once for each kind of file. The check goes through the whole file
and notes every mistake with its place, so that the user mends them all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from difflib import get_close_matches
from typing import TypeAlias

from pytest_integration_gate.strict_yaml import Data, Entry, Node
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Text. `refuse` gives the reason why a text is not allowed, or None."""

    refuse: Callable[[str], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values."""

    options: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose elements all follow one rule."""

    element: Rule


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys are names that the user chooses."""

    value: Rule
    key: Text = Text()


@dataclass(frozen=True, slots=True)
class OrPath:
    """What stands here, or the path of a file that has it instead."""

    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping whose keys are known. `later` are keys that another version judges: allowed and noted."""

    keys: Mapping[str, Rule]
    later: frozenset[str] = frozenset()


Rule: TypeAlias = Text | Choice | ListOf | MapOf | OrPath | Table


@dataclass(slots=True)
class Check:
    """What a check found: mistakes, and keys that are allowed but not judged."""

    problems: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)

    def follow(self, node: Node, rule: Rule, name: str) -> None:
        """Check one node, which messages call `name`, and all that is below it."""
        match rule:
            case Text(refuse):
                if not isinstance(node.data, str):
                    self.expect(node, name, "text")
                elif refuse and (reason := refuse(node.data)):
                    self.problems.append(f"{node.place}: `{name}`: {reason}")
            case Choice(options):
                if not any(type(node.data) is type(option) and node.data == option for option in options):
                    self.expect(node, name, listing(options, "or"))
            case ListOf(element):
                if not isinstance(node.data, list):
                    self.expect(node, name, "a list, like `[a, b]`")
                for number, item in enumerate(node.items):
                    self.follow(item, element, f"{name}[{number}]")
            case MapOf(value, key):
                for entry in self.mapping(node, name):
                    inner = f"{name}.{entry.key.data}".lstrip(".")
                    self.follow(entry.key, key, inner)
                    self.follow(entry.value, value, inner)
            case OrPath(rule):
                if not isinstance(node.data, str):
                    self.follow(node, rule, name)
            case Table(keys=keys, later=later):
                for entry in self.mapping(node, name):
                    word = entry.key.data
                    inner = f"{name}.{word}".lstrip(".")
                    if word in later:
                        self.later.append(inner)
                    elif isinstance(word, str) and word in keys:
                        self.follow(entry.value, keys[word], inner)
                    else:
                        owner = f" of `{name}`" if name else ""
                        hint = nearest(str(word), [*keys, *later])
                        self.problems.append(f"{entry.key.place}: `{word}` is not a key{owner}.{hint}")

    def mapping(self, node: Node, name: str) -> Iterable[Entry]:
        """Give the entries of a mapping; anything else is a problem and has none."""
        if not isinstance(node.data, dict):
            self.expect(node, name or "the file", "a mapping, like `key: value`")
        return node.entries.values()

    def expect(self, node: Node, name: str, wanted: str) -> None:
        """Note that a node is something else than what is wanted."""
        self.problems.append(f"{node.place}: `{name}` must be {wanted}, not {describe(node.data)}.")


def describe(data: Data) -> str:
    """Name a value in a message."""
    match data:
        case None:
            return "empty"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return f"`{str(data).lower()}`"
        case _:
            return f"`{data}`"


def listing(words: Iterable[object], joint: str) -> str:
    """Write words as a list in a sentence: ``a, b or c``."""
    *most, last = [f"`{word}`" for word in words]
    return f"{', '.join(most)} {joint} {last}" if most else last


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word is meant, if one is near, and which ones there are."""
    known = sorted(known)
    close = get_close_matches(word, known, n=1, cutoff=0.7)
    return (f" Did you mean `{close[0]}`?" if close else "") + (f" Known: {', '.join(known)}." if known else "")
