"""Whole runs over HTTP: stubs against real services and against applications in the process."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = """
import requests

def mail(base="https://api.example.com"):
    return requests.get(base + "/users/1", timeout=5).json()["mail"]
"""
UNIT = """
import responses
import shop

@responses.activate
def test_mail():
    responses.get("https://api.example.com/users/1", json={"id": 1, "mail": "ada@example.com"})
    assert shop.mail() == "ada@example.com"
"""
GATE = """
format: 1
project: shop
boundaries:
  api:
    urls: {"https://api.example.com": "ORIGIN"}
"""
FLASK = """
import flask
import pytest

app = flask.Flask(__name__)

@app.get("/users/<int:key>")
def user(key):
    return {"id": key, "email": "ada@example.com"}

@pytest.mark.boundary("api")
def test_user():
    with app.test_client() as client:
        assert client.get("/users/1").json["id"] == 1
"""
STARLETTE = """
import warnings
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

async def user(request):
    return JSONResponse({"id": request.path_params["key"], "email": "ada@example.com"})

app = Starlette(routes=[Route("/users/{key:int}", user)])

@pytest.mark.boundary("api")
def test_user():
    assert TestClient(app).get("/users/1").json()["id"] == 1
"""
DJANGO = """
import django
import pytest
from django.conf import settings
from django.http import JsonResponse
from django.urls import path

def user(request, key):
    return JsonResponse({"id": key, "email": "ada@example.com"})

urlpatterns = [path("users/<int:key>", user)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"], SECRET_KEY="x", DATABASES={})
django.setup()
from django.test import Client

@pytest.mark.boundary("api")
def test_user():
    assert Client().get("/users/1").json()["id"] == 1
"""
HTTPX_ASGI = """
import asyncio
import httpx
import pytest

async def app(scope, receive, send):
    body = b'{"id": 1, "email": "ada@example.com"}'
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})

async def ask():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return (await client.get("/users/1")).json()

@pytest.mark.boundary("api")
def test_user():
    assert asyncio.run(ask())["id"] == 1
"""
SERVER = """
import http.server
import threading
import pytest
import shop

class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"id": 1, "email": "ada@example.com"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

@pytest.fixture
def base():
    with http.server.HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()

@pytest.mark.boundary("api")
def test_mail(base):
    with pytest.raises(KeyError):
        shop.mail(base)
"""


@pytest.mark.parametrize(
    ("origin", "boundary"),
    [
        ("http://localhost", FLASK),
        ("http://testserver", STARLETTE),
        ("http://testserver", DJANGO),
        ("http://test", HTTPX_ASGI),
    ],
    ids=["flask", "starlette", "django", "httpx"],
)
def test_an_application_in_the_process_is_the_provider(project: Any, origin: str, boundary: str) -> None:
    """What it answers to its test client contradicts a stub, as emulated evidence whatever the marker says."""
    project.write("shop.py", SHOP)
    project.write("gate.yaml", GATE.replace("ORIGIN", origin))
    project.write("tests/unit/test_greet.py", UNIT)
    project.write("tests/integration/test_repo.py", boundary)

    result = project.run("-W", "error")

    result.assert_outcomes(passed=2)
    (mismatch,) = project.report["mismatches"]
    assert mismatch["target"] == "GET https://api.example.com/users/{}"
    assert mismatch["kind"] == "http_body"
    assert mismatch["claim"]["at"] == "tests/unit/test_greet.py:7"
    assert mismatch["differences"][0]["path"] == "$.mail"
    assert mismatch["reality"]["fidelity"] == "emulated"
    assert [one["fidelity"] for one in project.report["boundaries"] if one["name"] == "api"] == ["emulated"]


def test_a_real_service_speaks_before_an_emulated_one(project: Any) -> None:
    """Where both were seen, the real one is the evidence."""
    project.write("shop.py", SHOP)
    project.write("gate.yaml", GATE.replace("ORIGIN", "http://localhost"))
    project.write("tests/unit/test_greet.py", UNIT)
    project.write("tests/integration/test_repo.py", FLASK)
    project.write("tests/integration/test_server.py", SERVER)

    project.run("-W", "error").assert_outcomes(passed=3)

    (mismatch,) = project.report["mismatches"]
    assert (mismatch["verdict"], mismatch["reality"]["fidelity"]) == ("contradicted", "real")


PYTEST_HTTPX = """
import httpx
import pytest
import shop

@pytest.fixture
def stubbed(httpx_mock):
    httpx_mock.add_response(url="https://api.example.com/users/1", json={"mail": "ada@example.com"})
    return httpx_mock

def test_mail(stubbed):
    assert shop.mail() == "ada@example.com"
    assert len(stubbed.get_requests()) == 1

def test_trouble(httpx_mock):
    httpx_mock.add_exception(httpx.ReadTimeout("slow"))
    with pytest.raises(httpx.ReadTimeout):
        shop.mail()

def test_callback(httpx_mock):
    httpx_mock.add_callback(lambda request: httpx.Response(200, json={"mail": request.url.host}))
    assert shop.amail() == "api.example.com"

