"""Doubles of other test tools in whole runs: pytest-mock, unittest.TestCase, asyncio, subtests, nested runs."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = """
class Repo:
    def get(self, key):
        return {"id": key, "email": "x"}

    async def load(self, key):
        return {"id": key, "email": "x"}

    @property
    def size(self) -> int:
        return 3


def greet(key):
    return Repo().get(key)["mail"]


async def greet_later(key):
    return (await Repo().load(key))["mail"]


def double():
    return Repo().size * 2
"""

BOUNDARY = """
import asyncio
import pytest
import shop

@pytest.mark.boundary("database")
def test_real():
    assert shop.Repo().get(1)["id"] == 1
    assert asyncio.run(shop.Repo().load(1))["id"] == 1
    assert shop.Repo().size == 3
"""

LIES = {
    "mocker.patch": """
        def test(mocker):
            mocker.patch("shop.Repo.get", return_value={"mail": "a"})
            assert shop.greet(1) == "a"
    """,
    "mocker.patch.object": """
        def test(mocker):
            mocker.patch.object(shop.Repo, "get").return_value = {"mail": "a"}
            assert shop.greet(1) == "a"
    """,
    "class_mocker": """
        class TestShop:
            @pytest.fixture(autouse=True, scope="class")
            def repo(self, class_mocker):
                class_mocker.patch("shop.Repo.get", return_value={"mail": "a"})

            def test(self):
                assert shop.greet(1) == "a"
    """,
    "session_mocker": """
        @pytest.fixture(scope="session")
        def repo(session_mocker):
            return session_mocker.patch("shop.Repo.get", return_value={"mail": "a"})

        def test_first(repo):
            pass

        def test_second(repo):
            assert shop.greet(1) == "a"
    """,
    "setUp": """
        class ShopTest(unittest.TestCase):
            def setUp(self):
                patcher = patch("shop.Repo")
                self.repo = patcher.start()
                self.addCleanup(patcher.stop)
                self.repo.return_value.get.return_value = {"mail": "a"}

            def test(self):
                self.assertEqual(shop.greet(1), "a")
    """,
    "class decorator": """
        @patch("shop.Repo.get", return_value={"mail": "a"})
        class ShopTest(unittest.TestCase):
            def test(self, get):
                self.assertEqual(shop.greet(1), "a")
    """,
    "patch.multiple": """
        @patch.multiple(shop.Repo, get=Mock(return_value={"mail": "a"}))
        def test():
            assert shop.greet(1) == "a"
    """,
    "module-level mock": """
        GET = Mock(return_value={"mail": "a"})

        def test_one():
            with patch.object(shop.Repo, "get", GET):
                assert shop.greet(1) == "a"
    """,
    "parametrized": """
        @pytest.mark.parametrize("key", [1, 2, 3])
        def test(mocker, key):
            mocker.patch("shop.Repo.get", return_value={"mail": "a"})
            assert shop.greet(key) == "a"
    """,
    "asyncio": """
        def test(mocker):
            mocker.patch("shop.Repo.load", return_value={"mail": "a"})
            assert asyncio.run(shop.greet_later(1)) == "a"
    """,
    "subtests": """
        class ShopTest(unittest.TestCase):
            def test(self):
                for key in (1, 2):
                    with self.subTest(key=key), patch.object(shop.Repo, "get", return_value={"mail": "a"}):
                        self.assertEqual(shop.greet(key), "a")
    """,
    "PropertyMock": """
        def test():
            with patch.object(shop.Repo, "size", new_callable=PropertyMock, return_value="4"):
                assert shop.double() == "44"
    """,
}


@pytest.fixture
def shop(project: Any) -> Any:
    """The project with a shop whose mocks and boundary test are to be written."""
    project.write("shop.py", SHOP)
    project.write("tests/integration/test_repo.py", BOUNDARY)
    return project


@pytest.mark.parametrize("style", LIES)
def test_a_lie_is_found_however_it_is_told(shop: Any, style: str) -> None:
    """Every way to install a mock leads to the same finding, and the tests pass as without the gate."""
    lines = (
        "import asyncio, unittest\nimport pytest\nfrom unittest.mock import Mock, PropertyMock, patch\nimport shop\n"
    )
    body = "\n".join(line[8:] for line in LIES[style].splitlines())
    shop.write("tests/unit/test_greet.py", lines + body)
    result = shop.run("-p", "pytest_mock")
    assert "failed" not in result.parseoutcomes()
    targets = {mismatch["target"] for mismatch in shop.report["mismatches"]}
    expected = {"asyncio": "shop:Repo.load", "PropertyMock": "shop:Repo.size"}.get(style, "shop:Repo.get")
    assert targets == {expected}, shop.report_text


def test_spies_and_stubs_claim_nothing(shop: Any) -> None:
    """A spy passes calls on to reality, and a stub stands for nothing."""
    shop.write(
        "tests/unit/test_greet.py",
        """
import pytest
import shop

def test_spy(mocker):
    spy = mocker.spy(shop.Repo, "get")
    with pytest.raises(KeyError):
        shop.greet(1)
    assert spy.call_count == 1

def test_stub(mocker):
    assert mocker.stub(name="callback")(1) is not None
""",
    )
    result = shop.run("-p", "pytest_mock")
    result.assert_outcomes(passed=3)
    assert shop.report["mismatches"] == []


def test_the_backport_is_heard_like_the_original(shop: Any) -> None:
    """The PyPI package `mock` is another class tree with the same meaning."""
    pytest.importorskip("mock")
    shop.write(
        "tests/unit/test_greet.py",
        """
import mock
import shop

@mock.patch.object(shop.Repo, "get", return_value={"mail": "a"})
def test(get):
    assert shop.greet(1) == "a"
""",
    )
    shop.run().assert_outcomes(passed=2)
    assert [mismatch["target"] for mismatch in shop.report["mismatches"]] == ["shop:Repo.get"]


def test_nested_pytest_runs_are_left_alone(shop: Any) -> None:
    """A test that runs pytest in its own process with the gate on disturbs neither run."""
    shop.write(
        "tests/unit/test_greet.py",
        '''
from unittest.mock import patch
import shop

pytest_plugins = "pytester"

@patch.object(shop.Repo, "get", return_value={"mail": "a"})
def test_inside(get, pytester):
    pytester.makepyfile("""
        from unittest.mock import Mock
        def test_inner():
            assert Mock(return_value=1)() == 1
    """)
    result = pytester.runpytest_inprocess("-p", "pytest_integration_gate.plugin", "--integration-gate")
    result.assert_outcomes(passed=1)
    assert shop.greet(1) == "a"
''',
    )
    shop.run().assert_outcomes(passed=2)
    assert [mismatch["target"] for mismatch in shop.report["mismatches"]] == ["shop:Repo.get"]
