"""What each client sends to a real service is seen, hop by hop, with what came back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Watch = Callable[..., Any]

REQUESTS = """
import requests

def get(url, **kwargs):
    return requests.get(url, **kwargs).json()

def status(method, url, **kwargs):
    return requests.request(method, url, **kwargs).status_code
"""
URLLIB3 = """
import json
import urllib3

def get(url):
    with urllib3.PoolManager() as pool:
        return json.loads(pool.request("GET", url).data)

def status(method, url, timeout=None, **kwargs):
    with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
        return pool.request(method, url, **kwargs).status
"""
HTTPX = """
import httpx

def get(url):
    with httpx.Client(follow_redirects=True) as client:
        return client.get(url).json()

def status(method, url, **kwargs):
    return httpx.request(method, url, **kwargs).status_code
"""
HTTPX_ASYNC = """
import asyncio
import httpx

async def aget(url):
    async with httpx.AsyncClient(follow_redirects=True) as client:
        return (await client.get(url)).json()

async def astatus(method, url, **kwargs):
    async with httpx.AsyncClient() as client:
        return (await client.request(method, url, **kwargs)).status_code

def get(url):
    return asyncio.run(aget(url))

def status(method, url, **kwargs):
    return asyncio.run(astatus(method, url, **kwargs))
"""
AIOHTTP = """
import asyncio
import aiohttp

async def aget(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.json()

async def astatus(method, url, **kwargs):
    if "timeout" in kwargs:
        kwargs["timeout"] = aiohttp.ClientTimeout(total=kwargs["timeout"])
    async with aiohttp.ClientSession() as session, session.request(method, url, **kwargs) as response:
        await response.read()
        return response.status

def get(url):
    return asyncio.run(aget(url))

def status(method, url, **kwargs):
    return asyncio.run(astatus(method, url, **kwargs))
"""
URLLIB = """
import gzip
import json
import urllib.error
import urllib.request

def get(url):
    with urllib.request.urlopen(url) as response:
        body = response.read()
        return json.loads(gzip.decompress(body) if body[:1] == bytes([31]) else body)

def status(method, url, **kwargs):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), **kwargs) as response:
            response.read()
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
"""
HTTP_CLIENT = """
import gzip
import http.client
import json
from urllib.parse import urlsplit

