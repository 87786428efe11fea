"""Whole runs in which unit tests stub an HTTP service that boundary tests really call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

CLIENT = """
import requests


class Users:
    def __init__(self, base="https://api.example", token="hunter2-token"):
        self.base = base
        self.session = requests.Session()
        self.headers = {"Authorization": f"Bearer {token}"}

    def user(self, key):
        answer = requests.get(f"{self.base}/users/{key}", params={"api_key": "hunter2-query"}, headers=self.headers)
        answer.raise_for_status()
        return answer.json()

    def by_session(self, key):
        return self.session.get(f"{self.base}/users/{key}").json()

    def by_request(self, key):
        return self.session.request("GET", f"{self.base}/users/{key}").json()

    def moved(self, key):
        return requests.get(f"{self.base}/old/{key}", headers=self.headers).json()

    def create(self, name):
        answer = requests.post(f"{self.base}/users", json={"name": name, "password": "hunter2-body"})
        return answer.json()["id"] if answer.status_code == 201 else None


def mail(users, key, way="user"):
    return getattr(users, way)(key)["email"]
"""

SERVER = """
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/old/"):
            return self.answer(302, {}, {"Location": self.path.replace("old", "users")})
        self.answer(200, {"id": 7, "email_address": "eve@example.com", "session": "hunter2-answer"})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201, {"id": 7})

    def answer(self, status, data, headers={}):
        body = json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.send_header("Set-Cookie", "sid=hunter2-cookie")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def base():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
"""

BOUNDARY = """
import pytest
import shop

@pytest.mark.boundary("http")
def test_users(base):
    users = shop.Users(base)
    for way in ("user", "by_session", "by_request", "moved"):
        assert getattr(users, way)(7)["id"] == 7

@pytest.mark.boundary("http")
def test_create(base):
    assert shop.Users(base).create("Eve") == 7
"""

TOLD = """
@pytest.mark.boundary("http")
def test_told(base):
    assert shop.told(base)
"""

HEAD = """
import json
from unittest.mock import MagicMock, Mock, patch

import pytest
import requests
import responses
import shop

URL = "https://api.example/users/1"
ADA = {"id": 1, "email": "ada@example.com"}

"""

# Each test reads an email from a stub, which reality calls otherwise.
STYLES = {
    "responses_function": """
@responses.activate
def test():
    responses.get(URL, json=ADA)
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
    "responses_context": """
def test():
    with responses.RequestsMock() as stubs:
        stubs.add(responses.GET, URL, body=json.dumps(ADA), content_type="application/json")
        assert shop.mail(shop.Users(), 1, "by_session") == ADA["email"]
""",
    "responses_callback": """
@responses.activate
def test():
    responses.add_callback(responses.GET, URL, lambda request: (200, {}, json.dumps(ADA)))
    assert shop.mail(shop.Users(), 1, "by_request") == ADA["email"]
""",
    "patched_function": """
@patch("requests.get")
def test(get):
    get.return_value.json.return_value = ADA
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
    "patched_module": """
@patch("shop.requests")
def test(requests):
    requests.get.return_value = Mock(status_code=200, json=Mock(return_value=ADA))
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
    "patched_session_method": """
@patch.object(requests.Session, "get", autospec=True)
def test(get):
    get.return_value.json.return_value = ADA
    assert shop.mail(shop.Users(), 1, "by_session") == ADA["email"]
""",
    "patched_session_request": """
@patch("requests.Session.request")
def test(request):
    request.return_value = MagicMock(spec=requests.Response)
    request.return_value.json.return_value = ADA
    assert shop.mail(shop.Users(), 1, "by_request") == ADA["email"]
""",
    "patched_session": """
@patch("requests.Session")
def test(session):
    session.return_value.get.return_value.json.side_effect = [ADA]
    assert shop.mail(shop.Users(), 1, "by_session") == ADA["email"]
""",
    "hand_written": """
class Response:
    status_code = 200

    def raise_for_status(self):
        pass

    def json(self):
        return ADA

def test(monkeypatch):
    monkeypatch.setattr(requests, "get", lambda url, **more: Response())
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
    "text": """
