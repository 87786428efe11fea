"""What is heard of mocks that are handed to project code: specs, chains, attributes, awaiting, special methods."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from pytest_integration_gate.model.shape import ANYTHING, Double, Field, Scalar

Hear = Callable[[str, str], Any]

SHOP = """
    class Repo:
        path = "x"
        def get(self, user_id): return {"id": user_id}
        async def load(self, user_id): return 1

    def greet(repo, user_id):
        return repo.get(user_id)

    def total(repo):
        return repo.last().total

    async def load(repo):
        return await repo.load(1)

    def locked(repo):
        with repo.lock() as lock:
            return lock.name

    def where(repo):
        return repo.path
"""


def heard_of(hear: Hear, body: str) -> Any:
    """Run a test with these lines; `repo` is for it to make."""
    lines = "\n".join(" " * 12 + line for line in body.splitlines())
    return hear(
        SHOP,
        f"""
        import asyncio
        from unittest.mock import *
        import shop
        def test():
{lines}
        """,
    )


@pytest.mark.parametrize(
    "made", ["Mock(spec=shop.Repo)", "MagicMock(spec_set=shop.Repo)", "create_autospec(shop.Repo)()"]
)
def test_a_spec_says_what_a_mock_stands_for(hear: Hear, made: str) -> None:
    """A mock with the spec of a class stands for an instance of it."""
    heard = heard_of(hear, f"repo = {made}\nrepo.get.return_value = 5\nshop.greet(repo, 7)")
    claim = heard.one(".get")
    assert (claim.root, claim.path) == ("shop:Repo", ("()", ".get"))
    assert claim.at == "tests/test_it.py:7"


def test_a_specced_mock_that_is_called_is_the_class(hear: Hear) -> None:
    """`Mock(spec=Repo)` called like a class is the class, for instances of Repo cannot be called."""
    heard = heard_of(hear, "cls = Mock(spec=shop.Repo)\nshop.greet(cls(), 7)")
    assert heard.one(".get").path == ("()", ".get")


def test_a_bare_mock_is_unbound(hear: Hear) -> None:
    """Nobody knows what a bare mock stands for: it is listed with the line that made it."""
    heard = heard_of(hear, "repo = Mock()\nshop.greet(repo, 7)")
    assert heard.claims == []
    assert [(one.at, one.names) for one in heard.unbound] == [("tests/test_it.py:6", ("get",))]


def test_an_unconfigured_result_claims_nothing_about_its_value(hear: Hear) -> None:
    """A child that the mock invented is no value."""
    heard = heard_of(hear, "repo = Mock(spec=shop.Repo)\nshop.greet(repo, 7)")
    outcome = heard.one(".get").outcome
    assert (outcome.kind, outcome.shape) == ("unconfigured", ANYTHING)


def test_a_mock_given_as_a_value_claims_its_attributes(hear: Hear) -> None:
    """What the test configured on a returned mock is part of the outcome."""
    heard = heard_of(hear, "repo = Mock(spec=shop.Repo)\nrepo.get.return_value = Mock(total=12)\nshop.greet(repo, 7)")
    assert heard.one(".get").outcome.shape == Double(fields=(Field("total", Scalar("int")),))


def test_what_project_code_reads_from_an_invented_child_is_a_claim(hear: Hear) -> None:
    """`repo.last().total` reads an attribute that the test never configured."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.Repo") as cls:
                shop.total(cls())
        """,
    )
    claim = heard.one(".total")
    assert (claim.path, claim.action, claim.outcome) == (("()", ".last", "()", ".total"), "read", None)


def test_an_attribute_set_by_hand_is_a_claim(hear: Hear) -> None:
    """`repo.path = 5` says that instances have a path that is a number, at that line."""
    heard = heard_of(hear, "repo = Mock(spec=shop.Repo)\nrepo.path = 5\nshop.where(repo)")
    claim = heard.one(".path")
    assert (claim.action, claim.at) == ("read", "tests/test_it.py:7")
    assert claim.outcome.shape == Scalar("int")


def test_an_awaited_mock_claims_what_awaiting_gave(hear: Hear) -> None:
    """The outcome of an AsyncMock is the awaited value, not the coroutine."""
    heard = heard_of(hear, "repo = AsyncMock(spec=shop.Repo)\nrepo.load.return_value = 3\nasyncio.run(shop.load(repo))")
    outcome = heard.one(".load").outcome
    assert (outcome.kind, outcome.shape, outcome.awaiting) == ("awaited", Scalar("int"), True)


def test_a_special_method_that_is_used_is_a_claim(hear: Hear) -> None:
    """`with repo.lock()` uses `__enter__` of what the call gave."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.Repo") as cls:
                shop.locked(cls())
        """,
    )
    assert heard.one(".__enter__").path == ("()", ".lock", "()", ".__enter__")


def test_equality_and_text_of_a_mock_claim_nothing(hear: Hear) -> None:
    """Every object has `__eq__`, `__str__` and the like (rule 10)."""
    heard = hear(
        "class Thing: pass\ndef use(repo):\n    return repo == 1, str(repo), bool(repo), hash(repo)",
        """
        from unittest.mock import MagicMock
        import shop
        def test():
            shop.use(MagicMock(spec=shop.Thing))
        """,
    )
    assert heard.claims == []


def test_arguments_are_pictured_before_the_call(hear: Hear) -> None:
    """A side effect that changes its argument does not change the claim."""
    heard = heard_of(
        hear,
        "repo = Mock(spec=shop.Repo)\nrepo.get.side_effect = lambda given: given.clear()\nshop.greet(repo, [1])",
    )
    assert heard.one(".get").arguments.positional[0].text == "[1]"


def test_a_bare_mock_stands_for_what_receives_it(hear: Hear) -> None:
    """The annotation of the attribute that holds a mock, or of the parameter that receives it, says what it stands
    for."""
    heard = hear(
        """
        class Repo:
            def get(self, key): return key
        class Service:
            def __init__(self, repo: Repo): self.repo = repo
            def run(self): return self.repo.get(1)
        def use(repo: Repo): return repo.get(2)
        """,
        """
        from unittest.mock import Mock
        import shop
        def test():
            shop.Service(Mock()).run()
            shop.use(Mock())
        """,
    )
    assert {(claim.root, claim.path) for claim in heard.claims} == {("shop:Repo", ("()", ".get"))}
    assert len(heard.claims) == 2


@pytest.mark.parametrize("asks", ["isinstance(repo, Repo)", "hasattr(repo, 'get')", "getattr(repo, 'get')"])
def test_code_that_asks_what_it_was_given_binds_nothing(hear: Hear, asks: str) -> None:
    """Where code narrows a parameter, its annotation does not say what a bare mock stands for."""
    heard = hear(
        f"""
        class Repo: pass
        def use(repo: Repo):
            {asks}
            return repo.put(2)
        """,
        """
        from unittest.mock import Mock
        import shop
        def test():
            shop.use(Mock())
        """,
    )
    assert heard.claims == []
    assert len(heard.unbound) == 1


def test_a_call_by_the_test_itself_claims_nothing(hear: Hear) -> None:
    """Tests call their mocks to reach a part of them: `cls().get.return_value = …` is configuration."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.Repo") as cls:
                cls().get.return_value = 1
        """,
    )
    assert heard.claims == []


def test_a_library_that_patches_for_itself_is_not_the_author(hear: Hear) -> None:
    """Doubles made by code outside of the project claim nothing."""
    heard = hear(
        SHOP,
        """
        import types, sys
        from unittest.mock import patch
        import shop
        source = "from unittest.mock import patch\\ndef stub(): return patch('shop.Repo')"
        code = compile(source, "/elsewhere/lib.py", "exec")
        library = {}
        exec(code, library)
        def test():
            with library["stub"]() as cls:
                shop.greet(cls(), 1)
        """,
    )
    assert heard.claims == []


def test_marks_neither_keep_mocks_alive_nor_stop_copies(hear: Hear) -> None:
    """A heard mock dies when its test drops it, can be deep-copied, and shows nothing new in `dir`."""
    heard_of(hear, "pass")
    one = mock.Mock()
    one.method()
    assert not [name for name in dir(one) if "gate" in name]
    assert copy.deepcopy(one).method() is not None
    assert pickle.loads(pickle.dumps(one.__dict__["_gate_mark"])) is not None
    reference = weakref.ref(one)
    del one
    gc.collect()
    assert reference() is None


def test_a_coroutine_that_nobody_awaits_keeps_its_name(hear: Hear) -> None:
    """The warning about a mock's coroutine reads as without the gate."""
    heard_of(hear, "pass")
    coroutine = mock.AsyncMock()()
    assert asyncio.iscoroutine(coroutine)
    assert coroutine.__qualname__ == "AsyncMockMixin._execute_mock_call"
    coroutine.close()
