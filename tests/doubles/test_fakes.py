"""What is heard of classes that the tests write to stand for a collaborator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_integration_gate.model.shape import Scalar

Hear = Callable[..., Any]

SHOP = """
    from __future__ import annotations
    from email.message import Message
    from typing import Protocol

    class Repo:
        def __init__(self, path): self.path = path
        def get(self, user_id): return {"id": user_id}
        def put(self, user_id, row): return True
        @property
        def size(self): return 3
        def close(self): pass

    class Clock(Protocol):
        def now(self) -> float: ...

    class Service:
        def __init__(self, repo: Repo | None = None):
            self.repo = repo or Repo("x")
        def greet(self, user_id):
            return self.repo.get(user_id)
        def count(self):
            return self.repo.size
        def finish(self, how="close"):
            return self.repo.drop_all()

    def connect(dsn): return Repo(dsn)
    def use(dsn): return connect(dsn).get(1)
    def make(): return Repo("x").get(1)
    def read(repo): return repo.get(1)
    def run(callback): return callback(1)
    def stamp(clock: Clock): return clock.now()
    def ask(repo: Repo): return repo.get(1) if isinstance(repo, Repo) else None
    def guarded(repo): return repo.purge() if hasattr(repo, "purge") else None
    def store(repo): return repo.put(1, row={})
    def subject(message): return message.get("subject")

    shared = Repo("x")
    def read_shared(): return shared.get(1)
"""


def test_a_subclass_of_first_party_code_is_a_fake(hear: Hear) -> None:
    """Each call that project code makes on a method which the test defines is a claim at the line of the `def`."""
    heard = hear(
        SHOP,
        """
        import shop
        class FakeRepo(shop.Repo):
            def __init__(self): self.rows = {}
            def get(self, user_id): return "row"
            def helper(self): return self.get(3)
        def test():
            fake = FakeRepo()
            assert shop.read(fake) == "row"
            fake.get(2), fake.helper()
            shop.store(fake)
        """,
    )
    claim = heard.one()
    assert (claim.root, claim.path, claim.double) == ("shop:Repo", ("()", ".get"), "fake")
    assert claim.at == "tests/test_it.py:5"
    assert [one.text for one in claim.arguments.positional] == ["1"]
    assert claim.outcome.shape == Scalar("str")
    assert heard.failure == ""


def test_what_a_fake_passes_on_is_no_claim(hear: Hear) -> None:
    """A method that calls the one it overrides gives what the real one gives."""
    heard = hear(
        SHOP,
        """
        import shop
        class Spy(shop.Repo):
            def get(self, user_id): return super().get(user_id)
            def put(self, user_id, row): return shop.Repo.put(self, user_id, row)
        def test():
            shop.read(Spy("x")), shop.store(Spy("x"))
        """,
    )
    assert heard.claims == []


@pytest.mark.parametrize(
    ("base", "root"), [("Message", "email.message:Message"), ("dict", None), ("Exception", None), ("int", None)]
)
def test_other_base_classes_count_when_they_are_configured(hear: Hear, base: str, root: str | None) -> None:
    """A library's class is a collaborator when the settings say so; a subclass of anything else is no fake."""
    heard = hear(
        SHOP,
        f"""
        import shop
        from email.message import Message
        class Mine({base}):
            def get(self, name): return "x"
        def test():
            shop.subject(Mine())
        """,
    )
    assert [claim.root for claim in heard.claims] == ([root] if root else [])


def test_a_registered_fake_stands_for_what_is_configured(hear: Hear) -> None:
    """`fakes:` names the real class of a fake that extends nothing."""
    heard = hear(
        SHOP,
        """
        import shop
        class FakeRepo:
            def get(self, user_id): return "row"
        def test():
            shop.read(FakeRepo())
        """,
        {"tests.test_it:FakeRepo": "shop:Repo"},
    )
    assert (heard.one(".get").root, heard.one(".get").path) == ("shop:Repo", ("()", ".get"))


def test_a_fake_is_known_by_the_annotation_that_receives_it(hear: Hear) -> None:
    """A parameter (or the attribute that keeps it) annotated with a class or a protocol says what a fake is."""
    heard = hear(
        SHOP,
        """
        import shop
        class FakeRepo:
            size = property(lambda self: "many")
            def get(self, user_id): return "row"
        class FakeClock:
            def now(self): return 1
        class Other:
            def unknown(self): return 1
        def test():
            service = shop.Service(FakeRepo())
            service.greet(1), service.count(), shop.stamp(FakeClock())
            shop.run(lambda key: Other().unknown())
        """,
    )
    assert {(claim.root, claim.path, claim.action) for claim in heard.claims} == {
        ("shop:Repo", ("()", ".get"), "call"),
        ("shop:Repo", ("()", ".size"), "read"),
        ("shop:Clock", ("()", ".now"), "call"),
    }
    assert heard.unbound == ()


