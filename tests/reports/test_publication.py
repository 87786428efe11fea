"""Publishing checkpoints: the requests that services get, and what is said when they refuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.model.run_report import CheckpointResult
from pytest_integration_gate.reports.publication import (
    PublishError,
    document_of,
    markdown,
    publish,
    read_target,
)

RESULTS = (
    CheckpointResult(name="API | Ready", stage="post-backend", status="passed", attempts=2, duration="0.3s"),
    CheckpointResult(
        name="Queue", status="failed", attempts=1, duration="0.1s", output="no ``` queue", reason="exit code 1"
    ),
)
DEFINITIONS = [
    {"name": "API | Ready", "tests": [{"command": "curl -f :1"}, {"command": "echo `x`"}], "failure_action": "stop"}
]
DOCUMENT = document_of(RESULTS, DEFINITIONS, project="shop", commit="1a2b3c4")


class Service(HTTPServer):
    """Answers as it is told and keeps the requests."""

    status = 201
    answer: Any = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.environ = {
            "GITHUB_API_URL": self.url,
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "LINEAR_API_URL": f"{self.url}/graphql",
            "GITHUB_TOKEN": "gh-token",
            "GITLAB_TOKEN": "gl-token",
            "LINEAR_API_KEY": "lin_api_key",
        }


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()
        self.wfile.write(json.dumps(self.server.answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        threading.Thread(target=service.serve_forever, args=(0.01,), daemon=True).start()
        yield service
        service.shutdown()


def send(service: Service, target: str, **environ: str) -> None:
    publish(read_target(target), DOCUMENT, Path(), environ={**service.environ, **environ})


def test_a_file(tmp_path: Path) -> None:
    """Definitions and results, whole, in a folder that is made."""
    publish(read_target("file:a/b.json"), DOCUMENT, tmp_path)
    written = json.loads((tmp_path / "a/b.json").read_text())
    assert written["definitions"] == DEFINITIONS
    assert [one["status"] for one in written["checkpoints"]] == ["passed", "failed"]
    with pytest.raises(PublishError, match="cannot be written"):
        publish(read_target("file:a"), DOCUMENT, tmp_path / "a/b.json")


def test_a_webhook(service: Service) -> None:
    """The document itself, with the bearer token if there is one."""
    send(service, f"{service.url}/hook")
    send(service, f"{service.url}/hook", GATE_WEBHOOK_TOKEN="w")
    (path, headers, body), (_, with_token, _) = service.requests
    assert (path, body) == ("/hook", DOCUMENT)
    assert "authorization" not in headers
    assert with_token["authorization"] == "Bearer w"


def test_github(service: Service) -> None:
    """A comment on an issue or pull request, as its REST API wants it."""
    send(service, "github:acme/shop#12")
    ((path, headers, body),) = service.requests
    assert path == "/repos/acme/shop/issues/12/comments"
    assert headers["authorization"] == "Bearer gh-token"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert body == {"body": markdown(DOCUMENT)}


@pytest.mark.parametrize(("sign", "kind"), [("!", "merge_requests"), ("#", "issues")])
def test_gitlab(service: Service, sign: str, kind: str) -> None:
    """A note on a merge request or an issue; the path of the project is one segment."""
    send(service, f"gitlab:acme/web/shop{sign}7")
    ((path, headers, body),) = service.requests
    assert path == f"/api/v4/projects/acme%2Fweb%2Fshop/{kind}/7/notes"
    assert headers["private-token"] == "gl-token"
    assert body == {"body": markdown(DOCUMENT)}


def test_linear(service: Service) -> None:
    """The mutation `commentCreate` with its input; a personal key stands alone, another token is a bearer."""
    service.answer = {"data": {"commentCreate": {"success": True, "comment": {"id": "c"}}}}
    send(service, "linear:ENG-42")
    send(service, "linear:ENG-42", LINEAR_API_KEY="oauth")
    (path, headers, body), (_, other, _) = service.requests
    assert path == "/graphql"
    assert (headers["authorization"], other["authorization"]) == ("lin_api_key", "Bearer oauth")
    assert "commentCreate(input: $input)" in body["query"]
    assert body["variables"] == {"input": {"issueId": "ENG-42", "body": markdown(DOCUMENT)}}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"errors": [{"message": "Entity not found"}]}, "linear:ENG-42: Entity not found"),
        ({"data": {"commentCreate": {"success": False}}}, "the comment was not created"),
        ([], "the comment was not created"),
    ],
)
def test_graphql_errors_come_with_status_200(service: Service, answer: Any, reason: str) -> None:
    """They are found in the answer."""
    service.status, service.answer = 200, answer
    with pytest.raises(PublishError, match=reason):
        send(service, "linear:ENG-42")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "authentication failed. Set GITHUB_TOKEN to a valid token"),
        (403, "the token in GITHUB_TOKEN may not write there"),
        (404, "not found, or not to be seen"),
        (500, "answered 500"),
        (302, "answered 302"),
    ],
)
def test_refusals(service: Service, status: int, reason: str) -> None:
    """Each says what to do; a redirection is not followed with the token."""
    service.status = status
    with pytest.raises(PublishError, match=reason):
        send(service, "github:acme/shop#12")
    assert len(service.requests) == 1


def test_no_token(service: Service) -> None:
    """Nothing is sent without one."""
    with pytest.raises(PublishError, match=r"github:a/b#1: no token. Set GITHUB_TOKEN"):
        send(service, "github:a/b#1", GITHUB_TOKEN="")
    assert service.requests == []


@pytest.mark.parametrize("text", ["github:shop#1", "gitlab:x", "linear:", "slack:x", "", "github:../../x/y#1"])
def test_targets_that_make_no_sense(text: str) -> None:
    """They are refused with an example."""
    with pytest.raises(PublishError, match=r"Write it like|Known:"):
        read_target(text)


def test_a_comment_is_escaped() -> None:
    """A table row stays a row, and output and commands stay in their fences."""
    text = markdown(DOCUMENT)
    assert "| API \\| Ready | post-backend | passed | 2 | 0.3s |" in text
    assert "````\nno ``` queue\n````" in text
    assert text.startswith("### Checkpoints: shop · 1a2b3c4\n")
    assert text.endswith("\n- API \\| Ready: `curl -f :1`; `` echo `x` ``; a failure: stop")
