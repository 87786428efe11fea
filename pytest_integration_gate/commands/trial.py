"""A small run of its own that shows what can be heard and seen on this Python with what is installed here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.carrying import Carried
from pytest_integration_gate.evidence.export import read_export
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.values import dataclass

Answer: TypeAlias = Literal["yes", "no", "not installed"]
_Seen: TypeAlias = Callable[[TestRecord], bool]
_TIMEOUT = 120  # seconds; the trial takes one or two

_INI = "[pytest]\npythonpath = .\ngate_boundaries =\n    trial: collaborators zlib sqlite3\n"

_LIBRARIES = """
from importlib import import_module


def imported(name):
    try:
        return import_module(name)
    except ImportError:
        return None


aiohttp, aioresponses, httpx, mock, requests, requests_mock, responses, respx, urllib3 = map(
    imported, "aiohttp aioresponses httpx mock requests requests_mock responses respx urllib3".split()
)
"""

_COLLABORATORS = """
import json
import sqlite3
import zlib
from urllib.request import urlopen

from libraries import aiohttp, httpx, requests, urllib3


class Repo:
    def get(self, key):
        return {"id": key}


def greet(key):
    return Repo().get(key)["id"]


async def fetch(key):
    return key


def numbers():
    yield 1


def checksum(data):
    return zlib.crc32(data)


def row():
    connection = sqlite3.connect(":memory:")
    try:
        return connection.execute("select 1").fetchone()
    finally:
        connection.close()


def by_requests(url):
    return requests.get(url, timeout=5).json()


def by_urllib3(url):
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, timeout=5, retries=False).json()


def by_httpx(url):
    return httpx.get(url, timeout=5).json()


async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json()


def by_urllib(url):
    with urlopen(url, timeout=5) as answer:
        return json.loads(answer.read())
"""

_SEEN = """
import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import collaborators
import libraries
import pytest

pytestmark = pytest.mark.boundary("trial")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


