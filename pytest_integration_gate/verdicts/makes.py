"""Of which make a request is, and whether reality refused requests of that make (SPEC section 7, rule 19)."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from pytest_integration_gate.model.exchange import Exchange, Request
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.shape import Record
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.values import dataclass

REFUSALS = frozenset({400, 401, 403, 406, 411, 412, 415, 422, 428})
"""Statuses by which a service says that it does not take a request of this make."""


_UNKNOWN = re.compile("unexpected|unknown|extra|additional|unrecogni[sz]ed|not (?:permitted|allowed|known)").search


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """What tells requests of one route apart but for their values."""

    fields: frozenset[str]
    query: frozenset[str]
    content_type: str
    is_authorized: bool


def make_of(request: Request) -> Make:
    """Return the make of a request."""
    body = request.body.shape if request.body is not None else None
    return Make(
        fields=frozenset(field.name for field in body.fields) if isinstance(body, Record) else frozenset(),
        query=frozenset(name for name, _ in request.query),
        content_type=request.content_type,
        is_authorized=request.is_authorized,
    )


def refused_parts(claimed: Request, accepted: Sequence[Request]) -> Iterator[Difference]:
    """Give what all accepted requests have and the claimed one lacks, and what it has and no accepted one."""
    mine, theirs = make_of(claimed), [make_of(request) for request in accepted]
    fields = claimed.body.shape.fields if claimed.body is not None and isinstance(claimed.body.shape, Record) else ()
    known = {field.name: text_of(field.shape) for field in fields}
    yield from _names("$.body.", known, [make.fields for make in theirs])
    query = {name: text_of(argument.shape) for name, argument in claimed.query}
    yield from _names("$.query.", query, [make.query for make in theirs])
    if all(make.content_type and make.content_type != mine.content_type for make in theirs):
        said = sorted({make.content_type for make in theirs})
        yield Difference(path="$.headers.content-type", claim=mine.content_type or "absent", reality=" | ".join(said))
    if not mine.is_authorized and all(make.is_authorized for make in theirs):
        yield Difference(path="$.headers.authorization", claim="absent", reality="required")


def is_explained(
    differences: Sequence[Difference], claimed: Request, refused: Sequence[Exchange], accepted: Sequence[Request]
) -> bool:
    """Whether the make, and not some value, was the cause of a refusal.

    It was when a name is spelled otherwise (one is too many and one is missing), when the status is made for it, when
    the very same request was refused, when the answer tells of a missing or an unknown name, or when a request with
    the same values and one name more was accepted.
    """
    names = [each for each in differences if each.path.startswith(("$.body.", "$.query."))]
    missing = [each.path.rpartition(".")[2] for each in names if each.claim == "absent"]
    unknown = [each.path.rpartition(".")[2] for each in names if each.claim != "absent"]
    statuses = {one.answer.status for one in refused if one.answer is not None}
    return (
        bool(missing and unknown)
        or (401 in statuses and any(each.path.endswith("authorization") for each in differences))
        or (415 in statuses and any(each.path.endswith("content-type") for each in differences))
        or any(request_text(one.request) == request_text(claimed) is not None for one in refused)
        or any(name in _words(one) for one in refused for name in missing)
        or any(name in _words(one) and _UNKNOWN(_words(one)) for one in refused for name in unknown)
        or (bool(missing) and any(_has_only_more(one, other.request) for other in refused for one in accepted))
    )


def request_text(request: Request) -> tuple[object, ...] | None:
    """Return what makes two requests the same one; None when some of it is not plain data."""
    arguments: list[Argument] = [argument for _, argument in request.query]
    arguments += [request.body] if request.body is not None else []
    if any(argument.text is None for argument in arguments):
        return None
    return (
        tuple(segment.text for segment in request.path),
        tuple((name, argument.text) for name, argument in request.query),
        request.body.text if request.body is not None else "",
        request.is_authorized,
    )


def _names(prefix: str, mine: dict[str, str], theirs: Sequence[Collection[str]]) -> Iterator[Difference]:
    for name in sorted(mine):
        if not any(name in names for names in theirs):
            yield Difference(path=f"{prefix}{name}", claim=mine[name], reality="absent")
    for name in sorted(frozenset.intersection(*map(frozenset, theirs)) - mine.keys() if theirs else ()):
        yield Difference(path=f"{prefix}{name}", claim="absent", reality="required")


def _words(refusal: Exchange) -> str:
    """Return what the answer to a refused request says."""
    body = refusal.answer.body if refusal.answer is not None else None
    return (body.text or "") if body is not None else ""


def _has_only_more(accepted: Request, refused: Request) -> bool:
    """Whether an accepted request has all values of a refused one, and names that it lacks."""
    theirs, mine = _values(accepted), _values(refused)
    return theirs is not None and mine is not None and mine.keys() < theirs.keys() and mine.items() <= theirs.items()


def _values(request: Request) -> dict[str, str] | None:
    """Return what stands under each name of a request, None when it was not kept."""
    text = request.body.text if request.body is not None else "{}"
    try:
        body = ast.literal_eval(text or "")
    except (ValueError, SyntaxError):
        return None
    if not isinstance(body, dict):
        return None
    return {f"body {name}": repr(value) for name, value in body.items()} | {
        f"query {name}": argument.text or "" for name, argument in request.query
    }
