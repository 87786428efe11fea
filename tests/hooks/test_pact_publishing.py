"""Pact files given to a broker: a server that behaves like one, what it gets, and what is said when it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from pact import Verifier

from pytest_integration_gate.reports.broker import Contract, publish_contracts
from pytest_integration_gate.reports.publication import PublishError

QUICKSTART = Path(__file__).parents[2] / "examples/quickstart"
GATE = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate"]
CLIENT = """
import requests

def price():
    return requests.get("https://prices.example/prices/1").json()["cents"]
"""
TESTS = """
import client, responses

@responses.activate
def test_price():
    responses.get("https://prices.example/prices/1", json={"cents": 3})
    assert client.price() == 3
"""


class Broker(ThreadingHTTPServer):
    """Takes contracts of those who have its token, as a Pact Broker does, and keeps them by version.

    `refusal` is the status that it answers with in place of that.
    """

    token = "t0k3n"
    refusal = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.published: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.bodies: list[Any] = []


class Handler(BaseHTTPRequestHandler):
    server: Broker

    def do_GET(self) -> None:
        """Say where contracts are asked for, and give them."""
        url, number = self.server.url, self.path.removeprefix("/pacts/")
        if self.headers["Authorization"] != f"Bearer {self.server.token}":
            self.answer(401, {})
        elif self.path == "/":
            asked = {"href": f"{url}/pacts/provider/{{provider}}/for-verification", "templated": True}
            self.answer(200, {"_links": {"pb:provider-pacts-for-verification": asked}})
        elif self.path.endswith("/for-verification"):
            self.answer(200, self.for_verification(self.path.split("/")[3]))
        elif number.isdecimal():
            self.answer(200, [*self.server.published.values()][int(number)])
        else:
            self.answer(404, {})

    def for_verification(self, provider: str) -> Any:
        """Name the contracts with a provider, as a broker does for the selectors of a verifier."""
        found = [
            {
                "shortDescription": "latest",
                "verificationProperties": {"pending": False, "notices": []},
                "_links": {"self": {"href": f"{self.server.url}/pacts/{number}", "name": f"{consumer} {version}"}},
            }
            for number, (consumer, of, version) in enumerate(self.server.published)
            if of == provider
        ]
        return {"_embedded": {"pacts": found}, "_links": {"self": {"href": self.server.url + self.path}}}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        if self.server.refusal:
            self.answer(self.server.refusal, {"error": "password=hunter2 is wrong"})
        elif self.headers["Authorization"] != f"Bearer {self.server.token}":
            self.answer(401, {})
        elif self.path.endswith("/for-verification"):
            self.answer(200, self.for_verification(self.path.split("/")[3]))
        elif self.path != "/contracts/publish":
            self.answer(404, {})
        else:
            self.answer(*self.publish(body))

    def publish(self, body: Any) -> tuple[int, Any]:
        found = {}
        for one in body["contracts"]:
            pact = json.loads(b64decode(one["content"], validate=True))
            names = [pact["consumer"]["name"], pact["provider"]["name"]]
            if [one["consumerName"], one["providerName"]] != names or one["consumerName"] != body["pacticipantName"]:
                return 400, {"errors": {"contracts": ["names do not match"]}}
            if (one["specification"], one["contentType"]) != ("pact", "application/json"):
                return 400, {"errors": {"contracts": ["unknown specification"]}}
            key = (body["pacticipantName"], one["providerName"], body["pacticipantVersionNumber"])
            if self.server.published.get(key, pact) != pact:
                return 409, {"notices": [{"type": "error", "text": "Cannot change the content of the pact"}]}
            found[key] = pact
        self.server.published |= found
        return 200, {"notices": [{"type": "success", "text": "published"}], "_links": {}}

    def answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "https://elsewhere.example/login?token=abc")
        self.send_header("Content-Type", "text/html" if status == 203 else "application/hal+json;charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker on this machine."""
    with Broker() as broker:
        threading.Thread(target=broker.serve_forever, args=(0.01,), daemon=True).start()
        yield broker
        broker.shutdown()


