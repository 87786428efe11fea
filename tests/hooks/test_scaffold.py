"""`--gate-scaffold`: integration tests to begin with, from what nobody has verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

SHOP = """
import requests

class Users:
    def __init__(self, rows):
        self.rows = rows

    def get(self, key):
        return {"id": key, "email": self.rows[key]}

class Rates:
    async def of(self, currency):
        return 1.5

def fetch(currency):
    return {"currency": currency, "rate": 1.5}

def greet(users: Users, key):
    return "Dear " + users.get(key)["email"]

def price(currency):
    return fetch(currency)["rate"]

async def convert(rates: Rates):
    return await rates.of("EUR")

def pay(amount):
    answer = requests.post("https://api.example/v1/charges", json={"amount": amount})
    return answer.json()["state"] if answer.status_code == 201 else None

def store(users: Users, order):
    return users.get(order)
"""

UNIT = """
from unittest.mock import Mock, patch
import asyncio
import pytest
import responses
import shop

@pytest.mark.given("user 42 exists")
def test_greets():
    users = Mock(spec=shop.Users)
    users.get.return_value = {"id": 42, "email": "ada@example.com", "unread": 1}
    assert shop.greet(users, 42) == "Dear ada@example.com"

def test_greets_nobody():
    users = Mock(spec=shop.Users)
    users.get.side_effect = KeyError(7)
    with pytest.raises(KeyError):
        shop.greet(users, 7)

@patch("shop.fetch", return_value={"currency": "EUR", "rate": 1.25})
def test_price(fetch):
    assert shop.price("EUR") == 1.25

def test_convert():
    rates = Mock(spec=shop.Rates)
    rates.of.return_value = 2.0
    assert asyncio.run(shop.convert(rates)) == 2.0

@responses.activate
def test_pays():
    responses.post("https://api.example/v1/charges", json={"state": "paid"}, status=201)
    assert shop.pay(5) == "paid"

def test_stores():
    users = Mock(spec=shop.Users)
    users.get.return_value = None
    shop.store(users, object())
"""

GATE = """
plan: TEST_PLAN.md
boundaries:
  database: {collaborators: ["shop:Users"]}
"""

PLAN = """
## Seam: API -> order service -> database

- order placed (priority: high)
- timeout
"""

FILLED = {
    "real_users": "import shop\n    return shop.Users({42: 'ada@example.com', None: 'x'})",
    "real_shop": "import shop\n    return shop",
    "real_rates": "import shop\n    return shop.Rates()",
    "take_order_placed": "return lambda: True",
    "take_timeout": "return lambda: True",
}
SKIP = r"pytest\.skip\((?:\n.*?\n    |[^\n]*)\)"


class Scaffolds:
    """A project with unit tests and a plan, run in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path / "tests/integration"
        self.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\n")
        self.write("shop.py", SHOP)
        self.write("tests/unit/test_shop.py", UNIT)
        self.write("gate.yaml", GATE)
        self.write("TEST_PLAN.md", PLAN)

    def write(self, name: str, text: str) -> None:
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *options: str, is_own_process: bool = False) -> pytest.RunResult:
        options = ("-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate", *options)
        if is_own_process:
            return self.pytester.runpytest_subprocess(*options)
        return self.pytester.runpytest_inprocess(*options)

    def scaffold(self, *options: str, is_own_process: bool = False) -> pytest.RunResult:
        return self.run("--gate-scaffold=tests/integration", *options, is_own_process=is_own_process)

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.folder.iterdir()) if path.suffix == ".py"}

    def fill(self, fixtures: Mapping[str, str]) -> None:
        """Let fixtures give what they shall."""
        for path in self.folder.glob("test_*.py"):
            text = path.read_text()
            for name, body in fixtures.items():
                text = re.sub(
                    rf'(def {name}\(\):\n    """(?:.*?)""")\n    {SKIP}',
                    lambda found, b=body: f"{found[1]}\n    {b}",
                    text,
                    flags=re.DOTALL,
                )
            path.write_text(text)

    @property
    def report(self) -> Any:
        return yaml.safe_load((self.pytester.path / "integration-gate.report.yaml").read_text())


