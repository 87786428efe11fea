"""`--gate-replay` for collaborators in Python: what doubles claim is asked of the project's own code."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

SHOP = """
import json
import os

class Repo:
    def __init__(self):
        self.rows = {}

    def get(self, key):
        return {"id": key, "email": self.rows[key]}

    def find(self, key):
        return self.rows.get(key)

    def load(self, name):
        with open("/nowhere/" + name) as file:
            return file.read()

class Rates:
    async def of(self, currency):
        return 1.5

    async def all(self):
        for each in ("EUR", "USD"):
            yield each

def fetch(currency):
    return {"currency": currency, "rate": 1.5}

def remove(path):
    raise AssertionError("must never be called")

def price(currency):
    return fetch(currency)["rate"]

def mail(repo: Repo, key):
    return repo.get(key)["email"]

def found(repo: Repo, key):
    return repo.find(key)

def text(repo: Repo, name):
    return repo.load(name)

async def convert(rates: Rates):
    return await rates.of("EUR")

def size(path):
    return os.path.getsize(path)
"""

UNIT = """
from unittest.mock import AsyncMock, Mock, patch
import asyncio
import pytest
import shop

@patch("shop.fetch", return_value={"currency": "EUR", "rate": "1.5"})
def test_price(fetch):
    assert shop.price("EUR") == "1.5"

@pytest.mark.given("user 1 exists")
def test_mail():
    repo = Mock(spec=shop.Repo)
    repo.get.return_value = {"id": 1, "email": 7}
    assert shop.mail(repo, 1) == 7
"""

PROVIDED = """
from pytest_integration_gate import provider_state, provides
import pytest
import shop

@provides("shop:Repo")
def repo():
    return shop.Repo()

@provider_state("user 1 exists")
def user(request):
    request.getfixturevalue("provides: shop:Repo").rows[1] = "ada@example.com"
"""


class Replays:
    """A project with lying mocks and no boundary test, run in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\n")
        self.write("shop.py", SHOP)
        self.write("tests/test_unit.py", UNIT)
        self.write("tests/conftest.py", PROVIDED)

    def write(self, name: str, text: str) -> None:
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def unit(self, *lines: str) -> None:
        """Write one unit test with a mock of the repository."""
        head = "from unittest.mock import AsyncMock, Mock, patch\nimport asyncio\nimport pytest\nimport shop\n\n"
        self.write("tests/test_unit.py", head + "\n".join(lines) + "\n")

    def run(self, *options: str, is_own_process: bool = False) -> pytest.RunResult:
        plugins = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate"]
        options = (*plugins, "--gate-replay", "-v", "-rs", *options)
        if is_own_process:
            return self.pytester.runpytest_subprocess(*options)
        return self.pytester.runpytest_inprocess(*options)

    @property
    def report(self) -> Any:
        return yaml.safe_load((self.pytester.path / "integration-gate.report.yaml").read_text())

    @property
    def claims(self) -> dict[str, int]:
        """How many claims have which verdict."""
        claims: dict[str, int] = self.report["gate"]["claims"]
        return {verdict: number for verdict, number in claims.items() if number}


