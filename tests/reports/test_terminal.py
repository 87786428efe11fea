"""What the terminal shows, compared whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.run_report import Claimed, RunReport
from pytest_integration_gate.reports.layout import separator, wrapped
from pytest_integration_gate.reports.mismatch_text import mismatch_lines, source_in
from pytest_integration_gate.reports.terminal import header_line, summary_lines

SOURCE = """\
from unittest.mock import patch

from shop.repository import UserRepo

@patch.object(UserRepo, "get",
    return_value={"id": 1, "mail": "ada@example.com"})
def test_greets(get):
    ...
"""

MISMATCHES = """\
=============================== integration gate ===============================
_________________________ UserRepo.get (return_shape) __________________________

    @patch.object(UserRepo, "get",
>       return_value={"id": 1, "mail": "ada@example.com"})
E       claim:   returns {id: int, mail: str}
E       reality: returns {id: int, email: str}
E
E         $.mail: str, in reality absent (nearest: email)

tests/unit/test_signup.py:6: contradicted: shop.repository:UserRepo.get
  claimed by tests/unit/test_signup.py::test_greets
  observed   at shop/repository.py:31 (real, 2026-11-20, 1a2b3c4)
  in         tests/integration/test_repo.py::test_user_round_trip
  to mend    Rename `mail` to `email` in the mock at tests/unit/test_signup.py:6
             and in the code that reads it.
  to waive   # gate: ignore[return_shape] <reason> until=YYYY-MM-DD

______________________ prices.fetch (sync_async, suspect) ______________________

E   claim:   returns int
E   reality: returns coroutine

tests/unit/gone.py:3: suspect: shop.prices:fetch
  claimed by tests/unit/gone.py::test_0
             tests/unit/gone.py::test_1
             tests/unit/gone.py::test_2
             tests/unit/gone.py::test_3
             tests/unit/gone.py::test_4
             and 7 more
  declared   at shop/prices.py:4
  to waive   # gate: ignore[sync_async] <reason> until=YYYY-MM-DD

boundary  tests  claims  verified  contradicted  suspect  unverified
database     12      20        17             1        0           2
prices        0       3         0             0        1           2
(none)               17        16             0        0           1

40 claims: 33 verified, 1 contradicted, 1 suspect, 5 unverified; evidence 88%,
agreement 97%
"""

REPEATED = """\
10 orders (seed 0): 24 steady tests, 1 flaky test, 1 of them by order; a test
    that never failed fails in at most 26% of its runs (95 % confidence)
  tests/integration/test_stock.py::test_stock_is_released: failed 1 of 10 (10%,
      at most 39%)
      hangs on tests/integration/test_stock.py::test_empties
"""

MISSING = """\
acceptance: 1 of 2 criteria met
  US-7/AC-2  The customer is told | by mail; gap: no test
requirements: 0 of 1 met
  FR-01  An order reserves stock; mock_only: proven only by doubles that no
         evidence supports
plan: 1 of 2 critical paths have a test
  API → cache  cache miss; no test
"""

ALL = """\
acceptance: 1 of 2 criteria met
  US-7/AC-1  The stock is released
             tests/integration/test_stock.py::test_stock_is_released
  US-7/AC-2  The customer is told | by mail; gap: no test
requirements: 0 of 1 met
  FR-01  An order reserves stock; mock_only: proven only by doubles that no
         evidence supports
         tests/integration/test_stock.py::test_stock_is_released
plan: 1 of 2 critical paths have a test
  API → cache  cache hit (priority: high)
               tests/integration/test_stock.py::test_stock_is_released
  API → cache  cache miss; no test
"""

FOLDED = """\
5 claims on 1 target met no evidence (-v lists them)
1 unbound double (-v lists them)
1 untidy place (-v lists them)
"""

UNFOLDED = """\
5 claims on 1 target met no evidence:
  shop.repository:UserRepo.delete: 5 claims at tests/unit/test_signup.py:30,
      tests/unit/test_signup.py:41
1 unbound double:
  tests/unit/test_signup.py:50 (used: send)
