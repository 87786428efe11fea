"""Proxies in front of a real HTTP server: what each fault is for a caller, and what is noted of the caller."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter

import pytest
import requests

from pytest_integration_gate.suites.faults import FaultError, fault_of, latency, reset, timeout
from pytest_integration_gate.suites.http_proxy import HttpProxy
from pytest_integration_gate.suites.proxies import Faults
from pytest_integration_gate.suites.tcp_proxy import TcpProxy

BODY = b"0123456789" * 100


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.answer(302, b"", Location=f"http://127.0.0.1:{self.server.server_port}/there")  # type: ignore[attr-defined]
        elif self.path == "/chunks":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"one ", b"two"):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/host":
            self.answer(200, self.headers["Host"].encode())
        else:
            self.answer(200, BODY)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def do_POST(self) -> None:
        self.answer(201, self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def faults() -> Iterator[Faults]:
    made = Faults()
    yield made
    made.close()


@pytest.fixture
def proxy(faults: Faults, server: str) -> HttpProxy:
    return faults.http(server)


@pytest.fixture
def tcp(faults: Faults, server: str) -> TcpProxy:
    return faults.tcp("127.0.0.1", int(server.rpartition(":")[2]))


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_without_a_script_nothing_changes(proxy: HttpProxy, session: requests.Session) -> None:
    """Bodies, statuses, chunks, HEAD and the host name are those of the server; redirects stay at the proxy."""
    assert session.get(proxy.url + "/").content == BODY
    assert session.post(proxy.url + "/", data="hello").text == "hello"
    assert session.post(proxy.url + "/", data=iter([b"in ", b"chunks"])).status_code == 201
    assert session.get(proxy.url + "/chunks").content == b"one two"
    assert session.head(proxy.url + "/").headers["Content-Length"] == "1000"
    assert session.get(proxy.url + "/redirect").url == proxy.url + "/there"
    assert session.get(proxy.url + "/host").text == f"127.0.0.1:{proxy._upstream[1]}"
    assert {one.end for one in proxy.attempts} == {"answered"}
    assert {one.connection for one in proxy.attempts} == {1}


def test_a_script_is_followed_request_by_request(proxy: HttpProxy, session: requests.Session) -> None:
    """503, no answer, a reset, a refusal, then the server: each request meets the next, whatever connection it uses."""
    proxy.sequence(503, timeout, reset, "refused", "ok")
    assert session.get(proxy.url).status_code == 503
    with pytest.raises(requests.Timeout):
        session.get(proxy.url, timeout=0.1)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            session.get(proxy.url)
    assert session.get(proxy.url).content == BODY
    assert session.get(proxy.url).content == BODY
    ends = ["answered", "hung up", "cut", "refused", "answered", "answered"]
    assert [one.end for one in proxy.attempts] == ends
    assert [one.fault for one in proxy.attempts] == ["503", "timeout", "reset", "refused", "ok", "ok"]
    proxy.attempts.assert_gave_up(0.1, slack=0.5)


def test_a_refusal_meets_a_connection_that_is_kept_alive(proxy: HttpProxy, session: requests.Session) -> None:
    """The answer before it closes the connection, so that the next request has to connect."""
    proxy.sequence("ok", "refused")
    assert session.get(proxy.url).headers["Connection"] == "close"
    with pytest.raises(requests.ConnectionError):
        session.get(proxy.url)
    assert [one.method for one in proxy.attempts] == ["GET", ""]


def test_nobody_listens(proxy: HttpProxy, session: requests.Session) -> None:
    """`always("refused")` and `down()` are real refusals; connections that were open are cut, and all comes back."""
    assert session.get(proxy.url).ok
    with proxy.down(), pytest.raises(requests.ConnectionError, match="refused"):
        session.get(proxy.url)
    assert session.get(proxy.url).ok
    proxy.always("refused")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((proxy.host, proxy.port))
    proxy.sequence()
    assert session.get(proxy.url).ok


def test_spoiled_answers(proxy: HttpProxy, session: requests.Session) -> None:
    """A truncated body, garbage, and a status with a body and headers of its own."""
    busy = fault_of(429)
    proxy.sequence("truncated_body", "garbage", busy, Faults.status(503, headers={"Retry-After": "1"}, body="later"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="500 bytes read, 500 more expected"):
        session.get(proxy.url)
    with pytest.raises(requests.ConnectionError):
        session.get(proxy.url)
    assert session.get(proxy.url).status_code == 429
    answer = session.get(proxy.url)
    assert (answer.text, answer.headers["Retry-After"]) == ("later", "1")
    assert session.head(proxy.sequence(503).url).status_code == 503
    assert session.get(proxy.sequence(204).url).status_code == 204


def test_slow_answers(proxy: HttpProxy, session: requests.Session) -> None:
    """Latency and a slow body take their time and change nothing else; what comes after a latency is free."""
    for fault in (latency(0.1, jitter=0.02), Faults.slow_body(0.1)):
        proxy.sequence(fault)
        started = perf_counter()
        assert session.get(proxy.url).content == BODY
        assert perf_counter() - started >= 0.07
    assert session.get(proxy.sequence(latency(0.05, then=500)).url).status_code == 500
    with pytest.raises(requests.ConnectionError):
        session.get(proxy.sequence(latency(0.05, then="reset")).url)


def test_jitter_is_the_same_in_every_run(faults: Faults, server: str) -> None:
    """The same seed gives the same latencies, another seed others."""
    fault = latency(1.0, jitter=0.5)
    one, same, other = (faults.http(server, seed=seed) for seed in (1, 1, 2))
    delays = [[proxy.delay(fault) for _ in range(5)] for proxy in (one, same, other)]
    assert delays[0] == delays[1] != delays[2]
    assert all(0.5 <= delay <= 1.5 for delay in delays[0])


def test_connection_by_connection(faults: Faults, server: str, session: requests.Session) -> None:
    """With `per="connection"` all requests of a connection meet the same fault."""
    proxy = faults.http(server, per="connection").sequence(503, "ok")
    assert [session.get(proxy.url).status_code for _ in range(3)] == [503, 503, 503]
    assert requests.get(proxy.url).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(proxy.sequence("reset").url)


def test_concurrent_callers_are_counted(proxy: HttpProxy) -> None:
    """Requests that wait at the same time are concurrent attempts."""
    proxy.always(latency(0.2))
    with ThreadPoolExecutor(4) as pool:
        assert all(answer.ok for answer in pool.map(requests.get, [proxy.url] * 4))
    assert proxy.attempts.concurrency == 4


def test_a_server_that_is_not_there(faults: Faults, session: requests.Session) -> None:
    """The caller gets a 502 that says where the proxy looked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy = faults.http(f"http://127.0.0.1:{free.getsockname()[1]}")
        answer = session.get(proxy.url)
        assert answer.status_code == 502
        assert f"no answer from http://127.0.0.1:{free.getsockname()[1]}" in answer.text
    assert proxy.attempts[0].end == "no server"


