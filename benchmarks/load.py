"""How true the load generator's figures are, and how fast it is beside other clients.

    python benchmarks/load.py                  # all three parts, about a minute
    python benchmarks/load.py accuracy freeze  # some of them

``accuracy`` asks a server of known service time, which measures by itself how long it took; ``freeze`` asks one that
stands still for two seconds; ``throughput`` asks an aiohttp server at concurrency 50, next to ``wrk``, ``locust`` and
``requests`` with threads, as far as they are installed. On a busy machine only the relations mean something.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_integration_gate.suites.load import LoadFigures, LoadPlan, run_load

SECONDS = 4.0
CLIENTS = 50

SERVICE = """
import asyncio, json, sys, time
service, freezes = float(sys.argv[1]), len(sys.argv) > 2
took, asked = [], 0
class Service(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        global asked
        asked += 1
        if b"/truth" in data:
            self.send(json.dumps(sorted(took)).encode())
            took.clear()
            return
        if freezes and asked == 150:
            time.sleep(2)
        asyncio.get_running_loop().call_later(service, self.answer, time.perf_counter())
    def answer(self, came):
        self.send(b"ok")
        took.append(time.perf_counter() - came)
    def send(self, body):
        self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
async def main():
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

WEB = """
from aiohttp import web
async def answer(request):
    return web.json_response({"ok": True})
async def main():
    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
import asyncio
asyncio.run(main())
"""


@contextmanager
def serving(code: str, *arguments: str) -> Iterator[str]:
    """Run a server and give its URL."""
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.kill()


def accuracy() -> None:
    """Compare the closed loop's figures with what the server itself measured."""
    print("service  clients  true avg   got avg  true p99   got p99   (ms)")
    for service, clients, requests in ((0.02, 1, 100), (0.02, 10, 1000), (0.1, 10, 300), (0.1, 50, 1500)):
        with serving(SERVICE, str(service)) as url:
            run_load(LoadPlan(url=url, concurrency=clients, requests=clients))
            _truth(url)
            seen = run_load(LoadPlan(url=url, concurrency=clients, requests=requests))
            true = _truth(url)
        average, p99 = sum(true) / len(true) * 1000, true[int(len(true) * 0.99)] * 1000
        got = (seen.avg_response_time, seen.p99)
        print(f"{service * 1000:4.0f} ms  {clients:7}  {average:8.2f}  {got[0]:8.2f}  {p99:8.2f}  {got[1]:8.2f}")


def freeze() -> None:
    """Show both loops a server that stands still for two seconds."""
    for name, plan in (
        ("closed", {"concurrency": 2, "duration": 8.0}),
        ("open", {"rate": 100.0, "duration": 8.0}),
    ):
        with serving(SERVICE, "0.005", "freezes") as url:
            seen = run_load(LoadPlan(url=url, **plan))  # type: ignore[arg-type]
        times = f"avg {seen.avg_response_time:.0f}  p50 {seen.p50:.0f}  p95 {seen.p95:.0f}  p99 {seen.p99:.0f}"
        print(f"{name:7} {times}  max {seen.max:.0f} ms, {seen.requests} requests")


def throughput() -> None:
    """Count answers a second at the same concurrency, one client after the other."""
    with serving(WEB) as url:
        for name, client in (
            ("wrk", _wrk),
            ("gate_load", _gate),
            ("locust", _locust),
            ("requests with threads", _requests),
        ):
            rate = client(url)
            print(f"{name:22} " + (f"{rate:8.0f} answers a second" if rate else "not installed"))


def _truth(url: str) -> list[float]:
    with urllib.request.urlopen(url + "truth") as answer:
        times: list[float] = json.load(answer)
    return times


def _gate(url: str) -> float:
    seen: LoadFigures = run_load(LoadPlan(url=url, concurrency=CLIENTS, duration=SECONDS))
    return seen.throughput


def _wrk(url: str) -> float:
    if shutil.which("wrk") is None:
        return 0
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS:.0f}s", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(text.partition("Requests/sec:")[2].split()[0])


def _locust(url: str) -> float:
    if shutil.which("locust") is None:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "locustfile.py")
        file.write_text(
            "from locust import FastHttpUser, task\nclass User(FastHttpUser):\n    @task\n"
            "    def ask(self): self.client.get('/')\n"
        )
        command = ["locust", "-f", str(file), "--headless", "-u", str(CLIENTS), "-r", str(CLIENTS), "-t", "5s"]
        command += ["-H", url.rstrip("/"), "--json", "--skip-log"]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (stats,) = json.loads(out[out.index("[") :])
    return float(stats["num_requests"] / (stats["last_request_timestamp"] - stats["start_time"]))


def _requests(url: str) -> float:
    import requests

    counts = [0] * CLIENTS
    until = time.perf_counter() + SECONDS

    def ask(number: int) -> None:
        with requests.Session() as session:
            while time.perf_counter() < until:
                session.get(url)
                counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


PARTS = {"accuracy": accuracy, "freeze": freeze, "throughput": throughput}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        print(f"-- {part}")
        PARTS[part]()
