"""What is heard of functions, classes and instances that a test patches in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_integration_gate.model.shape import ANYTHING, Awaitable, Field, Record, Scalar, Sequence

Hear = Callable[..., Any]

SHOP = """
    import asyncio

    class Repo:
        def get(self, user_id): return {"id": user_id}
        @staticmethod
        def version(): return 1
        @classmethod
        def open(cls, path): return cls()
        @property
        def size(self): return 3

    def rate(base, quote, day=None, *, source="ecb"): return 1.0
    def rates(base): yield 1.0
    async def fetch(key): return {"key": key}

    repo = Repo()
    HANDLERS = {"csv": rate}

    def convert(amount): return amount * rate("EUR", quote="USD")
    def by_position(): return rate("EUR", "USD", "monday")
    def starred(*args, **kwargs): return rate(*args, **kwargs)
    def first_rate():
        for each in rates("EUR"):
            return each
    def greet(user_id): return Repo().get(user_id)
    def greet_shared(user_id): return repo.get(user_id)
    def size(): return Repo().size
    def opened(): return Repo.open("x").get(1)
    def version(): return Repo.version()
    def load(): return asyncio.run(fetch("k"))
    def forget(): fetch("k").close()
    def handle(): return HANDLERS["csv"]("EUR", "USD")
    def apply(callback): return callback("EUR", "USD")
"""


def texts(claim: Any) -> tuple[list[str | None], dict[str, str | None]]:
    """The literals of a claim's arguments."""
    arguments = claim.arguments
    return [one.text for one in arguments.positional], {name: one.text for name, one in arguments.keywords}


def test_a_lambda_is_what_it_replaces(hear: Hear) -> None:
    """`setattr(module, name, lambda)` claims what the function returns, with the arguments as the caller wrote them."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                fake = lambda one, quote: 2
                patch.setattr(shop, "rate", fake)
                assert shop.rate is fake
                assert shop.convert(5) == 10
        """,
    )
    claim = heard.one()
    assert (claim.root, claim.path, claim.at, claim.double) == ("shop:rate", (), "tests/test_it.py:6", "replacement")
    assert texts(claim) == (["'EUR'"], {"quote": "'USD'"})
    assert claim.outcome.shape == Scalar("int")
    assert (claim.site.file, claim.site.function) == ("shop.py", "convert")
    assert heard.failure == ""


@pytest.mark.parametrize(
    "install",
    [
        'patch.setattr("shop.rate", fake)',
        'patch.setattr(name="rate", target=shop, value=fake)',
        'patch.setattr(shop, "rate", fake, raising=False)',
        'stack.enter_context(mock.patch("shop.rate", fake))',
        'stack.enter_context(mock.patch("shop.rate", new=fake))',
        'stack.enter_context(mock.patch.object(shop, "rate", fake))',
        "stack.enter_context(mock.patch.multiple(shop, rate=fake))",
    ],
)
def test_every_way_of_patching_a_function_in_is_heard(hear: Hear, install: str) -> None:
    """The dotted form, keywords, and `patch` with a value that is no mock come to the same claim at their own line."""
    heard = hear(
        SHOP,
        f"""
        import contextlib, pytest, shop
        from unittest import mock
        def fake(base, quote, day=None): return 2
        def test():
            with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
                {install}
                shop.by_position()
        """,
    )
    claim = heard.one()
    assert (claim.root, claim.path, claim.at) == ("shop:rate", (), "tests/test_it.py:7")
    assert texts(claim) == (["'EUR'", "'USD'", "'monday'"], {})


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("a, b, c=None", (["'E'"], {"b": "'U'"})),
        ("*args, **kwargs", (["'E'"], {"b": "'U'"})),
        ("a, *, b", (["'E'"], {"b": "'U'"})),
        ("a, /, **rest", (["'E'"], {"b": "'U'"})),
    ],
)
def test_positions_and_keywords_are_those_of_the_call(hear: Hear, parameters: str, expected: Any) -> None:
    """Whatever the replacement calls its parameters, the claim has what the caller wrote; defaults are left out."""
    heard = hear(
        "def rate(x, b): return 1\ndef use(): return rate('E', b='U')\n",
        f"""
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", lambda {parameters}: 2)
                shop.use()
        """,
    )
    assert texts(heard.one()) == expected
    assert not heard.one().arguments.bound