@pytest.fixture
def replays(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, own_shop: None) -> Replays:
    """A project whose mocks nobody has checked."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Replays(pytester)


@pytest.mark.parametrize("options", [(), ("-n", "2", "-p", "xdist")])
def test_unverified_claims_are_called_on_the_real_thing(replays: Replays, options: tuple[str, ...]) -> None:
    """A function without a fixture, a method of what `provides` gives in the world of `provider_state`."""
    result = replays.run(*options, is_own_process=bool(options))
    result.assert_outcomes(passed=4)
    assert [(one["target"], one["kind"], one["boundary"]) for one in replays.report["mismatches"]] == [
        ("shop:Repo.get", "return_shape", "replay"),
        ("shop:fetch", "return_shape", "replay"),
    ]
    mail, rate = replays.report["mismatches"]
    assert mail["reality"]["tests"] == ["gate-replay::shop:Repo.get(1)"]
    assert rate["differences"] == [{"path": "$.rate", "claim": "str", "reality": "float"}]


def test_what_was_replayed_is_kept(replays: Replays) -> None:
    """The next run has evidence, and asks nothing again."""
    replays.run()
    replays.run().assert_outcomes(passed=2)
    assert replays.claims == {"total": 2, "contradicted": 2}


def test_what_is_stale_is_asked_again(replays: Replays) -> None:
    """When the code has changed, what its earlier self answered counts no more, and the new one is asked."""
    replays.run(is_own_process=True)
    replays.write("shop.py", SHOP.replace('"rate": 1.5', '"rate": "1.5"'))
    replays.run(is_own_process=True).assert_outcomes(passed=3)
    assert replays.claims == {"total": 2, "verified": 1, "contradicted": 1}
    assert "stale" not in replays.report


def test_a_dry_run_calls_nothing(replays: Replays) -> None:
    """Each item says what it would do."""
    result = replays.run("--gate-replay=dry")
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines_random(
        ["*dry run: would call shop:fetch('EUR')", "*dry run: would call shop:Repo.get(1)"]
    )
    assert replays.claims == {"total": 2, "unverified": 2}


def test_what_is_missing_is_said(replays: Replays) -> None:
    """An object that nobody gives, and a state that nobody prepares, each with the decorator to write."""
    replays.write("tests/conftest.py", "")
    result = replays.run()
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["*nothing prepares the state `user 1 exists`. *`@provider_state('user 1 exists')`*"])
    replays.write("tests/conftest.py", PROVIDED.replace('@provides("shop:Repo")', "@pytest.fixture"))
    result = replays.run()
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(['*nothing gives a real shop:Repo. *`@provides("shop:Repo")` above a function*'])


@pytest.mark.parametrize(
    ("double", "call", "doubt"),
    [
        ("repo.get.return_value = {'email': 'x'}", "shop.mail(repo, 1)", "reality raised KeyError, but perhaps"),
        ("repo.find.return_value = 'x'", "shop.found(repo, 1)", "reality gave nothing, but perhaps"),
    ],
)
def test_an_answer_from_another_world_is_no_evidence(replays: Replays, double: str, call: str, doubt: str) -> None:
    """Without a state the real thing may be empty: that contradicts nobody, and the remedy is told."""
    replays.unit("def test_it():", "    repo = Mock(spec=shop.Repo)", f"    {double}", f"    {call}")
    result = replays.run()
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines([f"*{doubt} only in this world: name the world of the test with @pytest.mark.given*"])
    assert replays.claims == {"total": 1, "unverified": 1}


def test_simulated_trouble_is_replayed_in_its_world(replays: Replays) -> None:
    """Without a state it is not, and with one what the real thing raised decides."""
    lines = ("def test_it():", "    repo = Mock(spec=shop.Repo)", "    repo.get.side_effect = ValueError()")
    lines += ("    with pytest.raises(ValueError):", "        shop.mail(repo, 2)")
    replays.unit(*lines)
    result = replays.run()
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*a simulated failure happens in a world of its own: name the world*"])
    replays.unit("@pytest.mark.given('user 1 exists')", *lines)
    replays.run().assert_outcomes(passed=2)
    assert replays.claims == {"total": 1, "contradicted": 1}
    assert replays.report["mismatches"][0]["reality"]["outcome"] == "raises KeyError"


def test_reality_that_cannot_be_reached_fails_the_replay(replays: Replays) -> None:
    """A file, a connection that is not there says nothing about the claim."""
    replays.unit(
        *("def test_it():", "    repo = Mock(spec=shop.Repo)", "    repo.load.return_value = 'x'"),
        "    assert shop.text(repo, 'a') == 'x'",
    )
    result = replays.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*FileNotFoundError*"])
    assert replays.claims == {"total": 1, "unverified": 1}


def test_coroutines_are_awaited(replays: Replays) -> None:
    """An asynchronous method is called in a loop of its own."""
    replays.write("tests/conftest.py", PROVIDED + "\n@provides('shop:Rates')\ndef rates():\n    return shop.Rates()\n")
    replays.unit(
        *("def test_it():", "    rates = Mock(spec=shop.Rates)", "    rates.of.return_value = 2.0"),
        "    assert asyncio.run(shop.convert(rates)) == 2.0",
    )
    replays.run().assert_outcomes(passed=2)
    assert replays.claims == {"total": 1, "verified": 1}


def test_code_of_others_is_never_called(replays: Replays) -> None:
    """A claim about the standard library is not made true by doing it, and says so."""
    replays.unit("@patch('os.path.getsize', return_value=3)", "def test_it(getsize):", "    assert shop.size('x') == 3")
    result = replays.run()
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*only the project's own functions and classes are called, never a library's"])


def test_what_is_no_plain_data_is_not_asked(replays: Replays) -> None:
    """An object as argument, or a secret, cannot be passed again."""
    replays.unit(
        *("@patch('shop.fetch', return_value={'rate': 1})", "def test_it(fetch):"),
        *("    shop.price(object())", "    shop.price({'password': 'hunter2'})"),
    )
    result = replays.run()
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines_random(
        ["*what the code passed as argument 1 is no plain data", "*argument 1 holds a secret, which is not kept"]
    )
    result.stdout.no_fnmatch_line("*hunter2*")


def test_a_boundary_can_be_left_alone(replays: Replays) -> None:
    """`replay: false` in gate.yaml keeps its collaborators from being called."""
    replays.write("gate.yaml", "boundaries:\n  prices: {collaborators: ['shop:fetch'], replay: false}\n")
    result = replays.run()
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["*shop:fetch: `boundaries.prices.replay` is false"])


def test_fixtures_of_the_folder_of_a_test_are_used(replays: Replays) -> None:
    """The object may be registered in a conftest below, where only some tests see it."""
    replays.write("tests/conftest.py", "")
    replays.write("tests/users/conftest.py", PROVIDED)
    replays.write("tests/users/test_mail.py", UNIT)
    (replays.pytester.path / "tests/test_unit.py").unlink()
    replays.run().assert_outcomes(passed=4)


def test_different_worlds_are_asked_apart(replays: Replays) -> None:
    """The same call in two states is two items."""
    more = "\n@provider_state('nobody exists')\ndef nobody(): ...\n"
    replays.write("tests/conftest.py", PROVIDED + more)
    replays.unit(
        *("@pytest.mark.given('user 1 exists')", "def test_one():", "    repo = Mock(spec=shop.Repo)"),
        *("    repo.find.return_value = 'x'", "    shop.found(repo, 1)", ""),
        *("@pytest.mark.given('nobody exists')", "def test_none():", "    repo = Mock(spec=shop.Repo)"),
        *("    repo.find.return_value = None", "    shop.found(repo, 1)"),
    )
    result = replays.run()
    result.assert_outcomes(passed=4)
    assert replays.claims == {"total": 2, "verified": 2}
