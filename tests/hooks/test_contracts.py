"""Contract tests: one test over the real collaborator and its fakes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

REPO = """
from abc import ABC, abstractmethod
from typing import Protocol

class Users(ABC):
    @abstractmethod
    def find(self, key): ...

class Finds(Protocol):
    def find(self, key): ...

class Repo(Users):
    def __init__(self, name="users"):
        self.name, self.rows = name, {}

    def add(self, key, email):
        self.rows[key] = {"id": key, "email": email}

    def get(self, key):
        return self.rows[key]

    def find(self, key):
        return self.rows.get(key)

class Remote:
    def __init__(self, url):
        self.url = url

    def find(self, key):
        return None

def greet(repo, key):
    return "Dear " + repo.get(key)["email"]
"""

FAKES = """
class FakeRepo:
    def __init__(self):
        self.rows = {}

    def add(self, key, email):
        self.rows[key] = email

    def get(self, key):
        return {"id": key, "mail": self.rows[key]}

class FakeUsers:
    def find(self, key):
        return None

class Lying:
    def find(self, key):
        return {}

class Unfinished:
    def __init__(self, url, *, proxy):
        pass
"""

CONTRACT = """
import pytest

@pytest.mark.contract("shop:Repo")
def test_added_user_is_found(collaborator):
    collaborator.add(1, "ada@example.com")
    assert collaborator.get(1)["id"] == 1
"""

ABSTRACT = """
import pytest

@pytest.mark.contract("shop:Users")
class TestUsers:
    def test_nobody_is_found(self, collaborator):
        collaborator.find(1)
"""

PROVIDED = """
from pytest_integration_gate import provides
import shop

@provides("shop:Repo")
def repo(tmp_path):
    return shop.Repo(str(tmp_path))
"""


class Contracts:
    """A project with fakes, run in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\n")
        self.write("shop.py", REPO)
        self.write("tests/fakes.py", FAKES)

    def write(self, name: str, text: str) -> None:
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def fakes(self, **fakes: str) -> None:
        lines = "".join(f'  "tests.fakes:{fake}": "shop:{real}"\n' for fake, real in fakes.items())
        self.write("gate.yaml", f"fakes:\n{lines}")

    def run(self, *options: str, gate: bool = True) -> pytest.RunResult:
        plugins = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider"]
        return self.pytester.runpytest_inprocess(*plugins, *(["--integration-gate"] if gate else []), *options)

    @property
    def report(self) -> Any:
        return yaml.safe_load((self.pytester.path / "integration-gate.report.yaml").read_text())