def test_a_call_with_stars_does_not_say_how_it_was_written(hear: Hear) -> None:
    """Behind `f(*args, **kwargs)` the names are only those of the replacement, so nothing is said of the signature."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", lambda here, there: 2)
                shop.starred("EUR", "USD")
        """,
    )
    assert heard.one().arguments.bound


def test_a_replaced_method_does_not_count_the_instance(hear: Hear) -> None:
    """On a class the instance is not an argument; on an instance there is none."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop.Repo, "get", lambda self, key: {"mail": key})
                shop.greet(7)
                patch.setattr(shop.repo, "get", lambda key: None)
                shop.greet_shared(8)
        """,
    )
    on_class, on_instance = sorted(heard.claims, key=lambda claim: len(claim.path))
    assert (on_class.root, on_class.path, texts(on_class)) == ("shop:Repo", (".get",), (["7"], {}))
    assert on_class.outcome.shape == Record((Field("mail", Scalar("int")),))
    assert (on_instance.root, on_instance.path, texts(on_instance)) == ("shop:Repo", ("()", ".get"), (["8"], {}))


def test_static_class_methods_and_properties_are_unwrapped(hear: Hear) -> None:
    """`staticmethod(f)`, `classmethod(f)` and `property(f)` are heard as what the class has there."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop.Repo, "version", staticmethod(lambda: "2"))
                patch.setattr(shop.Repo, "open", classmethod(lambda cls, path: shop.repo))
                patch.setattr(shop.Repo, "size", property(lambda self: "many"))
                assert (shop.version(), shop.size()) == ("2", "many")
                shop.opened()
        """,
    )
    assert texts(heard.one(".version")) == ([], {})
    assert texts(heard.one(".open")) == (["'x'"], {})
    read = heard.one(".size")
    assert (read.action, read.outcome.shape) == ("read", Scalar("str"))


def test_awaited_and_yielded_values_are_heard(hear: Hear) -> None:
    """A coroutine is what awaiting it gave, a generator what it yielded, also when nobody takes the rest."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        async def fetch(key): return [key]
        def rates(base):
            yield 1
            yield 2
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "fetch", fetch)
                patch.setattr(shop, "rates", rates)
                shop.load()
                shop.forget()
                assert shop.first_rate() == 1
        """,
    )
    generator = next(claim for claim in heard.claims if claim.root == "shop:rates")
    assert generator.outcome.shape == Sequence("generator", Scalar("int"))
    outcomes = {claim.outcome.kind: claim.outcome for claim in heard.claims if claim.root == "shop:fetch"}
    assert outcomes["awaited"].shape == Sequence("list", Scalar("str"))
    assert outcomes["returned"].shape == Awaitable(ANYTHING)


def test_errors_are_claims_but_not_those_of_the_test_itself(hear: Hear) -> None:
    """An exception is simulated trouble; `AssertionError` says that the call should not have happened."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def broken(*args): raise TimeoutError
        def never(*args): raise AssertionError
        def test():
            for fake in (broken, never):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(shop, "rate", fake)
                    with pytest.raises(Exception):
                        shop.by_position()
        """,
    )
    assert sorted(claim.outcome.kind for claim in heard.claims) == ["raised", "unconfigured"]


def test_a_function_that_calls_the_real_one_claims_nothing(hear: Hear) -> None:
    """A replacement that holds what it replaces passes the call on, like `wraps=`."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        real = shop.rate
        def test():
            inner = shop.Repo.get
            calls = []
            def spy(self, key):
                calls.append(key)
                return inner(self, key)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", lambda *args: real(*args))
                patch.setattr(shop.Repo, "get", spy)
                shop.by_position()
                shop.greet(1)
            assert calls == [1]
        """,
    )
    assert heard.claims == []


def test_only_functions_of_the_tests_are_the_authors_word(hear: Hear) -> None:
    """A real function in the place of another is no double that the test wrote; a constant claims nothing."""
    heard = hear(
        SHOP,
        """
        import operator, pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", shop.starred.__class__(shop.apply.__code__, {}))
                patch.setattr(shop, "HANDLERS", {})
                patch.setattr(shop, "fetch", operator.itemgetter)
                patch.setenv("HOME", "/nowhere")
                with pytest.raises(TypeError):
                    shop.by_position()
        """,
    )
    assert heard.claims == []
    assert heard.failure == ""


