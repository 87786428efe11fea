"""Doubles of HTTP services: status, body and headers of stubs, and of patched functions such as ``requests.get``."""

from __future__ import annotations

import libcst as cst

from pytest_integration_gate.fixing.knowledge import Knowledge
from pytest_integration_gate.fixing.literals import (
    UNKNOWN,
    entries,
    is_mock,
    kind_of,
    observed,
    value_of,
    with_argument,
    without,
    written,
)
from pytest_integration_gate.fixing.places import Slot, calls_in, slots_in
from pytest_integration_gate.fixing.source import Left, Source, dotted, walk
from pytest_integration_gate.fixing.values import Reshaping
from pytest_integration_gate.model.exchange import Answer
from pytest_integration_gate.model.finding import Difference, Finding

_JSON = ("json", "payload")
_TEXT = ("body", "text", "content", "data")
_STATUS = ("status", "status_code")
_ANSWERS = ("Response", "respond")
"""Calls that make the answer itself, with the status as first argument."""
_STUBS = frozenset(
    {
        *("get", "post", "put", "patch", "delete", "head", "options", "request"),
        *("add", "upsert", "replace", "register_uri", "add_response", *_ANSWERS),
    }
)


def mend(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode) -> None:
    """Let a stub answer as the service does; raises `Left` where that is not certain."""
    answer = finding.shown.answer if finding.shown is not None else None
    if answer is None:
        raise Left("no answer of the service was seen")
    match finding.kind:
        case "http_status":
            _set_status(source, region, answer)
        case "http_body":
            _change_body(source, knowledge, finding, region, answer)
        case "http_header":
            _drop_headers(source, finding, region)
        case "http_route":
            _refuse(source, region, answer)
        case "http_request":
            raise Left("the code sends what the service refuses; what the stub answers is not at fault")
        case _:
            raise Left("the stub cannot tell it")


def _slots(source: Source, region: cst.CSTNode, leaves: tuple[str, ...]) -> list[Slot]:
    """Return the values of some names on the line, else those that the test sets on the same double elsewhere."""
    found = [slot for slot in slots_in(region) if slot.leaf in leaves or slot.names[-2:] == (leaves[0], "return_value")]
    function = source.around(region, cst.FunctionDef)
    if found or function is None or _stub(region) is not None:
        return found
    first = {slot.names[0] for slot in slots_in(region)}
    return [
        slot
        for slot in slots_in(function.body)
        if isinstance(slot.holder, cst.Assign) and slot.names[0] in first and slot.leaf in leaves
    ]


def _stub(region: cst.CSTNode) -> cst.Call | None:
    """Return the call that says what a stub answers."""
    calls = [call for call in calls_in(region) if dotted(call.func).rpartition(".")[2] in _STUBS]
    inner = [call for call in calls if dotted(call.func).rpartition(".")[2] in _ANSWERS]
    return next(iter(inner or calls), None)


def _set_status(source: Source, region: cst.CSTNode, answer: Answer) -> None:
    if answer.status is None:
        raise Left("the status of the service was not seen")
    new = cst.Integer(str(answer.status))
    stub = _stub(region)
    for slot in _slots(source, region, _STATUS):
        if not isinstance(value_of(source.now(slot.value)), int):
            raise Left("its status is not written out")
        source.replace(slot.value, new)
        return
    if stub is None:
        raise Left("the line does not say which status the double answers")
    first = stub.args[0].value if stub.args and stub.args[0].keyword is None else None
    if dotted(stub.func).rpartition(".")[2] in _ANSWERS and first is not None and isinstance(value_of(first), int):
        source.replace(first, new)
        return
    name = _status_name(source, stub)
    source.change(stub, lambda call: with_argument(call, name, new))


def _status_name(source: Source, stub: cst.Call) -> str:
    """Return how the library calls the status of a stub that says none."""
    last = dotted(stub.func).rpartition(".")[2]
    if last in ("add_response", *_ANSWERS):
        return "status_code"
    names = {node.value for node in walk(source.module) if isinstance(node, cst.Name)}
    if "requests_mock" in names and "responses" not in names:
        return "status_code"
    return "status"


def _change_body(source: Source, knowledge: Knowledge, finding: Finding, region: cst.CSTNode, answer: Answer) -> None:
    if answer.body is None:
        raise Left("the body that the service answers was not seen")
    slot = _body(source, region)
    reshaping, seen = Reshaping(source, knowledge, finding.target), observed(answer.body.text)
    for difference in finding.differences:
        source.replace(slot.value, reshaping.mended(source.now(slot.value), difference, answer.body.shape, seen))


def _body(source: Source, region: cst.CSTNode) -> Slot:
    found = [slot for slot in _slots(source, region, _JSON) if not is_mock(slot.value)]
    found = found or [slot for slot in _slots(source, region, _TEXT) if _is_dumped(slot.value)]
    if len(found) != 1:
        raise Left("the line does not say what the stub answers" if not found else "several values stand on this line")
    return found[0]


def _is_dumped(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Call) and dotted(value.func).rpartition(".")[2] == "dumps"


def _drop_headers(source: Source, finding: Finding, region: cst.CSTNode) -> None:
    slots = _slots(source, region, ("headers",))
    if len(slots) != 1 or kind_of(source.now(slots[0].value)) != "dict":
        raise Left("its headers are not written out")
    (slot,) = slots
    for difference in finding.differences:
        _drop_header(source, slot, difference)
    if isinstance(slot.holder, cst.Call) and not entries(source.now(slot.value)):
        source.change(slot.holder, lambda call: without(call, "headers") if "headers" in entries(call) else call)


def _drop_header(source: Source, slot: Slot, difference: Difference) -> None:
    value = source.now(slot.value)
    gone = difference.path.rpartition(".")[2].lower()
    if difference.reality != "absent":
        raise Left(f"the service sends another `{gone}`")
    for name in entries(value):
        if name.lower() == gone:
            value = without(value, name)
    source.replace(slot.value, value)


def _refuse(source: Source, region: cst.CSTNode, answer: Answer) -> None:
    """Let a stub refuse a request as the service does."""
    _set_status(source, region, answer)
    body = observed(answer.body.text) if answer.body is not None else UNKNOWN
    if body is UNKNOWN:
        raise Left("what the service answers to such a request was not seen")
    slot = _body(source, region)
    source.replace(slot.value, written(body))
