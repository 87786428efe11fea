"""What is written in C is seen, and behaves as if nobody looked."""

from __future__ import annotations

import copy
import gc
import inspect
import os
import pickle
import socket
import sqlite3
import threading
import types
from unittest.mock import patch

import pytest

from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.model.shape import Object, Record, Scalar, Sequence, Tuple
from pytest_integration_gate.reality.inspection import describe, describe_class
from pytest_integration_gate.source.naming import address_of

PEOPLE = """
    import sqlite3

    class Mine(sqlite3.Connection):
        seen = 0

        def execute(self, *args):
            Mine.seen += 1
            return super().execute(*args)

    class Cursor(sqlite3.Cursor):
        pass

    opened = []

    def connect(*args, **kwargs):
        con = sqlite3.connect(*args, **kwargs)
        opened.append(con)
        return con

    def fill(con):
        con.execute("create table person (id int, name text)")
        con.executemany("insert into person values (?, ?)", [(1, "Ada"), (2, "Eve")])
        con.commit()

    def find(path, **options):
        with connect(path, **options) as con:
            fill(con)
            cur = con.cursor()
            cur.execute("select id, name from person order by id")
            return cur.fetchone(), cur.fetchall()

    def by_name(path):
        con = connect(path)
        fill(con)
        con.row_factory = sqlite3.Row
        return con.execute("select id, name from person").fetchone()["name"]

    def each(path):
        con = connect(path)
        fill(con)
        return [row for row in con.execute("select id from person")]

    def broken(path):
        return connect(path).execute("select")

    def run(con, sql):
        return con.execute(sql)

    def cursors(con):
        return con.cursor(Cursor), con.cursor(factory=Cursor)
    """


@pytest.fixture
def people(workshop):
    module = workshop.write("people", PEOPLE)
    yield module
    for connection in module.opened:
        connection.close()


def one(observations):
    (only,) = observations
    return only


def test_a_chain_of_sqlite_is_seen_link_by_link(workshop, people):
    """A module that uses the library is enough: connection, cursor and rows are told, each at its call site."""
    seen = workshop.see(lambda: people.find(":memory:"))
    assert one(seen["sqlite3:connect"]).outcome.shape.cls == "sqlite3:Connection"
    assert one(seen["sqlite3:Connection.__enter__"]).outcome.shape.cls == "sqlite3:Connection"
    assert one(seen["sqlite3:Connection.cursor"]).outcome.shape.cls == "sqlite3:Cursor"
    row = one(seen["sqlite3:Cursor.fetchone"])
    assert row.outcome.shape == Tuple((Scalar("int"), Scalar("str")))
    assert row.site.key == ("people.py", "find", "cur.fetchone()")
    assert (row.first_party, row.defined) == (False, "sqlite3:Cursor.fetchone")
    assert one(seen["sqlite3:Cursor.fetchall"]).outcome.shape == Sequence("list", row.outcome.shape)
    # What a connection does for `execute` on its own account is no interaction of the project.
    assert {each.site.call for each in seen["sqlite3:Connection.cursor"]} == {"con.cursor()"}
    assert len(seen["sqlite3:Cursor.execute"]) == 1


def test_arguments_are_as_written(workshop, people):
    """Positions stay positions, so that a double's call compares with the real one."""
    seen = workshop.see(lambda: people.find(":memory:", timeout=2.0))
    connect = one(seen["sqlite3:connect"]).arguments
    assert ([each.text for each in connect.positional], connect.bound) == (["':memory:'"], False)
    assert [(name, each.text) for name, each in connect.keywords] == [("timeout", "2.0")]
    many = one(seen["sqlite3:Connection.executemany"]).arguments
    assert [each.text for each in many.positional][1] == "[(1, 'Ada'), (2, 'Eve')]"


def test_rows_by_name_are_records(workshop, people):
    """``sqlite3.Row`` shows its keys, also on the way over ``connection.execute``."""
    seen = workshop.see(lambda: people.by_name(":memory:"))
    row = one(seen["sqlite3:Cursor.fetchone"]).outcome.shape
    assert isinstance(row, Record)
    assert (row.cls, [field.name for field in row.fields]) == ("sqlite3:Row", ["id", "name"])


def test_rows_by_iteration(workshop, people):
    """Elements are seen; that they come to an end is no exception."""
    seen = workshop.see(lambda: people.each(":memory:"))
    outcomes = {each.outcome.kind for each in seen["sqlite3:Cursor.__next__"]}
    assert outcomes == {"returned"}


def test_errors_of_sqlite_are_outcomes(workshop, people):
    """What the library raises comes through and is told."""

    def use():
        with pytest.raises(sqlite3.OperationalError, match="incomplete input"):
            people.broken(":memory:")

    outcome = one(workshop.see(use)["sqlite3:Connection.execute"]).outcome
    assert (outcome.kind, outcome.shape.cls) == ("raised", "sqlite3:OperationalError")


