"""Annotations and step summary of GitHub Actions."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.model.run_report import FailedTest, RunReport
from pytest_integration_gate.reports.annotations import MOST, Annotation, Place, annotate, commands
from pytest_integration_gate.reports.step_summary import step_summary

# As actions/runner reads a command: a name, properties without raw `:` and `,`, a message on the same line.
COMMAND = re.compile(r"::(error|warning|notice) (\w+=[^:,]*(?:,\w+=[^:,]*)*)::(.*)")


def read(line: str) -> dict[str, str]:
    """Read a command as the runner does."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line

    def unescaped(text: str) -> str:
        for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(code, char)
        return text

    properties = dict(part.split("=", 1) for part in found[2].split(","))
    return {"level": found[1], "message": unescaped(found[3])} | {
        name: unescaped(value) for name, value in properties.items()
    }


def told(report: RunReport, places: dict[str, list[Place]] | None = None) -> list[dict[str, str]]:
    return [read(line) for line in commands(annotate(report, places or {}))]


def test_a_mismatch_is_shown_at_the_line_to_mend(failed_run: RunReport) -> None:
    """Contradicted claims are errors, suspect ones warnings; the message has claim, reality and paths."""
    mismatches = [one for one in told(failed_run) if one["title"].startswith(("UserRepo.get", "prices.fetch"))]
    assert [one["level"] for one in mismatches] == ["error", "warning"]
    assert (mismatches[0]["file"], mismatches[0]["line"]) == ("tests/unit/test_signup.py", "6")
    for part in ("returns {id: int, mail: str}", "(shop/repository.py:31)", "$.mail", "Rename `mail`"):
        assert part in mismatches[0]["message"]


def test_every_phase_that_failed_is_shown(failed_run: RunReport) -> None:
    """A test that failed and whose teardown failed too has two annotations."""
    nodeid = failed_run.failed_tests[0].nodeid
    places = [
        Place(phase=phase, file="tests/unit/test_pay.py", line=line, reason=phase)
        for phase, line in (("call", 3), ("teardown", 9))
    ]
    shown = [one for one in told(failed_run, {nodeid: places}) if one["title"].startswith("test_pays")]
    assert [(one["title"], one["line"]) for one in shown] == [
        ("test_pays failed", "3"),
        ("test_pays failed in teardown", "9"),
    ]


def test_what_failed_before_is_a_warning(failed_run: RunReport) -> None:
    """It is not the fault of this change."""
    before = replace(failed_run.failed_tests[0], category="pre_existing")
    shown = told(replace(failed_run, failed_tests=(before,)))
    assert [one["level"] for one in shown if one["title"].startswith("test_pays")] == ["warning"]


@pytest.mark.parametrize("number", [MOST - 1, MOST, MOST + 1, 300])
def test_there_are_ten_of_a_kind(quiet_run: RunReport, number: int) -> None:
    """The tenth says how many are left out, so that none is dropped in silence."""
    failed = tuple(FailedTest(name=f"test_{n}", nodeid=f"a.py::test_{n}", reason="no") for n in range(number))
    shown = told(replace(quiet_run, failed_tests=failed, warnings=("mind",)))
    errors = [one for one in shown if one["level"] == "error"]
    assert len(errors) == min(number, MOST)
    assert errors[-1]["message"].startswith(f"and {number - MOST + 1} more errors") == (number > MOST)
    assert [one["message"] for one in shown if one["level"] == "warning"] == ["mind"]


@given(title=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), message=st.text())
def test_no_text_becomes_another_command(title: str, message: str) -> None:
    """What is written is read back: percent signs, colons, commas and line breaks stay text."""
    (line,) = commands([Annotation(level="notice", title=title, message=message, file="a,b:c%0A.py", line=3)])
    assert not {"\n", "\r"} & set(line)
    shown = read(line)
    assert shown["title"] == title
    assert shown["file"] == "a,b:c%0A.py"
    assert shown["message"] == message.encode("utf-8", "backslashreplace").decode()


def test_the_summary_tells_verdict_mismatches_failures_and_gaps(run_by_contexts: RunReport) -> None:
    """Each in a table; what is proven is left out."""
    text = step_summary(run_by_contexts)
    for part in (
        *("## Integration gate: FAILED · shop", "- 1 mismatch", "| database | real | 17 | 1 | 0 | 2 |"),
        *("UserRepo.get<br>tests/unit/test_signup.py:6", "| out of context |", "| US-7 AC-2 |", "mock_only"),
    ):
        assert part in text
    assert "The stock is released" not in text


def test_the_summary_stays_small_and_harmless(failed_run: RunReport) -> None:
    """Hundreds of mismatches with long names are cut, and nothing in them is HTML or leaves its cell."""
    bad = replace(failed_run.mismatches[0], target="shop:<script>|" + "x" * 5000)
    text = step_summary(replace(failed_run, mismatches=(bad,) * 500))
    assert len(text) < 100_000
    assert "… and 450 more." in text
    assert "<script>" not in text
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in text.splitlines() if "script" in line)
