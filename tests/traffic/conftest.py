"""A service on the loopback interface, and code of a project that asks it while the wire is watched."""

from __future__ import annotations

import gzip
import importlib.util
import json
import ssl
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from pytest_integration_gate.doubles.claims import Interpreter
from pytest_integration_gate.doubles.ears import Ears
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.hooks.http_traffic import HttpTraffic
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Exchange
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.source.project import Project

USER = b'{"id": 1, "email": "ada@example.com"}'


class _Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in ("/users/1", "/headers"):
            headers = {"X-Request-Id": "1"}
            body = USER if path == "/users/1" else json.dumps(dict(self.headers)).encode()
            self._answer(200, body, **headers)
        elif path == "/old":
            self._answer(302, b"", Location="/users/1")
        elif path == "/loop":
            self._answer(302, b"", Location="/loop")
        elif path == "/gzip":
            self._answer(200, gzip.compress(USER), **{"Content-Encoding": "gzip"})
        elif path == "/chunked":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (USER[:10], USER[10:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/empty":
            self._answer(204, b"")
        elif path == "/late":
            self.server.stop.wait(5)  # type: ignore[attr-defined]
            self.close_connection = True
        elif path == "/reset":
            self.close_connection = True
        else:
            self._answer(404, b'{"error": "not found"}')

    do_HEAD = do_GET

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while int(self.rfile.readline(), 16):
                self.rfile.readline()
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(201, b'{"id": 2}')

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stop = threading.Event()

    def handle_error(self, *_: object) -> None:
        pass  # clients hang up on purpose


@contextmanager
def _serving(server: _Server) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.stop.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The base URL of a service."""
    with _serving(_Server(("127.0.0.1", 0), _Service)) as address:
        yield f"http://{address}"


@pytest.fixture(scope="session")
def secure_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The base URL of a service with TLS, and the file with the certificate to trust."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = _Server(("127.0.0.1", 0), _Service)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _serving(server) as address:
        yield f"https://{address}", str(file)


@pytest.fixture(scope="session")
def nobody() -> str:
    """A base URL where nobody listens."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@dataclass
class Watched:
    """What was heard of one run."""

    result: Any
    claims: list[Claim]
    observations: list[Observation]
    http: HttpTraffic

    @property
    def exchanges(self) -> list[Exchange]:
        return [one.exchange for one in self.observations if one.exchange is not None]

    @property
    def statuses(self) -> list[int | None]:
        return [one.answer.status if one.answer is not None else None for one in self.exchanges]

    @property
    def bodies(self) -> list[str]:
        answers = [one.answer for one in self.exchanges]
        bodies = [one.body if one is not None else None for one in answers]
        return ["unseen" if body is None else text_of(body.shape) for body in bodies]

    def one(self) -> Exchange:
        """Return the only observed exchange."""
        (exchange,) = self.exchanges
        return exchange

    def claimed(self) -> Exchange:
        """Return the only claimed exchange."""
        (claim,) = self.claims
        assert claim.exchange is not None
        return claim.exchange


Watch = Callable[..., Watched]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Give a function that runs ``test(*args)`` of a test file, which may import ``shop``, and says what was heard."""
    project = Project.find(str(tmp_path))
    book = Notebook(project)
    http = HttpTraffic(project, lambda _: None, book, Ears(book), Interpreter(book, lambda *_, **__: None))
    before = set(sys.modules)
    sys.path.insert(0, str(tmp_path))

    def run(shop: str, test: str, *args: Any) -> Watched:
        (tmp_path / "shop.py").write_text(textwrap.dedent(shop))
        path = tmp_path / "tests" / "test_it.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(test))
        spec = importlib.util.spec_from_file_location("test_it", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        http.hook(is_boundary=True)
        sys.modules.pop("shop", None)
        spec.loader.exec_module(module)
        http.hook(is_boundary=True)
        http.wire.start()
        try:
            result = module.test(*args)
        finally:
            http.wire.stop()
        assert not any(http.warnings), http.warnings
        _, claims = http.claims([])
        return Watched(result, claims, list(http.observations()), http)

    yield run
    http.close()
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - before:
        if name in ("shop", "test_it"):
            del sys.modules[name]
