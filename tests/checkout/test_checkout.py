"""What is checked out: commits, changed files, the state of the tree, imports by grimp."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_integration_gate.checkout.coverage_data import Coverage
from pytest_integration_gate.checkout.git import Git
from pytest_integration_gate.checkout.grimp_graph import read_with_grimp
from pytest_integration_gate.checkout.history import History
from pytest_integration_gate.checkout.tree import environment, loose_files, tree_state
from pytest_integration_gate.model.change import Change, changes_between
from pytest_integration_gate.source.import_graph import ImportGraph

Write = Callable[[str, str], None]


def run_git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one commit, and a folder above the root directory that is in it too."""
    root = tmp_path / "repository" / "app"
    root.mkdir(parents=True)
    (root.parent / "outside.py").write_text("x = 1\n")
    for name in ("kept.py", "old name.py", "gone.py", "edited.py"):
        (root / name).write_text("\n".join(f"{name}_{number} = {number}" for number in range(20)))
    run_git(root.parent, "init", "-q")
    run_git(root.parent, "add", "-A")
    run_git(root.parent, "commit", "-qm", "one")
    return root


def change(root: Path) -> None:
    run_git(root, "mv", "old name.py", "new name.py")
    (root / "gone.py").unlink()
    (root / "edited.py").write_text("edited = 1\n")
    (root / "added.py").write_text("added = 1\n")
    (root.parent / "outside.py").write_text("x = 2\n")


CHANGES = (
    Change(path="added.py", kind="added"),
    Change(path="edited.py"),
    Change(path="gone.py", kind="deleted"),
    Change(path="old name.py", kind="renamed", now="new name.py"),
)


def test_changes_of_the_work_tree(root: Path) -> None:
    """Added, edited, deleted and renamed files below the root, by paths that start there."""
    change(root)
    assert Git(str(root)).changes("HEAD") == CHANGES


def test_changes_since_a_commit(root: Path) -> None:
    """Those that are committed count as those that are not; what was undone does not."""
    run_git(root, "branch", "base")
    change(root)
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "two")
    (root / "kept.py").write_text("kept = 1\n")
    git = Git(str(root))
    assert git.changes(git.commit("base")) == (*CHANGES[:3], Change(path="kept.py"), CHANGES[3])


def test_revisions(root: Path) -> None:
    """A branch has a commit; what does not exist, or could be an option, has none."""
    git = Git(str(root))
    assert len(git.commit("HEAD")) == 40
    assert [git.commit(name) for name in ("nowhere", "--all", "", " ")] == ["", "", "", ""]
    assert git.fork_point(git.commit("HEAD")) == git.commit("HEAD")


def test_without_a_repository(tmp_path: Path) -> None:
    """It is not there, and the reason is what git says."""
    git = Git(str(tmp_path))
    assert not git.is_there
    assert "not a git repository" in git.reason


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the command is like a folder without a repository."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not Git(str(tmp_path)).is_there


def test_the_state_of_the_tree(root: Path) -> None:
    """Equal files have an equal name, committed or not; junk that is not tracked is no part of it."""
    git = Git(str(root))
    first = tree_state(str(root), git)
    assert first.is_clean
    (root / "stdout").write_text("junk")
    assert tree_state(str(root), git) == first
    change(root)
    dirty = tree_state(str(root), git)
    assert (dirty.id == first.id, dirty.is_clean) == (False, False)
    run_git(root, "add", "-A", "--", "*.py")
    run_git(root, "commit", "-qm", "two")
    committed = tree_state(str(root), git)
    assert (committed.id, committed.is_clean) == (dirty.id, True)
    assert changes_between(first.files, committed.files) == CHANGES