def test_code_that_asks_what_it_was_given_says_nothing(hear: Hear) -> None:
    """Without an annotation, or where the code asks for the class, a plain class of the tests is nobody's fake."""
    heard = hear(
        SHOP,
        """
        import shop
        class FakeRepo:
            def get(self, user_id): return "row"
        def test():
            shop.read(FakeRepo()), shop.ask(FakeRepo())
        """,
    )
    assert heard.claims == []


def test_a_class_that_is_patched_in_makes_fakes(hear: Hear) -> None:
    """Its constructor is a claim without a value, and its instances stand for those of the real class."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            class FakeRepo:
                def __init__(self, path): pass
                def get(self, user_id): return "row"
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "Repo", FakeRepo)
                shop.make()
            shop.read(FakeRepo("y"))
        """,
    )
    constructor, method = sorted(heard.claims, key=lambda claim: len(claim.path))
    assert (constructor.root, constructor.path, constructor.outcome.kind) == ("shop:Repo", (), "unconfigured")
    assert [one.text for one in constructor.arguments.positional] == ["'x'"]
    assert (method.root, method.path) == ("shop:Repo", ("()", ".get"))


def test_an_instance_that_is_patched_in_stands_for_the_real_one(hear: Hear) -> None:
    """An object of a class of the tests in the place of a real object is a fake of it; so is one that is callable."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        from unittest import mock
        class Thing:
            def get(self, user_id): return "row"
        class Connect:
            def __call__(self, dsn): return Thing()
        def test():
            with pytest.MonkeyPatch.context() as patch, mock.patch("shop.shared", Thing()):
                patch.setattr(shop, "connect", Connect())
                shop.read_shared(), shop.use("dsn")
        """,
    )
    assert {(claim.root, claim.path) for claim in heard.claims} == {
        ("shop:shared", (".get",)),
        ("shop:connect", ()),
        ("shop:connect", ("()", ".get")),
    }


def test_what_a_replacement_gives_stands_for_what_the_real_thing_gives(hear: Hear) -> None:
    """A fake that a lambda returns is heard as the value of the real call, also when its class is a local one."""
    heard = hear(
        SHOP,
        """
        import pytest, shop
        def test():
            class Response:
                def get(self, key): return "row"
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(shop, "connect", lambda dsn: Response())
                shop.use("dsn")
        """,
    )
    assert heard.one("()", ".get").root == "shop:connect"


def test_a_fake_owes_only_what_the_code_asks_for_by_name(hear: Hear) -> None:
    """A method of its own is a claim when the code calls it by name, not as a callback or where the code asks first."""
    heard = hear(
        SHOP,
        """
        import shop
        class FakeRepo(shop.Repo):
            def __init__(self): pass
            def on_event(self, event): return event
            def purge(self): return 1
            def drop_all(self): return 2
        def test():
            fake = FakeRepo()
            shop.run(fake.on_event)
            shop.guarded(fake)
            shop.Service(fake).finish()
        """,
    )
    assert [claim.path for claim in heard.claims] == [("()", ".drop_all")]


def test_collected_classes_and_mocks_are_no_fakes(hear: Hear) -> None:
    """A test class may extend project code; its methods are tests."""
    heard = hear(
        SHOP,
        """
        import shop
        class TestRepo(shop.Repo):
            class Inner(shop.Repo):
                def get(self, user_id): return "inner"
            def __init__(self): pass
            def get(self, user_id): return "row"
        def test():
            shop.read(TestRepo()), shop.read(TestRepo.Inner("x"))
        """,
    )
    assert [claim.at for claim in heard.claims] == ["tests/test_it.py:5"]


def test_hostile_fakes_do_not_notice(hear: Hear) -> None:
    """Fakes with evil special methods, slots and metaclasses run as they do without the gate."""
    heard = hear(
        SHOP,
        """
        import shop
        class Evil(type):
            def __getattribute__(cls, name):
                if name.startswith("_"): return super().__getattribute__(name)
                raise RuntimeError(name)
        class FakeRepo(shop.Repo, metaclass=Evil):
            __slots__ = ()
            def __init__(self): pass
            def __getattr__(self, name): raise RuntimeError(name)
            def __eq__(self, other): raise RuntimeError
            def __hash__(self): raise RuntimeError
            def __bool__(self): raise RuntimeError
            def get(self, user_id): return self
        def test():
            fake = FakeRepo()
            assert shop.read(fake) is fake
        """,
    )
    assert heard.failure == ""
    assert heard.one(".get").root == "shop:Repo"
