"""Pact files written by a run: what stands in them, and what the official verifier says of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from pact import Verifier

QUICKSTART = Path(__file__).parents[2] / "examples/quickstart"
GATE = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate"]

CLIENT = """
import requests

BASE = "https://users.example"


def user(number):
    answer = requests.get(f"{BASE}/users/{number}", timeout=5)
    if answer.status_code == 404:
        return None
    return answer.json()["name"], [tag["label"] for tag in answer.json()["tags"]]


def add(name):
    answer = requests.post(f"{BASE}/users", json={"name": name, "roles": ["reader"]}, timeout=5)
    if answer.status_code == 201:
        return answer.headers["Location"]


def search(word):
    answer = requests.get(f"{BASE}/search", params={"q": word, "page": 2}, timeout=5)
    answer.raise_for_status()
    return answer.json()["found"]


def login(password):
    return requests.post(f"{BASE}/login", json={"password": password}, timeout=5).json()["ok"]


def is_alive():
    return requests.get(f"{BASE}/health", timeout=5).ok
"""

TESTS = """
import pytest
import responses
import client


@responses.activate
def test_user():
    body = {"name": "Ada", "age": 36, "tags": [{"label": "a", "weight": 1.5}]}
    responses.get(client.BASE + "/users/42", json=body)
    assert client.user(42) == ("Ada", ["a"])


@pytest.mark.given("there is no user 7")
@responses.activate
def test_no_user():
    responses.get(client.BASE + "/users/7", status=404)
    assert client.user(7) is None


@responses.activate
def test_add():
    responses.post(client.BASE + "/users", status=201, headers={"Location": "/users/43"})
    assert client.add("Eve") == "/users/43"


@responses.activate
def test_search():
    responses.get(client.BASE + "/search", json={"found": 3})
    assert client.search("ada") == 3


@responses.activate
def test_login():
    responses.post(client.BASE + "/login", json={"ok": True})
    assert client.login("s3cret")


@responses.activate
def test_dead():
    responses.get(client.BASE + "/health", status=503)
    assert not client.is_alive()
"""


class Users(BaseHTTPRequestHandler):
    """A service as the client wants it."""

    people: ClassVar[dict[str, Any]] = {
        "42": {"name": "Bob", "tags": [{"label": "x"}, {"label": "y", "z": None}], "new": 1}
    }

    def do_GET(self) -> None:
        if self.path.startswith("/search"):
            self.say(200, {"found": 0} if self.path == "/search?page=2&q=ada" else {})
        elif self.path.removeprefix("/users/") in self.people:
            self.say(200, self.people[self.path.removeprefix("/users/")])
        else:
            self.say(404, {"error": "nobody"})

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.say(201 if sent == {"name": "Eve", "roles": ["reader"]} else 400, {"id": 44}, Location="/users/44")

    def say(self, status: int, body: Any, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(autouse=True, scope="module")
def no_tracking() -> Iterator[None]:
    """The verifier counts its users over the network unless it is told not to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACT_DO_NOT_TRACK", "true")
        yield


