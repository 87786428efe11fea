"""The answers that mocks of HTTP functions give: mocks, objects that the test wrote, real responses made by hand."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import FrameType
from typing import Any

from pytest_integration_gate.doubles.claims import argument
from pytest_integration_gate.doubles.marks import Mark, Place
from pytest_integration_gate.doubles.notebook import HeardCall
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.classes import mro_of, namespace_of
from pytest_integration_gate.model.exchange import Answer
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.shape import Record
from pytest_integration_gate.traffic.exchanges import AUTOMATIC, body_of
from pytest_integration_gate.traffic.sending import Sending, text_of
from pytest_integration_gate.values import dataclass

REAL = ("requests.models:Response", "httpx:Response", "httpx2:Response")
"""Classes of the clients whose instances a test may make itself."""


@dataclass(frozen=True, slots=True)
class Written:
    """An object that the test wrote, as it was when it was given: its `attributes`, and who asked for the parsed body
    of one that is a real response (`lent`)."""

    attributes: Mapping[str, Argument]
    lent: Sending | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """The mocks that one request gave, and what was called on them.

    `written` is the object that the test wrote, where one was given.
    """

    mocks: dict[Mark, None]
    calls: list[HeardCall]
    written: Written

    def attribute(self, *names: str) -> tuple[Argument, Place | None] | None:
        """Give the value that a test hung on the response, None when there is none or several differ."""
        held = [(name, mock.attributes[name]) for mock in self.mocks for name in names if name in mock.attributes]
        found = [(argument(noted, name), at) for name, (noted, at) in held]
        written = self.written.attributes
        found += [(written[name], None) for name in names if name in written]
        return found[0] if found and all(each[0] == found[0][0] for each in found) else None

    def called(self, name: str) -> list[HeardCall]:
        """Give the calls of one method of the response."""
        return [heard for heard in self.calls if heard.note.mark.path[-1] == f".{name}"]


NOTHING = Written({})


class Parse:
    """A function that a test hung on a response as its ``json``: calling it parses the body."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark

    def marks(self, receiver: Any, frame: FrameType) -> tuple[Mark, ...]:
        """Return what the function stands for."""
        return (self._mark,)

    def receivers(self, first: Any) -> int:
        """It is no method."""
        return 0

    def gave(self, mark: Mark, value: Any) -> bool:
        """What it gives is what the body holds."""
        return True


def answer_of(response: Response) -> tuple[Answer | None, Place | None]:
    """Put the answer together; None when nothing is said of it, or that it fails without saying how."""
    status, headers = response.attribute("status_code", "status"), response.attribute("headers")
    text = response.attribute("text", "content")
    bodies = list(dict.fromkeys(_outcome_of(heard) for heard in response.called("json")))
    body, at = None, None
    if len(bodies) == 1 and bodies[0] is not None:
        body, at = bodies[0], response.called("json")[0].note.mark.configured_at
    elif sent := response.attribute("body"):
        body, at = sent
    elif not bodies and text is not None and isinstance(said := value_of(text[0]), str | bytes):
        body, at = body_of(said.encode() if isinstance(said, str) else said, ""), text[1]
    code = value_of(status[0]) if status is not None else None
    has_failed = any(heard.kind == "raised" for heard in response.called("raise_for_status"))
    if has_failed and (type(code) is not int or code < 400):
        return None, None
    if body is None and type(code) is not int:
        return None, None
    places = (at, status and status[1], headers and headers[1])
    return (
        Answer(
            status=code if type(code) is int else None,
            headers=tuple(sorted(name.lower() for name in names_of(headers[0] if headers is not None else None))),
            body=body,
        ),
        next((place for place in places if place is not None), None),
    )


def held_by(value: Any) -> dict[str, Any]:
    """Give what an object holds itself, without running code of it."""
    try:
        held: dict[str, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return held


def attributes_of(value: Any, held: Mapping[str, Any]) -> dict[str, Argument]:
    """Picture what is plain among the attributes that matter."""
    inherited = {name: each for cls in reversed(mro_of(type(value))) for name, each in namespace_of(cls).items()}
    held = {**inherited, **held}
    found: dict[str, Argument] = {
        name: argument_of(held[name]) for name in ("status_code", "status", "text") if name in held
    }
    headers = held.get("headers")
    if type(headers) is not dict:  # the mappings without case of requests and httpx
        inner = held_by(headers)
        headers = inner.get("_store") or [text_of(name) for _, name, _ in inner.get("_list", ())]
    names = {str(name) for name in headers}
    return {**found, "headers": argument_of(dict.fromkeys(names - AUTOMATIC if "_content" in held else names, ""))}


def _outcome_of(heard: HeardCall) -> Argument | None:
    return argument(heard.value) if heard.kind in ("returned", "awaited") else None


def value_of(said: Argument | None) -> Any:
    """Return plain data from their text, None when they are none."""
    if said is None or said.text is None:
        return None
    try:
        return ast.literal_eval(said.text)
    except (ValueError, SyntaxError):
        return None


def names_of(said: Argument | None) -> tuple[str, ...]:
    """Return the keys of a mapping that is a record; none of anything else."""
    shape = said.shape if said is not None else None
    return tuple(field.name for field in shape.fields) if isinstance(shape, Record) else ()
