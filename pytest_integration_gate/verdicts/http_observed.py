"""What observed exchanges of a route say of a claim: route, request, status, headers, body (rules 4 and 18 to 20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import GONE, Answer, Exchange
from pytest_integration_gate.model.finding import Difference, Kind, Verdict
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Arguments, Outcome
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Dictionary,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
    Union,
)
from pytest_integration_gate.verdicts.agreement import Group
from pytest_integration_gate.verdicts.evidence import Evidence
from pytest_integration_gate.verdicts.makes import REFUSALS, is_explained, make_of, refused_parts, request_text
from pytest_integration_gate.verdicts.observed import ask, without_text
from pytest_integration_gate.verdicts.reading import body_uses_in, headers_read_in, is_status_read
from pytest_integration_gate.verdicts.weighing import Weighed, weigh

_NUMBER = Scalar("number")
# Answers that depend on the state of the resource, or on a header of the request that is not kept.
_OF_STATE = {"GET": {202, 204, 206, 304}, "HEAD": {202, 204, 206, 304}, "PUT": {201}}
_NOTHING = ("None", "[]", "{}")
_OF_CALLER = frozenset({401, 403, 429})  # refusals that are about who asks, and how often
# Refusals that mean the same and that services choose between.
_ALIKE = (frozenset({400, 422}), frozenset({404, 410}), frozenset({401, 403}), frozenset({409, 412, 423}))


def weigh_exchange(
    claim: Claim, exchange: Exchange, seen: Group, everything: tuple[Evidence, ...], compares_values: bool
) -> Weighed:
    """Weigh a claim against the observations of its route; `everything` are those of all routes."""
    if not seen:
        return Weighed("unverified")
    same = _only(seen, lambda other: _is_same_request(exchange, other))
    answer = exchange.answer
    if answer is None:
        return _weigh_trouble(claim, seen, same)
    if answer.status is not None and answer.status >= 400:
        found = _weigh_refusal(claim, answer.status, exchange, seen, same)
    else:
        found = (
            _weigh_route(claim, exchange, seen, everything)
            or _weigh_absence(claim, answer, same)
            or _weigh_request(claim, exchange, seen)
            or _weigh_status(claim, answer.status, exchange, seen)
        )
    if found is not None:
        return found
    alike = _answered_alike(answer, seen)
    if not alike:
        return Weighed("unverified", seen.first)
    return _weigh_headers(claim, answer, exchange, alike) or _weigh_body(claim, exchange, alike, compares_values)


def _weigh_route(claim: Claim, exchange: Exchange, seen: Group, everything: tuple[Evidence, ...]) -> Weighed | None:
    """Rule 18: a route is unknown when reality refused it and never took it."""
    if any(_status(one) not in GONE for one in seen.evidence):
        return None
    statuses = {_status(one) for one in seen.evidence}
    is_certain = 404 not in statuses or all(segment.is_spelled for segment in exchange.request.path)
    is_certain = is_certain or any(_has_moved(one, everything) for one in seen.evidence)
    kinds = {one.content_type for one in map(_answer, seen.evidence) if one is not None}
    if not is_certain and kinds != {"text/html"}:
        return Weighed("unverified", seen.first)  # a service that says itself what it does not have
    reality = f"refused with {' and '.join(str(status) for status in sorted(filter(None, statuses)))}"
    difference = Difference(path="$.path", claim="is answered", reality=reality)
    return _mismatch(is_certain and seen.is_enough(claim.site), seen.first, "http_route", (difference,))


def _has_moved(refused: Evidence, everything: tuple[Evidence, ...]) -> bool:
    """Whether reality has under another route what it refuses under this one."""
    request = exchange_of(refused).request
    ids = [segment.text for segment in request.path if segment.is_id]
    return any(
        other.method == request.method
        and other.origin == request.origin
        and (_status(one) or 500) < 400
        and [segment.text for segment in other.path if segment.is_id] == ids
        for one in everything
        for other in (exchange_of(one).request,)
    )


def _weigh_trouble(claim: Claim, seen: Group, same: Group) -> Weighed:
    """Rule 4: a simulated exception is compared only with what reality did for the same request."""
    if not same.raised:
        return Weighed("unverified", seen.first)
    assert claim.outcome is not None
    found = same.raised.agreement(ask("call", claim.outcome, EVERYTHING))
    if found.fits is not None:
        return Weighed("verified", found.fits)
    return _mismatch(not same.succeeded and same.is_enough(claim.site), found.nearest, "exception", found.differences)


def _weigh_refusal(claim: Claim, status: int, exchange: Exchange, seen: Group, same: Group) -> Weighed | None:
    """Rule 4 for statuses: what a service refuses depends on values, so only the same request is conclusive."""
    if any(_status(one) == status for one in seen.evidence):
        return None
    refused = Group([one for one in same.evidence if (_status(one) or 0) >= 400])
    if refused and status < 500 and status not in _OF_CALLER:
        return _other_status(claim, status, refused, is_certain=len(refused) == len(same))
    if same and status in GONE and all(_is_empty(one) for one in same.evidence):
        return _other_status(claim, status, same, is_certain=True)  # reality says otherwise that there is nothing
    alike = next((each for each in _ALIKE if status in each), frozenset())
    others = Group([one for one in seen.evidence if _status(one) in alike])
    if others and exchange.uses is not None and is_status_read(exchange.uses):
        return _other_status(claim, status, others, is_certain=False)
    return Weighed("unverified", seen.first)


def _weigh_absence(claim: Claim, answer: Answer, same: Group) -> Weighed | None:
    """A stub says by an empty answer what reality says, for the very same request, by refusing it."""
    says_nothing = answer.status is not None and answer.body is not None and answer.body.text in _NOTHING
    if not says_nothing or not same or any(_status(one) not in GONE for one in same.evidence):
        return None
    return _other_status(claim, answer.status or 0, same, is_certain=False)


def _weigh_request(claim: Claim, exchange: Exchange, seen: Group) -> Weighed | None:
    """Rule 19: reality refused requests of this make and took another."""
    request = exchange.request
    mine = make_of(request)
    refused = [one for one in seen.evidence if _status(one) in REFUSALS and make_of(exchange_of(one).request) == mine]
    accepted = [exchange_of(one).request for one in seen.evidence if (_status(one) or 500) < 400]
    if not refused or not accepted or any(make_of(other) == mine for other in accepted):
        return None
    differences = tuple(refused_parts(request, accepted))
    if not differences:
        return None
    if not is_explained(differences, request, [exchange_of(one) for one in refused], accepted):
        return Weighed("unverified", Group(refused).first)  # some value may be the cause
    return _mismatch(Group(refused).is_enough(claim.site), Group(refused).first, "http_request", differences)


def _weigh_status(claim: Claim, status: int | None, exchange: Exchange, seen: Group) -> Weighed | None:
    """A success that reality never gives in this form."""
    taken = Group([one for one in seen.evidence if (_status(one) or 500) < 400])
    if status is None or not taken or any(_status(one) == status for one in taken.evidence):
        return None
    if exchange.uses is None or not (exchange.uses.escapes or is_status_read(exchange.uses)):
        return None
    if status in _OF_STATE.get(exchange.request.method, ()):
        return Weighed("unverified", taken.first)
    # What a service answers with depends on its state more than what it says there.
    return _other_status(claim, status, taken, is_certain=is_status_read(exchange.uses) and not exchange.states)


def _weigh_headers(claim: Claim, answer: Answer, exchange: Exchange, seen: Group) -> Weighed | None:
    """A header that the code reads, that the stub sends and reality never does."""
    read = headers_read_in(exchange)
    given = {name for one in seen.evidence for name in _headers(one)}
    differences = tuple(
        Difference(path=f"$.headers.{name}", claim="sent", reality="absent")
        for name in answer.headers
        if name in read and name not in given
    )
    kinds = {one.content_type for one in map(_answer, seen.evidence) if one is not None}
    if "content-type" in read and answer.content_type and answer.content_type not in kinds:
        shown = " | ".join(sorted(kind or "none" for kind in kinds))
        differences += (Difference(path="$.headers.content-type", claim=answer.content_type, reality=shown),)
    if not differences:
        return None
    return _mismatch(seen.is_enough(claim.site), seen.first, "http_header", differences)


def _weigh_body(claim: Claim, exchange: Exchange, seen: Group, compares_values: bool) -> Weighed:
    uses = body_uses_in(exchange)
    body = exchange.answer.body if exchange.answer is not None else None
    if body is None or uses is None or body.shape == NONE:  # a stub without a body says nothing of one
        return Weighed("verified", seen.first)
    seen = Group([one for one in seen.evidence if one.observation.outcome.shape != ANYTHING])
    if not seen:
        return Weighed("unverified")
    outcome = Outcome(kind="returned", shape=_as_numbers(body.shape), text=body.text)
    has_arguments = any(part.is_id for part in exchange.request.path) or exchange.request.query or exchange.request.body
    said = replace(
        claim,
        outcome=outcome,
        uses=uses,
        arguments=Arguments(positional=(Argument(shape=ANYTHING),) if has_arguments else ()),
    )
    weighed = weigh(
        said,
        ask("call", without_text(outcome), uses),
        seen,
        _only(seen, lambda other: _is_same_request(exchange, other)),
        is_allowed=False,
        compares_values=compares_values,
    )
    return replace(weighed, kind=None if weighed.kind is None else "http_body")


# -- small questions --------------------------------------------------------------------------------------------------


def _mismatch(is_certain: bool, nearest: Evidence | None, kind: Kind, differences: tuple[Difference, ...]) -> Weighed:
    verdict: Verdict = "contradicted" if is_certain else "suspect"
    return Weighed(verdict, nearest, kind, differences)


def _other_status(claim: Claim, status: int, seen: Group, *, is_certain: bool) -> Weighed:
    statuses = sorted({_status(one) or 0 for one in seen.evidence})
    difference = Difference(path="$.status", claim=str(status), reality=" | ".join(map(str, statuses)))
    is_certain = is_certain and len(statuses) == 1 and seen.is_enough(claim.site)
    return _mismatch(is_certain, seen.first, "http_status", (difference,))


def _answered_alike(answer: Answer, seen: Group) -> Group:
    """Return the answers that body and headers are compared with: those of the same status, else other successes."""
    same = [one for one in seen.evidence if _status(one) == answer.status]
    if not same and (answer.status is None or answer.status < 400):
        same = [one for one in seen.evidence if (_status(one) or 500) < 400]
    return Group(same)


def _only(seen: Group, is_wanted: Callable[[Exchange], bool]) -> Group:
    return Group([one for one in seen.evidence if is_wanted(exchange_of(one))])


def _as_numbers(shape: Shape) -> Shape:
    """JSON has one kind of number: a claimed ``2.0`` fits where reality wrote ``2``."""
    match shape:
        case Scalar(name="float"):
            return _NUMBER
        case Record(fields=fields):
            return replace(shape, fields=tuple(replace(one, shape=_as_numbers(one.shape)) for one in fields))
        case Dictionary(value=value):
            return replace(shape, value=_as_numbers(value))
        case Sequence(element=element):
            return replace(shape, element=_as_numbers(element))
        case Tuple(elements=elements):
            return replace(shape, elements=tuple(map(_as_numbers, elements)))
        case Union(options=options):
            return join_all(map(_as_numbers, options))
    return shape


def _is_same_request(exchange: Exchange, other: Exchange) -> bool:
    if exchange.states or any(segment.is_any for segment in exchange.request.path):
        return False  # it was another world, or this request is one of many
    text = request_text(exchange.request)
    return text is not None and text == request_text(other.request)


def exchange_of(evidence: Evidence) -> Exchange:
    """Return what went over the wire."""
    assert evidence.observation.exchange is not None
    return evidence.observation.exchange


def _answer(evidence: Evidence) -> Answer | None:
    return exchange_of(evidence).answer


def _status(evidence: Evidence) -> int | None:
    answer = _answer(evidence)
    return answer.status if answer is not None else None


def _is_empty(evidence: Evidence) -> bool:
    """Whether a success has a body that says that there is nothing."""
    body = answer.body if (answer := _answer(evidence)) is not None else None
    return (_status(evidence) or 500) < 400 and body is not None and body.text in _NOTHING


def _headers(evidence: Evidence) -> tuple[str, ...]:
    answer = _answer(evidence)
    return answer.headers if answer is not None else ()
