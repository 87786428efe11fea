"""Statements that look like assertions."""

from __future__ import annotations

import pytest

from pytest_integration_gate.source.assertions import nearest_assertion


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("assert_called_once_wth", "assert_called_once_with"),
        ("Assert_called_once", "assert_called_once"),
        ("called_once_with", "assert_called_once_with"),
        ("was_called", "assert_called"),
        ("has_call", "assert_has_calls"),
        ("awaited_once", "assert_awaited_once"),
        ("call_cout", "call_count"),
        ("mock_call", "mock_calls"),
    ],
)
def test_what_was_meant_is_named(name: str, meant: str) -> None:
    """Misspelt names, and the words that one would say."""
    assert nearest_assertion(name) == meant


@pytest.mark.parametrize(
    "name",
    [
        "assert_called_once",
        "called",
        "call_args",
        "callback",
        "call",
        "recall",
        "wait",
        "wait_for",
        "insert",
        "caller_id",
    ],
)
def test_other_names_are_names(name: str) -> None:
    """Assertions that exist, and attributes that collaborators have."""
    assert nearest_assertion(name) == ""
