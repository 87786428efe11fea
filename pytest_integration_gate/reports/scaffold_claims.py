"""The test for one claim that nobody has seen to be true."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from pytest_integration_gate.judging.wording import claim_text, target_name
from pytest_integration_gate.model.acceptance import PlannedPath
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Argument, Outcome
from pytest_integration_gate.model.literal import NotLiteral, value_of
from pytest_integration_gate.model.shape import Dictionary, Object, Record, Scalar, Shape, Tuple
from pytest_integration_gate.model.shape import Sequence as Elements
from pytest_integration_gate.reports.scaffold_text import INDENT, Draft, call, draft, last_word, literal, snake, string
from pytest_integration_gate.reports.scaffold_values import assertions

_TOKEN = re.compile(r"\(\)|\[[^\]]*\]|[^.()\[\]]+")


def says(finding: Finding) -> str:
    """Say what the double claims."""
    return claim_text(finding.claim, None)


def of_claim(finding: Finding, plan: Sequence[PlannedPath], states: Mapping[str, Sequence[str]]) -> Draft:
    """Write the test. `states` are those of the markers ``given``, by node id."""
    world = list(dict.fromkeys(state for test in finding.tests for state in states.get(test, ())))
    given = f"{', '.join(world)}, which the fixture prepares" if world else "the world that the fixture prepares"
    if finding.claim.exchange is not None:
        return _of_exchange(finding, plan, given)
    claim = finding.claim
    owner, member = _split(finding.target)
    fixture = f"real_{last_word(owner)}"
    missing: list[str] = []
    arguments: list[str] | None = None
    if claim.action == "call" and claim.arguments is not None:
        positional = claim.arguments.positional[1:] if claim.takes_self else claim.arguments.positional
        arguments = [_argument(each, f"argument_{place}", missing) for place, each in enumerate(positional, 1)]
        arguments += [f"{name}={_argument(each, name, missing)}" for name, each in claim.arguments.keywords]
    check = _check(finding)
    act, imports = _act(f"{fixture}.{member}", arguments, claim.outcome, is_checked=bool(check))
    if arguments is None and not check:
        check = ["assert is_there"]
    boundary = finding.boundary or _boundary_of(finding)
    about, details = _about(finding, target_name(finding.target), boundary, plan)
    return draft(
        boundary=boundary,
        name=f"{last_word(owner)}_{snake(member)}_{_outcome(claim.outcome)}",
        about=about,
        details=details,
        fixture=fixture,
        gives=_what(owner),
        given=given,
        missing=missing,
        act=act,
        then=f"it {says(finding)}" if check else "it has worked; nothing is claimed of what comes out",
        check=check,
        imports=imports,
    )


def _boundary_of(finding: Finding) -> str:
    """Name a boundary for what belongs to none: by its module in the project's own code, by the package elsewhere."""
    module, site = finding.target.partition(":")[0], finding.claim.site
    package = module.partition(".")[0]
    is_own = site is not None and package in PurePosixPath(site.file).with_suffix("").parts
    return last_word(module if is_own else package)


def _split(target: str) -> tuple[str, str]:
    """Return the address of what a fixture gives, and what of it the target names."""
    module, _, path = target.partition(":")
    tokens = _TOKEN.findall(path)
    start = max((index for index, token in enumerate(tokens) if token[0] not in "[("), default=0)
    before = _joined(tokens[:start])
    return (f"{module}:{before}" if before else module), _joined(tokens[start:])


def _joined(tokens: Iterable[str]) -> str:
    return "".join(token if token[0] in "[(" else f".{token}" for token in tokens).removeprefix(".")


def _what(owner: str) -> str:
    if ":" not in owner:
        return f"the module {owner}"
    return f"what {owner.replace(':', '.')} gives" if owner.endswith(")") else f"a real {owner}"


def _argument(argument: Argument, name: str, missing: list[str]) -> str:
    """Write an argument; one that is not known becomes a name, which is then missing."""
    try:
        return literal(value_of(argument.text))
    except NotLiteral:
        missing.append(name)
        return name


def _act(
    used: str, arguments: Sequence[str] | None, outcome: Outcome | None, *, is_checked: bool
) -> tuple[list[str], tuple[str, ...]]:
    """Write the use of the collaborator, and name the modules that it needs. Without arguments it is no call."""
    kept = "result = " if is_checked else ""
    if arguments is None:
        owner, _, name = used.rpartition(".")
        return [f"result = {used}" if is_checked else f"is_there = hasattr({owner}, {string(name)})"], ()
    kind = outcome.shape.kind if outcome is not None and isinstance(outcome.shape, Elements) else ""
    if kind.startswith("async"):
        inner = call(f"return [each async for each in {used}", arguments, "]", depth=2)
        return ["async def collect():", *_indented(inner), "", f"{kept}asyncio.run(collect())"], ("asyncio",)
    around = ""
    if outcome is not None and (outcome.kind == "awaited" or outcome.awaiting):
        around = "asyncio.run"
    elif kind == "generator":
        around = "list"
    is_raised = outcome is not None and outcome.kind == "raised"
    before = f"{around}({used}" if around else used
    before = before if is_raised else kept + before
    lines = call(before, arguments, ")" if around else "", depth=2 if is_raised else 1)
    if outcome is not None and is_raised:
        lines = [f"with pytest.raises({_expected(outcome.shape)}) as raised:", *_indented(lines)]
    return lines, ("asyncio",) if around == "asyncio.run" else ()