@pytest.fixture
def scaffolds(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, own_shop: None) -> Scaffolds:
    """A project of which nothing is verified."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Scaffolds(pytester)


def test_what_is_stale_is_written_when_its_test_is_gone(scaffolds: Scaffolds) -> None:
    """A stale claim needs its boundary test to run again, and a new test only when there is none any more."""
    boundary = "import pytest, shop\n\n@pytest.mark.boundary('money')\ndef test_fetch():\n    shop.fetch('EUR')\n"
    scaffolds.write("tests/integration/test_money.py", boundary)
    scaffolds.run(is_own_process=True)
    scaffolds.write("shop.py", SHOP.replace('"rate": 1.5', '"rate": 2.5'))
    scaffolds.scaffold("tests/unit", is_own_process=True)
    assert "fetch" not in "".join(text for name, text in scaffolds.files().items() if name != "test_money.py")
    (scaffolds.folder / "test_money.py").unlink()
    scaffolds.scaffold("tests/unit", is_own_process=True)
    assert 'fetch("EUR")' in scaffolds.files()["test_money_boundary.py"]


@pytest.mark.parametrize("options", [(), ("-n", "2", "-p", "xdist")])
def test_there_is_a_file_for_each_boundary(scaffolds: Scaffolds, options: tuple[str, ...]) -> None:
    """Configured ones, `http` for stubs, the module of what belongs to none; each says what was written."""
    arguments = ("--gate-scaffold=tests/integration", *options)
    result = scaffolds.run(*arguments, is_own_process=bool(options))
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        [
            "scaffold: 5 tests written to tests/integration/test_database_boundary.py",
            "scaffold: 1 test written to tests/integration/test_http_boundary.py",
            "scaffold: 2 tests written to tests/integration/test_shop_boundary.py",
        ]
    )
    assert [*scaffolds.files()] == ["test_database_boundary.py", "test_http_boundary.py", "test_shop_boundary.py"]


def test_right_after_they_skip_with_what_is_to_be_done(scaffolds: Scaffolds) -> None:
    """Nothing fails, nothing is covered, and nothing is evidence."""
    scaffolds.scaffold()
    result = scaffolds.run("-rs")
    result.assert_outcomes(passed=6, skipped=8)
    result.stdout.fnmatch_lines_random(
        [
            "*the fixture real_users shall give a real shop:Users",
            "*the fixture real_shop shall give the module shop",
            "*the fixture real_api_example shall give the base URL of the real service behind https://api.example",
            "*the fixture take_timeout shall give a function that goes the path 'timeout' and returns what came of it",
        ]
    )
    assert scaffolds.report["gate"]["claims"]["unverified"] == scaffolds.report["gate"]["claims"]["total"]
    assert {path["state"] for path in scaffolds.report["plan"]} == {"gap"}


def test_with_their_fixtures_filled_in_they_are_evidence(scaffolds: Scaffolds) -> None:
    """The whole way: written, skipped, filled in, passed; claims are verified and the plan is covered."""
    scaffolds.scaffold()
    scaffolds.fill(FILLED)
    result = scaffolds.run("-rs")
    result.assert_outcomes(passed=12, skipped=2)
    result.stdout.fnmatch_lines_random(["*say what is passed as argument_1: it is no plain data, or was not kept"])
    claims = scaffolds.report["gate"]["claims"]
    assert (claims["verified"], claims.get("contradicted", 0)) == (4, 0)
    assert {path["state"] for path in scaffolds.report["plan"]} == {"covered"}


def test_a_lie_is_found_by_the_test_that_was_written_from_it(scaffolds: Scaffolds) -> None:
    """The test asserts what the double claims, and reality differs."""
    scaffolds.write(
        "tests/unit/test_shop.py", UNIT.replace('"rate": 1.25', '"rate": "1.25"').replace("== 1.25", '== "1.25"')
    )
    scaffolds.scaffold()
    scaffolds.fill(FILLED)
    scaffolds.run().assert_outcomes(passed=11, failed=1, skipped=2)
    (found,) = scaffolds.report["mismatches"]
    assert (found["target"], found["kind"]) == ("shop:fetch", "return_shape")
    assert found["reality"]["tests"] == ["tests/integration/test_shop_boundary.py::test_shop_fetch_gives_mapping"]


def test_a_service_that_answers_verifies_its_stub(scaffolds: Scaffolds) -> None:
    """The fixture of an HTTP claim gives the base URL of the real service."""
    scaffolds.scaffold()
    server = (
        "from http.server import BaseHTTPRequestHandler, HTTPServer\n    import threading\n\n"
        "    class Handler(BaseHTTPRequestHandler):\n"
        "        def do_POST(self):\n"
        "            self.rfile.read(int(self.headers['Content-Length']))\n"
        "            self.send_response(201)\n"
        "            self.send_header('Content-Type', 'application/json')\n"
        "            self.end_headers()\n"
        '            self.wfile.write(b\'{"state": "paid"}\')\n\n'
        "        def log_message(self, *arguments): ...\n\n"
        "    server = HTTPServer(('127.0.0.1', 0), Handler)\n"
        "    threading.Thread(target=server.serve_forever).start()\n"
        "    yield f'http://127.0.0.1:{server.server_port}'\n"
        "    server.shutdown()\n    server.server_close()"
    )
    scaffolds.fill({"real_api_example": server})
    scaffolds.run("tests/unit", "tests/integration/test_http_boundary.py").assert_outcomes(passed=7)
    assert scaffolds.report["gate"]["claims"]["verified"] == 1


def test_the_tests_keep_the_rules_for_boundary_tests(scaffolds: Scaffolds) -> None:
    """Names, docstrings with a seam, no private state: with a plan and without one, every rule an error."""
    scaffolds.scaffold()
    rules = "gate_rules =\n    docstring: error\n    name: error\n    private_state: error\n    internal_mock: error\n"
    scaffolds.write("pytest.ini", f"[pytest]\npythonpath = .\ntestpaths = tests\n{rules}")
    scaffolds.run()
    kinds = {entry["kind"] for entry in scaffolds.report["hygiene"]}
    assert kinds.isdisjoint({"docstring", "name", "private_state", "internal_mock"})
    scaffolds.write("gate.yaml", "format: 1\n")
    for path in scaffolds.folder.glob("*.py"):
        path.unlink()
    scaffolds.scaffold()
    scaffolds.run()
    kinds = {entry["kind"] for entry in scaffolds.report.get("hygiene", ())}
    assert kinds.isdisjoint({"docstring", "name", "private_state", "internal_mock"})
    text = scaffolds.files()["test_shop_boundary.py"]
    assert all(part in text for part in ("# Arrange: given user 42 exists", "# Act: when", "# Assert: then"))


def test_nothing_is_overwritten(scaffolds: Scaffolds) -> None:
    """What is there stays byte for byte; a second time adds only what is new, with the imports that it needs."""
    scaffolds.scaffold()
    before = scaffolds.files()
    scaffolds.scaffold().stdout.fnmatch_lines(["scaffold: tests/integration/test_shop_boundary.py has them all"])
    assert scaffolds.files() == before
    mine = '"""My own words."""\n\nimport os\n\nMINE = os.name  # and a comment\n'
    scaffolds.write("tests/integration/test_shop_boundary.py", mine)
    scaffolds.scaffold().stdout.fnmatch_lines(["scaffold: 2 tests written to *test_shop_boundary.py"])
    text = scaffolds.files()["test_shop_boundary.py"]
    assert text.startswith(
        '"""My own words."""\n\nimport os\nimport asyncio\nimport pytest\n\nMINE = os.name  # and a comment\n'
    )
    scaffolds.run("tests/integration/test_shop_boundary.py").assert_outcomes(skipped=2)


def test_a_file_that_cannot_be_read_is_left_alone(scaffolds: Scaffolds) -> None:
    """Somebody's half-written file stays as it is, and the others are written."""
    scaffolds.write("tests/integration/test_shop_boundary.py", "def broken(:\n")
    result = scaffolds.scaffold("tests/unit")
    result.stdout.fnmatch_lines(["warning: --gate-scaffold: tests/integration/test_shop_boundary.py is left as it*"])
    assert scaffolds.files()["test_shop_boundary.py"] == "def broken(:\n"
    assert "test_http_boundary.py" in scaffolds.files()