@pytest.fixture
def url(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_functions():
    collaborators.greet(1)


def test_coroutines():
    asyncio.run(collaborators.fetch(1))


def test_generators():
    list(collaborators.numbers())


def test_native():
    collaborators.checksum(b"")


def test_sqlite():
    collaborators.row()


@pytest.mark.skipif(not libraries.requests, reason="not installed")
def test_requests(url):
    collaborators.by_requests(url)


@pytest.mark.skipif(not libraries.urllib3, reason="not installed")
def test_urllib3(url):
    collaborators.by_urllib3(url)


@pytest.mark.skipif(not libraries.httpx, reason="not installed")
def test_httpx(url):
    collaborators.by_httpx(url)


@pytest.mark.skipif(not libraries.aiohttp, reason="not installed")
def test_aiohttp(url):
    asyncio.run(collaborators.by_aiohttp(url))


def test_urllib(url):
    collaborators.by_urllib(url)
"""

_HEARD = """
import asyncio
from unittest.mock import patch

import collaborators
import pytest
from libraries import aioresponses, mock, requests_mock, responses, respx

URL = "http://service.test/"


@pytest.fixture
def plugin(request):
    def get(name):
        try:
            return request.getfixturevalue(name)
        except pytest.FixtureLookupError:
            pytest.skip("not installed")

    return get


@patch("collaborators.Repo.get", return_value={"id": 1})
def test_unittest_mock(get):
    collaborators.greet(1)


@pytest.mark.skipif(not mock, reason="not installed")
def test_mock():
    with mock.patch("collaborators.Repo.get", return_value={"id": 1}):
        collaborators.greet(1)


def test_pytest_mock(plugin):
    plugin("mocker").patch("collaborators.Repo.get", return_value={"id": 1})
    collaborators.greet(1)


def test_monkeypatch(monkeypatch):
    monkeypatch.setattr(collaborators.Repo, "get", lambda self, key: {"id": key})
    collaborators.greet(1)


@pytest.mark.skipif(not responses, reason="not installed")
def test_responses():
    with responses.RequestsMock() as stubs:
        stubs.get(URL, json={})
        collaborators.by_requests(URL)


@pytest.mark.skipif(not requests_mock, reason="not installed")
def test_requests_mock():
    with requests_mock.Mocker() as stubs:
        stubs.get(URL, json={})
        collaborators.by_requests(URL)


@pytest.mark.skipif(not respx, reason="not installed")
def test_respx():
    with respx.mock:
        respx.get(URL).respond(json={})
        collaborators.by_httpx(URL)


def test_pytest_httpx(plugin):
    plugin("httpx_mock").add_response(json={})
    collaborators.by_httpx(URL)


@pytest.mark.skipif(not aioresponses, reason="not installed")
def test_aioresponses():
    with aioresponses.aioresponses() as stubs:
        stubs.get(URL, payload={})
        asyncio.run(collaborators.by_aiohttp(URL))
"""


def _claimed(record: TestRecord) -> bool:
    return bool(record.claims)


def _called(target: str, kind: str = "returned") -> _Seen:
    return lambda record: any(one.target.startswith(target) and one.outcome.kind == kind for one in record.observations)


def _answered(record: TestRecord) -> bool:
    return any(one.exchange is not None for one in record.observations)


_HEARD_FILE, _SEEN_FILE = "test_heard.py", "test_seen.py"
_QUESTIONS: dict[str, tuple[str, _Seen]] = {
    "unittest.mock": (f"{_HEARD_FILE}::test_unittest_mock", _claimed),
    "mock": (f"{_HEARD_FILE}::test_mock", _claimed),
    "pytest-mock": (f"{_HEARD_FILE}::test_pytest_mock", _claimed),
    "monkeypatch": (f"{_HEARD_FILE}::test_monkeypatch", _claimed),
    "responses": (f"{_HEARD_FILE}::test_responses", _claimed),
    "requests-mock": (f"{_HEARD_FILE}::test_requests_mock", _claimed),
    "respx": (f"{_HEARD_FILE}::test_respx", _claimed),
    "pytest-httpx": (f"{_HEARD_FILE}::test_pytest_httpx", _claimed),
    "aioresponses": (f"{_HEARD_FILE}::test_aioresponses", _claimed),
    "Python functions": (f"{_SEEN_FILE}::test_functions", _called("collaborators:Repo.get")),
    "coroutines": (f"{_SEEN_FILE}::test_coroutines", _called("collaborators:fetch", "awaited")),
    "generators": (f"{_SEEN_FILE}::test_generators", _called("collaborators:numbers")),
    "C functions": (f"{_SEEN_FILE}::test_native", _called("zlib:crc32")),
    "rows of sqlite3": (f"{_SEEN_FILE}::test_sqlite", _called("sqlite3:")),
    "requests": (f"{_SEEN_FILE}::test_requests", _answered),
    "urllib3": (f"{_SEEN_FILE}::test_urllib3", _answered),
    "httpx": (f"{_SEEN_FILE}::test_httpx", _answered),
    "aiohttp": (f"{_SEEN_FILE}::test_aiohttp", _answered),
    "urllib.request": (f"{_SEEN_FILE}::test_urllib", _answered),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the trial showed of one kind of double or collaborator. `why` is the first line of a test that failed."""

    what: str
    is_double: bool
    answer: Answer
    why: str = ""


def try_everything() -> tuple[Shown, ...]:
    """Run the trial in a process and a folder of its own; nothing but the loopback interface is used.

    Raises StoreError, with the end of what pytest said, when that run gives no result.
    """
    with TemporaryDirectory(prefix="integration-gate-") as name:
        folder = Path(name)
        texts = {
            "pytest.ini": _INI,
            "libraries.py": _LIBRARIES,
            "collaborators.py": _COLLABORATORS,
            _SEEN_FILE: _SEEN,
            _HEARD_FILE: _HEARD,
        }
        for file, text in texts.items():
            (folder / file).write_text(text)
        return tuple(_answers(_run(folder)))


def _run(folder: Path) -> Carried:
    log = folder / "trial.jsonl"
    gate = ("-p", "pytest_integration_gate.plugin", "--integration-gate", f"--gate-export={log}")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *gate)
    # The user's options are about the user's tests.
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTEST_ADDOPTS", "GITHUB_ACTIONS")}
    try:
        run = subprocess.run(  # noqa: S603
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise StoreError(f"The trial run did not end within {_TIMEOUT} s.") from None
    if not log.exists():
        said = "\n".join((run.stdout + run.stderr).splitlines()[-10:])
        raise StoreError(f"The trial run gave no result (exit status {run.returncode}):\n{said}")
    return read_export(log)


def _answers(trial: Carried) -> Iterator[Shown]:
    records = {nodeid: test.record for (nodeid, _), test in trial.tests.items()}
    for what, (nodeid, is_seen) in _QUESTIONS.items():
        end, record = trial.ends.get(nodeid), records.get(nodeid)
        outcome = end.outcome.outcome if end else "error"
        answer: Answer = "yes" if record is not None and is_seen(record) else "no"
        if outcome == "skipped":
            answer = "not installed"
        yield Shown(
            what=what,
            is_double=nodeid.startswith(_HEARD_FILE),
            answer=answer,
            why=end.outcome.reason if end and answer == "no" else "",
        )