def get(url):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    connection.request("GET", parts.path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status == 302:
        return get(f"{parts.scheme}://{parts.netloc}{response.headers['location']}")
    return json.loads(gzip.decompress(body) if body[:1] == bytes([31]) else body)

def status(method, url, timeout=5, **kwargs):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""))
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
"""
CLIENTS = {
    "requests": REQUESTS,
    "urllib3": URLLIB3,
    "httpx": HTTPX,
    "httpx async": HTTPX_ASYNC,
    "aiohttp": AIOHTTP,
    "urllib": URLLIB,
    "http.client": HTTP_CLIENT,
}
every_client = pytest.mark.parametrize("shop", CLIENTS.values(), ids=CLIENTS.keys())
GET = "import shop\ndef test(url): return shop.get(url)"
STATUS = "import shop\ndef test(method, url, **kwargs): return shop.status(method, url)"
TIMEOUT = "import pytest, shop\ndef test(url):\n    with pytest.raises(Exception): shop.status('GET', url, timeout=0.1)"


@every_client
def test_an_answer_is_seen_with_its_body_and_the_line_that_asked(watch: Watch, service: str, shop: str) -> None:
    """One request is one observation: method, origin, path, status, body, content type, headers, call site."""
    seen = watch(shop, GET, f"{service}/users/1")
    exchange = seen.one()

    assert seen.result == {"id": 1, "email": "ada@example.com"}
    assert (exchange.request.method, exchange.request.origin) == ("GET", service)
    assert [segment.text for segment in exchange.request.path] == ["users", "1"]
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.content_type) == (200, "application/json")
    assert "x-request-id" in exchange.answer.headers
    assert seen.bodies == ["{email: str, id: int}"]
    site = seen.observations[0].site
    assert site is not None
    assert site.file == "shop.py"
    assert site.function in ("get", "aget")
    assert not exchange.is_emulated
    assert seen.claims == []


@every_client
def test_each_hop_of_a_redirect_is_an_exchange(watch: Watch, service: str, shop: str) -> None:
    """The service answered 302 to the first request, and 200 to the second."""
    seen = watch(shop, GET, f"{service}/old")

    assert seen.result["id"] == 1
    assert seen.statuses == [302, 200]
    assert [one.request.path[-1].text for one in seen.exchanges] == ["old", "1"]
    assert seen.bodies[1] == "{email: str, id: int}"


@every_client
@pytest.mark.parametrize("path", ["/gzip", "/chunked"])
def test_bodies_are_seen_unpacked(watch: Watch, service: str, shop: str, path: str) -> None:
    """Compressed and chunked bodies have the shape of what they hold."""
    seen = watch(shop, GET, service + path)

    assert seen.result["id"] == 1
    assert seen.bodies[0] == "{email: str, id: int}"


@every_client
def test_head_and_empty_answers_have_an_empty_body(watch: Watch, service: str, shop: str) -> None:
    """An empty body is seen as empty, not as unseen."""
    head = watch(shop, STATUS, "HEAD", f"{service}/users/1")
    empty = watch(shop, STATUS, "GET", f"{service}/empty")

    assert (head.one().request.method, head.statuses, head.bodies) == ("HEAD", [200], ["None"])
    assert (empty.statuses, empty.bodies) == ([204], ["None"])


@every_client
def test_a_refusal_is_an_answer(watch: Watch, service: str, shop: str) -> None:
    """404 is what the service says, whatever the client makes of it; query parameters are known by name."""
    seen = watch(shop, STATUS, "GET", f"{service}/missing?page=2")

    assert seen.result == 404
    assert seen.statuses == [404]
    assert [name for name, _ in seen.one().request.query] == ["page"]


@every_client
def test_time_outs_and_refused_connections_are_outcomes(watch: Watch, service: str, nobody: str, shop: str) -> None:
    """An exception of the client takes the place of the answer."""
    for url in (f"{service}/late", nobody, f"{service}/reset"):
        exchange = watch(shop, TIMEOUT, url).one()
        assert exchange.answer is None
        assert "Error" in str(exchange.error) or "Timeout" in str(exchange.error)
        assert exchange.request.origin == url.removesuffix("/late").removesuffix("/reset")


@pytest.mark.parametrize("name", ["requests", "httpx", "httpx async", "aiohttp"])
def test_endless_redirects_are_answers(watch: Watch, service: str, name: str) -> None:
    """Each hop was answered, though the client gives up in the end."""
    test = "import pytest, shop\ndef test(url):\n    with pytest.raises(Exception): shop.get(url)"
    seen = watch(CLIENTS[name], test, f"{service}/loop")

    assert len(seen.exchanges) > 5
    assert set(seen.statuses) == {302}


@pytest.mark.parametrize("name", ["requests", "httpx", "httpx async", "aiohttp"])
def test_who_reads_the_parsed_body_is_known(watch: Watch, service: str, name: str) -> None:
    """What the code takes from `.json()` is noted for the clients that have it."""
    parsed = "await response.json()" if name == "aiohttp" else ".json()"
    shop = CLIENTS[name].replace(parsed, f"({parsed})['email']" if name == "aiohttp" else f"{parsed}['email']")
    exchange = watch(shop, GET, f"{service}/users/1").one()

    assert exchange.body_uses is not None
    assert [name for name, _ in exchange.body_uses.members] == ["['email']"]


MULTIPART = {
    "requests": "import requests\ndef send(url): requests.post(url, data={'name': 'x'}, files={'photo': b'123'})",
    "urllib3": "import urllib3\ndef send(url):\n"
    "    with urllib3.PoolManager() as pool: pool.request('POST', url, fields={'name': 'x', 'photo': ('a.png', b'1')})",
    "httpx": "import httpx\ndef send(url): httpx.post(url, data={'name': 'x'}, files={'photo': b'123'})",
    "aiohttp": """
import aiohttp, asyncio
async def post(url):
    form = aiohttp.FormData({"name": "x"})
    form.add_field("photo", b"123", filename="a.png")
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
        await response.read()