def test_a_name_that_is_gone_is_claimed_to_exist(hear: Hear) -> None:
    """`raising=False` on a missing name is a claim even if nothing is called; on one that exists it is none."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "quote", lambda: 1, raising=False)
                patch.setattr(shop, "LIMIT", 3, raising=False)
                patch.setattr(shop.Repo, "get", lambda self: 1, raising=False)
                patch.setattr(shop, "open", lambda: 1, raising=False)
        """,
    )
    assert [(claim.action, claim.root, claim.path) for claim in heard.claims] == [
        ("replace", "shop", (".quote",)),
        ("replace", "shop", (".LIMIT",)),
    ]


def test_a_mock_that_is_monkeypatched_in_stands_for_what_it_replaces(hear: Hear) -> None:
    """`monkeypatch.setattr(module, name, Mock())` is as good as `patch`; so is a mock that a lambda gives."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        from unittest.mock import Mock
        def test():
            given = Mock()
            given.get.return_value = {"mail": 1}
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", Mock(return_value=2))
                patch.setattr(shop, "Repo", lambda: given)
                shop.convert(1)
                shop.greet(1)
        """,
    )
    assert heard.one(".get").root == "shop:Repo"
    assert heard.one(".get").path == ("()", ".get")
    assert [claim.double for claim in heard.claims if claim.root == "shop:rate"] == ["mock"]
    assert heard.unbound == ()


def test_one_function_for_two_names_is_told_apart_by_the_call(hear: Hear) -> None:
    """When a function replaces several things, the name in the calling code says which one is meant."""
    heard = hear(
        "def get(u): return 1\ndef post(u): return 2\ndef use(): return get('a'), post('b')\n",
        """
        import pytest, shop
        def fake(url): return None
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "get", fake)
                patch.setattr(shop, "post", fake)
                shop.use()
        """,
    )
    assert {claim.root: texts(claim) for claim in heard.claims} == {
        "shop:get": (["'a'"], {}),
        "shop:post": (["'b'"], {}),
    }


def test_the_last_of_two_replacements_stands_for_the_real_thing(hear: Hear) -> None:
    """What is patched over a replacement stands for what the first one replaced."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", lambda *args: 1)
                patch.setattr(shop, "rate", lambda *args: "two")
                assert shop.by_position() == "two"
        """,
    )
    assert [(claim.root, claim.outcome.shape) for claim in heard.claims] == [("shop:rate", Scalar("str"))]


def test_a_registry_entry_has_an_address_of_its_own(hear: Hear) -> None:
    """`setitem` on a dict that a module of the project holds claims what the entry does."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(shop.HANDLERS, "csv", lambda base, quote: 2)
                patch.setitem({}, "csv", lambda base, quote: 2)
                patch.setitem(shop.HANDLERS, "new", lambda base, quote: 2)
                shop.handle()
        """,
    )
    assert heard.one().root == "shop:HANDLERS['csv']"


def test_undone_replacements_are_no_longer_heard(hear: Hear) -> None:
    """After `undo` the function is the test's own again, with its own code."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def fake(*args): return 2
        def test():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", fake)
            shop.apply(fake)
        """,
    )
    assert heard.claims == []


def test_a_replacement_stays_what_it_was(hear: Hear) -> None:
    """Signature, defaults, attributes and errors of a replacement are unchanged, also the error of a bad call."""
    hear(
        SHOP,
        """
        import inspect, pytest, shop
        def fake(base, quote=None, *rest, source: str = "x", **more): return base, quote, rest, source, more
        fake.extra = 1
        def test():
            before = inspect.signature(fake), fake.__defaults__, fake.__dict__.copy()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "rate", fake)
                assert shop.rate is fake
                assert (inspect.signature(fake), fake.__defaults__, fake.__dict__) == before
                assert shop.starred(1, 2, 3, source="y", z=4) == (1, 2, (3,), "y", {"z": 4})
                with pytest.raises(TypeError, match="missing 1 required positional argument: 'base'"):
                    shop.starred()
        """,
    )
