"""Rules for boundary tests."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from pytest_integration_gate.judging.rules import broken_docstring, broken_name, private_state


@pytest.mark.parametrize("name", ["test_empty_cart_is_refused", "test_get_404", "test__cart__empty"])
def test_a_name_with_scenario_and_outcome_is_good(name: str) -> None:
    """Two words are enough."""
    assert broken_name(name) == ""


@pytest.mark.parametrize("name", ["test_get", "test", "testGetReturns", "test_"])
def test_a_name_with_one_word_says_too_little(name: str) -> None:
    """The message shows the form."""
    assert broken_name(name) == f"`{name}` does not say what happens. Write test_<scenario>_<outcome>"


@pytest.mark.parametrize(
    ("docstring", "seams", "problem"),
    [
        ("The API answers from the cache.", ["API → service → cache"], ""),
        ("The API answers.", ["API → cache"], "the docstring does not name the seam API → cache"),
        (None, ["API → cache"], "no docstring names the seam"),
        ("", [], "no docstring names the seam"),
        ("API -> cache: a hit.", [], ""),
        ("A hit.", [], "the docstring names no seam `A → B`"),
    ],
)
def test_a_docstring_names_the_seam_by_its_ends(docstring: str | None, seams: list[str], problem: str) -> None:
    """Without a seam to choose from, an arrow between two words names one."""
    assert broken_docstring(docstring, seams) == problem


def test_assertions_on_private_attributes_are_found() -> None:
    """Asserts and unittest's methods count; what is only used, own, special or public by tradition does not."""
    tree = ast.parse(
        dedent(
            """
            def test(self):
                repo._fill()
                assert repo._rows == {}
                self.assertEqual(len(a.b._c), 1)
                assert self._own == row._asdict() and repo.__dict__ and repo._
            """
        )
    )
    assert [*private_state(tree)] == [(4, "asserts on repo._rows"), (5, "asserts on a.b._c")]