Serve = Callable[[type[BaseHTTPRequestHandler]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start services; gives the URL of each."""
    servers = []

    def start(handler: type[BaseHTTPRequestHandler]) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run the tests of the client, with a gate.yaml that calls its service a boundary."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    gate = 'format: 1\nproject: web\nboundaries:\n  users: {collaborators: ["https://users.example"]}\n'
    pytester.path.joinpath("gate.yaml").write_text(gate)
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(client=CLIENT, test_client=TESTS)
    return lambda *options: pytester.runpytest_subprocess(*GATE, *options)


def verifier(path: Path, provider: str, url: str) -> Verifier:
    """The official verifier, about to ask a service for what a file promises."""
    return Verifier(provider, host="127.0.0.1").add_transport(url=url).add_source(path)


def warnings_in(root: Path) -> list[str]:
    """The warnings of the report."""
    report: dict[str, Any] = yaml.safe_load((root / "integration-gate.report.yaml").read_text())
    return report.get("warnings", [])


def interactions(path: Path) -> dict[str, Any]:
    """The interactions of a file by description."""
    return {one["description"]: one for one in json.loads(path.read_text())["interactions"]}


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Pact file of the quickstart."""
    folder = tmp_path_factory.mktemp("pact") / "quickstart"
    shutil.copytree(QUICKSTART, folder, ignore=shutil.ignore_patterns("__pycache__", ".integration_gate"))
    command = (sys.executable, "-m", "pytest", *GATE, "--gate-pact=pacts")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment)
    return folder / "pacts/quickstart-prices.json"


@pytest.mark.usefixtures("own_shop")
def test_the_quickstart_verifies(quickstart: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The official verifier accepts the quickstart's Pact file, and the real price service keeps it."""
    monkeypatch.syspath_prepend(QUICKSTART)
    from shop.price_service import PriceHandler

    verifier(quickstart, "prices", serve(PriceHandler)).verify()


def test_a_provider_that_breaks_the_pact_is_found(quickstart: Path, serve: Serve) -> None:
    """The official verifier refuses a price service whose cents are a text: the file binds by type."""

    class Wrong(Users):
        def do_GET(self) -> None:
            self.say(200, {"sku": "apple", "cents": "30", "currency": "EUR"})

    asked = verifier(quickstart, "prices", serve(Wrong))
    with pytest.raises(RuntimeError):
        asked.verify()
    assert "Expected '30' (String) to be the same type as 30 (Integer)" in json.dumps(asked.results)


def test_what_the_code_reads_binds_the_provider(client_run: Any, pytester: pytest.Pytester) -> None:
    """A file has requests as they are sent, and of the answers what the code reads, by type."""
    run = client_run("--gate-pact=pacts")
    path = pytester.path / "pacts/web-users.json"
    found = interactions(path)
    assert list(found) == [
        "GET /search answers 200",
        "GET /users/42 answers 200",
        "GET /users/7 answers 404",
        "POST /users answers 201",
    ]
    user = found["GET /users/42 answers 200"]
    assert user["request"]["path"] == "/users/42"
    assert user["request"]["matchingRules"]["path"]["matchers"] == [{"match": "regex", "regex": "^/users/[^/]+$"}]
    assert user["response"]["body"]["content"] == {"name": "Ada", "tags": [{"label": "a"}]}
    rules = user["response"]["matchingRules"]["body"]
    assert list(rules) == ["$", "$['name']", "$['tags']", "$['tags'][*]", "$['tags'][*]['label']"]
    assert user["comments"]["testname"] == "test_client.py::test_user"
    gone = found["GET /users/7 answers 404"]
    assert (gone["providerStates"], gone["response"]) == ([{"name": "there is no user 7"}], {"status": 404})
    search = found["GET /search answers 200"]
    assert search["request"]["query"] == {"page": ["2"], "q": ["ada"]}
    assert search["response"]["matchingRules"]["status"]["matchers"] == [{"match": "statusCode", "status": "success"}]
    added = found["POST /users answers 201"]
    assert added["request"]["body"]["content"] == {"name": "Eve", "roles": ["reader"]}
    assert (added["response"]["status"], list(added["response"]["headers"])) == (201, ["location"])
    run.stdout.fnmatch_lines(["pact: pacts/web-users.json: 4 interactions"])
    assert warnings_in(pytester.path) == [
        "The Pact with users leaves out what cannot be sent again: POST https://users.example/login "
        "(its body has a secret or something large, which is not kept)."
    ]
    assert "s3cret" not in path.read_text()
    assert json.loads(path.read_text())["metadata"] == {"pactSpecification": {"version": "4.0"}}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pact-python leaves its socket open
def test_the_file_of_a_client_verifies(client_run: Any, pytester: pytest.Pytester, serve: Serve) -> None:
    """The official verifier replays requests with bodies, queries and provider states against a service."""
    client_run("--gate-pact=pacts")
    prepared: list[str] = []
    asked = verifier(pytester.path / "pacts/web-users.json", "users", serve(Users))
    asked.state_handler({"there is no user 7": lambda parameters=None: prepared.append("7")}, teardown=False)
    asked.verify()
    assert prepared == ["7"]


def test_a_file_is_the_same_whatever_the_workers(client_run: Any, pytester: pytest.Pytester) -> None:
    """Tests that run in two processes give the file that one process gives, provider states and all."""
    client_run("--gate-pact=one")
    client_run("--gate-pact=two", "-p", "xdist", "-n2")
    assert (pytester.path / "one/web-users.json").read_text() == (pytester.path / "two/web-users.json").read_text()


def test_what_reality_contradicts_is_left_out(project: Any) -> None:
    """A claim that the boundary test contradicts stands in no file, and a warning names it."""
    project.write(
        "shop.py", "import requests\n\ndef get(base):\n    return requests.get(base + '/me').json()['mail']\n"
    )
    project.write(
        "tests/unit/test_greet.py",
        "import responses\nimport shop\n\n@responses.activate\ndef test_mail():\n"
        "    responses.get('https://api.example/me', json={'mail': 'a'})\n    shop.get('https://api.example')\n",
    )
    project.write(
        "tests/integration/test_repo.py",
        "import http.server, json, threading\nimport pytest\nimport shop\n\n"
        "class Me(http.server.BaseHTTPRequestHandler):\n    def do_GET(self):\n        self.send_response(200)\n"
        "        self.send_header('Content-Type', 'application/json')\n        self.end_headers()\n"
        "        self.wfile.write(json.dumps({'email': 'a'}).encode())\n\n"
        "@pytest.mark.boundary('api')\ndef test_me():\n"
        "    with http.server.HTTPServer(('127.0.0.1', 0), Me) as server:\n"
        "        threading.Thread(target=server.handle_request).start()\n"
        "        with pytest.raises(KeyError):\n"
        "            shop.get(f'http://127.0.0.1:{server.server_port}')\n",
    )
    run = project.run("--gate-pact=pacts")
    assert [one["verdict"] for one in project.report["mismatches"]] == ["contradicted"], run.stdout.str()
    lacks = "The Pact with api leaves out what reality contradicts: GET https://api.example/me."
    assert lacks in project.report["warnings"]
    assert not (project.root / "pacts").exists()


def test_failed_tests_make_no_pact(client_run: Any, pytester: pytest.Pytester) -> None:
    """What a test that failed says of a service is no contract."""
    pytester.makepyfile(test_client=TESTS + "    assert 0\n\ntest_user = test_add = test_search = test_login = None\n")
    assert client_run("--gate-pact=pacts").ret == pytest.ExitCode.TESTS_FAILED
    assert list(interactions(pytester.path / "pacts/web-users.json")) == ["GET /users/7 answers 404"]


def test_services_under_one_boundary_are_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two services that no setting tells apart make one file, and a warning that says how to part them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        client="import requests\n\ndef both():\n"
        "    return requests.get('https://a.example/x').json()['k'] and requests.get('https://b.example/x').ok\n",
        test_client="import client, responses\n\n@responses.activate\ndef test_two():\n"
        "    responses.get('https://a.example/x', json={'k': 1})\n    responses.get('https://b.example/x', json={})\n"
        "    assert client.both()\n",
    )
    pytester.runpytest_subprocess(*GATE, "--gate-pact=pacts")
    assert warnings_in(pytester.path) == [
        "The Pact with http is with 2 services: https://a.example, https://b.example. "
        "Give each a boundary of its own in gate.yaml, or name them under its `urls`."
    ]


def test_without_the_option_nothing_is_written(client_run: Any, pytester: pytest.Pytester) -> None:
    """A run that asks for no Pact imports nothing of it and writes none."""
    pytester.makeconftest(
        "import sys\n\ndef pytest_unconfigure():\n"
        "    print([name for name in sys.modules if name.startswith('pytest_integration_gate') and 'pact' in name])\n"
    )
    client_run("-s").stdout.fnmatch_lines(["*[[]]*"])
    assert not list(pytester.path.rglob("*-users.json"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--gate-pact=gate.yaml"], "*--gate-pact: */gate.yaml is a file. Name a folder.*"),
        (["--gate-pact="], "*--gate-pact: '' is no path. Name a file or folder.*"),
        (["--gate-pact-publish=broker"], "*--gate-pact-publish: this is no URL. Write it like https://*"),
        (["--gate-pact-publish=http://b.example"], "*no folder is named for the Pact files. Add --gate-pact DIR.*"),
    ],
)
def test_wrong_options_are_told(client_run: Any, options: list[str], told: str) -> None:
    """A place or an address that cannot be is one error before any test runs, with exit code 4."""
    run = client_run(*options)
    run.stderr.fnmatch_lines([told])
    assert run.ret == pytest.ExitCode.USAGE_ERROR


def test_a_folder_that_cannot_be_written_is_a_warning(client_run: Any, pytester: pytest.Pytester) -> None:
    """The run goes on when the files cannot be written; the report says so."""
    pytester.path.joinpath("file").write_text("")
    run = client_run("--gate-pact=file/pacts")
    run.stdout.fnmatch_lines(["*The Pact with users was not written: *"])
    assert run.ret == pytest.ExitCode.OK