1 untidy place:
  tests/unit/test_signup.py:61: dead_double
"""

END = """\
warning: The observer of sqlite3:connect failed and was switched off.
report: integration-gate.report.yaml
integration-gate: FAILED: 1 mismatch, 1 failed test
"""


def source(file: str) -> Sequence[str]:
    return SOURCE.splitlines() if file == "tests/unit/test_signup.py" else ()


def shown(report: RunReport, *, width: int = 80, verbosity: int = 0) -> str:
    lines = summary_lines(report, path="integration-gate.report.yaml", source=source, width=width, verbosity=verbosity)
    return "".join(f"{text}\n" for text, _ in lines)


def test_a_failed_run_is_shown_whole(failed_run: RunReport) -> None:
    """Mismatches as failed assertions, the table, the counts, what was not checked, the report and the status."""
    assert shown(failed_run) == MISMATCHES + MISSING + REPEATED + FOLDED + END


def test_verbose_lists_what_is_otherwise_counted(failed_run: RunReport) -> None:
    """Every target without evidence, every unbound double and untidy place, with its lines."""
    assert shown(failed_run, verbosity=1) == MISMATCHES + ALL + REPEATED + UNFOLDED + END


def test_parameters_of_one_test_are_one_line(failed_run: RunReport) -> None:
    """What proves a requirement is listed by its function, with the number of its sets of parameters."""
    tests = (
        *("tests/t.py::test_a[1]", "tests/t.py::test_a[x y]", "tests/t.py::test_b[1]", "tests/t.py::test_c"),
        *("tests/t.yaml::Reads [a] first", "tests/t.yaml::Reads [b] first"),
    )
    report = replace(failed_run, requirements=(replace(failed_run.requirements[0], tests=tests),))
    lines = [line.strip() for line in shown(report, verbosity=1).splitlines() if "tests/t." in line]
    assert lines == ["tests/t.py::test_a (2 parameter sets)", "tests/t.py::test_b[1]", "tests/t.py::test_c", *tests[4:]]


def test_a_name_and_its_type_stay_on_one_line() -> None:
    """The text of a shape is broken between its parts."""
    told = "answers 200 {state: str, target: float, timer: int}"
    assert [text for text, _ in wrapped(told, 46)] == ["answers 200 {state: str, target: float, timer:", "int}"]
    assert [text for text, _ in wrapped(told, 46, is_shape=True)] == [
        "answers 200 {state: str, target: float,",
        "timer: int}",
    ]


def test_quiet_is_one_line(failed_run: RunReport) -> None:
    """The status with its reasons, and where the report is."""
    assert shown(failed_run, verbosity=-1) == (
        "integration-gate: FAILED: 1 mismatch, 1 failed test (integration-gate.report.yaml)\n"
    )


def test_quiet_and_passed_is_silent(quiet_run: RunReport) -> None:
    """There is nothing to say."""
    assert shown(quiet_run, verbosity=-1) == ""


def test_whose_status_it_is(failed_run: RunReport) -> None:
    """When the tests failed and the gate did not, the line says both; else they are the same."""
    gate = replace(failed_run.gate, status="PASSED", reasons=("1 failed test",))
    assert shown(replace(failed_run, gate=gate), verbosity=-1) == (
        "integration-gate: FAILED: 1 failed test; the gate itself: PASSED (integration-gate.report.yaml)\n"
    )
    assert "the gate itself" not in shown(failed_run)


def test_a_run_without_claims_says_so(quiet_run: RunReport) -> None:
    """Green, and no table of nothing."""
    assert shown(quiet_run, width=40) == (
        "=========== integration gate ===========\n"
        "no claims: no test used a double whose\n"
        "real counterpart is known\n"
        "report: integration-gate.report.yaml\n"
        "integration-gate: PASSED\n"
    )


def test_a_report_that_was_not_written_is_not_named(quiet_run: RunReport) -> None:
    """Without a path there is no line about it."""
    assert not [text for text, _ in summary_lines(quiet_run, path="", source=source) if text.startswith("report")]


def test_a_wide_terminal_shows_every_column(failed_run: RunReport) -> None:
    """What a narrow one leaves out is there."""
    table = [
        line
        for line in shown(failed_run, width=120).splitlines()
        if line.startswith(("boundary", "database", "(none)"))
    ]
    assert table == [
        "boundary  fidelity  tests  targets  observations  claims  verified  contradicted  suspect  unverified",
        "database  real         12        9           140      20        17             1        0           2",
        "(none)                                                17        16             0        0           1",
    ]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_lines_stay_within_the_width(failed_run: RunReport, width: int) -> None:
    """Only source lines, the table's last columns and words that cannot be broken are longer."""
    too_long = [
        line for line in shown(failed_run, width=width).splitlines() if len(line) > width and len(line.split()) > 3
    ]
    assert [
        line
        for line in too_long
        if not line.startswith((">", "  to waive", "boundary", "database", "prices", "(none)"))
    ] == []