def test_connections_are_what_they_were(workshop, people, tmp_path):
    """Class, text, attributes, backups, adapters, threads: nothing tells a watched connection from another."""

    def use():
        con = people.connect(tmp_path / "x.db", detect_types=sqlite3.PARSE_DECLTYPES, check_same_thread=False)
        assert isinstance(con, sqlite3.Connection)
        assert con.__class__ is sqlite3.Connection
        assert (type(con).__name__, type(con).__module__) == ("Connection", "sqlite3")
        assert repr(con).startswith("<sqlite3.Connection object at 0x")
        with pytest.raises(AttributeError):
            con.anything = 1
        con.execute("create table t (d gate_test, n int)")
        assert con.execute("insert into t values ('x', 7)").lastrowid == 1
        con.commit()
        assert con.execute("select d from t").fetchone() == ("converted",)
        cursor = con.cursor()
        assert iter(cursor) is cursor
        assert cursor.connection is con
        assert cursor.execute("select n from t") is cursor
        assert list(cursor) == [(7,)]
        target = people.connect(":memory:")
        con.backup(target)
        assert target.execute("select n from t").fetchmany(5) == [(7,)]
        con.create_function("double", 1, lambda n: 2 * n)
        results = []
        thread = threading.Thread(target=lambda: results.append(con.execute("select double(n) from t").fetchone()))
        thread.start()
        thread.join()
        assert results == [(14,)]
        assert shape_of(con) == shape_of(kept)
        with pytest.raises(TypeError):
            copy.copy(con)
        con.close()
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            con.execute("select 1")

    sqlite3.register_converter("gate_test", lambda _: "converted")
    kept = people.connect(":memory:")
    workshop.see(use)


def test_factories_of_the_project_are_extended(workshop, people):
    """A connection class of the project stays in charge; its targets carry its name."""

    def use():
        con = people.connect(":memory:", factory=people.Mine)
        assert isinstance(con, people.Mine)
        assert con.__class__ is people.Mine
        people.run(con, "select 1")
        assert {cursor.__class__ for cursor in people.cursors(con)} == {people.Cursor}

    seen = workshop.see(use)
    assert people.Mine.seen == 1
    assert one(seen["people:Mine.execute"]).first_party
    assert {each.defined for each in seen["people:Mine.cursor"]} == {"sqlite3:Connection.cursor"}
    assert {each.outcome.shape.cls for each in seen["people:Mine.cursor"]} == {"people:Cursor"}


def test_odd_factories_are_left_alone(workshop, people):
    """A factory that is no class, or has a say in its subclasses, gets exactly what it would get."""
    made = []

    class Strict(sqlite3.Connection):
        def __init_subclass__(cls):
            made.append(cls)

    def use():
        assert type(people.connect(":memory:", factory=Strict)) is Strict
        con = people.connect(":memory:", factory=lambda *args, **kwargs: sqlite3.Connection(*args))
        assert type(con) is sqlite3.Connection
        with pytest.raises(TypeError):
            people.connect(":memory:", factory=None)

    seen = workshop.see(use)
    assert made == []
    assert "sqlite3:connect" in seen


def test_connections_outlive_the_test(workshop, people):
    """A connection that is still there in the next test works, and is seen again when that one is watched."""
    watcher, kept = workshop.watcher(), []
    workshop.see(lambda: kept.append(people.connect(":memory:")), watcher=watcher)
    assert kept[0].execute("select 1").fetchone() == (1,)
    seen = workshop.see(lambda: people.fill(kept[0]), watcher=watcher)
    assert "sqlite3:Connection.commit" in seen


def test_what_libraries_do_with_sqlite_is_their_own(workshop, people):
    """Connections that a library makes for itself are the library's own affair, and plain ones."""
    library = workshop.library("orm", "import sqlite3\n\ndef open():\n    return sqlite3.connect(':memory:')\n")

    def use():
        con = library.open()
        assert type(con) is sqlite3.Connection
        con.execute("select 1")
        con.close()

    assert not workshop.see(use)


def test_facts_of_sqlite_are_those_of_its_classes(workshop, people):
    """The classes that stand in never show: not as classes that were seen, nor as subclasses that change a fact."""
    before = {fact.target: fact for fact in describe_class(sqlite3.Connection)}
    watcher, kept = workshop.watcher(), []
    watcher.start()
    kept.append(people.connect(":memory:"))
    kept.append(people.run(kept[0], "select 1"))
    assert watcher.stop().classes == (sqlite3.Connection, sqlite3.Cursor)
    from pytest_integration_gate.reality import inspection

    inspection._classes.clear()
    assert {fact.target: fact for fact in describe_class(sqlite3.Connection)} == before
    kept.clear()
    gc.collect()


