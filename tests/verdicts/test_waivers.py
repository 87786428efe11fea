"""Waivers are read from comments, and every mistake in one is told."""

from __future__ import annotations

import pytest

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.verdicts.waivers import Waiver, waived, waivers_in


def test_a_waiver_has_kinds_a_reason_and_an_end() -> None:
    """The comment may stand behind code; several kinds are separated by commas."""
    waivers, problems = waivers_in(
        "x = 1  # gate: ignore[return_shape, exception] legacy, #12 until=2027-01-31\n", "t.py"
    )
    assert problems == ()
    assert waivers == (
        Waiver(file="t.py", line=1, kinds=("return_shape", "exception"), reason="legacy, #12", until="2027-01-31"),
    )


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("# gate: ignore[nonsense] why until=2027-01-31", "`nonsense` is no kind"),
        ("# gate: ignore why until=2027-01-31", "names no kind"),
        ("# gate: ignore[signature] why", "has no end"),
        ("# gate: ignore[signature] why until=tomorrow", "has no end"),
        ("# gate: ignore[signature] until=2027-01-31", "gives no reason"),
        ("# gate: skip[signature] why until=2027-01-31", "is no waiver"),
    ],
)
def test_a_wrong_waiver_says_what_is_wrong(comment: str, problem: str) -> None:
    """One sentence with the place, what was written and what to write."""
    waivers, problems = waivers_in(f"\n{comment}\n", "t.py")
    assert waivers == ()
    assert len(problems) == 1
    assert problems[0].startswith("t.py:2: ")
    assert problem in problems[0]


@pytest.mark.parametrize(
    "source", ["x = '# gate: ignore[signature]'\n", "# gates: open\n", "# the gate\n", "def (\n# gate: x"]
)
def test_other_texts_are_no_waivers(source: str) -> None:
    """Strings, other comments and files that are no Python have none."""
    assert waivers_in(source, "t.py") == ((), ())


@pytest.mark.parametrize(("line", "covers"), [(3, False), (4, True), (5, True), (7, True), (8, False)])
def test_a_waiver_stands_on_the_statement_or_above_it(line: int, covers: bool) -> None:
    """For a statement on lines 5 to 7 the waiver may stand on lines 4 to 7."""
    finding = Finding(
        claim=Claim(root="m:f", action="call", at="t.py:5"), target="m:f", verdict="contradicted", kind="signature"
    )
    waiver = Waiver(file="t.py", line=line, kinds=("signature",), reason="why", until="2027-01-31")
    assert waiver.covers(finding, (5, 7)) is covers
    assert waived(finding).verdict == "waived"


def test_a_waiver_covers_its_kinds_only() -> None:
    """Another kind of mismatch at the same place still fails."""
    finding = Finding(
        claim=Claim(root="m:f", action="call", at="t.py:5"), target="m:f", verdict="contradicted", kind="exception"
    )
    waiver = Waiver(file="t.py", line=5, kinds=("signature",), reason="why", until="2027-01-31")
    assert not waiver.covers(finding, (5, 5))
