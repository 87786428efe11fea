"""The runner of pages notices when a page says what is not so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pages show commands for a POSIX shell")

Read = Callable[[Path], list[Any]]
Follow = Callable[[str], str]


@pytest.fixture
def follow(read_blocks: Read, folder: Any, tmp_path: Path) -> Follow:
    """Follow a page; give what its tests, run at the end, find wrong."""

    def follow(text: str) -> str:
        page = tmp_path / "page.md"
        page.write_text(dedent(text))
        for block in read_blocks(page):
            folder.follow(block)
        return str(folder.try_tests())

    return follow


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("one\nthree", "one\nthree"),
        ("one\n...\nthree", "one\ntwo\n2\nthree"),
        ("...\nthree", "three"),
        ("=== 3 passed in 0.04s ===", "====== 3 passed in 1.20s ======"),
        ("seen 2026-11-20 at http://127.0.0.1:8001", "seen 2031-01-02 at http://127.0.0.1:40211"),
    ],
)
def test_what_is_shown_may_differ_where_machines_do(follow: Follow, folder: Any, shown: str, written: str) -> None:
    """Left-out lines, times, days, ports and the width of rules are no differences."""
    (folder.path / "output").write_text(written)
    follow(f"```console\n$ cat output\n{shown}\n```\n")


@pytest.mark.parametrize(
    ("shown", "written"),
    [("one", "two"), ("one", "one\ntwo"), ("one\n...", "two\none"), ("3 passed", "4 passed"), ("", "one")],
)
def test_what_is_shown_and_not_written_fails(follow: Follow, folder: Any, shown: str, written: str) -> None:
    """Another line, one more and one less are differences."""
    (folder.path / "output").write_text(written)
    with pytest.raises(pytest.fail.Exception, match=r"page.md:2: `cat output` writes:"):
        follow(f"```console\n$ cat output\n{shown}\n```\n")


def test_exit_statuses_are_compared(follow: Follow) -> None:
    """One that is not announced fails, one that is announced and does not come, too."""
    follow("<!-- exit: 1 0 -->\n```sh\nfalse\ntrue\n```\n")
    with pytest.raises(pytest.fail.Exception, match="`false` exits with 1, not 0"):
        follow("```sh\nfalse\n```\n")
    with pytest.raises(pytest.fail.Exception, match="`true` exits with 0, not 1"):
        follow("<!-- exit: 1 -->\n```sh\ntrue\n```\n")


def test_tests_of_a_page_run_even_when_no_command_does(follow: Follow) -> None:
    """A test that a page shows and that fails is found at its end."""
    assert "1 failed" in follow("```python\n# test_it.py\ndef test_it():\n    assert not 1\n```\n")


def test_blocks_can_be_left_out_and_hidden(follow: Follow, folder: Any) -> None:
    """A block with a reason is not run, a file in a comment is written, `continued` adds to a file."""
    follow(
        """
        <!-- not run: it is dangerous -->
        ```sh
        false
        ```
        <!-- file: hidden.txt
        one
        -->
        ```text
        # notes/it.txt
        one
        ```
        ```text
        # notes/it.txt, continued
        two
        ```
        """
    )
    assert (folder.path / "hidden.txt").read_text() == "one\n"
    assert (folder.path / "notes/it.txt").read_text() == "# notes/it.txt\none\n\n\n# notes/it.txt, continued\ntwo\n"


def test_a_comment_that_nobody_understands_fails(follow: Follow) -> None:
    """A misspelt instruction is no remark."""
    with pytest.raises(ValueError, match="says nothing that the runner knows"):
        follow("<!-- exits: 1 -->\n```sh\nfalse\n```\n")


def test_packages_that_a_page_installs_are_known(follow: Follow) -> None:
    """An extra that does not exist, or a package that the page's own run does not have, fails."""
    follow("```sh\npip install 'pytest-integration-gate[suites,html]' flask\n```\n")
    for package in ("'pytest-integration-gate[sweets]'", "left-pad"):
        with pytest.raises(pytest.fail.Exception, match="is not installed where the page is run"):
            follow(f"```sh\npip install {package}\n```\n")
