"""A suite that is written in a test, and runs of it without pytest, against a small application in this process."""

from __future__ import annotations

import hashlib
import hmac
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, redirect, request
from werkzeug.serving import make_server

from pytest_integration_gate.suites.life import Life
from pytest_integration_gate.suites.loading import load_suite
from pytest_integration_gate.suites.seen import SuiteFailed
from pytest_integration_gate.suites.suite import Suite

SECRET = "hook-secret-1"


def make_app() -> Flask:
    """Make a service with a job that takes three looks, webhooks, files and a cookie."""
    app = Flask("service")
    state: dict[str, Any] = {"looks": 0, "orders": {}, "files": {}}

    @app.get("/job")
    def job() -> Any:
        state["looks"] += 1
        return {"state": "done" if state["looks"] >= 3 else "running", "looks": state["looks"], "result": None}

    @app.get("/flaky")
    def flaky() -> Any:
        state["looks"] += 1
        return ({"error": "later"}, 503) if state["looks"] < 3 else {"ok": True}

    @app.route("/echo", methods=["GET", "POST", "PUT"])
    def echo() -> Any:
        return jsonify(
            method=request.method,
            query=request.args.to_dict(),
            json=request.get_json(silent=True),
            form=request.form.to_dict(),
            text=request.get_data(as_text=True),
            headers={name.lower(): value for name, value in request.headers.items()},
        )

    @app.post("/hooks")
    def hooks() -> Any:
        wanted = "sha256=" + hmac.new(SECRET.encode(), request.get_data(), hashlib.sha256).hexdigest()
        if request.headers.get("X-Signature") != wanted:
            return {"error": "bad signature"}, 401
        order = request.get_json()
        is_new = order["id"] not in state["orders"]
        state["orders"].setdefault(order["id"], order)
        return {"accepted": is_new}, 202 if is_new else 200

    @app.get("/orders/<int:key>")
    def orders(key: int) -> Any:
        return jsonify(state["orders"][key]) if key in state["orders"] else ({"error": "unknown"}, 404)

    @app.post("/files")
    def files() -> Any:
        file = request.files["doc"]
        key = len(state["files"]) + 1
        state["files"][key] = (file.read(), file.mimetype)
        return {"id": key, "name": file.filename, "title": request.form.get("title")}, 201

    @app.get("/files/<int:key>")
    def read_file(key: int) -> Any:
        content, kind = state["files"][key]
        return Response(content, mimetype=kind)

    @app.get("/login")
    def login() -> Any:
        response = jsonify(ok=True)
        response.set_cookie("session", "abc123")
        return response

    @app.get("/me")
    def me() -> Any:
        return {"session": request.cookies.get("session")}

    @app.get("/old")
    def old() -> Any:
        return redirect("/echo")

    @app.get("/text")
    def text() -> Any:
        return Response("plain words", headers={"X-Count": "3", "Location": "/x/1"})

    return app


class Bench:
    """A folder in which suites are written and run. `url` is where the service answers."""

    make_app = staticmethod(make_app)

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.url = url
        self.life: Life | None = None

    def load(self, text: str) -> Suite:
        """Write a suite and load it."""
        file = self.root / "test_x.gate.yaml"
        file.write_text(textwrap.dedent(text))
        return load_suite(file, "x")

    def steps(self, *steps: str, more: str = "") -> dict[str, Any]:
        """Run a suite of one flow of these steps and return its variables."""
        listed = "".join(f"\n      - {step}" for step in steps)
        return self.run(f"{more}\ntests:\n  - name: t\n    type: flow\n    steps:{listed}\n")

    def run(self, text: str, **values: Any) -> dict[str, Any]:
        """Run a suite from its setup to its teardown and return its variables; raise what its first test raises."""
        suite = self.load(f"base_url: {self.url}\n" + textwrap.dedent(text))
        life = self.life = Life(suite, self.root)
        try:
            life.begin({})
            for test in suite.tests:
                life.run(test, values)
            return life.world.variables
        finally:
            life.end()

    def failure(self, *steps: str, more: str = "") -> SuiteFailed:
        """Run steps that must fail and return how."""
        with pytest.raises(SuiteFailed) as caught:
            self.steps(*steps, more=more)
        return caught.value


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A folder of its own and a service of its own."""
    server = make_server("127.0.0.1", 0, make_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Bench(tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()
