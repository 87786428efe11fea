"""The watcher sees what real collaborators do, names it rightly and changes nothing."""

from __future__ import annotations

import asyncio
import importlib
import sys
import textwrap
import threading
from unittest.mock import Mock

import pytest

from pytest_integration_gate.model.shape import NONE, Awaitable, Object, Scalar, Sequence
from pytest_integration_gate.reality.watching import Watcher
from pytest_integration_gate.source.project import Project

SHOP = {
    "__init__.py": "",
    "errors.py": """
        class Missing(LookupError):
            def __init__(self, key):
                super().__init__(key)
                self.key = key
        """,
    "store.py": """
        import functools
        import sqlite3
        from contextlib import contextmanager

        from shop.errors import Missing


        class Store:
            limit = 3

            def __init__(self, rows=None):
                self.rows = dict(rows or {})

            def get(self, key, default=None, *more, strict=False, **extra):
                if strict and key not in self.rows:
                    raise Missing(key)
                return self.rows.get(key, default)

            def each(self, upto):
                for number in range(upto):
                    yield {"number": number}

            async def fetch(self, key):
                return self.get(key)

            async def ticks(self):
                yield 1

            @property
            def size(self):
                return len(self.rows)

            @functools.cached_property
            def label(self):
                return "store"

            @classmethod
            def empty(cls):
                return cls()

            @staticmethod
            def version():
                return (1, 2)

            @contextmanager
            def locked(self):
                yield self

            async def apply(self, function, label):
                await function()

            def call_back(self, function):
                return function()

            def __contains__(self, key):
                return key in self.rows

            class Inner:
                def value(self):
                    return 1.5


        class Special(Store):
            def __init__(self, rows=None):
                super().__init__(rows)
                self.special = True

            def get(self, key, default=None):
                return [super().get(key, default)]


        class Derived(Store):
            pass


        def find(key, password=""):
            return Store({"a": 1}).get(key)


        @functools.lru_cache
        def answer():
            return 42


        def deep(n):
            return 0 if n == 0 else 1 + deep(n - 1)


        def rows(path):
            connection = sqlite3.connect(path)
            try:
                return connection.execute("select 1").fetchall()
            finally:
                connection.close()
        """,
    "late.py": """
        def arrives():
            return "late"
        """,
    "web.py": """
        import colorsys as paint
        import textwrap

        from shop import store
        from shop.store import find


        def page(key):
            return {"page": find(key)}


        def shorten(text):
            return textwrap.shorten(text, 8)


        def tone():
            return paint.rgb_to_hsv(0, 0, 1)
        """,
}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project with a package `shop`, imported but for `shop.late`."""
    for name, text in SHOP.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text("def run(function):\n    return function()\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("shop.web")
    yield sys.modules["shop"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.fixture
def project(tmp_path, shop):
    return Project.find(str(tmp_path), testpaths=["tests"])


@pytest.fixture
def seen(project):
    """Run a function under watch and give what was seen, by target."""

    def run(function, named=(), clean=True):
        watcher = Watcher(project, named)
        watcher.start()
        try:
            function(watcher)
        finally:
            watched = watcher.stop()
        assert watcher.warnings == []
        by_target = {}
        for observation in watched.observations:
            assert not (clean and observation.contaminated)
            by_target.setdefault(observation.target, []).append(observation)
        return by_target

    return run


def one(observations):
    (only,) = observations
    return only


def test_method_with_bound_arguments(shop, seen):
    """Arguments are known by parameter name, without self; the outcome has shape and text."""
    seen_ = seen(lambda _: shop.store.Store({"a": 1}).get("a", 2, 3, strict=True, extra=4))
    call = one(seen_["shop.store:Store.get"])
    assert call.arguments.bound
    assert [(name, argument.text) for name, argument in call.arguments.keywords] == [
        ("key", "'a'"),
        ("default", "2"),
        ("strict", "True"),
        ("extra", "4"),
    ]
    assert [argument.text for argument in call.arguments.positional] == ["3"]
    assert (call.outcome.kind, call.outcome.shape, call.outcome.text) == ("returned", Scalar("int"), "1")
    assert (call.defined, call.at, call.site, call.first_party) == (
        "shop.store:Store.get",
        "shop/store.py:15",
        None,
        True,
    )


def test_site_is_the_first_party_caller(shop, seen):
    """The call expression of project code that made the call."""
    seen_ = seen(lambda _: shop.web.page("a"))
    site = one(seen_["shop.store:find"]).site
    assert site.key == ("shop/web.py", "page", "find(key)")
    assert one(seen_["shop.store:Store.get"]).site.call == "Store({'6d0e509e': 1}).get(key)"
    assert one(seen_["shop.web:page"]).site is None


def test_constructor_is_seen_once(shop, seen):
    """A class is called, whatever its bases do on the way; the outcome is the instance as made."""
    seen_ = seen(lambda _: shop.store.Special({"a": 1}))
    assert list(seen_) == ["shop.store:Special"]
    outcome = one(seen_["shop.store:Special"]).outcome
    assert isinstance(outcome.shape, Object)
    assert [field.name for field in outcome.shape.fields] == ["rows", "special"]


def test_target_is_the_class_reached(shop, seen):
    """Inherited methods carry the derived class; what `super()` calls carries its own."""

    class Fake(shop.store.Derived):
        pass

    seen_ = seen(lambda _: (shop.store.Derived().get("a"), Fake().size, shop.store.Special().get("a")))
    assert one(seen_["shop.store:Derived.get"]).defined == "shop.store:Store.get"
    assert one(seen_["shop.store:Derived.size"]).outcome.shape == Scalar("int")
    assert isinstance(one(seen_["shop.store:Special.get"]).outcome.shape, Sequence)
    assert one(seen_["shop.store:Store.get"]).outcome.shape == NONE


def test_all_kinds_of_members(shop, seen):
    """Properties, class and static methods, special methods, inner classes, cached functions."""

    def use(_):
        store = shop.store.Store.empty()
        assert store.size == 0
        assert store.label == "store"
        assert "x" not in store
        shop.store.Store.version()
        shop.store.Store.Inner().value()
        assert shop.store.answer() == 42
        with store.locked() as same:
            assert same is store

    seen_ = seen(use)
    assert {
        "shop.store:Store",
        "shop.store:Store.empty",
        "shop.store:Store.size",
        "shop.store:Store.label",
        "shop.store:Store.__contains__",
        "shop.store:Store.version",
        "shop.store:Store.Inner.value",
        "shop.store:answer",
    } <= set(seen_)
    # What the decorator made is the callable, never the generator inside.
    assert isinstance(one(seen_["shop.store:Store.locked"]).outcome.shape, Object)


def test_exceptions_are_outcomes(shop, seen):
    """What is raised has the class and attributes of the exception."""

    def use(_):
        with pytest.raises(LookupError):
            shop.store.Store().get("b", strict=True)

    outcome = one(seen(use)["shop.store:Store.get"]).outcome
    assert outcome.kind == "raised"
    assert outcome.shape.cls == "shop.errors:Missing"
    assert not outcome.awaiting


def test_generators_show_their_elements(shop, seen):
    """Elements that were consumed are known; a generator that nobody touched is still one."""

    def use(_):
        store = shop.store.Store()
        assert [row["number"] for row in store.each(9)] == list(range(9))
        store.each(1)
        assert list(store.each(0)) == []

    outcomes = {call.arguments.keywords[0][1].text: call.outcome for call in seen(use)["shop.store:Store.each"]}
    assert outcomes["9"].kind == "returned"
    assert outcomes["9"].shape.kind == "generator"
    assert outcomes["9"].shape.element.fields[0].name == "number"
    assert outcomes["1"].shape != outcomes["9"].shape
    assert outcomes["0"].shape != outcomes["1"].shape


def test_coroutines(shop, seen):
    """Awaited results, and coroutines that nobody awaited."""

    def use(_):
        store = shop.store.Store({"a": 1})
        assert asyncio.run(store.fetch("a")) == 1
        store.fetch("b").close()
        store.ticks()

    seen_ = seen(use)
    awaited, forgotten = seen_["shop.store:Store.fetch"]
    assert (awaited.outcome.kind, awaited.outcome.shape) == ("awaited", Scalar("int"))
    assert isinstance(forgotten.outcome.shape, Awaitable)
    assert one(seen_["shop.store:Store.ticks"]).outcome.shape.kind == "async generator"


def test_nothing_is_left_behind(shop, seen):
    """After the test every function has its own code, and finders and limits are as before."""
    codes = shop.store.Store.get.__code__, shop.store.find.__code__
    finders, limit = list(sys.meta_path), sys.getrecursionlimit()
    seen(lambda _: shop.web.page("a"))
    assert (shop.store.Store.get.__code__, shop.store.find.__code__) == codes
    assert shop.store.find.__code__ is codes[1]
    assert sys.meta_path == finders
    assert sys.getrecursionlimit() == limit


def test_modules_imported_during_the_test(shop, seen):
    """A module that the test itself imports is watched from its first call on, and its loader is untouched."""

    def use(_):
        from shop.late import arrives

        assert arrives() == "late"
        assert "exec_module" not in vars(sys.modules["shop.late"].__spec__.loader)

    assert "shop.late:arrives" in seen(use)


def test_namespace_packages(tmp_path, monkeypatch):
    """Code in a package without ``__init__.py`` is the project's own, too."""
    (tmp_path / "acme_ns" / "core").mkdir(parents=True)
    (tmp_path / "acme_ns" / "core" / "__init__.py").write_text("def work():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    watcher = Watcher(Project.find(str(tmp_path)))
    core = importlib.import_module("acme_ns.core")
    watcher.start()
    core.work()
    observations = watcher.stop().observations
    del sys.modules["acme_ns.core"], sys.modules["acme_ns"]
    assert [each.target for each in observations] == ["acme_ns.core:work"]


def test_reloaded_modules_are_watched_anew(shop, project):
    """After a reload the new functions are watched."""
    watcher = Watcher(project)
    watcher.start()
    watcher.stop()
    importlib.reload(shop.store)
    watcher.start()
    shop.store.find("a")
    assert "shop.store:find" in {each.target for each in watcher.stop().observations}


def test_named_library_functions(shop, seen):
    """What a double stands for in a library is watched through the name in project code."""
    seen_ = seen(lambda _: shop.web.shorten("a long text"), named=["shop.web.textwrap.shorten"])
    call = one(seen_["textwrap:shorten"])
    assert not call.first_party
    assert call.site.call == "textwrap.shorten(text, 8)"
    assert call.outcome.shape == Scalar("str")
    assert "colorsys:rgb_to_hsv" in seen(lambda _: shop.web.tone(), named=["colorsys.rgb_to_hsv"])


def test_c_functions_are_spied_on(shop, seen):
    """A C function is seen where project code reaches it, and is itself again afterwards."""
    import sqlite3

    original = sqlite3.connect
    seen_ = seen(lambda _: shop.store.rows(":memory:"), named=["shop.store.sqlite3.connect"])
    call = one(seen_["sqlite3:connect"])
    assert (call.outcome.kind, call.outcome.shape.cls) == ("returned", "sqlite3:Connection")
    assert not call.arguments.bound
    assert call.arguments.positional[0].text == "':memory:'"
    assert sqlite3.connect is original


def test_untouchable_targets(shop, seen):
    """What the interpreter and pytest live on is never replaced."""
    import time

    def use(_):
        assert type(time.sleep) is type(len)
        assert type(open) is type(len)

    named = ["time.sleep", "builtins.open", "shop.store.functools.wraps", "no.such.thing", "shop.nope"]
    assert seen(use, named=named) == {}


def test_doubles_contaminate_what_they_lie_beneath(shop, seen):
    """Every call under way when a double is called is marked, none before or after."""

    def use(watcher):
        store = shop.store.Store()
        store.call_back(lambda: watcher.contaminate("shop.mail:send was doubled"))
        store.call_back(lambda: 1)

    observations = seen(use, clean=False)["shop.store:Store.call_back"]
    assert {call.contaminated for call in observations} == {"shop.mail:send was doubled", ""}


def test_paused_generators_are_not_contaminated(shop, seen):
    """A double that the consumer calls between two elements is not beneath the generator."""

    def use(watcher):
        for _ in shop.store.Store().each(2):
            watcher.contaminate("a double")

    seen(use)


def test_tasks_contaminate_only_their_own(shop, seen):
    """A call that waits in another task while a double is called stays clean."""

    def use(watcher):
        store = shop.store.Store()

        async def main():
            waiting, done = asyncio.Event(), asyncio.Event()

            async def clean():
                waiting.set()
                await done.wait()

            async def dirty():
                await waiting.wait()
                watcher.contaminate("a double")
                done.set()

            await asyncio.gather(store.apply(clean, "clean"), store.apply(dirty, "dirty"))

        asyncio.run(main())

    reasons = {}
    for call in seen(use, clean=False)["shop.store:Store.apply"]:
        reasons[call.arguments.keywords[1][1].text] = call.contaminated
    assert reasons == {"'clean'": "", "'dirty'": "a double"}


def test_threads_contaminate_everything(shop, seen):
    """A double called in another thread may be what the main thread waits for."""

    def use(watcher):
        def work():
            thread = threading.Thread(target=lambda: watcher.contaminate("a double"))
            thread.start()
            thread.join()

        shop.store.Store().call_back(work)

    assert one(seen(use, clean=False)["shop.store:Store.call_back"]).contaminated == "a double"


def test_doubles_as_arguments_and_results_contaminate(shop, seen):
    """A double handed in, or handed back, makes the observation worthless."""

    def use(_):
        shop.store.Store().get("a", Mock())
        shop.store.Store({"a": [Mock()]}).get("a")
        shop.store.Store.get(Mock(rows={}), "a")

    reasons = [call.contaminated for call in seen(use, clean=False)["shop.store:Store.get"]]
    assert reasons == ["was handed a double", "gave a double", "was called on something else"]


def test_equal_observations_count_once_and_many_are_bounded(shop, project):
    """Repetition adds nothing; a flood is cut, and what was cut is told."""
    watcher = Watcher(project)
    watcher.start()
    for number in range(100):
        shop.store.answer()
        shop.store.find("a")
        shop.store.find(number)
    watched = watcher.stop()
    assert len([each for each in watched.observations if each.target == "shop.store:find"]) == 50
    assert {one.kind for one in watched.passed_over} == {"passed_over"}
    told = "shop.store:find: a test keeps 2,000 different observations, 50 of one line"
    assert [one.detail for one in watched.passed_over].count(told) == 1


def test_deep_recursion_reaches_as_deep(shop, seen):
    """Observed recursion does not meet the limit earlier."""
    depth = sys.getrecursionlimit() - 200
    seen(lambda _: shop.store.deep(depth))


def test_hostile_objects(shop, seen):
    """Objects that fight back go through unharmed."""

    class Hostile:
        def __getattribute__(self, name):
            raise RuntimeError(name)

        def __eq__(self, other):
            raise RuntimeError

        __hash__ = None

        def __repr__(self):
            raise RuntimeError

    class Meta(type):
        __hash__ = None

        def __eq__(cls, other):
            raise RuntimeError

        def __getattribute__(cls, name):
            raise RuntimeError(name)

    class Odd(shop.store.Store, metaclass=Meta):
        pass

    hostile = Hostile()

    def use(_):
        assert type(shop.store.Store().get("a", hostile)) is Hostile
        assert type.__call__(Odd).get("a") is None

    seen_ = seen(use)
    assert "shop.store:Store.get" in seen_


def test_an_observer_that_fails_is_switched_off(shop, project, monkeypatch):
    """A mistake of the gate becomes one warning that names the target, and the test never sees it."""
    import pytest_integration_gate.reality.observers as observers

    watcher = Watcher(project)
    watcher.start()

    def broken(*args, **kwargs):
        raise RuntimeError("bug")

    monkeypatch.setattr(observers, "argument_of", broken)
    assert shop.store.find("a") == 1
    monkeypatch.undo()
    assert shop.store.find("a") == 1
    assert "shop.store:find" not in {each.target for each in watcher.stop().observations}
    assert [warning.split()[0] for warning in watcher.warnings].count("shop.store:find") == 1


def test_classes_of_results_are_remembered(shop, project):
    """The classes of what collaborators gave are told, so that facts about them can be taken."""
    watcher = Watcher(project)
    watcher.start()
    shop.store.Store.empty()
    assert watcher.stop().classes == (shop.store.Store,)


def test_secrets_are_masked(shop, seen):
    """An argument by the name of a password is never written down."""
    call = one(seen(lambda _: shop.store.find("a", password="hunter2"))["shop.store:find"])
    assert "hunter2" not in repr(call)


def test_threads_that_outlive_the_test_are_not_its_own(shop, project):
    """What ends after the test belongs neither to it nor to the next."""
    watcher = Watcher(project)
    begun, go = threading.Event(), threading.Event()

    def work():
        begun.set()
        go.wait(10)

    thread = threading.Thread(target=lambda: shop.store.Store().call_back(work))
    watcher.start()
    thread.start()
    begun.wait(10)
    assert "shop.store:Store.call_back" not in {each.target for each in watcher.stop().observations}
    watcher.start()
    go.set()
    thread.join()
    assert watcher.stop().observations == ()


def test_idle_watcher_hears_nothing(shop, project):
    """Before start and after stop nothing is watched, and stopping twice is harmless."""
    watcher = Watcher(project)
    shop.store.find("a")
    assert watcher.stop().observations == ()
    watcher.contaminate("nobody is listening")
    watcher.start()
    watcher.stop()
    shop.store.find("a")
    assert watcher.stop().observations == ()
