"""Which files belong to the project, and which of them are tests."""

from __future__ import annotations

import os.path
from pathlib import Path

import pytest

from pytest_integration_gate.source.project import Project


def make(root: Path, *files: str) -> None:
    """Create empty files."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A project with a package in src, a module and a script folder in the root, and a library under pythonpath."""
    make(
        tmp_path,
        "src/shop/__init__.py",
        "src/shop/repo.py",
        "tool.py",
        "test_tool.py",
        "setup.py",
        "scripts/run.py",
        "libs/money/__init__.py",
        "checks/a.py",
        "tests/__init__.py",
        "env/pyvenv.cfg",
    )
    return Project.find(str(tmp_path), testpaths=["checks", "tests"], pythonpath=["libs"])


@pytest.mark.parametrize(
    "file",
    [
        "src/shop/repo.py",
        "src/shop/testing/fakes.py",
        "src/shop/test/client.py",
        "tool.py",
        "contest.py",
        "pytest_foo/plugin.py",
        "scripts/run.py",
        "libs/money/__init__.py",
        ".tox/py312/lib/python3.12/site-packages/shop/repo.py",
        ".tox/py312/lib/python3.12/site-packages/tool.py",
        "/usr/lib/python3/dist-packages/money/coin.py",
    ],
)
def test_first_party_files(shop: Project, file: str) -> None:
    """Code below the root is first-party, and so is an installed copy of it."""
    path = os.path.join(shop.root, file)
    assert shop.is_first_party(path)
    assert not shop.is_test(path)
    assert shop.kind(path) == "first-party"


@pytest.mark.parametrize(
    "file",
    [
        "test_tool.py",
        "src/shop/test_repo.py",
        "src/shop/repo_test.py",
        "src/shop/conftest.py",
        "src/shop/tests/fakes.py",
        "tests/fakes.py",
        "test/fakes.py",
        "testing/fakes.py",
        "checks/a.py",
        ".tox/py312/lib/python3.12/site-packages/shop/tests/fakes.py",
    ],
)
def test_test_files(shop: Project, file: str) -> None:
    """Tests, what lies in test folders and conftest files are no first-party code."""
    path = os.path.join(shop.root, file)
    assert shop.is_test(path)
    assert not shop.is_first_party(path)
    assert shop.kind(path) == "test"


@pytest.mark.parametrize(
    "file",
    [
        "/usr/lib/python3.12/json/__init__.py",
        ".venv/lib/python3.12/site-packages/requests/api.py",
        ".venv/bin/tool.py",
        "env/bin/tool.py",
        "node_modules/gyp/gyp.py",
        "lib/site-packages/setup.py",
        "lib/site-packages/tests/test_other.py",
        "<frozen importlib._bootstrap>",
        "<attrs generated init shop.Repo>",
    ],
)
def test_foreign_files(shop: Project, file: str) -> None:
    """Installed libraries, environments and generated code belong to somebody else."""
    path = file if file.startswith("<") else os.path.join(shop.root, file)
    assert not shop.is_first_party(path)
    assert not shop.is_test(path)
    assert shop.kind(path) == "foreign"


@pytest.mark.parametrize(
    "file",
    [
        "/usr/lib/python3.12/unittest/mock.py",
        "/v/lib/python3.12/site-packages/mock/mock.py",
        "/v/lib/python3.12/site-packages/pytest_mock/plugin.py",
        "<string>",
    ],
)
def test_frames_that_hand_a_call_on(shop: Project, file: str) -> None:
    """Frames of mock libraries and of functions that they generate do not count as callers."""
    assert shop.kind(file) == "machinery"


def test_a_path_beside_the_root_is_foreign(shop: Project) -> None:
    """A folder whose name begins like the root is another folder."""
    assert not shop.is_first_party(shop.root + "-old/src/shop/repo.py")


def test_modules_are_first_party_by_their_top_level_name(shop: Project) -> None:
    """Packages of the root, of src and of pythonpath are first-party, tests and others are not."""
    assert shop.packages == {"shop", "tool", "scripts", "money", "checks"}
    assert shop.is_first_party_module("shop.repo")
    assert not shop.is_first_party_module("shopping")
    assert not shop.is_first_party_module("tests.fakes")


@pytest.mark.parametrize("testpaths", [["."], ["src"], ["src/shop"], ["shop"], ["missing"]])
def test_testpaths_that_hold_the_code_do_not_make_it_a_test(tmp_path: Path, testpaths: list[str]) -> None:
    """Projects that keep tests beside the code name the folder of the code in `testpaths`."""
    make(tmp_path, "src/shop/__init__.py", "shop/__init__.py")
    project = Project.find(str(tmp_path), testpaths=testpaths)
    assert project.is_first_party(str(tmp_path / "src/shop/repo.py"))
    assert project.is_first_party(str(tmp_path / "shop/repo.py"))
    assert project.is_test(str(tmp_path / "shop/test_repo.py"))


def test_testpaths_may_be_patterns(tmp_path: Path) -> None:
    """Pytest expands globs in `testpaths`."""
    make(tmp_path, "services/a/checks/x.py")
    project = Project.find(str(tmp_path), testpaths=["services/*/checks"])
    assert project.is_test(str(tmp_path / "services/a/checks/x.py"))
    assert project.is_first_party(str(tmp_path / "services/a/x.py"))


def test_python_files_that_match_everything_say_nothing(tmp_path: Path) -> None:
    """``python_files = *.py`` does not make the whole project a test; a real pattern counts."""
    project = Project.find(str(tmp_path), python_files=["*.py", "check_*.py"])
    assert project.is_first_party(str(tmp_path / "shop/repo.py"))
    assert project.is_test(str(tmp_path / "shop/check_repo.py"))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/shop/repo.py", "src/shop/repo.py"),
        (".tox/py/lib/site-packages/shop/repo.py", "site-packages/shop/repo.py"),
        ("/usr/lib/python3/dist-packages/shop/repo.py", "site-packages/shop/repo.py"),
        ("/usr/lib/python3.12/json/decoder.py", "decoder.py"),
        ("<string>", "<string>"),
    ],
)
def test_relative_paths(shop: Project, file: str, text: str) -> None:
    """Paths are the same on every machine."""
    path = file if file.startswith("<") else os.path.join(shop.root, file)
    assert shop.relative(path) == text


def test_paths_are_judged_while_a_test_patches_the_file_system(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """No question needs `os.path`."""
    for name in ("join", "isfile", "abspath", "normpath"):
        monkeypatch.setattr(os.path, name, None)
    assert shop.kind(shop.root + "/src/shop/new.py") == "first-party"
