"""Runs that judge the Pact files of other projects: ``--gate-pact-verify``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

SERVICE = """
from flask import Flask, request

app = Flask(__name__)


@app.get("/prices/<sku>")
def price(sku):
    if sku == "melon":
        return {"error": "unknown"}, 404
    return {"sku": sku, "cents": 30, "unit": None if sku == "apple" else "kg"}


@app.post("/prices")
def add():
    return ({"id": 1}, 201) if "sku" in request.json else ({"error": "sku is missing"}, 400)
"""

TESTS = """
import pytest
from service import app

pytestmark = pytest.mark.boundary("prices")


@pytest.mark.parametrize("sku", ["apple", "pear"])
def test_price(sku):
    assert app.test_client().get(f"/prices/{sku}").json["cents"] == 30


def test_unknown():
    assert app.test_client().get("/prices/melon").status_code == 404


def test_add():
    assert app.test_client().post("/prices", json={"sku": "x"}).json == {"id": 1}
"""

ANY_SKU = {"path": {"matchers": [{"match": "regex", "regex": "/prices/[a-z]+"}]}}
BY_TYPE = {"body": {"$": {"matchers": [{"match": "type"}]}}}


def interaction(name: str, path: str, status: int = 200, body: Any = None, **others: Any) -> dict[str, Any]:
    """An interaction of version 4."""
    request = {"method": "GET", "path": path, **others.pop("request", {})}
    response = {"status": status, **others.pop("response", {})}
    if body is not None:
        response["body"] = {"content": body, "contentType": "application/json", "encoded": False}
    return {"type": "Synchronous/HTTP", "description": name, "request": request, "response": response, **others}


class Provider:
    """A project that is a service; `run` judges the Pact file that `claims` wrote."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        pytester.makeini("[pytest]\npythonpath = .\n")
        pytester.makepyfile(service=SERVICE, test_service=TESTS)

    def claims(self, *interactions: Any, provider: str = "Prices") -> Path:
        data = {"consumer": {"name": "shop"}, "provider": {"name": provider}, "interactions": interactions}
        path = self.pytester.path / "shop-prices.json"
        path.write_text(json.dumps({**data, "metadata": {"pactSpecification": {"version": "4.0"}}}, indent=2))
        return path

    def run(self, *options: str) -> pytest.RunResult:
        plugins = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate"]
        return self.pytester.runpytest_subprocess(*plugins, "--gate-pact-verify=shop-prices.json", *options)

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = yaml.safe_load((self.pytester.path / "integration-gate.report.yaml").read_text())
        return report

    @property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = {name: n for name, n in self.report["gate"]["claims"].items() if n}
        return counts


