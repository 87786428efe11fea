"""Judging the request of a claim that says it succeeds: would the service have taken it?"""

from __future__ import annotations

from dataclasses import replace

from pytest_integration_gate.model.api import Content, Operation
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.content import includes, is_form, is_json
from pytest_integration_gate.model.exchange import Request
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.joining import is_empty_mapping
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Dictionary,
    Record,
    Scalar,
    Sequence,
    Shape,
    Union,
)
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.model.unsupported import step
from pytest_integration_gate.verdicts.bodies import comparable, fit_body

Wrong = tuple[str, tuple[Difference, ...]]


def wrong_request(request: Request, operation: Operation) -> Wrong:
    """Say in words what an operation takes, and where a request differs; no differences when it would be taken.

    What a request has beyond the document is no difference unless a schema forbids it.
    """
    words, differences = _wrong_query(request, operation)
    body_words, body_differences = _wrong_body(request, operation)
    return "; ".join(filter(None, (words, body_words))), (*differences, *body_differences)


def _wrong_query(request: Request, operation: Operation) -> Wrong:
    given = {name for name, _ in request.query} | {name.partition("[")[0] for name, _ in request.query}
    missing = [
        parameter.name
        for parameter in operation.parameters
        if parameter.where == "query" and parameter.required and parameter.name not in given
    ]
    differences = tuple(Difference(path=f"$.query{step(name)}", claim="absent", reality="required") for name in missing)
    return (f"requires in the query {', '.join(missing)}" if missing else ""), differences


def _wrong_body(request: Request, operation: Operation) -> Wrong:
    body, kind = request.body, request.content_type
    if body is None or not operation.accepts:
        return "", ()
    accepted = [content for content in operation.accepts if not kind or includes(content.type, kind)]
    if not accepted:
        types = " | ".join(content.type for content in operation.accepts)
        return f"takes {types}", (Difference(path="$.headers.content-type", claim=kind, reality=types),)
    is_text = isinstance(body.shape, Scalar) and body.shape.name == "str"
    if is_text and not is_json(kind):
        return "", ()  # a text that may hold anything
    found: list[tuple[tuple[Difference, ...], Content]] = []
    for content in accepted:
        if not (is_form(kind) or is_json(content.type)):
            return "", ()
        differences = _misfits(body, content.shape, is_form(kind))
        if not differences:
            return "", ()
        found.append((tuple(map(_inside, differences)), content))
    differences, content = min(found, key=lambda one: len(one[0]))
    return f"takes {text_of(content.shape)}", differences


def _misfits(body: Argument, shape: Shape, is_form: bool) -> tuple[Difference, ...]:
    if is_form:
        body = Argument(shape=_names_of(body.shape))
    return tuple(dict.fromkeys((*fit_body(body, shape), *_lacking(*comparable(body, shape), "$"))))


def _inside(difference: Difference) -> Difference:
    return replace(difference, path=f"$.body{difference.path[1:]}")


def _names_of(shape: Shape) -> Shape:
    """A form without what its fields hold: there everything is text."""
    if isinstance(shape, Record):
        return replace(shape, fields=tuple(replace(field, shape=ANYTHING) for field in shape.fields))
    return shape if is_empty_mapping(shape) else ANYTHING


def _lacking(claim: Shape, reality: Shape, path: str) -> list[Difference]:
    """Give what a schema requires and a body lacks, where the body fits otherwise."""
    if isinstance(claim, Union):
        return [difference for option in claim.options for difference in _lacking(option, reality, path)]
    if isinstance(reality, Union):
        fitting = [_lacking(claim, option, path) for option in reality.options if not fit(claim, option)]
        return min(fitting, key=len, default=[])
    if isinstance(claim, Sequence) and isinstance(reality, Sequence):
        return _lacking(claim.element, reality.element, f"{path}[*]")
    if isinstance(reality, Record) and is_empty_mapping(claim):
        claim = Record(())
    if not isinstance(claim, Record):
        return []
    if isinstance(reality, Dictionary):
        inner = [_lacking(field.shape, reality.value, f"{path}{step(field.name)}") for field in claim.fields]
        return [difference for found in inner for difference in found]
    return _lacking_fields(claim, reality, path) if isinstance(reality, Record) else []


def _lacking_fields(claim: Record, reality: Record, path: str) -> list[Difference]:
    given = {field.name: field for field in claim.fields}
    found: list[Difference] = []
    for field in reality.fields:
        inner, own = f"{path}{step(field.name)}", given.get(field.name)
        if own is not None:
            found += _lacking(own.shape, field.shape, inner)
        if field.required and (claim.complete if own is None else not own.required):
            found.append(Difference(path=inner, claim="absent", reality="required"))
    return found
