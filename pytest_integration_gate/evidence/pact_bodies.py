"""From the picture of a body to an example of it and the paths on which it binds."""

from __future__ import annotations

from ast import literal_eval
from typing import Any, Final

from pytest_integration_gate.model.interaction import Argument, Uses
from pytest_integration_gate.model.secrecy import SECRET
from pytest_integration_gate.model.shape import Dictionary, Record, Scalar, Sequence, Shape
from pytest_integration_gate.model.using import is_idle, is_named, parts_of


class Unknown:
    """Stands for a value of which nothing is known; None is a value of JSON."""


UNKNOWN: Final = Unknown()

_EXAMPLES = {"bool": True, "int": 1, "float": 1.5, "str": "text", "None": None}
_MEANT = {"<uuid>": "00000000-0000-4000-8000-000000000000", "<datetime>": "2000-01-01T00:00:00Z"}
"""What can be sent in the place of values that were not kept because they differ from run to run."""


def plain(argument: Argument) -> Any:
    """Return the value that was pictured, as far as it was kept: secrets are masked. `UNKNOWN` without one."""
    text = argument.text
    for each in () if text is None else (text, text.replace(SECRET, repr(SECRET))):
        try:
            return literal_eval(each)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return UNKNOWN


def sendable(value: Any) -> Any:
    """Return a value as it can be sent again; `UNKNOWN` when some of it was masked or was not kept."""
    match value:
        case str():
            meant = _MEANT.get(value, value)
            return UNKNOWN if any(mark in meant for mark in ("<secret>", "<tmp>", "<uuid>", "<datetime>")) else meant
        case list():
            elements = [sendable(each) for each in value]
            return UNKNOWN if UNKNOWN in elements else elements
        case dict():
            items = {key: sendable(each) for key, each in value.items()}
            return UNKNOWN if UNKNOWN in items.values() or not all(isinstance(key, str) for key in items) else items
        case bool() | int() | float() | None:
            return value
    return UNKNOWN


def binding(body: Argument, uses: Uses) -> tuple[Any, tuple[str, ...]]:
    """Return an example of what the code reads of a JSON body, and the paths of its parts; `UNKNOWN` for nothing.

    On each path the type binds. What the elements of a list differ in binds nobody, nor do keys that are data.
    """
    paths: list[str] = []
    return ((UNKNOWN if is_idle(uses) else _part(body.shape, uses, plain(body), "$", paths)), tuple(paths))


def _part(shape: Shape, uses: Uses, value: Any, path: str, paths: list[str]) -> Any:
    match shape:
        case Scalar(name) if name in _EXAMPLES:
            paths.append(path)
            return _EXAMPLES[name] if value is UNKNOWN else value
        case Record(fields):
            paths.append(path)
            found: dict[str, Any] = {}
            for field in fields:
                part = parts_of(uses, (f"[{field.name!r}]",))
                if field.required and part is not None and is_named(uses, field.name) and _is_writable(field.name):
                    known = value.get(field.name, UNKNOWN) if isinstance(value, dict) else UNKNOWN
                    inner = _part(field.shape, part, known, f"{path}['{field.name}']", paths)
                    found |= {} if inner is UNKNOWN else {field.name: inner}
            return found
        case Dictionary():
            paths.append(path)
            return {}
        case Sequence("list", element):
            paths.append(path)
            part = parts_of(uses, None)
            known = value[0] if isinstance(value, list) and value else UNKNOWN
            one = UNKNOWN if part is None else _part(element, part, known, f"{path}[*]", paths)
            return [] if one is UNKNOWN else [one]
    return UNKNOWN


def _is_writable(key: str) -> bool:
    """Whether the path expressions of Pact can name a key: they know no escape."""
    return bool(key) and "'" not in key