def test_colours_are_markup(failed_run: RunReport) -> None:
    """Certain mismatches are red, suspect ones yellow, the line to mend is bold, the text has no escape codes."""
    lines = summary_lines(failed_run, path="r.yaml", source=source)
    assert dict(lines)["E       claim:   returns {id: int, mail: str}"] == {"red": True, "bold": True}
    assert dict(lines)["E   claim:   returns int"] == {"yellow": True, "bold": True}
    assert [markup for text, markup in lines if text.startswith(">")] == [{"bold": True}]
    assert lines[-1][1] == {"red": True, "bold": True}
    assert not [text for text, _ in lines if "\x1b" in text]


def test_escape_codes_in_texts_do_not_reach_the_terminal(failed_run: RunReport) -> None:
    """A key with an escape sequence, a line break in a test id: both are shown, none is obeyed."""
    mismatch = replace(
        failed_run.mismatches[0],
        claim=Claimed(
            outcome="returns {'\x1b[2J': int}", at="tests/unit/test_signup.py:6", tests=("t.py::test[a\nb]",)
        ),
        differences=(Difference(path="$['\x1b[2J']", claim="int", reality="absent"),),
    )
    lines = [text for text, _ in mismatch_lines(mismatch, source=source, width=80)]
    assert "E       claim:   returns {'\\x1b[2J': int}" in lines
    assert "  claimed by t.py::test[a b]" in lines


@pytest.mark.parametrize("at", ["tests/unit/test_signup.py:99", "tests/unit/test_signup.py:0", "nowhere", "", "a.py:x"])
def test_a_place_that_cannot_be_read_has_no_excerpt(failed_run: RunReport, at: str) -> None:
    """The file may have changed or the place be unknown: claim and reality are shown all the same."""
    mismatch = replace(failed_run.mismatches[0], claim=Claimed(outcome="returns int", at=at, tests=()))
    lines = [text for text, _ in mismatch_lines(mismatch, source=source, width=80)]
    assert not [line for line in lines if line.startswith(">")]
    assert "E   claim:   returns int" in lines


def test_source_is_read_below_the_root(tmp_path: Path) -> None:
    """A missing file has no lines, one in another encoding is readable as far as possible."""
    (tmp_path / "latin.py").write_bytes("# caf\xe9\nx = 1\n".encode("latin-1"))
    read = source_in(str(tmp_path))
    assert read("latin.py") == ["# caf\ufffd", "x = 1"]
    assert read("missing.py") == ()


def test_the_header_names_boundaries_and_store() -> None:
    """Sorted, with notes at the end."""
    assert header_line(["prices", "database"], ".integration_gate") == (
        "integration-gate: 2 boundaries (database, prices), store .integration_gate"
    )
    assert header_line([], "s", ["no git"]) == "integration-gate: store s, no git"


@pytest.mark.parametrize("width", [1, 10, 79, 80])
def test_a_separator_fills_the_line(width: int) -> None:
    """The title is in the middle, with at least one sign on each side."""
    assert len(separator("_", "title", width)) == max(width, 9)