@patch("requests.get")
def test(get):
    get.return_value = Mock(status_code=200, text=json.dumps(ADA))
    get.return_value.json.side_effect = lambda: json.loads(get.return_value.text)
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
    "function_for_json": """
@patch("requests.get")
def test(get):
    get.return_value = Mock(status_code=200, json=lambda: ADA)
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
    "namespace": """
from types import SimpleNamespace

@patch("requests.get")
def test(get):
    get.return_value = SimpleNamespace(status_code=200, json=lambda: ADA, raise_for_status=lambda: None)
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
    "real_response": """
@patch("requests.get")
def test(get):
    answer = requests.Response()
    answer.status_code, answer._content = 200, json.dumps(ADA).encode()
    get.return_value = answer
    assert shop.mail(shop.Users(), 1) == ADA["email"]
""",
}


@pytest.fixture
def users(project: Any) -> Any:
    """A project that asks a service for users; its boundary tests call a real one."""
    (project.root / "tests/unit/test_greet.py").unlink()
    project.write("shop.py", CLIENT)
    project.write("tests/conftest.py", SERVER)
    project.write("tests/integration/test_repo.py", BOUNDARY)
    return project


def told(report: Any) -> set[tuple[str, str, str, str]]:
    """The mismatches by test function, target, kind and verdict."""
    return {
        (each.rpartition("test_")[2].partition(".")[0], one["target"], one["kind"], one["verdict"])
        for one in report["mismatches"]
        for each in one["claim"]["tests"]
    }


def test_a_lie_about_a_service_is_found_however_it_is_told(users: Any) -> None:
    """Stubs, callbacks, patched functions, sessions and modules make the same claim about the same route."""
    for name, source in STYLES.items():
        users.write(f"tests/unit/test_{name}.py", HEAD + source)
    users.run("-p", "no:randomly").assert_outcomes(passed=len(STYLES) + 2)
    report = users.report
    expected = {(f"{name}", "GET https://api.example/users/{}", "http_body", "contradicted") for name in STYLES}
    assert {(name.partition("py")[0], *rest) for name, *rest in told(report)} == expected
    assert report["warnings"] == []
    assert {one["name"]: one["claims"]["contradicted"] for one in report["boundaries"]} == {"http": len(STYLES)}


def test_an_honest_stub_is_verified_however_it_is_written(users: Any) -> None:
    """With the name that reality uses nothing is left to say."""
    users.write("shop.py", CLIENT.replace('["email"]', '["email_address"]'))
    for name, source in STYLES.items():
        text = (HEAD + source).replace('"email"', '"email_address"')
        users.write(f"tests/unit/test_{name}.py", text)
    users.run().assert_outcomes(passed=len(STYLES) + 2)
    assert users.report["mismatches"] == []
    assert users.report["unverified"] == []
    assert users.report["gate"]["status"] == "PASSED"


def test_of_a_response_made_by_hand_only_what_is_read_counts(users: Any) -> None:
    """Who parses its body is heard as it is of answers that come over the wire."""
    ask = "def direct():\n    return requests.get('https://api.example/users/1').json()['email_address']\n"
    users.write("shop.py", f"{CLIENT}\n\n{ask}")
    users.write(
        "tests/unit/test_direct.py",
        HEAD
        + """
@patch("requests.get", return_value=requests.Response())
def test(get):
    get.return_value.status_code, get.return_value._content = 200, b'{"email_address": "a@b.c", "unread": 1}'
    assert shop.direct() == "a@b.c"
""",
    )
    users.run().assert_outcomes(passed=3)

    assert users.report["gate"]["claims"]["verified"] == users.report["gate"]["claims"]["total"] == 1


def test_a_failure_that_is_simulated_by_its_status_is_a_claim(users: Any) -> None:
    """A refusal by `status_code` and `raise_for_status` says of the service what a stub with that status would."""
    users.write(
        "tests/unit/test_refused.py",
        HEAD
        + """
@patch("requests.get")
def test(get):
    get.return_value = Mock(status_code=404)
    get.return_value.raise_for_status.side_effect = requests.HTTPError("404")
    with pytest.raises(requests.HTTPError):
        shop.mail(shop.Users(), 404)
""",
    )
    users.run().assert_outcomes(passed=3)

    assert [one["target"] for one in users.report["unverified"]] == ["GET https://api.example/users/{}"]


