"""Checks expectations before anything runs: operands that no matcher takes, and checks that can never fail or hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pytest_integration_gate.durations import milliseconds
from pytest_integration_gate.strict_yaml import Entry, Node
from pytest_integration_gate.suites.matchers import MATCHERS, TYPES, is_matcher, is_type_word
from pytest_integration_gate.yaml_rules import describe, nearest

_UNMISTAKABLE = frozenset(("eq", "ne", "lt", "lte", "gt", "gte", "not_in"))
"""Names that hardly stand as keys in other people's data: beside them an unknown key is a slip."""


def problems_of(node: Node, name: str, *, exact: bool = False, least: float | None = None) -> Iterator[str]:
    """Say what is wrong with an expectation, which messages call `name`.

    `least` is the smallest value that the compared quantity can have at all, None when there is none.
    """
    data = node.data
    if is_matcher(data):
        for key, entry in node.entries.items():
            yield from _operand(str(key), entry.value, f"{name}.{key}", exact or key == "exact", least)
    elif isinstance(data, dict):
        if not data and not exact:
            yield (
                f"{node.place}: `{name}` is `{{}}`, which every mapping fits. Write `object` for any mapping, or "
                "`{eq: {}}` for an empty one."
            )
        slips = [entry.key for key, entry in node.entries.items() if key not in MATCHERS]
        if _UNMISTAKABLE.intersection(data):
            for slip in slips:
                hint = nearest(str(slip.data), map(str, MATCHERS))
                yield f"{slip.place}: `{slip.data}` is no matcher.{hint} A mapping with this key is `{{eq: …}}`."
            return
        for key, entry in node.entries.items():
            yield from problems_of(entry.value, f"{name}.{key}", exact=exact)
    else:
        for number, item in enumerate(node.items):
            yield from problems_of(item, f"{name}[{number}]", exact=exact)


def problems_of_time(node: Node, name: str) -> Iterator[str]:
    """Say what is wrong with the expectation of a time: a number of milliseconds, or a text with its unit."""
    return problems_of(_in_milliseconds(node), name, least=0)


def problems_of_output(node: Node, name: str) -> Iterator[str]:
    """Say what is wrong with the expectation of what a command writes, which may be ``{json: …}``."""
    if isinstance(node.data, dict) and set(node.data) == {"json"}:
        node, name = node.entries["json"].value, f"{name}.json"
    return problems_of(node, name)


def _in_milliseconds(node: Node) -> Node:
    entries = {key: Entry(key=entry.key, value=_in_milliseconds(entry.value)) for key, entry in node.entries.items()}
    items = tuple(map(_in_milliseconds, node.items))
    return replace(node, data=milliseconds(node.data), items=items, entries=entries)


def _operand(key: str, node: Node, name: str, exact: bool, least: float | None) -> Iterator[str]:
    data = node.data
    if _is_template(data):
        return
    match key:
        case "eq" | "ne":
            return
        case "lt" | "lte" | "gt" | "gte":
            yield from _bound(key, node, name, least)
        case "in" | "not_in":
            if not isinstance(data, list):
                yield f"{node.place}: `{name}` must be a list, not {describe(data)}."
            elif not data:
                yield f"{node.place}: `{name}` is empty, so that it {'never' if key == 'in' else 'always'} holds."
        case "matches":
            yield from _pattern(node, name)
        case "contains":
            if data in ("", {}, None):
                yield f"{node.place}: `{name}` is empty, so that it always holds."
            else:
                yield from problems_of(node, name, exact=exact)
        case "absent":
            if not isinstance(data, bool):
                yield f"{node.place}: `{name}` must be `true` or `false`, not {describe(data)}."
        case "type":
            yield from _types(node, name)
        case "length":
            if not is_matcher(data) and (type(data) is not int or data < 0):
                yield f"{node.place}: `{name}` must be a whole number or a matcher, not {describe(data)}."
            else:
                yield from problems_of(node, name, least=0)
        case _:
            yield from problems_of(node, name, exact=exact, least=least)


def _bound(key: str, node: Node, name: str, least: float | None) -> Iterator[str]:
    data = node.data
    if not isinstance(data, int | float | str) or isinstance(data, bool):
        yield f"{node.place}: `{name}` must be a number or a text, not {describe(data)}."
    elif isinstance(data, str):
        if least is not None:
            yield f"{node.place}: `{name}: {data}` never holds: a number is not compared with a text."
    elif least is not None:
        if (key == "gte" and data <= least) or (key == "gt" and data < least):
            yield f"{node.place}: `{name}: {data}` always holds. Write a bound that can fail."
        elif (key == "lt" and data <= least) or (key == "lte" and data < least):
            yield f"{node.place}: `{name}: {data}` never holds: the value cannot be smaller than {least:g}."


def _pattern(node: Node, name: str) -> Iterator[str]:
    data = node.data
    if not isinstance(data, str):
        yield f"{node.place}: `{name}` must be a regular expression, not {describe(data)}."
        return
    try:
        pattern = re.compile(data)
    except re.error as error:
        yield f"{node.place}: `{name}` is no regular expression: {error}."
    else:
        if pattern.pattern in ("", ".*", "^.*$", "^.*", ".*$"):
            yield f"{node.place}: `{name}` fits every text. Write `string`, or a pattern that can fail."


def _types(node: Node, name: str) -> Iterator[str]:
    words: Any = node.data if isinstance(node.data, list) else [node.data]
    if not words:
        yield f"{node.place}: `{name}` is empty, so that it never holds."
    for word in words:
        if word is not None and not is_type_word(word) and not _is_template(word):
            hint = nearest(str(word), TYPES)
            data = f" Data with a key `type` are expected by `{{type: {{eq: {word}}}}}`." if type(word) is str else ""
            yield f"{node.place}: `{name}`: {describe(word)} is no type.{hint}{data}"


def _is_template(data: Any) -> bool:
    """Whether a value is only known when the test runs."""
    return isinstance(data, str) and "{{" in data