def send(url): asyncio.run(post(url))
""",
}
SEND = "import shop\ndef test(url): return shop.send(url)"


@pytest.mark.parametrize("shop", MULTIPART.values(), ids=MULTIPART.keys())
def test_of_a_form_in_parts_only_the_names_are_kept(watch: Watch, service: str, shop: str) -> None:
    """The fields of a multipart body are known by name; what they hold equals nothing."""
    request = watch(shop, SEND, f"{service}/upload").one().request

    assert request.content_type == "multipart/form-data"
    assert request.body is not None
    assert str([field.name for field in request.body.shape.fields]) == "['name', 'photo']"  # type: ignore[union-attr]
    assert request.body.text is None


BODIES = {
    "requests": "import requests\ndef send(url): requests.post(url, json={'name': 'x'})",
    "urllib3": "import urllib3\ndef send(url):\n"
    "    with urllib3.PoolManager() as pool: pool.request('POST', url, json={'name': 'x'})",
    "httpx": "import httpx\ndef send(url): httpx.post(url, json={'name': 'x'})",
    "aiohttp": "import aiohttp, asyncio\nasync def post(url):\n"
    "    async with aiohttp.ClientSession() as s, s.post(url, json={'name': 'x'}) as r: await r.read()\n"
    "def send(url): asyncio.run(post(url))",
    "urllib": "import urllib.request\ndef send(url):\n"
    "    head = {'Content-Type': 'application/json'}\n"
    '    with urllib.request.urlopen(urllib.request.Request(url, b\'{"name": "x"}\', head)) as r: r.read()',
}


@pytest.mark.parametrize("shop", BODIES.values(), ids=BODIES.keys())
def test_the_body_of_a_request_is_seen(watch: Watch, service: str, shop: str) -> None:
    """JSON that is sent is known by its fields."""
    seen = watch(shop, SEND, f"{service}/users")
    exchange = seen.one()

    assert seen.statuses == [201]
    assert exchange.request.content_type == "application/json"
    assert exchange.request.body is not None
    assert exchange.request.body.text == "{'name': 'x'}"


STREAMS = {
    "requests": """
import requests
def parts(url):
    with requests.get(url, stream=True) as response:
        yield from response.iter_content(7)
def send(url): return requests.post(url, data=iter([b"a", b"b"])).status_code
""",
    "httpx": """
import httpx
def parts(url):
    with httpx.stream("GET", url) as response:
        yield from response.iter_bytes(7)
def send(url): return httpx.post(url, content=iter([b"a", b"b"])).status_code
""",
    "aiohttp": """
