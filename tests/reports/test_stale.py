"""Claims that met only stale evidence, in every form of the report."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from pytest_integration_gate.model.finding import Difference, Reality
from pytest_integration_gate.model.run_report import ClaimCounts, RunReport, Stale
from pytest_integration_gate.reports.brief import brief_text
from pytest_integration_gate.reports.document import document
from pytest_integration_gate.reports.html import page
from pytest_integration_gate.reports.schema import schema_text
from pytest_integration_gate.reports.step_summary import step_summary
from pytest_integration_gate.reports.terminal import summary_lines

STALE = Stale(
    target="shop.repository:UserRepo.find",
    boundary="database",
    would_be="contradicted",
    claims=2,
    at=("tests/unit/test_search.py:9",),
    tests=("tests/unit/test_search.py::test_finds",),
    reality=Reality(
        outcome="returns {id: int}",
        source="observed",
        at="shop/repository.py:44",
        tests=("tests/integration/test_repo.py::test_find",),
        date="2026-10-01",
        commit="9f8e7d6",
        stale="acme was 1.0 and is 2.0 now",
    ),
    differences=(Difference(path="$.mail", claim="str", reality="absent"),),
)


@pytest.fixture
def stale_run(failed_run: RunReport) -> RunReport:
    """A run of which two claims met only stale evidence."""
    first, *others = failed_run.boundaries
    counts = replace(first.claims or ClaimCounts(total=0), stale=2)
    return replace(failed_run, stale=(STALE,), boundaries=(replace(first, claims=counts), *others))


def shown(report: RunReport, verbosity: int) -> str:
    lines = summary_lines(report, path="report.yaml", source=lambda _: (), width=120, verbosity=verbosity)
    return "".join(f"{text}\n" for text, _ in lines)


def test_the_report_has_them_and_fits_its_schema(stale_run: RunReport, failed_run: RunReport) -> None:
    """With what was seen, why it no longer counts and what the verdict would be; absent where there are none."""
    data = document(stale_run)
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(data)
    assert data["stale"][0]["would_be"] == "contradicted"
    assert data["stale"][0]["reality"]["stale"] == "acme was 1.0 and is 2.0 now"
    assert "stale" not in document(failed_run)


def test_the_terminal_counts_them_and_lists_them_when_asked(stale_run: RunReport) -> None:
    """One line; with -v the target, the lines to look at, and why."""
    assert "2 claims met only stale evidence (-v lists them)\n" in shown(stale_run, 0)
    text = " ".join(shown(stale_run, 1).split())
    assert (
        "2 claims met only stale evidence: shop.repository:UserRepo.find: 2 claims at tests/unit/test_search.py:9; "
        "contradicted by what was seen on 2026-10-01, but acme was 1.0 and is 2.0 now" in text
    )


def test_the_page_shows_them(stale_run: RunReport, failed_run: RunReport) -> None:
    """In a section of their own, which the filter by verdict knows."""
    text = page(stale_run)
    assert '<section id="stale"' in text
    assert "acme was 1.0 and is 2.0 now" in text
    assert 'data-verdict="stale"' in text
    assert '<section id="stale"' not in page(failed_run)


def test_the_summary_of_a_step_counts_them(stale_run: RunReport, failed_run: RunReport) -> None:
    """A column of the table of boundaries, where there are any."""
    assert "Unverified | Stale |" in step_summary(stale_run)
    assert "Stale" not in step_summary(failed_run)


def test_the_brief_says_what_to_do(stale_run: RunReport) -> None:
    """Whoever goes on with the work runs the boundary tests."""
    text = brief_text(stale_run, [])
    assert "## Stale claims" in text
    assert "`shop.repository:UserRepo.find`: 2 claims at tests/unit/test_search.py:9: run its boundary tests" in text