def test_each_hop_of_a_redirect_is_seen_and_none_is_altered(users: Any) -> None:
    """The stub that follows the redirect lies about the second hop."""
    users.write(
        "tests/unit/test_hops.py",
        HEAD
        + """
@responses.activate
def test():
    responses.get("https://api.example/old/1", status=302, headers={"Location": URL})
    responses.get(URL, json=ADA)
    assert shop.mail(shop.Users(), 1, "moved") == ADA["email"]
    assert [call.request.url for call in responses.calls] == ["https://api.example/old/1", URL]
""",
    )
    users.run().assert_outcomes(passed=3)
    (found,) = users.report["mismatches"]
    assert (found["target"], found["kind"]) == ("GET https://api.example/users/{}", "http_body")
    assert users.report["gate"]["claims"] == {
        "total": 2,
        "verified": 1,
        "contradicted": 1,
        "suspect": 0,
        "unverified": 0,
        "stale": 0,
        "waived": 0,
    }


def test_what_a_stub_answers_in_a_boundary_test_is_no_evidence(users: Any) -> None:
    """Also the project's own function on top of it is contaminated; a stub that lets the request pass is not."""
    users.write("shop.py", CLIENT.replace('["email"]', '["email_address"]'))
    users.write(
        "tests/integration/test_repo.py",
        """
import pytest
import responses
import shop

@pytest.mark.boundary("http")
@responses.activate
def test_stubbed():
    responses.get("https://api.example/users/1", json={"email_address": "x"})
    assert shop.Users().user(1)["email_address"] == "x"

@pytest.mark.boundary("http")
@responses.activate
def test_passing_through(base):
    responses.add_passthru(base)
    assert shop.Users(base).by_session(7)["id"] == 7
""",
    )
    users.run().assert_outcomes(passed=2)
    report = users.report
    contaminated = [one for one in report["hygiene"] if one["kind"] == "contaminated_observation"]
    assert {one["test"].rpartition("::")[2] for one in contaminated} == {"test_stubbed"}
    (boundary,) = report["boundaries"]
    assert boundary["claims"] == {"total": 1, "verified": 1}  # what passed through speaks for the route


SECRETS = """

def told(base, session=None):
    session = session or requests.Session()
    session.cookies.set("sid", "hunter2-cookie")
    session.headers["X-Api-Key"] = "hunter2-header"
    body, head = "<in><password>hunter2-xml</password><ssn>hunter2-1</ssn></in>", {"Content-Type": "application/xml"}
    session.post(f"{base}/users?sig=hunter2-signature", data=body, headers=head, auth=("ada", "hunter2-basic"))
    session.post(f"{base}/users?ssn=hunter2-2&sid=1", data={"client_secret": "hunter2-form", "ssn": "hunter2-3"})
    return session.post(f"{base}/users", json={"deep": [{"refreshToken": "hunter2-deep", "ssn": "hunter2-4"}]}).text
"""


