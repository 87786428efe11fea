"""Loads YAML strictly: plain data, every mistake with its place, nothing that a file could do to the process.

PyYAML parses; what the parsed events mean is decided here. Scalars follow the core schema of YAML 1.2, so that ``no``,
``12:30`` and dates are strings; a key that stands twice is a mistake; tags make no objects; nesting, aliases and size
are bounded. (PyYAML's own composer follows nested brackets on the C stack: 400 kB of them end the process.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

import yaml

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.values import dataclass

Scalar: TypeAlias = bool | int | float | str | None
Data: TypeAlias = "Scalar | list[Data] | dict[Scalar, Data]"

MAX_BYTES = 10_000_000
MAX_DEPTH = 64
MAX_ALIASED = 10_000
"""How many nodes all aliases of a file may repeat together."""

_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, Scalar] = {"": None, "~": None}
_WORDS |= dict.fromkeys(("null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True)
_WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class YamlError(GateError):
    """A YAML file that cannot be used. `problems` has one sentence for each mistake, each with its place."""

    slug = "yaml"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it stands. Lines and columns count from 1.

    `data` is the whole value as plain data; nodes that aliases repeat share it. A list has its elements in `items`, a
    mapping has its keys and values in `entries`.
    """

    data: Data
    place: str
    items: tuple[Node, ...] = ()
    entries: Mapping[Scalar, Entry] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a mapping with its value."""

    key: Node
    value: Node


def read(path: Path, name: str) -> Node:
    """Load the file at `path`, which messages call `name`; raise `YamlError` when it cannot be read or understood."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise YamlError([f"{name}: cannot be read: {error.strerror or error}."]) from None
    return load(source, name)


def load(source: str | bytes, name: str) -> Node:
    """Load YAML text; `name` stands before line and column in messages. An empty text is None.

    Raises `YamlError` with all mistakes that can be found; a mistake of syntax hides those behind it.
    """
    if len(source) > MAX_BYTES:
        raise YamlError([f"{name}: larger than {MAX_BYTES // 1_000_000} MB, which no file of the gate needs to be."])
    text = _decode(source, name) if isinstance(source, bytes) else source
    text = text.removeprefix("\ufeff")
    if bad := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise YamlError([f"{name}:{line}: the character {bad.group()!a} is not allowed in YAML. Remove or escape it."])
    composer = _Composer(name)
    try:
        node = composer.compose(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        hint = " Indent with spaces: here stands a tab." if mark and _has_tab(text, mark) else ""
        raise YamlError([*composer.problems, f"{place}: not valid YAML: {reason}.{hint}"]) from None
    if composer.problems:
        raise YamlError(composer.problems)
    return node


def _decode(source: bytes, name: str) -> str:
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise YamlError([f"{name}:{line}: not UTF-8. Save the file as UTF-8."]) from None


def _has_tab(text: str, mark: yaml.Mark) -> bool:
    line = text.splitlines()[mark.line : mark.line + 1]
    return any("\t" in one[: len(one) - len(one.lstrip())] for one in line)


class _Composer:
    """Makes nodes of the events of one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[str] = []
        self.anchors: dict[str, Node] = {}
        self.aliased = 0

    def compose(self, events: Iterator[yaml.Event]) -> Node:
        """Compose the only document of the stream."""
        node: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    self.problems.append(f"{self.place(event)}: a second document. Keep one document in a file.")
                    return node
                node = self.node(next(events), events, 0)
        return node or Node(data=None, place=f"{self.name}:1:1")

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        """Compose the node that begins with `event`."""
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth > MAX_DEPTH:
            raise YamlError([*self.problems, f"{self.place(event)}: nested more than {MAX_DEPTH} levels deep."])
        if isinstance(event, yaml.ScalarEvent):
            node = Node(data=self.scalar(event), place=self.place(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, events, depth)
        else:
            assert isinstance(event, yaml.MappingStartEvent)
            node = self.mapping(event, events, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: yaml.AliasEvent) -> Node:
        node = self.anchors.get(event.anchor or "")
        if node is None:
            self.problems.append(f"{self.place(event)}: `*{event.anchor}` has no `&{event.anchor}` before it.")
            return Node(data=None, place=self.place(event))
        self.aliased += node.size
        if self.aliased > MAX_ALIASED:
            problem = f"{self.place(event)}: the aliases of this file repeat more than {MAX_ALIASED} values."
            raise YamlError([*self.problems, problem])
        return node

    def sequence(self, event: yaml.SequenceStartEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        self.check_tag(event, event.tag, "seq")
        items = []
        while not isinstance(following := next(events), yaml.SequenceEndEvent):
            items.append(self.node(following, events, depth + 1))
        return Node(
            data=[item.data for item in items],
            place=self.place(event),
            items=tuple(items),
            size=1 + sum(item.size for item in items),
        )

    def mapping(self, event: yaml.MappingStartEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        self.check_tag(event, event.tag, "map")
        entries: dict[Scalar, Entry] = {}
        while not isinstance(following := next(events), yaml.MappingEndEvent):
            entry = Entry(
                key=self.node(following, events, depth + 1),
                value=self.node(next(events), events, depth + 1),
            )
            key = entry.key.data
            if isinstance(key, list | dict):
                self.problems.append(f"{entry.key.place}: a key must be a single value.")
            elif key == "<<" and isinstance(following, yaml.ScalarEvent) and following.implicit[0]:
                self.problems.append(f"{entry.key.place}: YAML 1.2 has no merge keys (`<<`). Write the keys out.")
            elif key in entries:
                first = entries[key].key.place
                self.problems.append(f"{entry.key.place}: the key `{key}` stands twice, first at {first}. Remove one.")
            else:
                entries[key] = entry
        return Node(
            data={key: entry.value.data for key, entry in entries.items()},
            place=self.place(event),
            entries=entries,
            size=1 + sum(1 + entry.value.size for entry in entries.values()),
        )

    def scalar(self, event: yaml.ScalarEvent) -> Scalar:
        text, tag = event.value, event.tag
        if tag in ("!", _TAG + "str") or (tag is None and not event.implicit[0]):
            return text
        try:
            value = resolve(text)
        except ValueError:
            self.problems.append(f"{self.place(event)}: a number of {len(text)} digits is too long.")
            return None
        if tag is None:
            return value
        if tag == _TAG + "float" and type(value) is int:
            return float(value)
        self.check_tag(event, tag, "null" if value is None else type(value).__name__)
        return value

    def check_tag(self, event: yaml.Event, tag: str | None, own: str) -> None:
        """Note a problem when a node has another explicit tag than the one of its kind."""
        if tag not in (None, "!", _TAG + own):
            written = tag.replace(_TAG, "!!")
            self.problems.append(f"{self.place(event)}: the tag `{written}` does not belong here. Remove it.")

    def place(self, event: yaml.Event) -> str:
        mark = event.start_mark
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name


def resolve(text: str) -> Scalar:
    """Give a plain scalar its value by the core schema of YAML 1.2 (chapter 10.3.2)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text
