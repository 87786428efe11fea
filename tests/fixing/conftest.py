"""Mending the source of one test file, without a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_integration_gate.fixing.knowledge import Knowledge
from pytest_integration_gate.fixing.proposal import propose
from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Answer, Exchange, Request
from pytest_integration_gate.model.finding import Difference, Finding, Kind, Shown
from pytest_integration_gate.model.interaction import Argument, Outcome
from pytest_integration_gate.model.record import TestRecord

pytest.importorskip("libcst")


def outcome_of(value: object, kind: Any = "returned") -> Outcome:
    """Picture a value as what came of a call."""
    shape, text = picture(value)
    return Outcome(kind=kind, shape=shape, text=text)


def lie(kind: Kind, *differences: tuple[str, str, str], **about: Any) -> Finding:
    """Make a contradicted claim; `about` are fields of the claim, and `shown`, `target` and `verdict`."""
    target, shown = about.pop("target", "shop:Repo.get"), about.pop("shown", None)
    verdict = about.pop("verdict", "contradicted")
    claim = {"root": "shop:Repo", "path": (".get",), "action": "call", "at": "", **about}
    return Finding(
        claim=Claim(**claim),
        target=target,
        verdict=verdict,
        kind=kind,
        differences=tuple(Difference(path=path, claim=said, reality=real) for path, said, real in differences),
        shown=shown,
    )


def lie_of_value(
    real: object, *differences: tuple[str, str, str], kind: Kind = "return_shape", **about: Any
) -> Finding:
    """Make a claim whose value differs from `real`."""
    shown = Shown(target="shop:Repo.get", outcome=outcome_of(real))
    return lie("return_shape", *differences, shown=shown, **about)


def lie_of_stub(kind: Kind, status: int, body: object, *differences: tuple[str, str, str]) -> Finding:
    """Make a claim of an HTTP stub that the service contradicts with an answer."""
    shape, text = picture(body)
    answer = Answer(status=status, body=Argument(shape=shape, text=text))
    request = Request(method="GET", origin="https://a.example")
    return lie(kind, *differences, target="GET https://a.example/", root="GET https://a.example/", path=(),
               double="stub", exchange=Exchange(request=request), shown=Shown(answer=answer))  # fmt: skip


def proposed(text: str, *findings: Finding, records: tuple[TestRecord, ...] = ()) -> tuple[str, list[str]]:
    """Mend a file whose lie stands on the line with the comment ``# lie``; return its text and what is left alone."""
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.endswith("# lie")]
    placed = [_at(finding, f"test_it.py:{lines[0]}") for finding in findings]
    proposal = propose(placed, Knowledge(records), lambda name: text.encode())
    mended = proposal.files.get("test_it.py")
    return (mended.after if mended else text), [one.reason for one in proposal.untouched]


def _at(finding: Finding, at: str) -> Finding:
    return replace(finding, claim=replace(finding.claim, at=at))


class Bench:
    """Where files with one lie are mended."""

    lie = staticmethod(lie)
    value = staticmethod(lie_of_value)
    stub = staticmethod(lie_of_stub)
    outcome = staticmethod(outcome_of)

    def mend(self, text: str, *findings: Finding, records: tuple[TestRecord, ...] = ()) -> str:
        """Give the new lines of a mended file; nothing may be left alone."""
        after, left = proposed(text, *findings, records=records)
        assert not left
        return "\n".join(line for line in after.splitlines() if line not in text.splitlines())

    def after(self, text: str, *findings: Finding, records: tuple[TestRecord, ...] = ()) -> str:
        """Give the whole text of a mended file."""
        return proposed(text, *findings, records=records)[0]

    def left(self, text: str, *findings: Finding, records: tuple[TestRecord, ...] = ()) -> str:
        """Give the one reason why a file stays as it is."""
        after, left = proposed(text, *findings, records=records)
        assert after == text
        (only,) = left
        return only


@pytest.fixture
def bench() -> Bench:
    """Give a workbench."""
    return Bench()
