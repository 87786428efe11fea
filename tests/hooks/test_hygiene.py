"""What is untidy about doubles and contradicts nothing: each kind where it is meant and where it is not."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

SHOP = """
def price(): return 1
class Repo:
    def get(self, key): ...
def use(mock): return mock.get(1)
def ask(mock): return mock.bulk(1) if hasattr(mock, "bulk") else mock.get(1)
def ask_twice(mock): return hasattr(mock, "bulk") and mock.spare
def total(): return price()
"""

CASES = {
    "a patch that another one covers unused": (
        """
        def test():
            with patch("shop.price", return_value=1):  # here
                with patch("shop.price", return_value=2):
                    shop.total()
        """,
        ("replaced_double", "shop:price is patched again before it is used"),
    ),
    "a patch that is used, then covered; one of a fixture": (
        """
        @pytest.fixture
        def default():
            with patch("shop.price", return_value=1):
                yield
        def test_used():
            with patch("shop.price", return_value=1):
                shop.total()
                with patch("shop.price", return_value=2):
                    shop.total()
        def test_default(default):
            with patch("shop.price", return_value=2):
                shop.total()
        """,
        None,
    ),
    "an answer that is replaced unused": (
        """
        def test():
            mock = Mock()
            mock.get.return_value = 1  # here
            mock.get.return_value = 2
            assert shop.use(mock) == 2
        """,
        ("replaced_double", "return_value is set again at line 10 before it is used"),
    ),
    "answers that are used, given in a loop, by a fixture, or never": (
        """
        @pytest.fixture
        def mock():
            mock = Mock()
            mock.get.return_value = 0
            return mock
        def test(mock):
            mock.get.return_value = 1
            shop.use(mock)
            mock.get.return_value = 2
            shop.use(mock)
            for number in (3, 4):
                mock.get.return_value = number
            mock.get.side_effect = [5]
        def test_autospec():
            mock = create_autospec(shop.Repo)
            mock.get.return_value = 1
            assert shop.use(mock) == 1
        """,
        None,
    ),
    "an assertion that is misspelt": (
        """
        def test():
            mock = Mock()
            shop.use(mock)
            mock.get.asset_called_once_with(5)  # here
        """,
        ("misspelt_assertion", "asset_called_once_with asserts nothing (nearest: assert_called_once_with)"),
    ),
    "an assertion as one would say it": (
        """
        def test():
            mock = Mock()
            shop.use(mock)
            assert mock.get.was_called_once_with(5)  # here
        """,
        ("misspelt_assertion", "was_called_once_with asserts nothing (nearest: assert_called_once_with)"),
    ),
    "names that merely sound like it": (
        """
        def test():
            mock = Mock()
            shop.use(mock)
            mock.call_me.return_value = 3
            mock.get.asserted = True
            mock.callback()
            kept = mock.calls_with
            mock.get.assert_called_once_with(1)
            assert mock.get.called and mock.get.call_count == 1
        """,
        None,
    ),
    "an assertion that is named and not called": (
        """
        def test():
            mock = Mock()
            shop.use(mock)
            mock.get.assert_called_once_with  # here
        """,
        ("idle_assertion", "assert_called_once_with is not called: write assert_called_once_with(…)"),
    ),
    "a count that is compared to no effect": (
        """
        def test():
            mock = Mock()
            shop.use(mock)
            mock.get.call_count == 7  # here
        """,
        ("idle_assertion", "call_count is compared and not asserted"),
    ),
    "hasattr of a bare mock": (
        """
        def test():
            shop.ask(Mock())  # here
        """,
        ("blind_hasattr", "hasattr(…, 'bulk') at shop.py:6 is true of every bare mock"),
    ),
    "hasattr of mocks that know what they have": (
        """
        def test():
            shop.ask(Mock(spec=["get"]))
            shop.ask(Mock(spec=["bulk"]))
            shop.use(Mock())
        """,
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_untidy_is_listed_and_fails_nothing(project: Any, name: str) -> None:
    """The kind, the line and the reason stand in the report; what is meant so is left in peace."""
    test, expected = CASES[name]
    project.write("shop.py", SHOP)
    text = "from unittest.mock import Mock, create_autospec, patch\nimport pytest\nimport shop\n\n\n" + textwrap.dedent(
        test
    )
    project.write("tests/unit/test_greet.py", text)
    project.write("tests/integration/test_repo.py", "def test_nothing():\n    pass\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.OK, result.outlines
    assert project.report["warnings"] == []
    found = [(one["kind"], one["detail"], one["at"]) for one in project.report["hygiene"]]
    line = next((number for number, text in enumerate(text.splitlines(), start=1) if "# here" in text), 0)
    assert found == ([(*expected, f"tests/unit/test_greet.py:{line}")] if expected else []), project.report_text


def test_the_list_does_not_depend_on_workers(project: Any) -> None:
    """Plain and with two workers the same entries are listed."""
    project.write("shop.py", SHOP)
    project.write("tests/integration/test_repo.py", "def test_nothing():\n    pass\n")
    tests = [
        textwrap.dedent(test).replace("def test", f"def test_{number}_")
        for number, (test, _) in enumerate(CASES.values())
    ]
    project.write(
        "tests/unit/test_greet.py",
        "from unittest.mock import Mock, create_autospec, patch\nimport pytest\nimport shop\n" + "".join(tests),
    )
    project.run()
    plain = project.report["hygiene"]
    project.run("-p", "xdist", "-n2")
    assert project.report["hygiene"] == plain
    assert len(plain) == sum(1 for _, expected in CASES.values() if expected)
