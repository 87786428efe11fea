"""Load on real servers: what is counted, what is measured, and what is refused."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_integration_gate.suites.floor import instant_server
from pytest_integration_gate.suites.load import LoadError, LoadFigures, LoadPlan, compare, measured, run_load, text_of
from pytest_integration_gate.suites.load_rules import near_bounds
from pytest_integration_gate.suites.proxies import Faults
from pytest_integration_gate.suites.samples import Latencies, Samples

TIMES = Latencies(avg_response_time=20.0, min=10.0, p50=18.0, p90=30.0, p95=40.0, p99=50.0, max=60.0)
FLOOR = Latencies(avg_response_time=2.0, min=1.0, p50=2.0, p90=3.0, p95=4.0, p99=5.0, max=6.0)


def figures(**changes: Any) -> LoadFigures:
    known: dict[str, Any] = {
        "requests": 100,
        "answers": 100,
        "duration": 1000.0,
        "throughput": 100.0,
        "success_rate": 1.0,
        "latencies": TIMES,
        "floor": FLOOR,
        "ceiling": 5000.0,
    }
    return LoadFigures(**known | changes)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200
    seen: list[tuple[str, str, bytes]]
    freezes_until = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.headers.get("X-Who", ""), body))
        if self.path == "/waits":
            sleep(0.05)
        if self.path == "/freezes":
            if len(self.server.seen) == 10:
                self.server.freezes_until.clear()
                threading.Timer(0.5, self.server.freezes_until.set).start()
            self.server.freezes_until.wait(5)
        status = 503 if self.path == "/odd" and len(self.server.seen) % 2 else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.seen = []
        server.freezes_until = threading.Event()
        server.freezes_until.set()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.freezes_until.set()
        server.shutdown()


def plan_for(server: Server, path: str = "/", **options: Any) -> LoadPlan:
    return LoadPlan(url=f"http://127.0.0.1:{server.server_port}{path}", **options)


def test_near_bounds() -> None:
    """Who keeps an upper bound by less than a fifth of it is told of; lower bounds and far ones are not."""
    expect = {"p95": {"lt": 400}, "p99": {"gte": 1, "lte": 500}, "throughput": {"lt": 100}, "max": 7, "min": {"gte": 1}}
    seen = {"p95": 319.9, "p99": 420.0, "throughput": 99, "max": 7, "min": 1.0}
    assert [*near_bounds({"p95": {"lt": "0.35s"}}, seen)] == ["p95 is 319.9, 91% of the 350 that it may be"]
    assert [*near_bounds(expect, seen)] == ["p99 is 420, 84% of the 500 that it may be"]
    memory = {"memory_mb": {"redis-server": 85.0, "app": 10.0}}
    assert [*near_bounds({"memory_mb": {"process": "redis-server", "lt": 100}}, memory)] == [
        "memory_mb of redis-server is 85, 85% of the 100 that it may be"
    ]
    assert [*near_bounds({"memory_mb": {"process": "app", "lt": 100}, "cpu_percent": {"lt": 1}}, memory)] == []


def test_a_closed_loop_sends_what_it_is_told(server: Server) -> None:
    """Method, headers, body and number of requests; every one is sampled and answered."""
    plan = plan_for(server, method="POST", headers={"X-Who": "me"}, body=b"x=1", concurrency=5, requests=40)
    seen = run_load(plan)
    assert server.seen == [("POST", "me", b"x=1")] * 40
    assert (seen.requests, seen.answers, seen.success_rate, seen.errors) == (40, 40, 1.0, {})
    assert seen.floor is not None
    assert seen.ceiling


def test_times_are_those_of_the_server(server: Server) -> None:
    """No answer of a server that takes 50 ms is reported to have taken less, and the figures are in order."""
    seen = run_load(plan_for(server, "/waits", concurrency=4, requests=20))
    assert seen.latencies is not None
    times = seen.latencies
    assert 50 <= times.min <= times.p50 <= times.p90 <= times.p95 <= times.p99 <= times.max
    assert times.min <= times.avg_response_time <= times.max
    assert seen.p95 == times.p95


def test_errors_by_kind(server: Server) -> None:
    """Statuses, resets, time-outs, refusals and cut bodies are told apart; time-outs count with what was waited."""
    half = run_load(plan_for(server, "/odd", concurrency=1, requests=10))
    assert (half.errors, half.success_rate, half.answers) == ({"status 503": 5}, 0.5, 10)
    wanted = run_load(plan_for(server, "/odd", concurrency=1, requests=10, statuses=frozenset((503,))))
    assert wanted.errors == {"status 200": 5}
    faults = Faults()
    try:
        proxy = faults.http(plan_for(server).url)
        for word, kind in (("reset", "reset"), ("truncated_body", "incomplete answer"), ("garbage", "no http")):
            proxy.always(word)
            assert run_load(LoadPlan(url=proxy.url, concurrency=2, requests=4)).errors == {kind: 4}
        proxy.always("timeout")
        late = run_load(LoadPlan(url=proxy.url, concurrency=2, requests=4, timeout=0.2))
        assert late.errors == {"timeout": 4}
        assert late.min >= 200
        proxy.always("refused")
        nobody = run_load(LoadPlan(url=proxy.url, concurrency=2, requests=4))
        assert (nobody.errors, nobody.latencies, nobody.answers) == ({"refused": 4}, None, 0)
    finally:
        faults.close()


def test_an_open_loop_shows_a_freeze_that_a_closed_one_hides(server: Server) -> None:
    """While the server stands still half of the requests fall due; the closed loop has two that notice it."""
    closed = run_load(plan_for(server, "/freezes", concurrency=2, requests=100))
    server.seen.clear()
    opened = run_load(plan_for(server, "/freezes", rate=100, duration=1.0))
    assert closed.max >= 450
    assert closed.p90 < 250
    assert opened.requests == 100
    assert opened.p90 >= 250
    assert opened.client_lag is not None


def test_warming_up_does_not_count(server: Server) -> None:
    """Requests of the warm-up are sent and not sampled, in both loops."""
    opened = run_load(plan_for(server, rate=100, duration=0.3, warmup=0.2))
    assert opened.requests == 30
    assert len(server.seen) == 50
    server.seen.clear()
    closed = run_load(plan_for(server, "/waits", concurrency=1, requests=3, warmup=0.1))
    assert closed.requests == 3
    assert len(server.seen) > 3


def test_a_process_is_watched() -> None:
    """Memory and load of a process that exists are above nothing; one that is not there has none."""
    with instant_server() as url:
        seen = run_load(LoadPlan(url=url, concurrency=2, duration=0.3), watch={"tests": os.getpid()})
    assert seen.memory_mb["tests"] > 1
    assert seen.cpu_percent["tests"] > 0
    assert compare({"memory_mb": {"process": "tests", "gt": 1}}, seen) == ()
    assert compare({"memory_mb": {"lt": 1}}, seen)[0].path == "$.memory_mb.tests"
    with pytest.raises(LoadError, match=r"names no process that is watched: 'other'. Watched: tests"):
        compare({"memory_mb": {"process": "other", "lt": 1}}, seen)


def test_expectations() -> None:
    """Matchers on figures, times with a unit or without; unmet ones are differences with their path."""
    assert compare({"p95": {"lt": 41}, "success_rate": {"gte": 0.99}, "throughput": {"gt": 50}}, figures()) == ()
    (found,) = compare({"avg_response_time": {"lt": 15}}, figures())
    assert (found.path, found.actual) == ("$.avg_response_time", 20.0)
    assert compare({"p95": {"lt": "0.5s"}, "duration": {"gte": "1s", "lt": "2s"}}, figures()) == ()
    (found,) = compare({"p99": {"lt": "45ms"}}, figures())
    assert found.expected == {"lt": 45}
    with pytest.raises(LoadError, match=r"`throughputs` is no figure of a load. Did you mean `throughput`"):
        compare({"throughputs": {"lt": 1}}, figures())


def test_no_sample_is_a_failure() -> None:
    """A run without one answer never meets an expectation, also none that it could not miss."""
    nothing = figures(answers=0, latencies=None, success_rate=0.0, errors={"refused": 3})
    for expect in ({}, {"p99": {"lt": 1000}}, {"success_rate": {"lte": 1}}):
        (found,) = compare(expect, nothing)
        assert (found.path, found.actual, found.hint) == ("$.answers", 0, "3 × refused")


def test_what_the_client_cannot_measure_is_refused() -> None:
    """A bound below the client's own time, or above its own throughput, is an error and no failure of the server."""
    with pytest.raises(LoadError, match=r"`p99: lt 5` cannot be measured: the client alone takes 5 ms"):
        compare({"p99": {"lt": 5}}, figures())
    with pytest.raises(LoadError, match=r"`throughput: gte 6000` cannot be reached: the client alone manages 5000"):
        compare({"throughput": {"gte": 6000}}, figures())
    assert compare({"p99": {"lt": 5.1}}, figures())[0].path == "$.p99"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "neither the number of requests nor a duration"),
        ({"requests": 0}, "requests is 0; it must be above 0"),
        ({"requests": 5, "concurrency": 100_000}, "concurrency is 100000"),
        ({"duration": 10_000, "rate": 1}, "duration is 10000"),
        ({"requests": 1, "url": "localhost"}, "'localhost' is no URL"),
    ],
)
def test_plans_without_sense_or_bound(options: dict[str, Any], reason: str) -> None:
    """They are refused before anything is sent."""
    with pytest.raises(LoadError, match=reason):
        run_load(LoadPlan(**{"url": "http://127.0.0.1:1/", **options}))