@pytest.mark.httpx_mock(assert_all_requests_were_expected=False)
def test_nothing_is_said(httpx_mock):
    with pytest.raises(httpx.TimeoutException):
        shop.mail()
"""


def test_the_fixture_of_pytest_httpx_claims(project: Any) -> None:
    """Responses, exceptions and callbacks are claims with the line that added them; its complaints are none."""
    project.write(
        "shop.py",
        """
import asyncio
import httpx

def mail():
    return httpx.get("https://api.example.com/users/1").json()["mail"]

async def aget():
    async with httpx.AsyncClient() as client:
        return (await client.get("https://api.example.com/users/1")).json()["mail"]

def amail():
    return asyncio.run(aget())
""",
    )
    project.write("tests/unit/test_greet.py", PYTEST_HTTPX)
    project.write("tests/integration/test_repo.py", "")

    result = project.run("-p", "pytest_httpx", "-W", "error")

    result.assert_outcomes(passed=4)
    assert project.report["gate"]["claims"]["total"] == 3
    places = {place for one in project.report["unverified"] for place in one["at"]}
    assert places == {f"tests/unit/test_greet.py:{line}" for line in (8, 16, 21)}


STUBS = """
import httpx
import pytest
import requests
import responses
import shop

@pytest.fixture
def service():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.get("https://api.example.com/fixture")
        yield mocked

def helper():
    responses.get("https://api.example.com/helper")

@responses.activate
def test_dead():
    helper()
    responses.get("https://api.example.com/users/1", json={"mail": "a@b.c"})
    responses.get("https://api.example.com/users/2", json={"mail": "a@b.c"})  # dead
    assert shop.mail()

def test_configured_later(respx_mock):
    route = respx_mock.get("https://api.example.com/users/1")
    route.return_value = httpx.Response(200)
    assert httpx.get("https://api.example.com/users/1").status_code == 200

@responses.activate
def test_asks():
    responses.get("https://api.example.com/users/1")
    assert len(responses.calls) == 0

@responses.activate
@pytest.mark.parametrize("key", [1])
def test_parameters(key):
    responses.get("https://api.example.com/users/2")

def test_fixture(service):
    pass

@responses.activate
@pytest.mark.xfail(strict=True)
def test_fails():
    responses.get("https://api.example.com/users/2")
    assert False
"""


def test_stubs_that_answer_nothing_are_untidy(project: Any) -> None:
    """Only those that a passed test without parameters wrote itself, and about which it does not ask."""
    project.write("shop.py", SHOP)
    project.write("tests/unit/test_greet.py", STUBS)
    project.write("tests/integration/test_repo.py", "")

    project.run("-p", "respx.plugin").assert_outcomes(passed=5, xfailed=1)

    line = next(number for number, text in enumerate(STUBS.splitlines(), 1) if "# dead" in text)
    dead = [one for one in project.report["hygiene"] if one["kind"] == "dead_stub"]
    assert dead == [
        {
            "kind": "dead_stub",
            "at": f"tests/unit/test_greet.py:{line}",
            "test": "tests/unit/test_greet.py::test_dead",
            "detail": "answers no request",
        }
    ]


ROOMS = """
import sys

def pytest_sessionfinish():
    print("rooms:", sorted(name for name in sys.modules if name.startswith("pytest_integration_gate.traffic.")))
"""
INNOCENT = """
import http.client
import urllib.request
import sys

def test_nothing_is_sent():
    assert "requests" not in sys.modules
"""


def test_without_a_client_nothing_listens(project: Any) -> None:
    """Importing the standard library's clients does not load ours; a boundary test does."""
    project.write("tests/unit/test_greet.py", INNOCENT)
    project.write("tests/integration/test_repo.py", "")
    project.write("conftest.py", ROOMS)
    unit = project.run("-s")
    project.write("tests/unit/test_greet.py", "import pytest\npytestmark = pytest.mark.boundary('api')\n" + INNOCENT)
    boundary = project.run("-s")

    unit.assert_outcomes(passed=1)
    unit.stdout.fnmatch_lines(["*rooms: []*"])
    boundary.assert_outcomes(passed=1)
    boundary.stdout.fnmatch_lines(["*rooms: *http_client*"])


URLLIB = """
import http.server
import threading
import urllib.request
import pytest
""" + SERVER.split("import pytest", 1)[1].replace("import shop\n", "").replace(
    """    with pytest.raises(KeyError):
        shop.mail(base)
""",
    """    with urllib.request.urlopen(base + "/users/1") as response:
        assert response.read()
""",
)


def test_the_standard_library_alone_observes(project: Any) -> None:
    """A boundary test that uses only `urllib.request` gives evidence."""
    project.write("tests/unit/test_greet.py", "")
    project.write("tests/integration/test_repo.py", URLLIB)

    project.run("-W", "error").assert_outcomes(passed=1)

    (boundary,) = project.report["boundaries"]
    assert (boundary["observations"], boundary["fidelity"]) == (1, "real")