def _expected(error: Shape) -> str:
    """Return what can be expected without an import; the name of the class is asserted besides."""
    is_builtin = isinstance(error, Object) and error.cls.startswith("builtins:")
    return _class_name(error, "Exception") if is_builtin else "Exception"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{INDENT}{line}" for line in lines]


def _check(finding: Finding) -> list[str]:
    outcome = finding.claim.outcome
    if outcome is None or outcome.kind == "unconfigured":
        return []
    if outcome.kind == "raised":
        return [f"assert raised.type.__name__ == {string(_class_name(outcome.shape, 'Exception'))}"]
    return assertions(outcome.shape, "result", finding.claim.uses)


def _outcome(outcome: Outcome | None) -> str:
    """Say in a word or two what comes of a call, for the name of a test."""
    if outcome is None:
        return "is_there"
    if outcome.kind == "unconfigured":
        return "can_be_used"
    verb = {"raised": "raises", "yielded": "yields"}.get(outcome.kind, "gives")
    match outcome.shape:
        case Scalar(name) | Elements(kind=name):
            return f"{verb}_{snake(name)}"
        case Record() | Dictionary():
            return f"{verb}_mapping"
        case Tuple():
            return f"{verb}_tuple"
        case shape:
            return f"{verb}_{snake(_class_name(shape, 'something'))}"


def _class_name(shape: Shape, default: str) -> str:
    return shape.cls.rpartition(":")[2].rpartition(".")[2] if isinstance(shape, Object) else default


def _about(finding: Finding, end: str, boundary: str, plan: Sequence[PlannedPath]) -> tuple[str, str]:
    """Write a docstring that names the seam, as the plan does when there is one."""
    claim = finding.claim
    site = claim.site
    start = (
        ".".join(PurePosixPath(site.file.removeprefix("src/")).with_suffix("").parts) if site is not None else "caller"
    )
    is_claimed = claim.outcome is None or claim.outcome.kind != "unconfigured"
    who = finding.tests[0] if finding.tests else "a unit test"
    details = f"Claimed by {who}: it {says(finding)}." if is_claimed else f"Used by {who}."
    if seams := _seams(plan, f"{start} {end} {boundary}"):
        details += f" On the seam {', or '.join(seams)}."
    return f"{start} → {end}.", details


def _seams(plan: Sequence[PlannedPath], text: str) -> list[str]:
    """Return the seams of which a text has most words; all of them when it has none."""
    words = set(re.findall(r"[^\W_]+", text.casefold()))
    found = {path.seam: len(words & set(re.findall(r"[^\W_]+", path.seam.casefold()))) for path in plan}
    most = max(found.values(), default=0)
    return [seam for seam, number in found.items() if number == most]


# -- requests ---------------------------------------------------------------------------------------------------------


def _of_exchange(finding: Finding, plan: Sequence[PlannedPath], given: str) -> Draft:
    exchange = finding.claim.exchange
    assert exchange is not None
    assert exchange.answer is not None
    request, answer = exchange.request, exchange.answer
    fixture = f"real_{snake(request.origin.partition('://')[2])}"
    missing: list[str] = []
    path = "".join(f"/{segment.text}" for segment in request.path)
    written = [string(request.method), f"{fixture} + {string(path)}"]
    if request.query:
        values = (f"{string(name)}: {_argument(each, snake(name), missing)}" for name, each in request.query)
        written.append(f"params={{{', '.join(values)}}}")
    if request.body is not None:
        kind = "data" if "form" in request.content_type else "json"
        written.append(f"{kind}={_argument(request.body, 'body', missing)}")
    if request.is_authorized:
        missing.append("authorization")
        written.append('headers={"Authorization": authorization}')
    check = [f"assert response.status_code == {answer.status}"] if answer.status is not None else []
    if answer.body is not None and exchange.body_uses is not None:
        check += assertions(answer.body.shape, "response.json()", exchange.body_uses)
    boundary = finding.boundary or "http"
    route = "_".join(snake(segment.text) for segment in request.path if not segment.is_id) or "root"
    about, details = _about(finding, finding.target, boundary, plan)
    return draft(
        boundary=boundary,
        name=f"{snake(request.method)}_{route}_answers_{answer.status or 'well'}",
        about=about,
        details=details,
        fixture=fixture,
        gives=f"the base URL of the real service behind {request.origin}",
        given=given,
        missing=missing,
        when="the request is sent that the stub answered",
        act=call(f"{'response = ' if check else ''}requests.request", [*written, "timeout=10"]),
        then=f"it {says(finding)}" if check else "it answers",
        check=check,
        imports=("requests",),
    )
