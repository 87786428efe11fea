"""Real servers of the frameworks, on the network, and many requests at once: all are observed, and none is altered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flask
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from werkzeug.serving import make_server

Watch = Callable[..., Any]

ASK = """
import requests

def ask(url):
    with requests.Session() as session:
        created = session.post(f"{url}/users", json={"name": "Ada"})
        parts = b"".join(session.get(f"{url}/parts", stream=True).iter_content(3))
        return created.status_code, created.json(), session.get(f"{url}/users/7").json()["name"], parts
"""
ASK_HTTPX = """
import httpx

def ask(url):
    with httpx.Client(base_url=url) as client:
        created = client.post("/users", json={"name": "Ada"})
        with client.stream("GET", "/parts") as answer:
            parts = b"".join(answer.iter_bytes())
        return created.status_code, created.json(), client.get("/users/7").json()["name"], parts
"""
ASK_AIOHTTP = """
import aiohttp, asyncio

async def main(url):
    async with aiohttp.ClientSession(url) as session:
        async with session.post("/users", json={"name": "Ada"}) as created:
            user = await created.json()
        async with session.get("/parts") as answer:
            parts = b"".join([part async for part in answer.content.iter_any()])
        async with session.get("/users/7") as answer:
            return created.status, user, (await answer.json())["name"], parts

def ask(url):
    return asyncio.run(main(url))
"""


@contextmanager
def flask_server() -> Iterator[str]:
    """Serve with the server that Flask brings along."""
    app = flask.Flask("users")
    app.add_url_rule("/users", "create", lambda: ({"id": 1, **flask.request.get_json()}, 201), methods=["POST"])
    app.add_url_rule("/users/<int:number>", "user", lambda number: {"id": number, "name": "Eve"})
    app.add_url_rule("/parts", "parts", lambda: flask.Response(iter(["one", "two"]), mimetype="text/plain"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def starlette_server() -> Iterator[str]:
    """Serve with uvicorn."""

    async def create(request: Request) -> Response:
        return JSONResponse({"id": 1, **await request.json()}, 201)

    async def user(request: Request) -> Response:
        return JSONResponse({"id": request.path_params["number"], "name": "Eve"})

    async def parts(request: Request) -> Response:
        return StreamingResponse(iter(["one", "two"]), media_type="text/plain")

    routes = [Route("/users", create, methods=["POST"]), Route("/users/{number:int}", user), Route("/parts", parts)]
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("serve", [flask_server, starlette_server])
@pytest.mark.parametrize("shop", [ASK, ASK_HTTPX, ASK_AIOHTTP], ids=["requests", "httpx", "aiohttp"])
def test_what_a_framework_serves_is_observed(watch: Watch, serve: Any, shop: str) -> None:
    """Answers, requests with a body and a stream that the code reads itself, each as the code gets them."""
    with serve() as url:
        seen = watch(shop, "import shop\ndef test(url): return shop.ask(url)", url)

    assert seen.result == (201, {"id": 1, "name": "Ada"}, "Eve", b"onetwo")
    assert [(one.request.method, one.request.path[0].text) for one in seen.exchanges] == [
        ("POST", "users"),
        ("GET", "parts"),
        ("GET", "users"),
    ]
    assert seen.statuses == [201, 200, 200]
    assert seen.bodies == ["{id: int, name: str}", "unseen", "{id: int, name: str}"]
    assert not any(one.is_emulated for one in seen.exchanges)


def test_a_thousand_requests_fifty_at_once(watch: Watch, service: str) -> None:
    """Each is observed once with its own answer, and each caller gets its own."""
    shop = """
        import requests
        from concurrent.futures import ThreadPoolExecutor

        def ask(url):
            with requests.Session() as session, ThreadPoolExecutor(50) as pool:
                session.mount(url, requests.adapters.HTTPAdapter(pool_maxsize=50))
                send = lambda number: session.get(f"{url}/headers?q={number}", headers={"X-Number": str(number)})
                return [answer.json()["X-Number"] for answer in pool.map(send, range(1000))]
    """
    seen = watch(shop, "import shop\ndef test(url): return shop.ask(url)", service)
    numbers = [str(number) for number in range(1000)]
    asked = {one.request.query[0][1].text: one.answer.body.text for one in seen.exchanges}

    assert seen.result == numbers
    assert len(seen.exchanges) == 1000
    assert sorted(asked) == sorted(map(repr, numbers))
    assert all(f"'X-Number': {number}" in (answer or "") for number, answer in asked.items())