def test_figures_in_words() -> None:
    """What a failure shows: all figures, the errors and the client's own times."""
    text = text_of(figures(errors={"timeout": 2}, success_rate=0.98, memory_mb={"server": 81.5}))
    assert text.splitlines() == [
        "100 requests in 1 s: 100 answers a second",
        "avg 20 ms  min 10 ms  p50 18 ms  p90 30 ms  p95 40 ms  p99 50 ms  max 60 ms",
        "success rate 0.98, errors: 2 × timeout",
        "the client alone: avg 2 ms  min 1 ms  p50 2 ms  p90 3 ms  p95 4 ms  p99 5 ms  max 6 ms",
        "server: 81.5 MB, 0 % CPU",
    ]
    assert measured(figures())["p99"] == 50.0


@given(st.lists(st.floats(min_value=1e-5, max_value=100), min_size=1, max_size=300))
@settings(max_examples=15, deadline=None)
def test_percentiles_are_those_of_the_samples(seconds: list[float]) -> None:
    """Each percentile is within a thousandth of a sample of that rank, and average, least and most are exact."""
    samples = Samples()
    for second in seconds:
        samples.add(second)
    times = samples.latencies()
    assert times is not None
    ordered = sorted(seconds)
    for share in (50, 90, 95, 99):
        ranks = (len(ordered) * share // 100, -(-len(ordered) * share // 100))
        low, high = (ordered[max(0, rank - 1)] * 1000 for rank in ranks)
        assert low * 0.998 - 0.002 <= getattr(times, f"p{share}") <= high * 1.002 + 0.002
    assert times.max == pytest.approx(ordered[-1] * 1000, abs=0.001)
    assert times.avg_response_time == pytest.approx(sum(seconds) / len(seconds) * 1000, rel=1e-6, abs=0.001)


def test_aiohttp_still_lets_us_look_at_the_wire() -> None:
    """The one private name that stamps need is there (see `suites/stamps.py`)."""

    async def factory() -> object:
        async with aiohttp.TCPConnector() as connector:
            return connector._factory

    import asyncio

    assert callable(asyncio.run(factory()))
