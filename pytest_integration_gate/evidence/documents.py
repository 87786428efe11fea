"""Loads large YAML and JSON documents that others wrote, fast; finds the line of a part when it is asked for.

`strict_yaml` gives every value its place and is meant for the gate's own files. A description of an API has megabytes:
here the parser's events become plain data at once, and the places are looked up afterwards, for the few parts that a
message names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from json import JSONDecodeError
from typing import Any

import yaml

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.strict_yaml import resolve
from pytest_integration_gate.values import dataclass

Data = Any
"""Dicts with text as keys, lists, text, numbers, booleans and None."""

MAX_BYTES = 64_000_000
MAX_DEPTH = 200
MAX_ALIASED = 1_000_000
"""How many values all aliases of a document may repeat together."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STR = "tag:yaml.org,2002:str"
_DIGITS = frozenset("0123456789+-.")
_WORDS = frozenset(("", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"))


class DocumentError(Exception):
    """A file that cannot be read as YAML or JSON. `place` is ``line:column``, empty when there is none."""

    def __init__(self, fault: str, place: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.place = place


def load(path: str) -> Data:
    """Give the data of a file, JSON by its suffix and YAML otherwise; raise `DocumentError`.

    YAML is read by the core schema of YAML 1.2, so that ``no`` is text; keys are text, whatever they look like. Merge
    keys (``<<``), which YAML 1.2 has no more and many documents use, are followed.
    """
    text = _read(path)
    try:
        if path.lower().endswith(".json"):
            return json.loads(text)
        return _Composer().compose(yaml.parse(text, Loader=_LOADER))
    except JSONDecodeError as error:
        raise DocumentError(f"not valid JSON: {error.msg}", f"{error.lineno}:{error.colno}") from None
    except yaml.MarkedYAMLError as error:
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError(f"not valid YAML: {reason}", _place(error.problem_mark or error.context_mark)) from None
    except yaml.YAMLError as error:
        raise DocumentError(f"not valid YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise DocumentError("nested too deep") from None


def lines_of(path: str, depth: int) -> Mapping[str, int]:
    """Give the line of every key and list item of a YAML file by its JSON pointer, down to a depth.

    JSON has no lines that people look for: it gives none, and so does a file that cannot be read any more.
    """
    if path.lower().endswith(".json"):
        return {}
    try:
        return dict(_lines(yaml.parse(_read(path), Loader=_LOADER), depth))
    except (DocumentError, yaml.YAMLError):
        return {}


def escaped(key: str) -> str:
    """Write a key as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _read(path: str) -> str:
    try:
        with open_file(path, "rb") as stream:
            source = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror or error}") from None
    if len(source) > MAX_BYTES:
        raise DocumentError(f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError("not UTF-8", f"{source.count(10, 0, error.start) + 1}:1") from None


def _place(mark: Any) -> str:
    return f"{mark.line + 1}:{mark.column + 1}" if mark else ""


@dataclass(slots=True)
class _Frame:
    """A container that is being filled. `key` is the pending key of a mapping, `size` the number of its values."""

    data: Any
    anchor: str | None
    key: str | None = None
    size: int = 1
    merged: list[Data] | None = None


class _Composer:
    """Makes plain data of the events of one file, without recursion."""

    def __init__(self) -> None:
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Data, int]] = {}
        self.aliased = 0
        self.root: Data = None
        self.documents = 0

    def compose(self, events: Iterator[Any]) -> Data:
        """Compose the only document of the stream."""
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self.scalar(event)
            elif kind is yaml.MappingStartEvent:
                self.open({}, event)
            elif kind is yaml.SequenceStartEvent:
                self.open([], event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.close(event)
            elif kind is yaml.AliasEvent:
                self.alias(event)
            elif kind is yaml.DocumentStartEvent:
                self.documents += 1
                if self.documents > 1:
                    raise DocumentError("a second document in the file", _place(event.start_mark))
        return self.root

    def scalar(self, event: Any) -> None:
        text = event.value
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.key is None and type(frame.data) is dict:
            if text in frame.data:
                raise DocumentError(f"the key `{text}` stands twice", _place(event.start_mark))
            frame.key = text
            if event.anchor is not None:
                self.anchors[event.anchor] = (text, 1)
            if text == "<<" and event.implicit[0] and frame.merged is None:
                frame.merged = []
            return
        value: Data = text
        is_plain = event.implicit[0] and event.tag != _STR
        if is_plain and (text in _WORDS or text[0] in _DIGITS):
            try:
                value = resolve(text)
            except ValueError:
                raise DocumentError(f"a number of {len(text)} digits", _place(event.start_mark)) from None
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        self.add(value, 1, event)

    def open(self, data: Data, event: Any) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise DocumentError(f"nested more than {MAX_DEPTH} levels deep", _place(event.start_mark))
        if self.stack and self.stack[-1].key is None and type(self.stack[-1].data) is dict:
            raise DocumentError("a key must be a single value", _place(event.start_mark))
        self.stack.append(_Frame(data, event.anchor))

    def close(self, event: Any) -> None:
        frame = self.stack.pop()
        for merged in frame.merged or ():
            for key, value in merged.items():
                frame.data.setdefault(key, value)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.data, frame.size)
        self.add(frame.data, frame.size, event)

    def alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise DocumentError(f"`*{event.anchor}` has no `&{event.anchor}` before it", _place(event.start_mark))
        value, size = self.anchors[event.anchor]
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise DocumentError(f"its aliases repeat more than {MAX_ALIASED} values", _place(event.start_mark))
        frame = self.stack[-1]
        if frame.key is None and type(frame.data) is dict:
            if not isinstance(value, str):
                raise DocumentError("a key must be a single value", _place(event.start_mark))
            frame.key = value
        else:
            self.add(value, size, event)

    def add(self, value: Data, size: int, event: Any) -> None:
        """Put a finished value where it belongs."""
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        frame.size += size
        if type(frame.data) is list:
            frame.data.append(value)
            return
        key, frame.key = frame.key or "", None
        if key == "<<" and frame.merged is not None and "<<" not in frame.data:
            frame.merged += value if isinstance(value, list) else [value]
            if not all(isinstance(each, dict) for each in frame.merged):
                raise DocumentError("`<<` merges what is no mapping", _place(event.start_mark))
        else:
            frame.data[key] = value


def _lines(events: Iterator[Any], depth: int) -> Iterator[tuple[str, int]]:
    """Give pointer and line of every part above a depth."""
    # One entry for each open container: its pointer, and the pending key of a mapping or the next index of a list.
    stack: list[list[Any]] = []
    for event in events:
        kind = type(event)
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            stack.pop()
        elif kind in (yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent):
            pointer = ""
            if stack:
                above, step = stack[-1]
                if step is None:  # this is the key
                    stack[-1][1] = text = event.value if kind is yaml.ScalarEvent else ""
                    if len(stack) <= depth:
                        yield f"{above}/{escaped(text)}", event.start_mark.line + 1
                    continue
                pointer = f"{above}/{escaped(str(step))}" if len(stack) <= depth else ""
                if type(step) is int:
                    if len(stack) <= depth:
                        yield pointer, event.start_mark.line + 1
                    stack[-1][1] = step + 1
                else:
                    stack[-1][1] = None
            if kind is yaml.MappingStartEvent:
                stack.append([pointer, None])
            elif kind is yaml.SequenceStartEvent:
                stack.append([pointer, 0])
