"""Where a test configured a double."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from pytest_integration_gate.source.configured import patch_line, statement_line

SOURCE = """\
@patch("shop.mail.send")
@patch.object(
    Repo, "get",
)
@patch.object(Cache, "get")
@patch.multiple("shop.pay", charge=1, refund=2)
def test_decorated(*_):
    pass


@patch("shop.mail.send")
class TestShop:
    @mock.patch("shop.pay.charge")
    def test_method(self, *_):
        pass

    def test_plain(self, *_):
        with (
            patch("shop.clock.now"),
            patch("shop.pay.refund") as refund,
        ):
            refund.return_value = call(
                1,
                2,
            )


def test_mocker(mocker):
    get = mocker.patch.object(Repo, "get")
    mocker.patch(TARGET + ".find")
    get("send")
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The tests above in a file."""
    path = tmp_path / "test_shop.py"
    path.write_text(SOURCE)
    return str(path)


@pytest.fixture
def code_of(file: str) -> Callable[[str], CodeType]:
    """The code of one of these tests."""

    def find(name: str) -> CodeType:
        keep = MagicMock(side_effect=lambda *_, **__: lambda thing: thing)
        keep.object = keep.multiple = keep
        namespace: dict[str, Any] = {"patch": keep, "mock": SimpleNamespace(patch=keep), "Repo": 1, "Cache": 2}
        exec(compile(SOURCE, file, "exec"), namespace)
        owner, _, method = name.rpartition(".")
        function = vars(namespace[owner])[method] if owner else namespace[name]
        code: CodeType = function.__code__
        return code

    return find


@pytest.mark.parametrize(
    ("test", "attribute", "target", "line"),
    [
        ("test_decorated", "send", "shop.mail", 1),
        ("test_decorated", "send", "shop.mail.send", 1),
        ("test_decorated", "send", "shop.letters", 1),
        ("test_decorated", "get", "shop.repository.Repo", 2),
        ("test_decorated", "get", "shop.cache.Cache", 5),
        ("test_decorated", "refund", "shop.pay", 6),
        ("test_decorated", "find", "shop.mail", None),
        ("TestShop.test_method", "charge", "shop.pay", 13),
        ("TestShop.test_method", "send", "shop.mail", 11),
        ("TestShop.test_plain", "refund", "shop.pay", 20),
        ("test_mocker", "get", "shop.Repo", 29),
        ("test_mocker", "send", "shop.mail", None),
    ],
)
def test_the_line_that_patches(
    code_of: Callable[[str], CodeType], test: str, attribute: str, target: str, line: int | None
) -> None:
    """The decorator or call that patches an attribute is found by its path or by its name."""
    assert patch_line(code_of(test), attribute, target) == line


def test_no_line_without_source() -> None:
    """Code that stands in no readable file patches nothing that can be shown."""
    assert patch_line(compile("1", "<string>", "exec"), "send", "shop.mail") is None


@pytest.mark.parametrize(
    ("line", "first"),
    [(1, 1), (3, 2), (4, 2), (7, 7), (8, 8), (12, 12), (18, 18), (20, 18), (22, 22), (24, 22), (25, 22), (99, 99)],
)
def test_the_first_line_of_a_statement(file: str, line: int, first: int) -> None:
    """A call over several lines is named by the line that it starts at."""
    assert statement_line(file, line) == first


def test_a_file_that_cannot_be_read_keeps_its_lines(tmp_path: Path) -> None:
    """Broken and missing files change no line."""
    (tmp_path / "broken.py").write_text(textwrap.dedent("def"))
    assert statement_line(str(tmp_path / "broken.py"), 3) == 3
    assert statement_line(str(tmp_path / "missing.py"), 3) == 3