def test_files_that_git_does_not_have(root: Path) -> None:
    """New and ignored ones with their digests; neither programs, nor what the run writes, nor ignored folders."""
    for name in ("new.csv", "local.json", "deps/big.json", "report.yaml", "new.py", "run.log", ".tool/a.json"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(name)
    (root / ".gitignore").write_text("local.json\ndeps/\n")
    found = loose_files(str(root), Git(str(root)), ignored={"report.yaml"})
    assert list(found) == ["local.json", "new.csv"]
    (root / "local.json").write_text("other")
    again = loose_files(str(root), Git(str(root)), ignored={"report.yaml"})
    assert [name for name in found if found[name] != again[name]] == ["local.json"]
    assert loose_files("/", Git("/")) == {}


def test_the_environment_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one when another version of a package is there."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "rates-1.0.dist-info").mkdir()
    one = environment()
    assert environment() == one
    (tmp_path / "rates-1.0.dist-info").rename(tmp_path / "rates-2.0.dist-info")
    assert environment() != one


def test_the_state_without_git(tmp_path: Path) -> None:
    """Source and data count, hidden folders and what the run writes do not."""
    for name in ("a.py", "data/rates.json", ".venv/x.py", "__pycache__/a.py", "r.report.yaml", "stdout"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    state = tree_state(str(tmp_path), Git(str(tmp_path)), ignored={"r.report.yaml"})
    assert sorted(state.files) == ["a.py", "data/rates.json"]
    assert (state.commit, state.is_clean) == ("", False)


def test_a_name_that_a_module_has_lost(root: Path) -> None:
    """It had the name and has it no more; nobody knows of one that it still has, of a star, of an unknown file."""
    history = History([], {}, git=Git(str(root)), root=str(root), commit="HEAD", roots=("",), files=())
    (root / "edited.py").write_text("kept = 1\n")
    (root / "kept.py").write_text("from edited import *\n")
    run_git(root.parent, "commit", "-qam", "two")
    (root / "edited.py").write_text("came = 1\nkept = 2\n")
    (root / "kept.py").write_text("y = 1\n")
    edited, kept = Change(path="edited.py"), Change(path="kept.py")
    assert [history.lost(edited, name) for name in ("kept", "came", "other")] == [None, False, False]
    (root / "edited.py").write_text("came = 1\n")
    assert history.lost(edited, "kept") is True
    assert history.lost(kept, "x") is None
    assert history.lost(Change(path="nowhere.py"), "x") is None


def test_a_change_that_means_nothing_is_none(root: Path) -> None:
    """Comments and layout are left out, by the commit as by the ids of contents that were recorded."""
    git, before = Git(str(root)), tree_state(str(root), Git(str(root))).files
    (root / "edited.py").write_text(
        (root / "edited.py").read_text().replace("edited.py_1 = 1", "edited.py_1 = (1)  # one")
    )
    (root / "kept.py").write_text("kept = 1\n")
    changes = (Change(path="edited.py"), Change(path="kept.py"))
    for old, commit in ((before, ""), ({}, "HEAD")):
        history = History(changes, old, git=git, root=str(root), commit=commit, roots=("",), files=before)
        assert history.changes == (Change(path="kept.py"),)


def test_grimp_and_our_own_reading_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this package: the same modules import the same ones. A syntax error leaves it to our own reading."""
    pytest.importorskip("grimp")
    import pytest_integration_gate

    root = Path(pytest_integration_gate.__file__).parents[1]
    known = read_with_grimp(["pytest_integration_gate"], str(root), for_types=True)
    assert known
    files = [path.relative_to(root).as_posix() for path in (root / "pytest_integration_gate").rglob("*.py")]
    own = ImportGraph(str(root), files)
    for module, path in own.modules.items():
        imported = {own.module(need.path) for need in own.imports(path) if need.path != path}
        assert imported == set(known[module]), module
    (tmp_path / "brokenpackage").mkdir()
    (tmp_path / "brokenpackage/__init__.py").write_text("def (")
    monkeypatch.syspath_prepend(tmp_path)
    assert read_with_grimp(["brokenpackage"], str(tmp_path), for_types=True) == {}
    assert read_with_grimp(["pytest_integration_gate"], str(tmp_path), for_types=True) == {}


def test_without_grimp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing extra is None, so that somebody can say so."""
    monkeypatch.setitem(sys.modules, "grimp", None)
    assert read_with_grimp(["x"], str(tmp_path), for_types=True) is None


def test_coverage_by_test(tmp_path: Path) -> None:
    """Contexts of pytest-cov and of coverage itself say which test ran a file; no data and damaged data say nothing."""
    coverage = pytest.importorskip("coverage")
    assert not Coverage(str(tmp_path)).ran("tests/test_a.py::test_a", "shop.py")
    data = coverage.CoverageData(basename=str(tmp_path / ".coverage"))
    for context, file in (
        ("tests/test_a.py::test_a[1]|run", "shop.py"),
        ("tests.test_b.test_b", "shop.py"),
        ("", "other.py"),
    ):
        data.set_context(context)
        data.add_lines({str(tmp_path / file): [1, 2]})
    data.write()
    seen = Coverage(str(tmp_path))
    assert seen.ran("tests/test_a.py::test_a[1]", "shop.py")
    assert seen.ran("tests/test_b.py::test_b[x]", "shop.py")
    assert not seen.ran("tests/test_a.py::test_a[2]", "shop.py")
    assert not seen.ran("tests/test_a.py::test_a[1]", "other.py")
    data.close()
    (tmp_path / ".coverage").write_text("damaged")
    assert not Coverage(str(tmp_path)).ran("tests/test_b.py::test_b", "shop.py")
    del seen
    gc.collect()  # a database left open warns here, and a warning is an error