def publish(url: str, token: str = Broker.token, *, version: str = "1", cents: int = 3) -> None:
    """Publish one contract."""
    content = json.dumps({"consumer": {"name": "web"}, "provider": {"name": "prices"}, "interactions": [cents]})
    contracts = [Contract(provider="prices", content=content)]
    environ = {"PACT_BROKER_TOKEN": token} if token else {}
    publish_contracts(url, contracts, consumer="web", version=version, branch="main", environ=environ)


def test_a_broker_takes_contracts(broker: Broker) -> None:
    """All contracts of a version go in one request, with the branch; the same ones may be published again."""
    publish(f"{broker.url}/")
    publish(broker.url)
    assert list(broker.published) == [("web", "prices", "1")]
    assert [body["branch"] for body in broker.bodies] == ["main", "main"]


@pytest.mark.parametrize(
    ("refusal", "told", "remedy"),
    [
        (401, "authentication failed.", "Set PACT_BROKER_TOKEN to a token of this broker."),
        (403, "the token may not publish for web.", "Set PACT_BROKER_TOKEN to one that may."),
        (404, "there is no Pact Broker of version 2.86 or later at this address.", ""),
        (500, "the broker is unavailable (500).", ""),
        (503, "the broker is unavailable (503).", ""),
        (400, 'the broker refuses the contracts (400): {"error": "password=<secret> is wrong"}', ""),
        (203, "what answers there is no Pact Broker.", ""),
    ],
)
def test_refusals(broker: Broker, refusal: int, told: str, remedy: str) -> None:
    """Each way to be refused has its words, without secrets, and what to do about it."""
    broker.refusal = refusal
    with pytest.raises(PublishError) as caught:
        publish(broker.url)
    assert (caught.value.message, caught.value.remedy) == (f"{broker.url}: {told}", remedy)


def test_a_token_goes_nowhere_else(broker: Broker) -> None:
    """A redirection is not followed, and of where it leads only the host is told."""
    broker.refusal = 302
    with pytest.raises(PublishError) as caught:
        publish(broker.url)
    assert caught.value.message == f"{broker.url} sends elsewhere, to https://elsewhere.example."
    assert len(broker.bodies) == 1


def test_another_content_for_the_same_version(broker: Broker) -> None:
    """A version cannot be published twice with different contracts."""
    publish(broker.url)
    with pytest.raises(PublishError, match="another contract was published for version 1 of web"):
        publish(broker.url, cents=4)


def test_no_token_and_no_broker(broker: Broker) -> None:
    """Without a token nothing is sent in its place; without a broker it is called unavailable."""
    with pytest.raises(PublishError, match="authentication failed"):
        publish(broker.url, token="")
    broker.server_close()
    broker.shutdown()
    with pytest.raises(PublishError, match=r"the broker is unavailable \(ConnectionError\)"):
        publish(broker.url)


class Web:
    """A client of a price service, in a repository of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        pytester.makeini("[pytest]\npythonpath = .\n")
        gate = 'format: 1\nproject: web\nboundaries:\n  prices: {collaborators: ["https://prices.example"]}\n'
        pytester.path.joinpath("gate.yaml").write_text(gate)
        pytester.makepyfile(client=CLIENT, test_client=TESTS)
        self.git("init", "-b", "main")
        self.git("commit", "--allow-empty", "-m", "x")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        command = ("git", *who, *arguments)
        return subprocess.run(
            command, cwd=self.pytester.path, capture_output=True, text=True, check=True
        ).stdout.strip()

    def run(self, url: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(*GATE, "--gate-pact=pacts", f"--gate-pact-publish={url}")

    @property
    def warnings(self) -> list[str]:
        report = yaml.safe_load((self.pytester.path / "integration-gate.report.yaml").read_text())
        found: list[str] = report["warnings"]
        return found


@pytest.fixture
def web(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Web:
    """A project whose tests stub a service, in a shell that has the broker's token."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PACT_BROKER_TOKEN", Broker.token)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Web(pytester)


