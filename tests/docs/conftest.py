"""Pages of the documentation as blocks, and a folder in which the blocks of a page are run one after the other.

How a block is marked is told on the page ``docs/how-to/work-on-the-docs.md``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

import pytest

import pytest_integration_gate
from pytest_integration_gate import plugin

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"( *)```([^`]*)$")
_COMMENT = re.compile(r"<!-- (?P<word>not run|file|in|run|exit)(?:: (?P<text>.*))?$", re.DOTALL)
_FILE = re.compile(r"# (?P<name>[\w./-]+\.\w+)(?P<more>, continued)?$", re.MULTILINE)
_COMMAND = re.compile(r"(?:pytest|integration-gate|pip|python3?|git) ")
_LEFTOVERS = shutil.ignore_patterns("__pycache__", ".*", "*.report.yaml")
_HEADER = re.compile(r"(?:platform|rootdir:|plugins:|cachedir:) ?.*\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of a page, or a comment that tells the runner something (`language` is then empty).

    `name` is the file that it stands for, `reason` says why it is not run. `statuses` are the exit statuses of its
    commands, the last one that of all further ones; `line` is its first line in the page.
    """

    page: Path
    line: int
    language: str
    text: str
    name: str = ""
    is_continued: bool = False
    reason: str = ""
    statuses: tuple[int, ...] = (0,)

    @property
    def place(self) -> str:
        return (
            f"{self.page.name if ROOT not in self.page.parents else self.page.relative_to(ROOT).as_posix()}:{self.line}"
        )


def blocks_of(page: Path) -> Iterator[Block]:
    """Read a page; give its blocks, and what comments say between them, as they stand."""
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1))
    told: dict[str, str] = {}
    for number, line in lines:
        if fence := _FENCE.match(line):
            indent = fence[1]
            inside = list(_until(lines, f"{indent}```"))
            yield _block(page, number + 1, fence[2], dedent("\n".join(inside) + "\n"), told)
            told = {}
        elif line.strip().startswith("<!--"):
            comment = line.strip()
            while not comment.endswith("-->"):
                comment += "\n" + next(lines)[1]
            if found := _COMMENT.match(comment.removesuffix("-->").rstrip()):
                word, text = found["word"], found["text"] or ""
                if word == "file" and "\n" in text:
                    name, _, content = text.partition("\n")
                    yield Block(page=page, line=number, language="hidden", text=content + "\n", name=name)
                elif word in ("in", "run"):
                    yield Block(page=page, line=number, language=word, text=text)
                else:
                    told[word] = text
            elif re.match(r"<!-- [a-z ]+:", comment):
                raise ValueError(f"{page}:{number}: this comment says nothing that the runner knows: {comment}")
        elif line.strip():
            told = {}


def _until(lines: Iterator[tuple[int, str]], end: str) -> Iterator[str]:
    for _, line in lines:
        if line == end:
            return
        yield line
    raise ValueError(f"a block has no end: {end}")


def _block(page: Path, line: int, language: str, text: str, told: dict[str, str]) -> Block:
    if not language and _COMMAND.match(text):
        language = "sh"
    named = _FILE.match(text)
    return Block(
        page=page,
        line=line,
        language=language,
        text=text,
        name=told.get("file") or (named["name"] if named else ""),
        is_continued=bool(named and named["more"]),
        reason=told.get("not run", ""),
        statuses=tuple(map(int, told.get("exit", "0").split())),
    )


