"""What is heard of patches: what they stand for, where they are written, what came of the calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_integration_gate.model.shape import Field, Object, Record, Scalar

Hear = Callable[[str, str], Any]

SHOP = """
    class Repo:
        def get(self, user_id): return {"id": user_id, "mail": "x"}
        @staticmethod
        def version(): return 1

    class SpecialRepo(Repo):
        pass

    def rate(base, quote): return 1.0

    repo = Repo()

    def greet(user_id):
        return Repo().get(user_id)["mail"]

    def convert(amount):
        return amount * rate("EUR", quote="USD")

    def special(user_id):
        return SpecialRepo().get(user_id)

    def by_instance(user_id):
        return repo.get(user_id)
"""


def test_a_patched_method_stands_for_the_method_of_its_class(hear: Hear) -> None:
    """`patch.object(Repo, "get")` claims what `Repo.get` returns, at the line of the patch."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch.object(shop.Repo, "get", return_value={"mail": "ada"}):
                shop.greet(7)
        """,
    )
    claim = heard.one(".get")
    assert (claim.root, claim.path, claim.at) == ("shop:Repo", (".get",), "tests/test_it.py:5")
    assert claim.arguments is not None
    assert [one.text for one in claim.arguments.positional] == ["7"]
    assert claim.outcome is not None
    assert claim.outcome.shape == Record((Field("mail", Scalar("str")),))
    assert claim.site is not None
    assert (claim.site.file, claim.site.function) == ("shop.py", "greet")
    assert claim.uses.of("['mail']") is not None
    assert not claim.uses.escapes


def test_a_patched_name_is_known_by_where_the_function_is_defined(hear: Hear) -> None:
    """A function patched by its dotted path has its canonical address, with keywords kept apart."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        @patch("shop.rate", return_value=2)
        def test(rate):
            shop.convert(5)
        """,
    )
    claim = heard.one()
    assert (claim.root, claim.path, claim.at) == ("shop:rate", (), "tests/test_it.py:4")
    assert claim.arguments is not None
    assert [name for name, _ in claim.arguments.keywords] == ["quote"]


def test_a_patched_class_leads_to_its_instances(hear: Hear) -> None:
    """The chain from a patched class goes through a call to the method; the call of the class is a claim of its own."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.Repo") as cls:
                cls.return_value.get.return_value = {"mail": "ada"}
                shop.greet(7)
        """,
    )
    claim = heard.one("()", ".get")
    assert (claim.root, claim.at) == ("shop:Repo", "tests/test_it.py:6")
    constructor = next(claim for claim in heard.claims if claim.path == ())
    assert constructor.outcome is not None
    assert constructor.outcome.kind == "unconfigured"


def test_an_inherited_method_is_reached_through_the_patched_class(hear: Hear) -> None:
    """`patch.object(SpecialRepo, "get")` speaks of SpecialRepo, also where Repo defines `get` (rule 15)."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch.object(shop.SpecialRepo, "get", return_value=None):
                shop.special(1)
        """,
    )
    assert heard.one(".get").root == "shop:SpecialRepo"


def test_a_method_patched_on_an_instance_stands_for_its_class(hear: Hear) -> None:
    """`patch.object(repo, "get")` speaks of an instance of Repo."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch.object(shop.repo, "get", return_value=None):
                shop.by_instance(1)
        """,
    )
    claim = heard.one(".get")
    assert (claim.root, claim.path) == ("shop:Repo", ("()", ".get"))


def test_an_autospecced_method_takes_the_instance(hear: Hear) -> None:
    """Autospec hands `self` on; the claim says so, that the binding can drop it."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch.object(shop.Repo, "get", autospec=True, return_value={"mail": "a"}):
                shop.greet(3)
        """,
    )
    assert heard.one(".get").takes_self


def test_a_second_patch_of_the_same_name_stands_for_the_same_thing(hear: Hear) -> None:
    """A double that replaces a double claims something about what the first one replaced."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.rate", return_value=2), patch("shop.rate", return_value=3):
                shop.convert(5)
        """,
    )
    assert heard.one().root == "shop:rate"


def test_a_patch_that_creates_the_name_claims_that_it_exists(hear: Hear) -> None:
    """`create=True` on a name that is gone is a claim even if nothing is called (rule 12)."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.gone", create=True):
                pass
        """,
    )
    claim = heard.one(".gone")
    assert (claim.root, claim.action) == ("shop", "replace")


def test_a_builtin_patched_through_a_module_is_not_gone(hear: Hear) -> None:
    """`patch("shop.open")` creates the name, and `open` exists all the same (rule 12)."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.open"):
                pass
        """,
    )
    assert [claim for claim in heard.claims if claim.action == "replace"] == []


@pytest.mark.parametrize(
    ("configured", "kind", "name"),
    [
        ("side_effect=KeyError('x')", "raised", "builtins:KeyError"),
        ("side_effect=[KeyError]", "raised", "builtins:KeyError"),
    ],
)
def test_a_simulated_exception_is_a_claim(hear: Hear, configured: str, kind: str, name: str) -> None:
    """An exception that a test asked for is what the double says reality raises."""
    heard = hear(
        SHOP,
        f"""
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.rate", {configured}):
                try:
                    shop.convert(5)
                except KeyError:
                    pass
        """,
    )
    outcome = heard.one().outcome
    assert outcome is not None
    assert outcome.kind == kind
    assert isinstance(outcome.shape, Object)
    assert outcome.shape.cls == name


def test_mistakes_of_the_machinery_are_no_claims(hear: Hear) -> None:
    """An exhausted list of side effects claims nothing."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.rate", side_effect=[]):
                try:
                    shop.convert(5)
                except StopIteration:
                    pass
        """,
    )
    assert heard.claims == []


def test_a_double_that_passes_calls_on_claims_nothing(hear: Hear) -> None:
    """`wraps=` gives what reality gives."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import patch
        import shop
        def test():
            with patch("shop.rate", wraps=shop.rate) as spy:
                assert shop.convert(5) == 5.0
            spy.assert_called_once_with("EUR", quote="USD")
        """,
    )
    assert heard.claims == []