def test_a_run_publishes_its_files(web: Web, broker: Broker) -> None:
    """The files of a run are published under the commit and the branch that is checked out."""
    commit = web.git("rev-parse", "HEAD")
    run = web.run(broker.url)
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines([f"pact: published 1 file as version {commit[:12]} of web"])
    file = json.loads((web.pytester.path / "pacts/web-prices.json").read_text())
    assert broker.published == {("web", "prices", commit): file}
    assert broker.bodies[0]["branch"] == "main"
    assert web.warnings == []


@pytest.mark.usefixtures("own_shop")
def test_the_verifier_replays_what_a_run_has_published(
    web: Web, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: a run of the quickstart publishes, the official verifier fetches that from the broker and asks the
    real price service, which keeps it; one whose cents are a text does not."""
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    monkeypatch.syspath_prepend(QUICKSTART)
    from shop.price_service import PriceHandler

    class Wrong(PriceHandler):
        def do_GET(self) -> None:
            content = json.dumps({"sku": "apple", "cents": "30", "currency": "EUR"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    folder = web.pytester.path
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    for name in ("gate.yaml", "tox.ini", "client.py", "test_client.py"):
        (folder / name).unlink()
    shutil.copytree(QUICKSTART, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    web.run(broker.url).stdout.fnmatch_lines(["pact: published 1 file as version * of *"])
    for handler, keeps in ((PriceHandler, True), (Wrong, False)):
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as service:
            threading.Thread(target=service.serve_forever, args=(0.01,), daemon=True).start()
            asked = Verifier("prices", host="127.0.0.1").add_transport(url=f"http://127.0.0.1:{service.server_port}")
            asked.broker_source(broker.url, token=broker.token)
            with nullcontext() if keeps else pytest.raises(RuntimeError):
                asked.verify()
            service.shutdown()
        errors = json.dumps(asked.results["errors"])
        assert ("Expected '30' (String) to be the same type as 30 (Integer)" in errors) != keeps, errors


@pytest.mark.parametrize("refusal", [401, 403, 503])
def test_a_run_is_never_lost_for_its_broker(web: Web, broker: Broker, refusal: int) -> None:
    """A broker that refuses is a warning that says where the files are; the run passes, and no token is shown."""
    broker.refusal = refusal
    run = web.run(broker.url)
    assert run.ret == pytest.ExitCode.OK
    (warning,) = web.warnings
    assert warning.startswith(f"{broker.url}: ")
    assert warning.endswith(" The run's files are kept at pacts.")
    assert (web.pytester.path / "pacts/web-prices.json").exists()
    assert broker.token not in run.stdout.str() + run.stderr.str() + warning


def test_failed_tests_publish_nothing(web: Web, broker: Broker) -> None:
    """What was written while tests failed stays on this machine."""
    web.pytester.makepyfile(test_other="def test_fails():\n    assert 0\n")
    assert web.run(broker.url).ret == pytest.ExitCode.TESTS_FAILED
    assert web.warnings == ["The Pact files were not published: 1 test failed. They are kept in pacts."]
    assert broker.bodies == []


def test_nothing_to_publish_and_nothing_to_publish_it_under(web: Web, broker: Broker) -> None:
    """Without claims, and without a commit, a warning says why nothing was published."""
    web.git("update-ref", "-d", "HEAD")
    web.run(broker.url)
    reason = "git knows no commit here to publish them under"
    assert web.warnings == [f"The Pact files were not published: {reason}. They are kept in pacts."]
    web.pytester.makepyfile(test_client="def test_nothing():\n    pass\n")
    web.run(broker.url)
    told = "--gate-pact-publish: no Pact file was written, so there is nothing to publish."
    assert web.warnings == [told]
    assert broker.bodies == []
