"""Properties for JUnit XML."""

from __future__ import annotations

from dataclasses import replace

from pytest_integration_gate.model.run_report import OutOfContext, RunReport
from pytest_integration_gate.reports.junit import properties


def test_everything_about_single_tests_is_told(run_by_contexts: RunReport) -> None:
    """Mismatches, categories, culprits, flakiness, and what a test proves."""
    assert run_by_contexts.contexts is not None
    nodeid = run_by_contexts.failed_tests[0].nodeid
    way = OutOfContext(nodeid=nodeid, before="passed", culprit="shop.money", certain=True, chain=())
    contexts = replace(run_by_contexts.contexts, out_of_context=(way,))
    found = properties(replace(run_by_contexts, contexts=contexts))
    assert found[nodeid] == [
        ("integration_gate.category", "out_of_context"),
        ("integration_gate.culprit", "shop.money"),
    ]
    assert found["tests/integration/test_stock.py::test_stock_is_released"] == [
        ("integration_gate.flaky", "failed 1 of 10"),
        ("integration_gate.criterion", "US-7 AC-1: met"),
        ("integration_gate.requirement", "FR-01: mock_only"),
        ("integration_gate.path", "API → cache: cache hit"),
    ]
    assert len(found) == 2 + 1 + 12


def test_values_can_stand_in_xml(failed_run: RunReport) -> None:
    """Control characters and lone surrogates are escaped."""
    bad = replace(failed_run.mismatches[0], target="a\x00\ud800:b")
    (told,) = properties(replace(failed_run, mismatches=(bad,)))["tests/unit/test_signup.py::test_greets"]
    assert told[1].startswith("a\\x00\\ud800:b ")


def test_a_run_without_anything_says_nothing(quiet_run: RunReport) -> None:
    """No test is concerned."""
    assert not properties(quiet_run)
