"""Statements that look like assertions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from pytest_integration_gate.source.assertions import idle_assertions_in, nearest_assertion


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


def _code(tmp_path: Path, body: str) -> CodeType:
    file = tmp_path / "test_idle.py"
    file.write_text(f"def test_it(mock):\n    {body}\n", encoding="utf-8")
    namespace: dict[str, Callable[..., Any]] = {}
    exec(compile(file.read_bytes(), str(file), "exec"), namespace)
    return namespace["test_it"].__code__


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("mock.assert_called_once_with", [2]),
        ("mock.call_count", [2]),
        ("mock.call_count == 1", [2]),
        ("mock.call_count > 1", [2]),
        ("mock.call_args in ([], 1)", [2]),
        ("mock.call_args is None", [2]),
        ("mock.call_args is not None", [2]),
        ("if mock.x:\n        mock.not_this; mock.assert_called", [3]),
        ("def inner():\n        mock.assert_called\n    mock.assert_called()", [3]),
        ("mock.assert_called_once_with(mock.call_count)", []),
        ("assert mock.call_count == 1", []),
        ("seen = mock.call_count == 1", []),
        ("return mock.call_count", []),
        ("mock.check(mock.called)", []),
    ],
)
def test_what_is_looked_at_and_dropped_asserts_nothing(tmp_path: Path, body: str, lines: list[int]) -> None:
    """On every Python the bytecode tells in which tests to look, and the source tells which statements they are."""
    assert [line for line, _ in idle_assertions_in(_code(tmp_path, body))] == lines