def test_secrets_of_requests_and_answers_are_kept_nowhere(users: Any) -> None:
    """Authorization, cookies, keys in query and body, tokens in answers, and what `gate_redact` names: not in store,
    report, events, other files or terminal, which also shows the lines of the stubs."""
    users.write("shop.py", CLIENT + SECRETS)
    users.write("tests/integration/test_told.py", BOUNDARY.partition("@")[0] + TOLD)
    users.write(
        "tests/unit/test_secrets.py",
        HEAD
        + """
@responses.activate
def test():
    head = {"Set-Cookie": "hunter2-stub"}
    responses.get(URL, json={**ADA, "token": "hunter2-stub", "ssn": "hunter2-5"}, headers=head)
    responses.post("https://api.example/users", status=201, json={"id": 1, "secret": "hunter2-stub"})
    assert shop.mail(shop.Users(), 1)
    assert shop.Users().create("Ada") == 1
    assert shop.told("https://api.example")

@patch("requests.Session")
def test_patched(session):
    session.return_value.post.return_value.text = '{"password": "hunter2-text"}'
    assert shop.told("https://api.example")
""",
    )
    arguments = ("-v", "--gate-export", "all.txt", "--gate-html", "all.html", "--gate-scaffold", "made")
    result = users.run(*arguments, "-o", "gate_events=events.jsonl", "-o", "gate_redact=ssn")
    result.assert_outcomes(passed=5)
    files = [path for path in users.root.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    kept = [path for path in files if "test" not in path.name and path.name not in ("shop.py", "conftest.py")]

    assert {"evidence.jsonl", "events.jsonl", "all.txt", "all.html"} <= {path.name for path in kept}
    assert [path for path in kept if b"hunter2" in path.read_bytes()] == []
    assert b"hunter2" not in b"".join(path.read_bytes() for path in (users.root / "made").iterdir())
    assert [line for line in result.outlines if "hunter2" in line] == []
    assert any('"token": "<secret>"' in line for line in result.outlines)


def test_the_report_is_the_same_over_workers(users: Any) -> None:
    """HTTP claims and observations cross xdist as the others do."""
    for name, source in STYLES.items():
        users.write(f"tests/unit/test_{name}.py", HEAD + source)
    users.run()
    plain = users.report["mismatches"]
    users.run("-n", "2", "-p", "xdist")
    assert users.report["mismatches"] == plain


def test_a_mock_of_a_request_is_not_looked_at(users: Any) -> None:
    """A session that is handed a mock as request records no calls that the test did not make."""
    users.write(
        "tests/unit/test_mock.py",
        HEAD
        + """
def test():
    adapter, request = Mock(), Mock()
    session = requests.Session()
    session.get_adapter = lambda url: adapter
    with pytest.raises(TypeError):
        session.send(request)
    assert not any("json" in str(call) or "headers" in str(call) for call in request.mock_calls)
""",
    )
    users.run().assert_outcomes(passed=3)
    assert users.report["warnings"] == []


def test_a_progression_makes_claims_in_every_state(users: Any) -> None:
    """The fixture's stubs claim what each state answers, at the line of the test that wrote them."""
    users.write(
        "tests/unit/test_states.py",
        HEAD
        + """
def test(gate_progression):
    gate_progression("GET", URL, {"new": ADA, "known": {"id": 1, "email_address": "x"}})
    assert shop.mail(shop.Users(), 1) == ADA["email"]
    assert shop.Users().user(1)["id"] == 1
""",
    )
    users.run(gate=False).assert_outcomes(passed=3)
    users.run().assert_outcomes(passed=3)
    (found,) = users.report["mismatches"]
    assert found["claim"]["at"] == "tests/unit/test_states.py:15"
    assert users.report["gate"]["claims"]["total"] == 2


REPLAYED = """
@responses.activate
def test_user():
    responses.get("https://api.example/base/users/1", json={"id": 1, "email": "x"})
    assert shop.mail(shop.Users("https://api.example/base"), 1, "by_session") == "x"

@responses.activate
def test_create():
    responses.post("https://api.example/base/users", status=201, json={"id": 1})
    assert shop.Users("https://api.example/base").create("Ada") == 1

@responses.activate
def test_trouble():
    responses.get("https://api.example/base/users/2", status=503, json={})
    with pytest.raises(KeyError):
        shop.mail(shop.Users("https://api.example/base"), 2, "by_session")
"""


@pytest.fixture
def replayed(users: Any) -> Iterator[Any]:
    """A project without boundary tests whose real service runs outside of it."""
    (users.root / "tests/integration/test_repo.py").unlink()
    users.write("shop.py", CLIENT.replace(', "password": "hunter2-body"', ""))
    users.write("tests/unit/test_users.py", HEAD + REPLAYED)
    namespace: dict[str, Any] = {}
    exec(SERVER, namespace)
    server = namespace["ThreadingHTTPServer"](("127.0.0.1", 0), namespace["Handler"])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    users.base = f"http://127.0.0.1:{server.server_port}"
    yield users
    server.shutdown()
    thread.join()
    server.server_close()


def boundary_of(base: str, more: str = "") -> str:
    """The table of a boundary in gate.yaml."""
    return f'boundaries:\n  users:\n    urls: {{"https://api.example/base": "{base}"}}\n{more}'


@pytest.mark.parametrize("options", [(), ("-n", "2", "-p", "xdist")])
def test_replay_asks_the_real_service_what_nobody_has_seen(replayed: Any, options: tuple[str, ...]) -> None:
    """A safe request is sent and contradicts the stub; one that may change something is skipped with the remedy."""
    replayed.write("gate.yaml", boundary_of(replayed.base))
    result = replayed.run("--gate-replay", "-rs", *options)
    result.assert_outcomes(passed=4, skipped=1)
    result.stdout.fnmatch_lines(["*POST may change something: allow it with `boundaries.users.allow_methods:*"])
    (found,) = replayed.report["mismatches"]
    assert (found["target"], found["kind"], found["verdict"], found["boundary"]) == (
        "GET https://api.example/base/users/{}",
        "http_body",
        "contradicted",
        "users",
    )
    assert found["reality"]["tests"] == [f"gate-replay::GET {replayed.base}/users/1"]
    assert replayed.report["summary"]["total_tests"] == 5


def test_replay_sends_what_is_allowed_and_nothing_when_dry(replayed: Any) -> None:
    """`allow_methods` lets the POST through; a dry run sends nothing at all."""
    replayed.write("gate.yaml", boundary_of(replayed.base, "    allow_methods: [POST]\n"))
    replayed.run("--gate-replay").assert_outcomes(passed=5)
    assert replayed.report["gate"]["claims"]["verified"] == 1
    (replayed.root / ".integration_gate/evidence.jsonl").unlink()
    dry = replayed.run("--gate-replay=dry", "-rs")
    dry.assert_outcomes(passed=3, skipped=2)
    dry.stdout.fnmatch_lines([f"*dry run: would send GET {replayed.base}/users/1*"])
    assert replayed.report["gate"]["claims"]["unverified"] == 3


def test_replay_with_nothing_to_ask_is_an_ordinary_run(project: Any) -> None:
    """A project without HTTP claims."""
    project.run("--gate-replay").assert_outcomes(passed=2)


def test_a_replay_that_is_not_answered_fails(replayed: Any) -> None:
    """Nobody listens at the mapped address: the item says what was asked and why there is no answer."""
    replayed.write("gate.yaml", boundary_of("http://127.0.0.1:9"))
    result = replayed.run("--gate-replay")
    result.assert_outcomes(passed=3, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*GET http://127.0.0.1:9/users/1 was not answered: ConnectionError: *"])


OPENAPI = """
openapi: 3.0.3
info: {title: Users, version: "1"}
servers: [{url: "https://api.example"}]
paths:
  /users/{id}:
    get:
      responses:
        "200":
          description: a user
          content:
            application/json:
              schema:
                type: object
                required: [id]
                properties: {id: {type: integer}, email_address: {type: string}}
"""


def test_a_document_speaks_without_any_server_and_reality_knows_better(users: Any) -> None:
    """`openapi:` contradicts the stub at its line; a service that was seen to answer so overrules the document."""
    (users.root / "tests/integration/test_repo.py").unlink()
    users.write("docs/users.yaml", OPENAPI)
    users.write("gate.yaml", "boundaries:\n  users:\n    openapi: docs/users.yaml\n")
    users.write("tests/unit/test_lie.py", HEAD + STYLES["responses_function"])
    users.run().assert_outcomes(passed=1)
    (found,) = users.report["mismatches"]
    assert (found["boundary"], found["kind"], found["target"]) == (
        "users",
        "http_body",
        "GET https://api.example/users/{}",
    )
    assert (found["reality"]["source"], found["reality"]["at"]) == ("declared", "docs/users.yaml:9")
    assert users.report["warnings"] == []
    users.write("tests/conftest.py", SERVER.replace("email_address", "email"))
    users.write("tests/integration/test_repo.py", BOUNDARY)
    users.run().assert_outcomes(passed=3)
    assert users.report["mismatches"] == []
