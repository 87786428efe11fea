"""The fixtures that tests may ask for, in runs of a project."""

from __future__ import annotations

from typing import Any

import pytest

RETRIES = """
import socket, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import pytest, requests

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass

@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()

def fetch(url):
    for _ in range(3):
        if (answer := requests.get(url)).ok:
            return answer
    return answer

@pytest.mark.parametrize("number", range(2))
def test_retries(gate_faults, gate_eventually, server, number):
    proxy = gate_faults.http(server).sequence(503, gate_faults.status(500), "ok")
    assert gate_eventually(lambda: fetch(proxy.url).ok)
    proxy.attempts.assert_count(3)

def test_gives_up(gate_faults, server):
    proxy = gate_faults.http(server).always(503)
    fetch(proxy.url)
    proxy.attempts.assert_backoff(0.5)
"""


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=" ".join)
def test_faults_in_a_run(project: Any, options: tuple[str, ...]) -> None:
    """Tests ask for the fixtures; a failed assertion about the caller shows what the caller did, not our source."""
    project.write("tests/test_retries.py", RETRIES)
    result = project.run("tests/test_retries.py", *options)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *AssertionError: retry 1 of GET / came after 0.0?? s, not 0.500 s",
            "E *3 attempts at 127.0.0.1:* in front of 127.0.0.1:*, 1 at the same time:",
            "E *2  at *0.0?? s  GET /  (503): answered 503 after 0.0?? s",
        ]
    )
    result.stdout.no_fnmatch_line("*attempts.py*")


CONFTEST = """
@pytest.fixture(scope="module")
def upstream(gate_module_faults):
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield gate_module_faults.http(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()

@pytest.fixture
def shaky(upstream, request):
    upstream.sequence(503, "reset", "ok")
    yield
    upstream.attempts.assert_count(3)
"""

SUITE = """
fixtures: [upstream]
boundary: http
env: {UPSTREAM: "{{upstream.url}}"}
setup:
  - command: ["python", "-c", "import os, urllib.request as r; r.urlopen(os.environ['UPSTREAM'])"]
tests:
  - {name: patient, type: flow, fixtures: [shaky], steps: [{endpoint: "{{upstream.url}}/", retries: 2}]}
  - {name: hasty, type: flow, fixtures: [shaky], steps: [{endpoint: "{{upstream.url}}/", expect: {status: 503}}]}
"""


def test_faults_around_a_suite(project: Any) -> None:
    """The proxy is there before the setup, each test has a script of its own, and nothing of it is evidence."""
    project.write("tests/conftest.py", RETRIES[: RETRIES.index("@pytest.fixture")] + CONFTEST)
    project.write("tests/a_gate.yaml", SUITE)
    result = project.run("tests/a_gate.yaml")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["E *AssertionError: 3 attempts expected, 1 attempt seen"])
    assert [one["observations"] for one in project.report["boundaries"]] == [0]


def test_staged_trouble_is_no_reality(project: Any) -> None:
    """What a boundary test sees behind a faulty proxy is never evidence; without the fixture the same test is."""
    test = (
        "import pytest, requests, shop\n\n"
        '@pytest.mark.boundary("http")\n'
        "def test_seen({}):\n"
        "    repo = shop.Repo()\n    repo.add(1, 'a@example.com')\n    repo.get(1)\n"
    )
    project.write("tests/test_seen.py", test.format("gate_faults"))
    project.run("tests/test_seen.py").assert_outcomes(passed=1)
    assert [one["observations"] for one in project.report["boundaries"]] == [0]
    project.write("tests/test_seen.py", test.format(""))
    project.run("tests/test_seen.py").assert_outcomes(passed=1)
    assert [one["observations"] for one in project.report["boundaries"]] == [3]


def test_what_no_test_asks_for_is_not_imported(project: Any) -> None:
    """A run without these fixtures imports no proxy and no load generator."""
    project.write(
        "tests/unit/test_modules.py",
        "import sys\n\ndef test_none():\n"
        "    names = [n for n in sys.modules if n.startswith('pytest_integration_gate.suites')]\n"
        "    assert not {'aiohttp', 'h11', *names} & set(sys.modules)\n",
    )
    project.run("tests/unit/test_modules.py").assert_outcomes(passed=1)