def test_what_speaks_no_http_is_told(proxy: HttpProxy) -> None:
    """A database driver that reaches an HTTP proxy gets a sentence instead of silence."""
    with socket.create_connection((proxy.host, proxy.port)) as caller:
        caller.sendall(b"\0\0\0\x08\x04\xd2\x16/\r\n\r\n")
        assert b"This proxy speaks HTTP/1.1" in caller.recv(1000)


def test_tcp_faults(tcp: TcpProxy) -> None:
    """The TCP proxy follows its script connection by connection, whatever is said on them."""
    url = f"http://{tcp.host}:{tcp.port}/"
    tcp.sequence("reset", "refused", "timeout", "garbage", Faults.truncated_body(300), Faults.slow_body(0.05), "ok")
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            requests.get(url)
    with pytest.raises(requests.Timeout):
        requests.get(url, timeout=0.1)
    for _ in range(2):
        with pytest.raises(requests.RequestException):
            requests.get(url)
    for _ in range(2):
        assert requests.get(url).content == BODY
    ends = ["cut", "refused", "hung up", "spoiled", "spoiled", "answered", "answered"]
    assert [one.end for one in tcp.attempts] == ends


def test_connections_are_cut(tcp: TcpProxy) -> None:
    """`cut` resets what is open now, in the middle of a conversation."""
    with socket.create_connection((tcp.host, tcp.port)) as caller:
        caller.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert caller.recv(12) == b"HTTP/1.1 200"
        tcp.cut()
        with pytest.raises(ConnectionResetError):
            caller.makefile("rb").read()
    assert [one.end for one in tcp.attempts] == ["cut"]


def test_a_new_script_forgets_what_was_seen(proxy: HttpProxy, session: requests.Session) -> None:
    """Attempts belong to the script that they met."""
    session.get(proxy.url)
    assert len(proxy.attempts) == 1
    assert len(proxy.sequence("ok").attempts) == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("tiemout",), "'tiemout' is no fault. Write a status from 200 to 599, or one of ok, timeout,"),
        ((99,), "99 is no final HTTP status"),
        ((True,), "True is no fault"),
        ((print,), "is no fault"),
    ],
)
def test_a_script_that_makes_no_sense(proxy: HttpProxy, words: tuple[object, ...], reason: str) -> None:
    """The mistake is named together with what may be written."""
    with pytest.raises(FaultError, match=reason):
        proxy.sequence(*words)  # type: ignore[arg-type]


def test_other_mistakes(faults: Faults, tcp: TcpProxy) -> None:
    """A status at a TCP proxy, an upstream that is no URL, times that cannot be."""
    with pytest.raises(FaultError, match=r"`503` cannot happen at a TcpProxy. Use gate_faults.http"):
        tcp.sequence(503)
    with pytest.raises(FaultError, match=r"`latency 0.1 s, 503` cannot|`503` cannot"):
        tcp.sequence(latency(0.1, then=503))
    with pytest.raises(FaultError, match=r"'127.0.0.1:80' is no HTTP server"):
        faults.http("127.0.0.1:80")
    with pytest.raises(FaultError, match=r"jitter of 2 s does not fit 1 s"):
        latency(1, jitter=2)