def test_what_reality_has_shown_is_not_scaffolded(scaffolds: Scaffolds) -> None:
    """With evidence for everything there is nothing to write."""
    scaffolds.write("gate.yaml", "format: 1\n")
    scaffolds.write(
        "tests/unit/test_shop.py",
        "from unittest.mock import patch\nimport shop\n\n@patch('shop.fetch', return_value={'rate': 1.0})\n"
        "def test_price(fetch):\n    assert shop.price('EUR') == 1.0\n",
    )
    scaffolds.write(
        "tests/test_real.py",
        "import pytest\nimport shop\n\n@pytest.mark.boundary('prices')\ndef test_it():\n    shop.fetch('EUR')\n",
    )
    scaffolds.scaffold().stdout.fnmatch_lines(["scaffold: nothing is unverified that a test could see"])
    assert not scaffolds.folder.exists()


def test_names_of_files_follow_the_project(scaffolds: Scaffolds) -> None:
    """Where tests are called `*_test.py`, so are these."""
    scaffolds.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\npython_files = *_test.py\n")
    scaffolds.write("tests/unit/shop_test.py", UNIT)
    scaffolds.scaffold()
    assert [*scaffolds.files()] == ["database_boundary_test.py", "http_boundary_test.py", "shop_boundary_test.py"]


def test_a_folder_is_asked_for(scaffolds: Scaffolds) -> None:
    """A file, or nothing, in its place ends the run before a test has run."""
    result = scaffolds.run("--gate-scaffold=shop.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gate-scaffold: *shop.py is no folder. Name the one where the tests shall stand.*"])
    result = scaffolds.run("--gate-scaffold=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
