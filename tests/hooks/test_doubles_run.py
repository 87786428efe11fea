"""Whole runs with doubles that are no mock objects: what is found, what is not alarmed, and that nothing changes."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

REALITY = """
    import csv

    class Store:
        def __init__(self, path): self.path = path
        def put(self, key, value, ttl): return {"key": key, "value": value, "ttl": ttl}
        def keys(self): return ["a"]

    def fetch(owner, region): return [owner, region]
    async def load(key): return {"key": key}
    def read_csv(path): return [{"path": path}]
    HANDLERS = {"csv": read_csv}
"""

CODE = """
    import asyncio, real

    def save(store: real.Store, key): return store.put(key, 1)
    def save_all(store: real.Store, key): return store.put(key, 1, ttl=5)
    def buckets(owner): return len(real.fetch(owner))
    def both(owner): return real.fetch(owner, "eu")[0]
    def size(store): return store.count()
    async def name(): return (await real.load("k"))["name"]
    def loaded(): return asyncio.run(name())
    def handled(): return real.HANDLERS["csv"]("x")[0]["file"]
    def tabled():
        import more
        return more.Readers.table["csv"]("x")[0]["path"]
"""


def found(project: Any, unit: str, integration: str = "", *options: str) -> list[tuple[str, str, str]]:
    """The mismatches of a project with these tests, as target, kind and the line of the double."""
    for path in ("shop.py", "tests/unit/test_greet.py", "tests/integration/test_repo.py"):
        (project.root / path).unlink()
    project.write("real.py", textwrap.dedent(REALITY))
    project.write("shopping.py", textwrap.dedent(CODE))
    project.write("tests/unit/test_unit.py", textwrap.dedent(unit))
    if integration:
        project.write("tests/integration/test_real.py", textwrap.dedent(integration))
    result = project.run(*options)
    result.stdout.no_fnmatch_line("*failed*")
    assert project.report["warnings"] == []
    return [(one["target"], one["kind"], one["claim"]["at"]) for one in project.report["mismatches"]]


def test_a_lambda_with_fewer_parameters_than_reality(project: Any) -> None:
    """The old call still works with the lambda and not with the real function; the new call is no mismatch."""
    assert found(
        project,
        """
        import shopping
        def test_old(monkeypatch):
            monkeypatch.setattr("real.fetch", lambda owner: ["a", "b"])
            assert shopping.buckets("ada") == 2
        def test_new(monkeypatch):
            monkeypatch.setattr("real.fetch", lambda name, where: ["a", "b"])
            assert shopping.both("ada") == "a"
        """,
    ) == [("real:fetch", "signature", "tests/unit/test_unit.py:4")]


def test_a_fake_with_another_interface(project: Any) -> None:
    """A method with another signature, and one that the real class lacks, are `fake_interface`; helpers are not."""
    assert found(
        project,
        """
        import shopping, real
        class FakeStore(real.Store):
            def __init__(self): self.rows = {}
            def put(self, key, value): self.rows[key] = value
            def count(self): return len(self.rows)
            def helper(self): return self.rows
        class GoodStore(real.Store):
            def __init__(self): pass
            def put(self, key, value, ttl=3): return {}
        def test_it():
            fake = FakeStore()
            shopping.save(fake, "a")
            assert shopping.size(fake) == 1
            assert fake.helper() == {"a": 1}
            shopping.save_all(GoodStore(), "a")
        """,
    ) == [
        ("real:Store.count", "fake_interface", "tests/unit/test_unit.py:6"),
        ("real:Store.put", "fake_interface", "tests/unit/test_unit.py:5"),
    ]


def test_fakes_of_the_settings_are_judged(project: Any) -> None:
    """A fake that extends nothing is known by `fakes:` in gate.yaml, which is no longer a key of a later version."""
    project.write("gate.yaml", 'fakes: {"tests.unit.test_unit:FakeStore": "real:Store"}\n')
    assert found(
        project,
        """
        import shopping
        class FakeStore:
            def count(self): return 1
        def test_it():
            assert shopping.size(FakeStore()) == 1
        """,
    ) == [("real:Store.count", "fake_interface", "tests/unit/test_unit.py:4")]


def test_what_cannot_be_a_fake_is_refused(project: Any) -> None:
    """`fakes:` maps a class to a class."""
    project.write("gate.yaml", "fakes: {FakeStore: 'real:Store'}\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*`FakeStore` names no class. Write `package.module:Name`.*")


def test_fixtures_give_fakes_of_local_classes(project: Any) -> None:
    """A class that is defined inside a fixture is heard from then on."""
    assert found(
        project,
        """
        import shopping, pytest, real
        @pytest.fixture
        def store():
            class FakeStore(real.Store):
                def __init__(self): pass
                def put(self, key, value): return None
            return FakeStore()
        @pytest.mark.parametrize("key", ["a", "b"])
        def test_it(store, key):
            shopping.save(store, key)
        """,
    ) == [("real:Store.put", "fake_interface", "tests/unit/test_unit.py:7")]


def test_observations_judge_replacements_and_registry_entries(project: Any) -> None:
    """What reality gives is compared with what an async replacement and an entry of a registry give."""
    assert found(
        project,
        """
        import shopping, real
        async def load(key): return {"name": key}
        def test_load(monkeypatch):
            monkeypatch.setattr(real, "load", load)
            assert shopping.loaded() == "k"
        def test_handle(monkeypatch):
            monkeypatch.setitem(real.HANDLERS, "csv", lambda path: [{"file": path}])
            assert shopping.handled() == "x"
        """,
        """
        import asyncio, pytest, real
        @pytest.mark.boundary("files")
        def test_real():
            asyncio.run(real.load("other"))
            real.HANDLERS["csv"]("other")
        """,
    ) == [
        ("real:HANDLERS['csv']", "return_shape", "tests/unit/test_unit.py:8"),
        ("real:load", "return_shape", "tests/unit/test_unit.py:5"),
    ]


def test_patch_dict_is_judged_like_setitem(project: Any) -> None:
    """Entries of registries in modules and classes are held against the real functions, with the right signature."""
    project.write("more.py", "import real\nclass Readers:\n    table = {'csv': real.read_csv}\n")
    assert found(
        project,
        """
        import shopping, real, more
        from unittest.mock import Mock, patch
        @patch.dict("real.HANDLERS", csv=Mock(return_value=[{"file": "x"}]))
        def test_handle():
            assert shopping.handled() == "x"
        @patch.dict(more.Readers.table, {"csv": Mock(return_value=[{"path": "x"}])})
        def test_table():
            assert shopping.tabled() == "x"
        """,
        """
        import pytest, real
        @pytest.mark.boundary("files")
        def test_real():
            real.HANDLERS["csv"]("other")
        """,
    ) == [("real:HANDLERS['csv']", "return_shape", "tests/unit/test_unit.py:4")]


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2"), ("-p", "pytest_randomly")], ids=" ".join)
def test_what_monkeypatch_takes_away_or_sets_outside_claims_nothing(project: Any, options: tuple[str, ...]) -> None:
    """`delattr`, `delitem`, `setenv`, `chdir` and `syspath_prepend` do what they do, are undone, and are no claims."""
    test = """
        import os, sys
        import pytest, real, shopping
        BEFORE = os.getcwd(), list(sys.path), dict(os.environ)
        def test_away(monkeypatch):
            monkeypatch.delattr(real, "fetch")
            monkeypatch.delattr("real.Store.keys")
            monkeypatch.delitem(real.HANDLERS, "csv")
            with pytest.raises(AttributeError):
                shopping.buckets("ada")
            with pytest.raises(KeyError):
                shopping.handled()
        def test_outside(monkeypatch, tmp_path):
            monkeypatch.setenv("SHOP", "1")
            monkeypatch.setenv("PATH", "x", prepend=":")
            monkeypatch.delenv("HOME", raising=False)
            monkeypatch.chdir(tmp_path)
            monkeypatch.syspath_prepend(str(tmp_path))
            assert (os.environ["SHOP"], os.getcwd(), sys.path[0]) == ("1", str(tmp_path), str(tmp_path))
        def test_undone(monkeypatch):
            with monkeypatch.context() as inner:
                inner.setattr(real, "fetch", lambda owner: "x")
            assert real.fetch(1, 2) == [1, 2] and real.Store("x").keys() == ["a"]
            assert "csv" in real.HANDLERS
        def test_again():
            assert "SHOP" not in os.environ and os.getcwd() == BEFORE[0] and sys.path == BEFORE[1]
    """
    assert found(project, test, "", *options) == []
    assert project.report["gate"]["claims"]["total"] == 0
    assert project.report["hygiene"] == []


def test_replacements_contaminate_and_clocks_do_not(project: Any) -> None:
    """What real code gives on top of a replaced function is no evidence; a replaced clock changes nothing."""
    found(
        project,
        "def test_nothing(): pass",
        """
        import shopping, pytest, real, time
        @pytest.mark.boundary("files")
        def test_on_a_fake(monkeypatch):
            monkeypatch.setattr(real, "fetch", lambda owner, region=None: [owner])
            shopping.buckets("ada")
        @pytest.mark.boundary("files")
        def test_with_a_clock(monkeypatch):
            monkeypatch.setattr(time, "time", lambda: 0.0)
            shopping.both("ada")
        """,
    )
    entries = [(entry["kind"], entry["detail"]) for entry in project.report["hygiene"]]
    assert entries == [
        ("contaminated_observation", "shopping:buckets reached real:fetch"),
        ("internal_mock", "real:fetch is first-party"),
    ]


def test_dead_doubles_are_listed(project: Any) -> None:
    """A patch of a callable that a passed test never calls is untidy, unless the test asks whether it was called."""
    found(
        project,
        """
        import shopping, real, pytest
        from unittest.mock import patch
        @patch("real.fetch")
        def test_dead(fetch): pass
        @patch("real.fetch")
        def test_asked(fetch): fetch.assert_not_called()
        @patch("real.fetch", return_value=[1])
        def test_used(fetch): shopping.both("x")
        @patch("real.HANDLERS")
        def test_constant(handlers): pass
        @pytest.fixture
        def quiet():
            with patch("real.read_csv"):
                yield
        def test_fixture(quiet): pass
        """,
    )
    entries = [(entry["kind"], entry["at"], entry["detail"]) for entry in project.report["hygiene"]]
    assert entries == [("dead_double", "tests/unit/test_unit.py:4", "real:fetch is never called")]


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2"), ("-p", "pytest_randomly")], ids=" ".join)
def test_tests_run_as_without_the_gate(project: Any, options: tuple[str, ...]) -> None:
    """Identity, signatures, tracebacks, warnings, pickling and recursion of heard functions stay what they are."""
    test = """
        import inspect, pickle, sys, traceback, warnings
        import pytest, real, shopping
        class FakeStore(real.Store):
            def __init__(self): self.depth = 0
            def put(self, key, value, ttl=0):
                warnings.warn("old", stacklevel=2)
                return self
            def keys(self): raise KeyError("gone")
            def deep(self, n): return n if n == 0 else self.deep(n - 1)
        def fake(owner, region="eu"): raise LookupError(owner)
        def test_identity(monkeypatch):
            monkeypatch.setattr(real, "fetch", fake)
            assert real.fetch is fake
            assert str(inspect.signature(fake)) == "(owner, region='eu')"
            with pytest.raises(LookupError, match="ada") as caught:
                shopping.buckets("ada")
            assert caught.traceback[-1].frame.code.raw.co_name == "fake"
        def test_warning():
            store = FakeStore()
            with pytest.warns(UserWarning, match="old") as caught:
                assert shopping.save(store, "k") is store
            assert caught[0].filename.endswith("shopping.py")
        def test_errors():
            with pytest.raises(KeyError):
                FakeStore().keys()
            with pytest.raises(TypeError, match="missing 1 required positional argument"):
                FakeStore().put("k")
        def test_pickle():
            assert pickle.loads(pickle.dumps(FakeStore())).depth == 0
            assert pickle.loads(pickle.dumps(fake)) is fake
        def test_depth():
            assert FakeStore().deep(200) == 0
        def test_after():
            assert fake.__code__.co_filename == __file__
    """
    assert found(project, test, "", *options) == [
        ("real:Store.put", "fake_interface", "tests/unit/test_unit.py:6"),
        ("real:fetch", "signature", "tests/unit/test_unit.py:13"),
    ]
