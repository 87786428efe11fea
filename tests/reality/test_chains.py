"""What a named collaborator gives is watched in turn, and nothing else is."""

from __future__ import annotations

import gc
import subprocess
import weakref

import pytest

from pytest_integration_gate.model.interaction import Arguments
from pytest_integration_gate.model.shape import Object, Scalar, Tuple
from pytest_integration_gate.reality.callables import Found, find_target
from pytest_integration_gate.reality.chains import Links

LIBRARY = """
    from contextlib import contextmanager


    class Base:
        def close(self):
            return True

        def fetch(self, sql):
            return self._rows(sql)

        def _rows(self, sql):
            return [(1, "Ada")]


    class Cursor(Base):
        def __iter__(self):
            return iter(self.fetch(""))

        def one(self):
            return self.fetch("")[0]


    class Connection(Base):
        def __enter__(self):
            return self

        def __exit__(self, *exc):
            return None

        def cursor(self):
            return Cursor()

        @property
        def status(self):
            return "idle"


    class Pool:
        @contextmanager
        def connection(self):
            yield Connection()


    class Slotted:
        __slots__ = ()

        def value(self):
            return 1


    def connect(dsn):
        return Connection()


    def slotted():
        return Slotted()


    def settle():
        with connect("own") as con:
            return con.cursor().one()
    """

PROJECT = """
    import dblib
    from contextlib import contextmanager


    def person(dsn):
        with dblib.connect(dsn) as con:
            return con.cursor().one()


    def other():
        return dblib.Connection().cursor()


    def opened():
        return dblib.connect("dsn").cursor()


    def one(cursor):
        return cursor.one()


    @contextmanager
    def session(dsn):
        con = dblib.connect(dsn)
        yield con
        con.close()


    class Store:
        @contextmanager
        def locked(self, key):
            if not key:
                raise KeyError(key)
            yield key, 1

        @property
        def con(self):
            return dblib.connect("store")

        def name(self):
            return self.con.cursor().one()


    def count(dsn):
        with session(dsn) as con:
            return con.cursor().one()


    def pooled():
        with dblib.Pool().connection() as con:
            return con.status


    def slot():
        return dblib.slotted().value()
    """


@pytest.fixture
def library(workshop):
    return workshop.library("dblib", LIBRARY)


@pytest.fixture
def project(workshop, library):
    return workshop.write("people", PROJECT)


def only(observations):
    (each,) = observations
    return each


def test_every_link_is_seen_under_the_class_that_was_given(workshop, project):
    """A double of `connect` is enough: what it gave, and what that gave, carry the names of their classes."""
    seen = workshop.see(lambda: project.person("dsn"), named=["people.dblib.connect"])
    assert only(seen["dblib:connect"]).outcome.shape.cls == "dblib:Connection"
    assert only(seen["dblib:Connection.__enter__"]).outcome.shape.cls == "dblib:Connection"
    assert only(seen["dblib:Connection.cursor"]).site.call == "con.cursor()"
    row = only(seen["dblib:Cursor.one"])
    assert row.outcome.shape == Tuple((Scalar("int"), Scalar("str")))
    assert (row.defined, row.first_party) == ("dblib:Cursor.one", False)
    assert "dblib:Cursor.fetch" not in seen  # the library's own doing


def test_inherited_methods_have_both_names(workshop, project):
    """The target is the class reached, `defined` where the code stands."""
    seen = workshop.see(lambda: project.count("dsn"), named=["people.dblib.connect"])
    assert only(seen["dblib:Connection.close"]).defined == "dblib:Base.close"


def test_what_nobody_names_is_not_watched(workshop, project):
    """Objects from elsewhere are nobody's interaction, whatever was seen before: the order of tests changes nothing."""

    def use():
        project.one(cursor)
        project.one(project.other())

    watcher = workshop.watcher(["people.dblib.connect"])
    cursor = project.other()
    alone = workshop.see(use, watcher=watcher)
    workshop.see(lambda: project.person("dsn"), watcher=watcher)
    after = workshop.see(use, watcher=watcher)
    assert alone == after
    assert not any(target.startswith("dblib") for target in after)


def test_links_last_as_long_as_the_object(workshop, project):
    """What a fixture of wider scope holds is seen in the next test too."""
    watcher, kept = workshop.watcher(["people.dblib.connect"]), []
    workshop.see(lambda: kept.append(project.opened()), watcher=watcher)
    assert "dblib:Cursor.one" in workshop.see(lambda: project.one(kept[0]), watcher=watcher)