@pytest.fixture
def provider(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """A price service with boundary tests of its own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Provider(pytester)


def test_what_a_consumer_expects_and_reality_lacks(provider: Provider) -> None:
    """A field that the service no longer gives contradicts the Pact, at the line of its interaction."""
    body = {"cents": 1, "currency": "EUR"}
    provider.claims(interaction("a price", "/prices/pear", body=body, response={"matchingRules": BY_TYPE}))
    assert provider.run().ret == pytest.ExitCode.TESTS_FAILED
    (mismatch,) = provider.report["mismatches"]
    assert (mismatch["verdict"], mismatch["kind"]) == ("contradicted", "http_body")
    assert mismatch["differences"] == [{"path": "$.currency", "claim": "str", "reality": "absent"}]
    assert mismatch["claim"]["tests"] == ["shop-prices.json::a price"]
    assert mismatch["claim"]["at"] == "shop-prices.json:11"
    assert mismatch["suggestion"].startswith(
        "Let `GET http://prices/prices/pear` answer as the Pact at shop-prices.json:"
    )
    assert mismatch["waiver"].startswith(
        'in gate.yaml, waivers: [{target: "GET http://prices/prices/pear", kind: http_'
    )


def test_what_reality_keeps_is_verified(provider: Provider) -> None:
    """Bodies, statuses, requests and refusals that the boundary tests have seen are verified."""
    provider.claims(
        interaction("a price", "/prices/pear", body={"cents": 30, "unit": "g"}),
        interaction("any price", "/prices/kiwi", body={"cents": 1}, request={"matchingRules": ANY_SKU}),
        interaction("no melon", "/prices/melon", 404),
        interaction("a new one", "/prices", 201, {"id": 7}, request={"method": "POST"}),
    )
    assert provider.run().ret == pytest.ExitCode.OK
    assert provider.counts == {"total": 4, "verified": 4}


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [(200, {"cents": 1}, "verified"), (200, {"cents": "1"}, "contradicted"), (201, {"cents": 1}, "contradicted")],
)
def test_a_path_with_a_rule_meets_every_word(provider: Provider, status: int, body: Any, verdict: str) -> None:
    """A path whose rule leaves a word open is compared with what was seen for any word."""
    provider.claims(interaction("a price", "/prices/kiwi", status, body, request={"matchingRules": ANY_SKU}))
    provider.run()
    assert provider.counts == {"total": 1, verdict: 1}


def test_another_world_proves_nothing(provider: Provider) -> None:
    """What a provider state makes of a request is not contradicted by the same request without it."""
    plain = interaction("gone", "/prices/melon", 410)
    provider.claims({**plain, "providerStates": [{"name": "melons are sold out for ever"}]})
    provider.run()
    assert [one["verdict"] for one in provider.report["mismatches"]] == ["suspect"]
    provider.claims(plain)
    provider.run()
    assert provider.report["mismatches"][0]["verdict"] == "contradicted"
    other = interaction("a price", "/prices/pear", 201, {"cents": 1})
    provider.claims({**other, "providerStates": [{"name": "prices are being worked out"}]})
    provider.run()
    assert provider.report["mismatches"][0]["verdict"] == "suspect"


def test_stored_evidence_is_enough(provider: Provider) -> None:
    """A run without boundary tests judges a Pact by what was stored."""
    provider.claims(interaction("a price", "/prices/pear", body={"currency": "EUR"}))
    provider.run()
    provider.pytester.makepyfile(test_unit="def test_nothing():\n    pass\n")
    assert provider.run("test_unit.py").ret == pytest.ExitCode.TESTS_FAILED
    assert provider.counts == {"total": 1, "contradicted": 1}


def test_claims_of_others_are_not_kept(provider: Provider) -> None:
    """A run without the option knows nothing of the files of another run."""
    provider.claims(interaction("a price", "/prices/pear", body={"currency": "EUR"}))
    provider.run()
    plugins = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate"]
    assert provider.pytester.runpytest_subprocess(*plugins).ret == pytest.ExitCode.OK
    assert "shop-prices" not in (provider.pytester.path / ".integration_gate/evidence.jsonl").read_text()


def test_workers_judge_the_same(provider: Provider) -> None:
    """The controller of xdist judges the files by what its workers saw."""
    provider.claims(interaction("a price", "/prices/pear", body={"cents": 1, "currency": "EUR"}))
    provider.run("-p", "xdist", "-n2")
    assert provider.counts == {"total": 1, "contradicted": 1}


def test_a_waiver_in_gate_yaml(provider: Provider) -> None:
    """The waiver that the report says to paste accepts the mismatch."""
    provider.claims(interaction("a price", "/prices/pear", body={"currency": "EUR"}))
    provider.run()
    entry = provider.report["mismatches"][0]["waiver"].partition("waivers: ")[2]
    entry = entry.replace("<reason>", "the shop moves on").replace("YYYY-MM-DD", "2999-01-01")
    provider.pytester.path.joinpath("gate.yaml").write_text(f"format: 1\nwaivers: {entry}\n")
    assert provider.run().ret == pytest.ExitCode.OK
    assert provider.counts == {"total": 1, "waived": 1}


def test_replay_asks_the_real_service(provider: Provider) -> None:
    """With a URL for the boundary of the provider's name, --gate-replay asks the service what nobody has seen."""
    provider.pytester.makepyfile(
        conftest="""
        import os
        import threading
        from werkzeug.serving import make_server
        from service import app

        server = make_server("127.0.0.1", 0, app)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.environ["PRICES"] = f"http://127.0.0.1:{server.port}"
        """
    )
    urls = '{"http://prices.example": "${PRICES}"}'
    provider.pytester.path.joinpath("gate.yaml").write_text(f"format: 1\nboundaries:\n  prices: {{urls: {urls}}}\n")
    provider.claims(interaction("a price", "/prices/kiwi", body={"cents": 1, "currency": "EUR"}))
    provider.pytester.makepyfile(test_service="def test_nothing():\n    pass\n")
    assert provider.run("--gate-replay").ret == pytest.ExitCode.TESTS_FAILED
    (mismatch,) = provider.report["mismatches"]
    assert (mismatch["verdict"], mismatch["differences"][0]["path"]) == ("contradicted", "$.currency")
    assert mismatch["boundary"] == "prices"


def test_what_is_no_claim_is_told(provider: Provider) -> None:
    """Interactions that are not judged are named in a warning."""
    provider.claims({"type": "Asynchronous/Messages", "description": "an event"})
    provider.run()
    assert provider.report["warnings"] == [
        "shop-prices.json: not judged: `an event` (Asynchronous/Messages is not HTTP)."
    ]


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda path: path.write_text("{}"), "shop-prices.json is no Pact file that can be read: it does not say who*"),
        (lambda path: None, "The Pact file shop-prices.json cannot be read: No such file or directory. Name a file*"),
        (lambda path: path.mkdir(), "There is no Pact file in the folder */shop-prices.json. Name another folder*"),
    ],
)
def test_a_file_that_cannot_be_read(provider: Provider, write: Callable[[Path], Any], told: str) -> None:
    """A file that is none, or not there, is one error before any test runs, with exit code 4."""
    write(provider.pytester.path / "shop-prices.json")
    run = provider.run()
    run.stderr.fnmatch_lines([f"*{told}"])
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    assert "passed" not in run.stdout.str()


def test_a_folder_is_all_of_its_files(provider: Provider) -> None:
    """The name of a folder stands for the Pact files in it; their faults are told together."""
    folder = provider.pytester.mkdir("pacts")
    provider.claims(interaction("a price", "/prices/pear")).rename(folder / "one.json")
    provider.claims(interaction("no melon", "/prices/melon", 404))
    provider.run("--gate-pact-verify=pacts")
    assert provider.counts["total"] == 2
    for name in ("two", "three"):
        (folder / f"{name}.json").write_text("[]")
    provider.run("--gate-pact-verify=pacts").stderr.fnmatch_lines(
        ["*pacts/three.json is no Pact file*", "*pacts/two.json is no Pact file*"]
    )


def test_own_pacts_hold_no_claims_of_others(provider: Provider) -> None:
    """What others claim of this project's service is not published as what this project expects."""
    provider.claims(interaction("a price", "/prices/pear", body={"cents": 1}))
    provider.run("--gate-pact=pacts")
    assert not (provider.pytester.path / "pacts").exists()