import aiohttp, asyncio
async def collect(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return [part async for part in response.content.iter_chunked(7)]
def parts(url): return asyncio.run(collect(url))
async def many():
    yield b"a"
async def post(url):
    async with aiohttp.ClientSession() as session, session.post(url, data=many()) as response:
        return response.status
def send(url): return asyncio.run(post(url))
""",
}


@pytest.mark.parametrize("shop", STREAMS.values(), ids=STREAMS.keys())
def test_streams_are_left_alone(watch: Watch, service: str, shop: str) -> None:
    """A body that goes by in pieces is not seen, in either direction, and arrives."""
    test = "import shop\ndef test(url): return b''.join(shop.parts(url + '/users/1')), shop.send(url + '/users')"
    seen = watch(shop, test, service)

    assert seen.result == (b'{"id": 1, "email": "ada@example.com"}', 201)
    assert seen.bodies[0] == "unseen"
    assert seen.exchanges[1].request.body is None


LATE = {
    "requests": """
import requests
def get(url):
    with requests.get(url, stream=True) as response:
        return response.json()
""",
    "httpx": """
import httpx
def get(url):
    with httpx.stream("GET", url) as response:
        response.read()
        return response.json()
""",
    "http.client in pieces": """
import http.client, json
from urllib.parse import urlsplit
def get(url):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", parts.path)
    response = connection.getresponse()
    text = b"".join(iter(lambda: response.read(7), b""))
    connection.close()
    return json.loads(text)
""",
    "urllib by lines": """
import json, urllib.request
def get(url):
    with urllib.request.urlopen(url) as response:
        return json.loads(b"".join(response))
""",
}


@pytest.mark.parametrize("shop", LATE.values(), ids=LATE.keys())
def test_bodies_that_are_read_later_are_seen(watch: Watch, service: str, shop: str) -> None:
    """A body is taken note of when the code reads it."""
    for path in ("/users/1", "/chunked"):
        seen = watch(shop, GET, service + path)
        assert seen.result["id"] == 1
        assert seen.bodies[0] == "{email: str, id: int}"


def test_a_task_of_its_own_sends_for_the_line_that_asked(watch: Watch, service: str) -> None:
    """Requests that run in tasks stand for the line that made them, not for the one that runs the loop."""
    shop = """
        import asyncio
        import httpx

        async def fetch(base):
            async with httpx.AsyncClient() as client:
                first, second = await asyncio.gather(client.get(base + "/users/1"), client.get(base + "/missing"))
                return first.status_code, second.status_code

        def both(base):
            return asyncio.run(fetch(base))
    """
    seen = watch(shop, "import shop\ndef test(url): return shop.both(url)", service)

    assert seen.result == (200, 404)
    assert [one.site.function for one in seen.observations if one.site is not None] == ["fetch", "fetch"]


def test_retries_are_one_request(watch: Watch, nobody: str) -> None:
    """What counts is what the code gets in the end."""
    shop = """
        import requests
        from requests.adapters import HTTPAdapter

        def get(url):
            with requests.Session() as session:
                session.mount("http://", HTTPAdapter(max_retries=2))
                return session.get(url)
    """
    test = (
        "import pytest, requests, shop\ndef test(url):\n    with pytest.raises(requests.ConnectionError): shop.get(url)"
    )

    assert "ConnectionError" in str(watch(shop, test, nobody).one().error)


def test_an_application_in_the_process_is_no_client_of_its_own(watch: Watch, service: str) -> None:
    """Requests that an application under `ASGITransport` sends itself are told from the one that it answers."""
    shop = """
        import asyncio
        import httpx
        import urllib3

        async def app(scope, receive, send):
            with urllib3.PoolManager() as pool:
                status = pool.request("GET", scope["headers"][-1][1].decode()).status
            await send({"type": "http.response.start", "status": status + 2, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def ask(url):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
                return (await client.get("/up", headers={"x-up": url})).status_code

        def status(url):
            return asyncio.run(ask(url))
    """
    seen = watch(shop, "import shop\ndef test(url): return shop.status(url)", f"{service}/users/1")

    assert seen.result == 202
    found = {one.request.origin: (one.is_emulated, one.answer.status) for one in seen.exchanges if one.answer}
    assert found == {"http://app": (True, 202), service: (False, 200)}


SECURE = {
    "requests": "import requests\ndef get(url, ca): return requests.get(url, verify=ca).json()",
    "httpx": """
import httpx, ssl
def get(url, ca): return httpx.get(url, verify=ssl.create_default_context(cafile=ca)).json()
""",
    "aiohttp": """
import aiohttp, asyncio, ssl
async def aget(url, context):
    async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
        return await response.json()
def get(url, ca): return asyncio.run(aget(url, ssl.create_default_context(cafile=ca)))
""",
    "urllib": """
import json, ssl, urllib.request
def get(url, ca):
    with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=ca)) as response:
        return json.load(response)
""",
    "http.client": """
import http.client, json, ssl
from urllib.parse import urlsplit
def get(url, ca):
    connection = http.client.HTTPSConnection(urlsplit(url).netloc, context=ssl.create_default_context(cafile=ca))
    connection.request("GET", "/users/1")
    with connection.getresponse() as response:
        body = json.load(response)
    connection.close()
    return body
""",
}


@pytest.mark.parametrize("shop", SECURE.values(), ids=SECURE.keys())
def test_encrypted_traffic_is_seen(watch: Watch, secure_service: tuple[str, str], shop: str) -> None:
    """Clients are listened to above TLS."""
    base, authority = secure_service
    test = "import shop\ndef test(url, authority): return shop.get(url, authority)"
    seen = watch(shop, test, f"{base}/users/1", authority)

    assert seen.result["id"] == 1
    assert seen.one().request.origin == base
    assert seen.bodies == ["{email: str, id: int}"]


def test_only_what_is_needed_is_listened_to(watch: Watch, service: str) -> None:
    """Who reads headers of real answers, and bodies that are there, is not asked; a stream wakes the ear for bodies."""
    import requests

    reads_header, reads_body = requests.structures.CaseInsensitiveDict.__getitem__, requests.Response.content.fget
    codes = [reads_header.__code__, reads_body.__code__]
    test = """
import requests, shop
def test(url, stream):
    shop.ask(url, stream)
    return [requests.structures.CaseInsensitiveDict.__getitem__.__code__, requests.Response.content.fget.__code__]
"""
    shop = """
import requests
def ask(url, stream):
    with requests.get(url, stream=stream) as answer:
        return answer.headers["X-Request-Id"], answer.content
"""
    plain = watch(shop, test, f"{service}/users/1", False)
    streamed = watch(shop, test, f"{service}/users/1", True)

    assert plain.result == codes
    assert streamed.result[0] is codes[0]
    assert streamed.result[1] is not codes[1]
    assert plain.bodies == streamed.bodies == ["{email: str, id: int}"]
    assert [reads_header.__code__, reads_body.__code__] == codes


def test_the_bodies_of_one_test_have_a_bound(watch: Watch, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that moves a lot of data does not fill the memory: what is too much is as if it had not been seen."""
    monkeypatch.setattr("pytest_integration_gate.traffic.wire._ROOM", 100)
    shop = "import requests\ndef ask(url): return [requests.get(url).json()['id'] for _ in range(4)]"
    seen = watch(shop, "import shop\ndef test(url): return shop.ask(url)", f"{service}/users/1")

    assert seen.result == [1, 1, 1, 1]
    assert seen.bodies == ["{email: str, id: int}"] * 2 + ["unseen"] * 2