def test_spies_pass_for_the_function(workshop):
    """A C function that is watched has its type, name, module, signature, pickle and equality."""
    paths = workshop.write("paths", "import os\n\ndef here():\n    return os.getcwd()\n")
    original = os.getcwd

    def use():
        assert isinstance(os.getcwd, types.BuiltinFunctionType)
        assert os.getcwd == original
        assert (os.getcwd.__name__, os.getcwd.__module__) == (original.__name__, original.__module__)
        assert os.getcwd.__doc__ == original.__doc__
        assert inspect.signature(os.getcwd) == inspect.signature(original)
        assert address_of(os.getcwd) == "os:getcwd"
        assert pickle.loads(pickle.dumps(os.getcwd)) == original
        assert describe("os:getcwd", os.getcwd, ()) == described
        assert paths.here() == original()

    described = describe("os:getcwd", original, ())
    seen = workshop.see(use, named=["os.getcwd"])
    assert one(seen["os:getcwd"]).outcome.shape == Scalar("str")
    assert os.getcwd is original


@pytest.mark.parametrize(
    ("named", "body", "target", "shape"),
    [
        ("os.listdir", "os.listdir('.')", "os:listdir", "list"),
        ("socket.gethostbyname", "socket.gethostbyname('127.0.0.1')", "socket:gethostbyname", "str"),
        ("json.dumps", "json.dumps([1])", "json:dumps", "str"),
        ("json.loads", "json.loads('[1]')", "json:loads", "list"),
        ("zlib.crc32", "zlib.crc32(b'x')", "zlib:crc32", "int"),
    ],
)
def test_functions_of_the_standard_library(workshop, named, body, target, shape):
    """Functions that doubles often stand for are seen, be they written in C or not."""
    module = workshop.write("calls", f"import json, os, socket, zlib\n\ndef call():\n    return {body}\n")
    outcome = one(workshop.see(module.call, named=[f"calls.{named}"])[target]).outcome.shape
    assert shape in (getattr(outcome, "name", ""), getattr(outcome, "kind", ""))


def test_c_functions_of_a_named_module_are_seen_in_every_test(workshop, people):
    """A module that holds functions in C and in Python, as one that a boundary is configured with, is not settled."""
    watcher = workshop.watcher(["sqlite3"])
    for _ in range(3):
        seen = workshop.see(lambda: people.find(":memory:"), watcher=watcher)
        assert {"sqlite3:connect", "sqlite3:Cursor.fetchone"} <= seen.keys()


def test_c_types_are_never_replaced(workshop):
    """``datetime.now`` and `open` stay what they are: only facts speak of them."""
    module = workshop.write("now", "import datetime\n\ndef now():\n    return datetime.datetime.now()\n")

    def use():
        assert type(open) is types.BuiltinFunctionType
        assert type(module.datetime.datetime) is type
        module.now()

    seen = workshop.see(use, named=["now.datetime.datetime", "datetime.datetime.now", "builtins.open"])
    assert set(seen) == {"now:now"}


def test_patched_c_functions_keep_their_names(workshop, people):
    """A patch in a watched test replaces what stands there, and puts it back."""

    def use():
        with patch("sqlite3.connect", autospec=True) as connect:
            people.connect(":memory:")
            connect.assert_called_once_with(":memory:")
            people.opened.clear()
        assert people.connect(":memory:").execute("select 1").fetchone() == (1,)

    original = sqlite3.connect
    assert address_of(original) == "sqlite3:connect"
    with patch("sqlite3.connect"):
        assert address_of(original) == "sqlite3:connect"
    watcher = workshop.watcher()
    watcher.start()
    use()
    watcher.stop()
    assert sqlite3.connect is original
    assert watcher.warnings == []


def test_methods_in_c_of_a_class_in_python(workshop):
    """A socket that a named call gave is seen at work; its class is as before afterwards."""
    box = workshop.write(
        "box",
        """
        import socket

        def ask(address):
            with socket.create_connection(address, timeout=5) as conn:
                conn.sendall(b"ping")
                return conn.recv(100)
        """,
    )
    names = set(vars(socket.socket))
    server = socket.create_server(("127.0.0.1", 0))

    def answer():
        conn, _ = server.accept()
        conn.sendall(conn.recv(100))
        conn.close()

    def use():
        thread = threading.Thread(target=answer)
        thread.start()
        assert box.ask(server.getsockname()) == b"ping"
        thread.join()

    with server:
        seen = workshop.see(use, named=["box.socket.create_connection"])
    received = one(seen["socket:socket.recv"])
    assert received.outcome.shape == Scalar("bytes")
    assert received.site.call == "conn.recv(100)"
    assert isinstance(one(seen["socket:socket.__enter__"]).outcome.shape, Object)
    assert set(vars(socket.socket)) == names