@pytest.fixture
def contracts(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, own_shop: None) -> Contracts:
    """A project whose fake calls a key by another name."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Contracts(pytester)


def test_a_contract_test_runs_on_the_real_thing_and_on_every_fake(contracts: Contracts) -> None:
    """The run on the real thing is evidence, the one on the fake makes claims, and the fake that differs is found."""
    contracts.fakes(FakeRepo="Repo")
    contracts.write("tests/test_contract.py", CONTRACT)
    result = contracts.run("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::test_added_user_is_found?Repo? PASSED*", "*found?FakeRepo? PASSED*"])
    (found,) = contracts.report["mismatches"]
    assert (found["target"], found["kind"], found["boundary"]) == ("shop:Repo.get", "return_shape", "contract")
    assert found["claim"]["tests"] == ["tests/test_contract.py::test_added_user_is_found[FakeRepo]"]
    assert found["reality"]["tests"] == ["tests/test_contract.py::test_added_user_is_found[Repo]"]
    assert found["differences"][0]["path"] == "$.mail"


def test_evidence_of_a_contract_test_verifies_mocks_of_unit_tests(contracts: Contracts) -> None:
    """A mock elsewhere meets what the contract test saw."""
    contracts.write("tests/test_contract.py", CONTRACT)
    contracts.write(
        "tests/test_greet.py",
        "from unittest.mock import Mock\nimport shop\n\ndef test_greets():\n"
        "    repo = Mock(spec=shop.Repo)\n    repo.get.return_value = {'id': 1, 'email': 'x'}\n"
        "    assert shop.greet(repo, 1) == 'Dear x'\n",
    )
    contracts.run().assert_outcomes(passed=2)
    assert contracts.report["gate"]["claims"] | {"verified": 1, "total": 1} == contracts.report["gate"]["claims"]


def test_evidence_is_filed_where_the_marker_or_the_configuration_says(contracts: Contracts) -> None:
    """Not under `contract` when the test is marked, or the target is configured."""
    contracts.write("gate.yaml", "boundaries:\n  storage: {collaborators: [shop]}\n")
    contracts.write("tests/test_contract.py", CONTRACT)
    contracts.run().assert_outcomes(passed=1)
    assert [one["name"] for one in contracts.report["boundaries"]] == ["storage"]
    marked = CONTRACT.replace("@pytest", "@pytest.mark.boundary('database', fidelity='emulated')\n@pytest", 1)
    contracts.write("tests/test_contract.py", marked)
    contracts.run().assert_outcomes(passed=1)
    (boundary,) = (one for one in contracts.report["boundaries"] if one["name"] == "database")
    assert (boundary["tests"], boundary["fidelity"]) == (1, "emulated")


def test_the_real_thing_comes_from_a_registered_fixture(contracts: Contracts) -> None:
    """`provides` may take other fixtures, and is taken before the class is made without arguments."""
    contracts.write("tests/conftest.py", PROVIDED)
    contracts.write("tests/test_contract.py", CONTRACT + "    assert collaborator.name != 'users'\n")
    contracts.run().assert_outcomes(passed=1)
    contracts.run(gate=False).assert_outcomes(passed=1)


def test_what_extends_an_abstract_class_stands_for_it(contracts: Contracts) -> None:
    """A contract of an abstract class runs on each subclass that a fixture gives, which is evidence about the class."""
    contracts.fakes(FakeUsers="Users", Lying="Users")
    contracts.write("tests/conftest.py", PROVIDED)
    contracts.write("tests/test_contract.py", ABSTRACT)
    result = contracts.run("-v")
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*[[]Users[]]*")
    (found,) = contracts.report["mismatches"]
    assert found["target"] == "shop:Users.find"
    assert found["claim"]["tests"] == ["tests/test_contract.py::TestUsers::test_nobody_is_found[Lying]"]
    assert contracts.report["gate"]["claims"]["verified"] == 1


def test_an_object_given_for_a_protocol_stands_for_it(contracts: Contracts) -> None:
    """Also when its class does not extend the protocol."""
    contracts.fakes(FakeUsers="Finds")
    given = PROVIDED.replace("shop:Repo", "shop:Finds").replace("shop.Repo", "shop.Remote")
    contracts.write("tests/conftest.py", given)
    contracts.write("tests/test_contract.py", ABSTRACT.replace("shop:Users", "shop:Finds"))
    contracts.run().assert_outcomes(passed=2)
    assert contracts.report["gate"]["claims"]["verified"] == 1


def test_what_cannot_be_made_is_skipped_with_what_to_write(contracts: Contracts) -> None:
    """An abstract class, a class with arguments and a name that is not there, each with its advice."""
    contracts.fakes(Unfinished="Remote")
    targets = ("Users", "Remote", "Gone", "Finds")
    contracts.write(
        "tests/test_contract.py",
        "import pytest\n"
        + "".join(
            f"\n@pytest.mark.contract('shop:{one}')\ndef test_{one}_is_there(collaborator): ...\n" for one in targets
        ),
    )
    result = contracts.run("-rs")
    result.assert_outcomes(skipped=5)
    result.stdout.fnmatch_lines_random(
        [
            '*shop:Users is abstract. Write in a conftest.py: *`@provides("shop:Users")` above a function*',
            "*shop:Finds is abstract.*",
            "*shop:Remote is made with `url`. Write in a conftest.py*",
            "*tests.fakes:Unfinished is made with `url`, `proxy`. *",
            "*shop:Gone cannot be found: *",
        ]
    )


def test_without_the_gate_a_contract_test_runs_on_the_real_thing(contracts: Contracts) -> None:
    """Nothing knows the fakes then."""
    contracts.fakes(FakeRepo="Repo")
    contracts.write("tests/test_contract.py", CONTRACT)
    contracts.run(gate=False).assert_outcomes(passed=1)


def test_parameters_and_instances_of_modules_are_contracts_too(contracts: Contracts) -> None:
    """A function is a collaborator as well, and a contract test may have parameters of its own."""
    contracts.write("shop.py", REPO + "\ndef price(currency):\n    return 1.0\n")
    contracts.write("tests/fakes.py", "def fake_price(currency):\n    return 1.0\n")
    contracts.fakes(fake_price="price")
    contracts.write(
        "tests/test_contract.py",
        "import pytest\n\n@pytest.mark.contract('shop:price')\n@pytest.mark.parametrize('currency', ['EUR', 'USD'])\n"
        "def test_price_is_positive(collaborator, currency):\n    assert collaborator(currency) > 0\n",
    )
    contracts.run().assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("contract", "@pytest.mark.contract must name one collaborator, for example contract(*"),
        ("contract('a:B', 'c:D')", "@pytest.mark.contract must name one collaborator*"),
        ("contract('https://api.example')", "@pytest.mark.contract names no Python object: `https://api.example`*"),
        ("contract('not a name')", "@pytest.mark.contract names no Python object: `not a name`*"),
        ("given()", "@pytest.mark.given must name states, for example*"),
        ("given(42)", "@pytest.mark.given must name states, for example*"),
    ],
)
def test_a_wrong_marker_is_one_clear_error(contracts: Contracts, marker: str, message: str) -> None:
    """The run ends before a test has run, with exit code 4."""
    contracts.write(
        "tests/test_contract.py",
        f"import pytest\n\n@pytest.mark.{marker}\ndef test_something_works(collaborator): ...\n",
    )
    result = contracts.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*tests/test_contract.py::test_something_works: {message}"])


def test_a_contract_test_without_the_fixture_is_an_error(contracts: Contracts) -> None:
    """It would run on nothing."""
    contracts.write(
        "tests/test_contract.py", "import pytest\n\n@pytest.mark.contract('shop:Repo')\ndef test_it_works(): ...\n"
    )
    result = contracts.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*::test_it_works: a contract test takes the fixture `collaborator`.*"])


def test_the_fixture_without_a_contract_says_what_is_missing(contracts: Contracts) -> None:
    """A test that takes `collaborator` without the marker."""
    contracts.write("tests/test_contract.py", "def test_it_works(collaborator): ...\n")
    result = contracts.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*`collaborator` needs @pytest.mark.contract("package.module:Name") on the test.*'])


def test_registering_needs_a_name() -> None:
    """`provides` and `provider_state` without their text say how they are written."""
    from pytest_integration_gate import provider_state, provides

    with pytest.raises(TypeError, match=r"Write it with a text: @provides\(.shop"):
        provides(lambda: None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"@provider_state got ' '"):
        provider_state(" ")
