"""What is known of collaborators, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.knowledge import Knowledge, Saying, Sighting
from pytest_integration_gate.model.shape import ANYTHING
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.reports.layout import printable
from pytest_integration_gate.verdicts.binding import text_of_signature

_SHOWN = 5  # tests, places or arguments, before the rest is counted


def knowledge_lines(known: Iterable[Knowledge]) -> Iterator[str]:
    """Give the lines, one block for each target."""
    for number, one in enumerate(known):
        if number:
            yield ""
        for line in _block(one):
            yield printable(line)


def _block(one: Knowledge) -> Iterator[str]:
    yield one.target
    if one.fact is not None:
        yield f"  declared: {_fact(one.fact)}"
    if not one.sightings:
        yield "  observed: never"
    for sighting in one.sightings:
        yield from _sighting(sighting)
    for saying in one.sayings:
        yield from _saying(saying)


def _fact(fact: Fact) -> str:
    signature = text_of_signature(fact.signature) if fact.signature is not None else ""
    returns = f" -> {text_of(fact.returns)}" if fact.returns != ANYTHING and fact.kind != "class" else ""
    asynchronous = "asynchronous " if fact.asynchronous else ""
    where = f"  {fact.at}" if fact.at else ""
    return f"{asynchronous}{fact.kind} {signature}{returns}".rstrip() + where


def _sighting(one: Sighting) -> Iterator[str]:
    yield f"  observed: {one.outcome}  {one.at}".rstrip()
    if one.arguments:
        yield f"      {counted(one.times, 'call')}: {_some(one.arguments)}"
    edition = (one.edition, f"commit {one.commit}" if one.commit else "", f"Python {one.python}" if one.python else "")
    yield f"      {', '.join(filter(None, (*one.boundaries, one.fidelity, one.date, *edition)))}"
    if one.stale:
        yield f"      stale: {one.stale}"
    if one.contaminated:
        yield f"      no evidence: a double was reached underneath ({one.contaminated})"
    yield from _tests(one.tests)


def _saying(one: Saying) -> Iterator[str]:
    if one.verdict is None:
        tests = counted(len(one.tests), "test")
        yield f"  doubled by {tests}; an export tells what they claim (--gate-export, show --from)"
    else:
        given = f" for {one.arguments}" if one.arguments else ""
        yield f"  claimed, {one.verdict}: {one.outcome}{given}"
        yield f"      {_some(one.at)}"
    yield from _tests(one.tests)


def _tests(tests: tuple[str, ...]) -> Iterator[str]:
    yield from (f"      {nodeid}" for nodeid in tests[:_SHOWN])
    if len(tests) > _SHOWN:
        yield f"      and {counted(len(tests) - _SHOWN, 'more test')}"


def _some(texts: tuple[str, ...]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more
