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
    "setUpClass": """
        class ShopTest(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.enterClassContext(patch("shop.Repo.get", return_value={"mail": "a"}))

            def test_one(self):
                self.assertEqual(shop.greet(1), "a")

            def test_two(self):
                self.assertEqual(shop.greet(2), "a")
    """,
    "setup_method": """
        class TestShop:
            def setup_method(self):
                self.patcher = patch("shop.Repo.get", return_value={"mail": "a"})
                self.patcher.start()

            def teardown_method(self):
                self.patcher.stop()

            def test(self):
                assert shop.greet(1) == "a"
    """,
    "setup_module": """
        PATCHER = patch("shop.Repo.get", return_value={"mail": "a"})

        def setup_module():
            PATCHER.start()

        def teardown_module():
            PATCHER.stop()

        def test_first():
            pass

        def test_second():
            assert shop.greet(1) == "a"
    """,
    "session fixture": """
        @pytest.fixture(scope="session", autouse=True)
        def repo():
            with patch("shop.Repo.get", return_value={"mail": "a"}):
                yield

        def test_first():
            pass

        def test_second():
            assert shop.greet(1) == "a"
    """,
    "package_mocker and module_mocker": """
        @pytest.fixture(scope="package", autouse=True)
        def get(package_mocker):
            return package_mocker.patch("shop.Repo.get")

        @pytest.fixture(scope="module", autouse=True)
        def answer(get, module_mocker):
            get.return_value = {"mail": "a"}

        def test():
            assert shop.greet(1) == "a"
    """,
    "resetall": """
        def test(mocker):
            get = mocker.patch("shop.Repo.get", return_value={"mail": "a"})
            shop.Repo().get(0)
            mocker.resetall()
            assert get.call_count == 0 and shop.greet(1) == "a"
            mocker.resetall(return_value=True)
            assert get.return_value != {"mail": "a"}
            mocker.stopall()
            assert shop.Repo().get(1)["id"] == 1
    """,
    "a spy that is told what to give": """
        def test(mocker):
            mocker.spy(shop.Repo, "get")
            mocker.stopall()
            spy = mocker.patch.object(shop.Repo, "get", wraps=shop.Repo().get)
            spy.return_value = {"mail": "a"}
            assert shop.greet(1) == "a"
    """,
    "pytest's own subtests": """
        def test(subtests):
            for key in (1, 2):
                with subtests.test(key=key), patch.object(shop.Repo, "get", return_value={"mail": "a"}):
                    assert shop.greet(key) == "a"
    """,
    "a doctest": """
        def helper():
            '''
            >>> with patch.object(shop.Repo, "get", return_value={"mail": "a"}):
            ...     shop.greet(1)
            'a'
            '''
    """,
    "a generated test method": """
        class ShopTest(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                self.enterContext(patch.object(shop.Repo, "get", return_value={"mail": "a"}))

            async def test(self):
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
    if style == "pytest's own subtests":
        pytest.importorskip("_pytest.subtests", reason="built in from pytest 9 on")
    result = shop.run("-p", "pytest_mock", "--doctest-modules")
    assert not {"failed", "errors"} & result.parseoutcomes().keys(), result.outlines
    assert shop.report["warnings"] == []
    targets = {mismatch["target"] for mismatch in shop.report["mismatches"]}
    expected = {"asyncio": "shop:Repo.load", "PropertyMock": "shop:Repo.size"}.get(style, "shop:Repo.get")
    assert targets == {expected}, shop.report_text


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2"), ("-p", "pytest_randomly")], ids=" ".join)
def test_a_test_that_runs_again_counts_once(shop: Any, options: tuple[str, ...]) -> None:
    """A plugin that runs a failed test again: the outcome is that of the last run, and so are the claims."""
    shop.write(
        "conftest.py",
        """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    if "again" not in item.name:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for last in (False, True):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not last and any(report.failed for report in reports):
            item._initrequest()
            for report in reports:
                if report.failed:
                    report.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=report)
            continue
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        break
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True

def pytest_report_teststatus(report):
    return ("rerun", "R", "RERUN") if report.outcome == "rerun" else None
""",
    )
    shop.write(
        "tests/unit/test_greet.py",
        """
from unittest.mock import patch
import pytest
import shop

RAN = []

@pytest.mark.parametrize("key", [1, 2])
def test_again(key):
    RAN.append(key)
    name = "mail" if RAN.count(key) > 1 else "gone"
    with patch.object(shop.Repo, "get", return_value={name: "a"}):
        assert shop.greet(key) == "a"
""",
    )
    result = shop.run(*options)
    assert "failed" not in result.parseoutcomes(), result.outlines
    assert shop.report["summary"]["passed"] == 3
    assert [one["claim"]["outcome"] for one in shop.report["mismatches"]] == ["returns {mail: str}"]


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
