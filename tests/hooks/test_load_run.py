"""Load in runs of a project: as a test of a suite and as a fixture."""

from __future__ import annotations

from typing import Any

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

SUITE = """
test_suite: Load
base_url: "http://127.0.0.1:0"
setup:
  - command: "exec python server.py {{port}}"
    background: true
    ready: {url: "/", timeout: 20000}
tests:
  - name: Passes
    type: performance
    concurrent_requests: 10
    requests: 30
    endpoint: "GET /"
    expect:
      avg_response_time: {lt: 10000}
      success_rate: {gte: 0.99}
      memory_mb: {process: server.py, lt: 10000}
      status: 200
  - name: Too slow
    type: performance
    rate: 50
    duration: 200
    endpoint: "GET /"
    expect: {throughput: {gte: 900000}}
  - name: Cannot be measured
    type: performance
    concurrent_requests: 5
    endpoint: "GET /"
    expect: {p99: {lt: 0.001}}
  - name: In a flow
    type: flow
    steps:
      - {concurrent_requests: 2, endpoint: "GET /", expect: {requests: 2}, capture: {rate: throughput}}
"""

STATUS = """
  - name: All have this status
    type: performance
    concurrent_requests: 3
    endpoint: "GET /"
    expect: {status: 201, p95: {lt: 1h}}
  - name: Some may have another
    type: performance
    concurrent_requests: 3
    endpoint: "GET /"
    expect: {status: 201, success_rate: {lt: 0.5}}
"""

FIXTURE = """
import socket
import pytest

def test_refused(gate_load):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        figures = None
        with pytest.raises(AssertionError, match="3 × refused"):
            gate_load(f"POST http://127.0.0.1:{free.getsockname()[1]}/", concurrent_requests=3, data={"a": 1})
"""


def test_load_as_tests_of_a_suite(project: Any) -> None:
    """Figures are compared by matchers; what failed says which bound by how much, and shows all figures."""
    project.write("server.py", SERVER)
    project.write("tests/test_load.gate.yaml", SUITE)
    result = project.run("tests/test_load.gate.yaml")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*Throughput of * is below 900000.",
            "*GET http://127.0.0.1:*/, for 0.2 s, 50 requests a second*",
            "*answers a second*",
            "*the client alone: avg * ms*",
            "*99 % of the requests were sent less than * ms late*",
            "*`p99: lt 0.001` cannot be measured: the client alone takes * ms.*",
        ]
    )


def test_status_of_a_load(project: Any) -> None:
    """A status is expected of every answer, unless the share that must have it is expected."""
    project.write("server.py", SERVER)
    project.write("tests/test_load.gate.yaml", SUITE[: SUITE.index("  - name: Passes")] + STATUS)
    result = project.run("tests/test_load.gate.yaml")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["GET /: $.success_rate is 0.0, expected 1", "step   GET /", "*success rate 0, errors: 3 × status 200"]
    )


def test_memory_near_its_limit(project: Any) -> None:
    """It is a warning of a run that passes."""
    suite = SUITE[: SUITE.index("  - name: Too slow")]
    project.write("server.py", SERVER)
    project.write("tests/test_load.gate.yaml", suite)
    project.run("tests/test_load.gate.yaml").assert_outcomes(passed=1)
    assert project.report["warnings"] == []
    used = project.report["suites"][0]["measured"][0]["figures"]["memory_mb"]["server.py"]
    project.write("tests/test_load.gate.yaml", suite.replace("server.py, lt: 10000", f"server.py, lt: {1.1 * used}"))
    project.run("tests/test_load.gate.yaml").assert_outcomes(passed=1)
    (warning,) = project.report["warnings"]
    assert warning.startswith("tests/test_load.gate.yaml::Passes: memory_mb of server.py is ")


def test_mistakes_of_a_load_are_found_at_collection(project: Any) -> None:
    """All at once: unknown figures, bounds that always hold, a load without an end."""
    project.write(
        "tests/test_load.gate.yaml",
        "test_suite: Load\nbase_url: http://127.0.0.1:1\ntests:\n"
        "  - {name: a, type: performance, concurrent_requests: 5, endpoint: GET /, expect: {p96: {lt: 5}}}\n"
        "  - {name: b, type: performance, concurrent_requests: 5, endpoint: GET /,\n"
        "     expect: {success_rate: {gte: 0}, p99: {gte: 0}}}\n"
        "  - {name: c, type: performance, rate: 5, endpoint: GET /, expect: {success_rate: {lte: 1}}}\n"
        "  - {name: d, type: performance, endpoint: GET /, expect: {}}\n",
    )
    result = project.run("tests/test_load.gate.yaml")
    assert result.ret == 2
    text = result.stdout.str()
    for mistake in (
        "test_load.gate.yaml:4:",
        "`tests[0].expect.p96` is no figure of a load.",
        "`tests[1].expect.success_rate.gte: 0` always holds",
        "`tests[1].expect.p99.gte: 0` always holds",
        "`tests[2]` has a `rate` and no `duration`.",
        "`tests[2].expect.success_rate.lte: 1` always holds",
        "`tests[3]` needs `concurrent_requests`, or `rate` and `duration`.",
        "`tests[3].expect` is empty",
    ):
        assert mistake in text, mistake


def test_load_in_a_python_test(project: Any) -> None:
    """The fixture sends the same load; a server that is not there fails it with the kind of error."""
    project.write("tests/test_fixture.py", FIXTURE)
    project.run("tests/test_fixture.py").assert_outcomes(passed=1)
