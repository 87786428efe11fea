"""Descriptions of YAML files, and the check of a file against its description.

A description is a tree of the rules below, written once for each kind of file. The check goes through the whole file
and notes every mistake with its place, so that the user mends them all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from difflib import get_close_matches
from typing import Any, TypeAlias

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
    """A mapping whose keys are known. `later` are keys that another version judges: allowed and noted.

    `required` keys must be there. `other_names` maps spellings that are accepted too to the keys they mean, `meant`
    words of other tools, which are not accepted, to the keys that are suggested instead.
    """

    keys: Mapping[str, Rule]
    later: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    other_names: Mapping[str, str] = field(default_factory=dict)
    meant: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number that is not smaller than `least`."""

    least: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """Any value. `refuse` gives the reason why one is not allowed, or None; `schema` says the same to editors."""

    refuse: Callable[[Data], str | None] | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Either:
    """What follows one of several rules."""

    rules: tuple[Rule, ...]


Rule: TypeAlias = Text | Choice | ListOf | MapOf | OrPath | Table | Flag | Whole | Value | Either


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
            case Table():
                self.table(node, rule, name)
            case Flag():
                if not isinstance(node.data, bool):
                    self.expect(node, name, "`true` or `false`")
            case Whole(least):
                if type(node.data) is not int or node.data < least:
                    self.expect(node, name, f"a whole number, {least} or more")
            case Value(refuse_value):
                if refuse_value and (reason := refuse_value(node.data)):
                    self.problems.append(f"{node.place}: `{name}` is {describe(node.data)}: {reason}")
            case Either(rules):
                self.either(node, rules, name)

    def table(self, node: Node, rule: Table, name: str) -> None:
        """Check a mapping with known keys."""
        keys = rule.keys
        seen = set()
        example = f"{rule.required[0]}: …" if rule.required else "key: value"
        for entry in self.mapping(node, name, example):
            word = entry.key.data
            word = rule.other_names.get(word, word) if isinstance(word, str) else word
            seen.add(word)
            inner = f"{name}.{word}".lstrip(".")
            if word in rule.later:
                self.later.append(inner)
            elif isinstance(word, str) and word in keys:
                self.follow(entry.value, keys[word], inner)
            else:
                owner = f" of `{name}`" if name else ""
                hint = nearest(rule.meant.get(str(word), str(word)), [*keys, *rule.later])
                self.problems.append(f"{entry.key.place}: `{word}` is not a key{owner}.{hint}")
        if isinstance(node.data, dict):
            missing = [f"`{key}`" for key in rule.required if key not in seen]
            if missing:
                self.problems.append(f"{node.place}: `{name or 'the file'}` lacks {' and '.join(missing)}.")

    def either(self, node: Node, rules: Iterable[Rule], name: str) -> None:
        """Follow the first rule without a problem; if there is none, tell what the rule of this kind of value says."""
        tried: list[tuple[Rule, Check]] = []
        for rule in rules:
            check = Check()
            check.follow(node, rule, name)
            if not check.problems:
                self.later += check.later
                return
            tried.append((rule, check))
        kinds: tuple[type, ...] = (Text, Choice, Whole, Value, Flag)
        if isinstance(node.data, list | dict):
            kinds = (ListOf,) if isinstance(node.data, list) else (MapOf, Table)
        check = next((check for rule, check in tried if isinstance(rule, kinds)), tried[-1][1])
        self.problems += check.problems

    def mapping(self, node: Node, name: str, example: str = "key: value") -> Iterable[Entry]:
        """Give the entries of a mapping; anything else is a problem and has none."""
        if not isinstance(node.data, dict):
            self.expect(node, name or "the file", f"a mapping, like `{example}`")
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