class Folder:
    """An empty folder in which a reader does what a page says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GIT_", "PYTEST"))}
        self._environment = {
            **kept,
            "COLUMNS": "80",
            "HOME": str(path.parent),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PLUGINS": "pytest_integration_gate.plugin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(Path(pytest_integration_gate.__file__).parents[1]),
        }
        self._environment.pop("PYTHONSAFEPATH", None)
        self.is_tried = True
        """Whether pytest has run since the last test file was written."""

    def follow(self, block: Block) -> None:
        """Do what a block says, and fail the test when something else comes out."""
        if block.reason:
            return
        if block.language == "in":
            shutil.copytree(ROOT / block.text, self.path, ignore=_LEFTOVERS, dirs_exist_ok=True)
        elif block.name:
            self._write(block)
        elif block.language == "console":
            self._run(block, _session(block.text))
        elif block.language in ("sh", "run"):
            lines = block.text.replace("\\\n", "").splitlines()
            self._run(block, [(line.partition("  #")[0], None) for line in lines if line.strip()])

    def try_tests(self) -> str:
        """Run tests that the page shows and never runs itself; return what is wrong."""
        if self.is_tried:
            return ""
        done = self._shell("pytest --integration-gate")
        return "" if done.returncode == 0 else f"the tests of the page do not pass:\n{done.stdout}"

    def _write(self, block: Block) -> None:
        path = self.path / block.name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() + "\n\n" if block.is_continued else ""
        path.write_text(before + block.text)
        if path.name.startswith("test_") and path.suffix in (".py", ".yaml"):
            self.is_tried = False

    def _run(self, block: Block, commands: Iterable[tuple[str, str | None]]) -> None:
        statuses = [*block.statuses]
        for command, shown in commands:
            if command.startswith("pip install"):
                _check_packages(block, command)
                continue
            self.is_tried |= command.startswith("pytest")
            done = self._shell(command)
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            if done.returncode != status:
                said = f"{block.place}: `{command}` exits with {done.returncode}, not {status}"
                pytest.fail(f"{said}:\n{done.stdout}", pytrace=False)
            if shown is not None and not fits(shown, done.stdout):
                said = f"{block.place}: `{command}` writes:\n{done.stdout}\nThe page shows:\n{shown}"
                pytest.fail(said, pytrace=False)

    def _shell(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            shell=True,
            cwd=self.path,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )


def _session(text: str) -> Iterator[tuple[str, str]]:
    """Give the commands of a console block, each with what the page shows below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def _check_packages(block: Block, command: str) -> None:
    """Check the extras of our package, and that others are there when the page is run; nothing is installed."""
    file = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = file["project"]
    tested = [re.split(r"[^\w-]", one)[0] for one in file["dependency-groups"]["test"]]
    known = {project["name"]: {*project["optional-dependencies"]}, **{package: set() for package in tested}}
    for word in shlex.split(command)[2:]:
        package, _, extras = word.rstrip("]").partition("[")
        if package not in known or not {*filter(None, extras.split(","))} <= known[package]:
            pytest.fail(f"{block.place}: `{word}` is not installed where the page is run.", pytrace=False)


def fits(shown: str, written: str) -> bool:
    """Whether a command wrote what a page shows, apart from versions, times, days, ports and the width of rules.

    A line ``...`` in the page stands for any lines.
    """
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else f"{re.escape(line)}\n" for line in _normal(shown).splitlines()
    )
    return re.fullmatch(pattern, _normal(written) + "\n") is not None


def _normal(text: str) -> str:
    text = _HEADER.sub("", text)
    text = re.sub(r"([=_-])\1{2,}", r"\1\1\1", text)
    text = re.sub(r"\b\d+(\.\d+)? ?m?s\b", "0 s", text)
    text = re.sub(r"\b20\d\d-\d\d-\d\d\b", "2026-01-01", text)
    text = re.sub(r"\b127\.0\.0\.1:\d+", "127.0.0.1:0", text)
    text = re.sub(r"\bPython 3\.\d+\.\d+", "Python 3", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class Declared:
    """Stands for pytest's parser, and keeps what the plugin declares."""

    def __init__(self) -> None:
        self.options: set[str] = set()
        self.ini: set[str] = set()

    def getgroup(self, *_: str) -> Declared:
        return self

    def has_plugin(self, _: str) -> bool:
        return True

    def addoption(self, name: str, **_: object) -> None:
        self.options.add(name)

    def addini(self, name: str, *_: str, **__: object) -> None:
        self.ini.add(name)


@pytest.fixture(scope="session")
def declared() -> Declared:
    """Give the options and ini names that the plugin declares."""
    known: Any = Declared()
    plugin.pytest_addoption(known, known)
    return cast(Declared, known)


@pytest.fixture(scope="session")
def read_blocks() -> Callable[[Path], list[Block]]:
    """Give the blocks of a page."""
    return lambda page: list(blocks_of(page))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder."""
    path = tmp_path / "project"
    path.mkdir()
    return Folder(path)
