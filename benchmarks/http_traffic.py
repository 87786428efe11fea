"""What watching HTTP costs, and that it changes nothing.

    python benchmarks/http_traffic.py [requests] [concurrency] [--tls]     # all observed, none altered; CPU time
    python benchmarks/http_traffic.py --instructions                       # what the processor executes (valgrind)

A server in a process of its own answers with a body that says what it was sent (a digest of the head and the body).
Every request that is sent while the wire is watched has to be observed, and it has to be answered as it is unwatched.
The figures are CPU time of the best of many small rounds, in turns with a process that does not watch, because others
use the machine too. Where they use a lot of it, count instructions: what a hundred requests more take, unwatched,
watched, and with what is done once the test is over (each request of these has another body, the dearest case).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import requests
import urllib3

from pytest_integration_gate.doubles.claims import Interpreter
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.hooks.http_traffic import HttpTraffic
from pytest_integration_gate.source.project import Project

ROUNDS = 60
CHUNK = 25
PROJECT = Project.find(str(Path(__file__).parent))  # one for a session
LIMIT = 60
"""µs per request that watching may add."""
Answers = list[tuple[int, str, bytes]]


class Service(BaseHTTPRequestHandler):
    """Answers with a digest of what it was sent."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_POST(self) -> None:
        """Answer a request."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        head = json.dumps([self.path, sorted((name.lower(), value) for name, value in self.headers.items())])
        said = json.dumps({"digest": hashlib.sha256(head.encode() + sent).hexdigest(), "items": [{"id": 1}] * 20})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.send_header("X-Digest", hashlib.sha256(said.encode()).hexdigest())
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 256


def serve(pipe: Any, certificate: str) -> None:
    """Serve until the process is ended; tell the port."""
    server = Server(("127.0.0.1", 0), Service)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    pipe.send(server.server_address[1])
    server.serve_forever()


def kept(status: int, headers: Any, body: bytes) -> tuple[int, str, bytes]:
    """Return of an answer what has to be the same each time."""
    assert hashlib.sha256(body).hexdigest() == headers["X-Digest"]
    return status, json.dumps(sorted((name, value) for name, value in headers.items() if name.lower() != "date")), body


def with_requests(base: str, count: int, concurrency: int, certificate: str) -> Answers:
    """Send from threads."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = certificate or True
        session.mount(base, requests.adapters.HTTPAdapter(pool_maxsize=concurrency))

        def send(number: int) -> tuple[int, str, bytes]:
            answer = session.post(f"{base}/items/{number}", json={"number": number})
            return kept(answer.status_code, answer.headers, answer.content)

        with ThreadPoolExecutor(concurrency) as pool:
            return list(pool.map(send, range(count)))


def with_urllib3(base: str, count: int, concurrency: int, certificate: str) -> Answers:
    """Send from threads."""
    with urllib3.PoolManager(maxsize=concurrency, ca_certs=certificate or None) as manager:

        def send(number: int) -> tuple[int, str, bytes]:
            answer = manager.request("POST", f"{base}/items/{number}", json={"number": number})
            return kept(answer.status, answer.headers, answer.data)

        with ThreadPoolExecutor(concurrency) as pool:
            return list(pool.map(send, range(count)))


def with_urllib(base: str, count: int, concurrency: int, certificate: str) -> Answers:
    """Send from threads, each request on a connection of its own."""
    context = ssl.create_default_context(cafile=certificate) if certificate else None

    def send(number: int) -> tuple[int, str, bytes]:
        sent = json.dumps({"number": number}).encode()
        request = urllib.request.Request(f"{base}/items/{number}", sent, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=context) as answer:
            return kept(answer.status, answer.headers, answer.read())

    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(send, range(count)))


def with_httpx(base: str, count: int, concurrency: int, certificate: str) -> Answers:
    """Send from tasks."""

    async def main() -> Answers:
        limit = asyncio.Semaphore(concurrency)
        verify = ssl.create_default_context(cafile=certificate) if certificate else False
        async with httpx.AsyncClient(verify=verify, timeout=60) as client:

            async def send(number: int) -> tuple[int, str, bytes]:
                async with limit:
                    answer = await client.post(f"{base}/items/{number}", json={"number": number})
                return kept(answer.status_code, answer.headers, answer.content)

            return list(await asyncio.gather(*map(send, range(count))))

    return asyncio.run(main())


def with_aiohttp(base: str, count: int, concurrency: int, certificate: str) -> Answers:
    """Send from tasks."""

    async def main() -> Answers:
        context = ssl.create_default_context(cafile=certificate) if certificate else True
        connector = aiohttp.TCPConnector(limit=concurrency, ssl=context)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def send(number: int) -> tuple[int, str, bytes]:
                async with session.post(f"{base}/items/{number}", json={"number": number}) as answer:
                    return kept(answer.status, answer.headers, await answer.read())

            return list(await asyncio.gather(*map(send, range(count))))

    return asyncio.run(main())


def watched() -> HttpTraffic:
    """Listen as a boundary test does; this file is the project."""
    book = Notebook(PROJECT)
    return HttpTraffic(PROJECT, lambda _: None, book, Interpreter(book, lambda *_, **__: None))