def test_results_of_named_project_functions_are_links(workshop, project):
    """A double that stands for the project's own property reaches the library's objects that it gives."""
    seen = workshop.see(lambda: project.Store().name(), named=["people.Store.con.cursor.one"])
    assert only(seen["people:Store.con"]).outcome.shape.cls == "dblib:Connection"
    assert only(seen["dblib:Cursor.one"]).site.call == "self.con.cursor().one()"


def test_with_gives_what_the_generator_yields(workshop, project):
    """Beneath ``@contextmanager``: entering is an interaction of its own, with the value and at the call site."""
    seen = workshop.see(lambda: project.count("dsn"), named=["people.session"])
    entered = only(seen["people:session().__enter__"])
    assert entered.outcome.shape.cls == "dblib:Connection"
    assert (entered.arguments, entered.site.call) == (Arguments(), "session(dsn)")
    assert isinstance(only(seen["people:session"]).outcome.shape, Object)
    assert "dblib:Cursor.one" in seen


def test_entering_may_fail(workshop, project):
    """What is raised before the block begins is the outcome; what the block raises is not."""

    def use():
        with pytest.raises(KeyError), project.Store().locked(""):
            pass
        with pytest.raises(ValueError, match="block"), project.Store().locked("a"):
            raise ValueError("block")

    seen = workshop.see(use)
    failed, given = seen["people:Store.locked().__enter__"]
    assert (failed.outcome.kind, failed.outcome.shape.cls) == ("raised", "builtins:KeyError")
    assert given.outcome.shape == Tuple((Scalar("str"), Scalar("int")))


def test_context_managers_of_libraries(workshop, project):
    """A class that a double stands for opens its context managers too."""
    seen = workshop.see(project.pooled, named=["people.dblib.Pool"])
    assert only(seen["dblib:Pool.connection().__enter__"]).outcome.shape.cls == "dblib:Connection"
    assert only(seen["dblib:Connection.status"]).outcome.shape == Scalar("str")


def test_objects_that_cannot_be_remembered_end_the_chain(workshop, project):
    """Without weak references nothing is kept, and nothing breaks."""
    seen = workshop.see(project.slot, named=["people.dblib.slotted"])
    assert "dblib:slotted" in seen
    assert "dblib:Slotted.value" not in seen


def test_no_object_is_kept_alive(workshop, project):
    """The chain holds nothing: a connection dies with its last user."""
    held = []

    def use():
        connection = project.Store().con
        held.append(weakref.ref(connection))

    workshop.see(use, named=["people.Store.con"])
    gc.collect()
    assert held[0]() is None


def test_links_forget_the_dead():
    """A new object in the place of an old one is not taken for it."""

    class Thing:
        pass

    links, thing = Links(), Thing()
    assert links.add(thing)
    assert links.add(thing)
    assert thing in links
    assert not links.add(1)
    del thing
    gc.collect()
    assert all(Thing() not in links for _ in range(100))


def test_processes(workshop):
    """``subprocess`` is a chain like any other."""
    module = workshop.write(
        "processes",
        """
        import subprocess

        def run(command):
            done = subprocess.run(command, capture_output=True)
            done.check_returncode()
            with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
                return process.communicate(), process.wait(), subprocess.check_output(command)
        """,
    )
    named = ["processes.subprocess.run", "processes.subprocess.Popen", "subprocess.check_output"]
    seen = workshop.see(lambda: module.run(["echo", "hi"]), named=named)
    assert only(seen["subprocess:CompletedProcess.check_returncode"]).site.function == "run"
    communicated = [each for each in seen["subprocess:Popen.communicate"] if each.site.call == "process.communicate()"]
    assert only(communicated).outcome.shape == Tuple((Scalar("bytes"), Scalar("None")))
    assert only(seen["subprocess:check_output"]).outcome.shape == Scalar("bytes")
    assert subprocess.Popen.wait.__code__.co_filename == subprocess.__file__


@pytest.mark.parametrize(
    ("dotted", "names"),
    [
        ("people.dblib.connect.cursor.one", {"connect"}),
        ("people.Store.con.cursor", {"con"}),
        ("people.Store.locked", {"locked"}),
        ("people.Store.nothing.at.all", set()),
        ("people.nothing.at.all", set()),
    ],
)
def test_targets_end_at_what_gives(project, dotted, names):
    """Beyond a function the rest of a target is a chain: the function is what to watch."""
    found = {each.name for each in find_target(dotted) if isinstance(each, Found)}
    assert found == names
