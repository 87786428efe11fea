"""What is heard of functions that a test hangs on its mocks."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

Hear = Callable[..., Any]

SHOP = """
    class Repo:
        def get(self, key): return {"id": key}

    def ask(repo): return repo.get(1)["id"]
    def ask_both(one, other): return one.get(1), other.get(2)
"""


def test_a_function_claims_what_it_gives_where_it_was_hung(hear: Hear) -> None:
    """The claim is that of the method, at the line that hangs the function; the attribute itself claims nothing."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import Mock
        import shop
        def test():
            repo = Mock(spec=shop.Repo)
            repo.get = lambda key: {"id": 7}
            assert shop.ask(repo) == 7
        """,
    )
    (claim,) = heard.claims
    assert (claim.root, claim.path, claim.outcome.text) == ("shop:Repo", ("()", ".get"), "{'id': 7}")
    assert claim.at == "tests/test_it.py:6"
    assert [argument.text for argument in claim.arguments.positional] == ["1"]


def test_a_function_that_two_mocks_hold_means_neither(hear: Hear) -> None:
    """Nothing tells which of two mocks a shared function is called for."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import Mock
        import shop
        def get(key): return {"id": 7}
        def test():
            one, other = Mock(spec=shop.Repo), Mock(spec=dict)
            one.get = other.get = get
            shop.ask_both(one, other)
        """,
    )
    assert heard.claims == []


@pytest.mark.parametrize("instead", ["Mock(return_value={'id': 1})", "lambda key: {'id': 1}"])
def test_a_function_that_was_replaced_is_no_longer_meant(hear: Hear, instead: str) -> None:
    """What hangs on the mock when it is called counts, and is called once."""
    heard = hear(
        SHOP,
        f"""
        from unittest.mock import Mock
        import shop
        def test():
            repo = Mock(spec=shop.Repo)
            repo.get = first = lambda key: {{"id": 7}}
            repo.get = {instead}
            assert shop.ask(repo) == 1
            assert first(1) == {{"id": 7}}
        """,
    )
    assert [claim.outcome.text for claim in heard.claims if claim.action == "call"] == ["{'id': 1}"]


def test_what_hangs_stays_what_it_is(hear: Hear) -> None:
    """The mock holds the very function, which is given back its own code after the test."""
    hear(
        SHOP,
        """
        from unittest.mock import Mock
        import shop
        def get(key): return {"id": 7}
        code = get.__code__
        def test():
            repo = Mock(get=get)
            assert repo.get is get and shop.ask(repo) == 7
            assert repo.mock_calls == []
        """,
    )
    import test_it  # type: ignore[import-not-found]

    assert test_it.get.__code__ is test_it.code


@pytest.mark.parametrize(
    "double",
    [
        "repo.get = lambda key: {'id': bool(repo)}",
        "monkeypatch.setattr(shop.Repo, 'get', lambda self, key: {'id': bool(repo)}); repo = shop.Repo()",
    ],
)
def test_what_a_function_closes_over_is_not_kept_alive(hear: Hear, double: str) -> None:
    """After the test nothing of the gate holds the function, nor the objects that it mentions."""
    heard = hear(
        SHOP,
        f"""
        import weakref
        from unittest.mock import Mock
        import pytest
        import shop
        seen = []
        def test():
            with pytest.MonkeyPatch.context() as monkeypatch:
                repo = Mock(spec=shop.Repo)
                {double}
                assert shop.ask(repo) is True
                seen.append(weakref.ref(repo))
        """,
    )
    import test_it

    assert len(heard.claims) == 1
    gc.collect()
    assert test_it.seen[0]() is None
