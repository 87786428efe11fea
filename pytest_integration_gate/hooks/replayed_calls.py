"""Claims about the project's own functions and classes, as calls of the real ones.

They are those that no evidence bears on which counts.

Only first-party code is called: a claim about ``os.remove`` or ``subprocess.run`` is never made true by doing it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any

import pytest

from pytest_integration_gate import fixture_name, provides
from pytest_integration_gate.configuration.gate_file import BoundarySettings
from pytest_integration_gate.extension import Replayed
from pytest_integration_gate.hooks.contracts import find, keep_class
from pytest_integration_gate.judging.wording import arguments_text
from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome
from pytest_integration_gate.model.literal import NotLiteral, value_of
from pytest_integration_gate.source.naming import file_of
from pytest_integration_gate.source.project import Project

BOUNDARY = "replay"
"""Where the answers of collaborators are filed that belong to no boundary."""
_ELEMENTS = 100  # of a generator
_NONE = picture(None)[0]


def calls_in(
    findings: Sequence[Finding], project: Project, boundaries: Sequence[BoundarySettings]
) -> Iterator[Replayed]:
    """Give the calls of claims, and once for each target what cannot be called."""
    forbidden = {boundary.name for boundary in boundaries if not boundary.replay}
    for finding in findings:
        claim = finding.claim
        if claim.action != "call" or claim.exchange is not None or claim.arguments is None or claim.outcome is None:
            continue
        if claim.outcome.kind == "real":
            continue
        owner, name, refused = _receiver(finding.target, project)
        if finding.boundary in forbidden:
            refused = f"`boundaries.{finding.boundary}.replay` is false"
        if refused:
            yield Replayed(name=finding.target, act="", boundary="", refused=refused, tests=finding.tests)
            continue
        yield _call(finding, owner, name)


def _call(finding: Finding, owner: str, name: str) -> Replayed:
    claim = finding.claim
    assert claim.arguments is not None
    assert claim.outcome is not None
    said = claim.arguments
    said = Arguments(positional=said.positional[1:] if claim.takes_self else said.positional, keywords=said.keywords)
    written = f"{finding.target}{arguments_text(said)}"
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    refused = ""
    try:
        positional = [_plain(argument, f"argument {place}") for place, argument in enumerate(said.positional, 1)]
        keywords = {each: _plain(argument, f"`{each}`") for each, argument in said.keywords}
    except NotLiteral as reason:
        refused = str(reason)
    return Replayed(
        name=written,
        act=f"call {written}",
        boundary=finding.boundary or BOUNDARY,
        provided=owner,
        refused=refused,
        tests=finding.tests,
        is_trouble=claim.outcome.kind == "raised",
        ask=partial(_ask, finding.target, owner, name, positional, keywords, claim.outcome),
    )


def _receiver(target: str, project: Project) -> tuple[str, str, str]:
    """Return the class of which an object is needed (empty for a function), the name to call, and why it cannot be."""
    module_name, _, qualname = target.partition(":")
    try:
        module = import_module(module_name) if project.is_first_party_module(module_name) else None
    except Exception as error:
        return "", "", f"it cannot be imported: {error}"
    if not project.is_first_party(file_of(module)):
        return "", "", "only the project's own functions and classes are called, never a library's"
    if "()" in qualname or "[" in qualname:
        return "", "", "it is reached through what another call gives: write a boundary test that makes both calls"
    try:
        found = find(target)
    except AttributeError:
        return "", "", "it is not there"
    if isinstance(found, type):
        return target, "", ""
    outer, _, name = qualname.rpartition(".")
    if outer:
        return f"{module_name}:{outer}", name, ""
    if getattr(inspect.unwrap(found), "__module__", None) != module_name:
        return "", "", "only the project's own functions and classes are called, and this is none of them"
    return "", "", ""


def _ask(
    target: str,
    owner: str,
    name: str,
    positional: Sequence[Any],
    keywords: dict[str, Any],
    claimed: Outcome,
    request: pytest.FixtureRequest,
) -> str:
    """Make the call. An exception is an outcome, and has been observed like every other; but for a world that cannot be
    reached."""
    __tracebackhide__ = True
    given = request.getfixturevalue(fixture_name(provides, owner)) if owner else None
    if owner:
        keep_class(request.node, owner, given)
    function = getattr(given, name) if name else find(target)
    try:
        result = function(*positional, **keywords)
        if inspect.isawaitable(result):
            result = asyncio.run(_awaited(result))
        elif inspect.isasyncgen(result):
            asyncio.run(_iterated(result))
        elif inspect.isgenerator(result):
            for _ in islice(result, _ELEMENTS):
                pass
            result.close()
    except Exception as error:
        if claimed.kind == "raised":
            return ""
        if isinstance(error, OSError):
            raise
        return f"reality raised {type(error).__name__}"
    if claimed.kind == "raised":
        return "reality raised nothing"
    says_nothing, is_nothing = claimed.shape == _NONE, result is None
    return "" if says_nothing == is_nothing else f"reality gave {'nothing' if is_nothing else 'something'}"


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


async def _iterated(result: Any) -> None:
    count = 0
    async for _ in result:
        count += 1
        if count == _ELEMENTS:
            break
    await result.aclose()


def _plain(argument: Argument, name: str) -> Any:
    """Return the value that was passed; raise NotLiteral when it is not known, or is of another class than its text."""
    try:
        value = value_of(argument.text)
    except NotLiteral as reason:
        raise NotLiteral(f"what the code passed as {name} {reason}") from None
    if picture(value)[0] != argument.shape:
        raise NotLiteral(f"what the code passed as {name} is no plain data")
    return value