def check(client: Callable[..., Answers], base: str, count: int, concurrency: int, certificate: str) -> bool:
    """Send all at once, unwatched and watched; say whether all were observed and none was altered."""
    expected = client(base, count, concurrency, certificate)
    traffic = watched()
    traffic.hook(is_boundary=True)
    traffic.wire.start()
    got = client(base, count, concurrency, certificate)
    traffic.wire.stop()
    traffic.close()
    numbers = sorted(sending.url.rpartition("/")[2] for sending in traffic.wire.sendings if sending.content)
    is_well = got == expected and numbers == sorted(map(str, range(count))) and not any(traffic.warnings)
    if not is_well:
        print(f"{len(numbers)} of {count} observed; altered: {got != expected}; {traffic.warnings}")
    return is_well


def cost(name: str, base: str, certificate: str) -> bool:
    """Send in turns from two processes, one of which watches; print what that adds and whether it is little enough."""
    context = multiprocessing.get_context("spawn")
    pipes, workers = [], []
    for is_watched in (False, True):
        ours, theirs = context.Pipe()
        pipes.append(ours)
        workers.append(context.Process(target=work, args=(theirs, name, base, certificate, is_watched), daemon=True))
        workers[-1].start()
    taken: tuple[list[float], ...] = ([], [])
    for _ in range(ROUNDS):
        for pipe, seconds in zip(pipes, taken, strict=True):
            pipe.send(None)
            seconds.append(pipe.recv())
    for worker in workers:
        worker.terminate()
        worker.join()
    plain, heard = (min(seconds) / CHUNK * 1e6 for seconds in taken)
    print(f"{name:10} {plain:7.0f} µs plain, {heard - plain:+5.0f} µs watched (x {heard / plain:.3f})", flush=True)
    return heard - plain <= LIMIT


def work(pipe: Any, name: str, base: str, certificate: str, is_watched: bool) -> None:
    """Send a few requests whenever asked to, and tell the CPU time; what is watched is hooked once, as in a session."""
    traffic = watched()
    if is_watched:
        traffic.hook(is_boundary=True)
    while True:
        pipe.recv()
        if is_watched:
            traffic.wire.start()
        began = time.process_time()
        CLIENTS[name](base, CHUNK, 1, certificate)
        seconds = time.process_time() - began
        traffic.wire.stop()
        pipe.send(seconds)


def send_only(name: str, count: str, mode: str, base: str) -> None:
    """Send some requests in this process, whose instructions are counted."""
    traffic = watched()
    if mode != "plain":
        traffic.hook(is_boundary=True)
        traffic.wire.start()
    CLIENTS[name](base, int(count), 1, "")
    traffic.wire.stop()
    if mode == "understood":
        assert len([*traffic.observations()]) == int(count)
    traffic.close()


def instructions(name: str, mode: str, base: str) -> float:
    """Return how many instructions one request takes: those of 120, less those of 20."""
    counted = []
    for count in ("20", "120"):
        with tempfile.NamedTemporaryFile() as log:
            command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
            command += [f"--log-file={log.name}", sys.executable, __file__, "--one", name, count, mode, base]
            subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})
            (found,) = re.findall(rb"I\s+refs:\s+([\d,]+)", log.read())
            counted.append(int(found.replace(b",", b"")))
    return (counted[1] - counted[0]) / 100


def count_instructions(base: str) -> None:
    """Print what each client takes for a request, and what watching and understanding it adds."""
    for name in CLIENTS:
        plain, heard, kept = (instructions(name, mode, base) / 1000 for mode in ("plain", "watched", "understood"))
        print(
            f"{name:10} {plain:7.0f} thousand instructions plain, {heard - plain:+5.0f} watched"
            f" (x {heard / plain:.3f}), {kept - heard:+5.0f} when the test is over",
            flush=True,
        )


CLIENTS = {
    "requests": with_requests,
    "urllib3": with_urllib3,
    "urllib": with_urllib,
    "httpx": with_httpx,
    "aiohttp": with_aiohttp,
}


def main() -> int:
    """Measure all clients."""
    if "--one" in sys.argv:
        send_only(*sys.argv[2:])
        return 0
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    count, concurrency = (*numbers, *(1000, 50)[len(numbers) :])
    with tempfile.TemporaryDirectory() as folder:
        certificate = ""
        if "--tls" in sys.argv:
            certificate = os.path.join(folder, "both.pem")
            made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -batch".split()
            name = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", certificate]
            issued = subprocess.run([*made, *name], check=True, capture_output=True)
            with open(certificate, "ab") as file:
                file.write(issued.stdout)
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, certificate), daemon=True)
        server.start()
        base = f"{'https' if certificate else 'http'}://127.0.0.1:{ours.recv()}"
        if "--instructions" in sys.argv:
            count_instructions(base)
            server.terminate()
            return 0
        print(f"{count} requests by {base.partition(':')[0]}, {concurrency} at once; CPU time of one, best of {ROUNDS}")
        seen = [check(client, base, count, concurrency, certificate) for client in CLIENTS.values()]
        costs = [cost(name, base, certificate) for name in CLIENTS]
        server.terminate()
        server.join()
    print("all observed, none altered" if all(seen) else "FAILED")
    print(f"all within {LIMIT} µs" if all(costs) else f"FAILED: more than {LIMIT} µs")
    return not all(seen + costs)


if __name__ == "__main__":
    sys.exit(main())
