"""Which files and modules belong to the project, and which of them are tests."""

from __future__ import annotations

import glob
import os
import sys
from builtins import any, len, max  # tests patch these
from collections.abc import Iterable
from dataclasses import field
from fnmatch import fnmatchcase
from typing import Literal

from pytest_integration_gate.values import dataclass

Kind = Literal["first-party", "test", "machinery", "foreign"]

_INSTALLED = ("/site-packages/", "/dist-packages/")
_ENVIRONMENTS = frozenset({".venv", "venv", ".tox", ".nox", ".eggs", "__pypackages__", "node_modules"})
_TEST_FOLDERS = frozenset({"tests", "test", "testing"})
_OWN_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))).replace(os.sep, "/") + "/"
_MACHINERY = ("/unittest/mock.py", "-packages/mock/mock.py", "-packages/pytest_mock/plugin.py")
_WINDOWS = os.sep == "\\"


def _slashes(path: str) -> str:
    return path.replace("\\", "/") if _WINDOWS else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The root directory, what its tests are called, and the names under which its code is imported.

    `test_roots` and `environments` are folders (absolute, forward slashes, with a slash at the end). `packages` are the
    top-level names of the packages and modules that lie in the root, in ``src`` or in an entry of ``pythonpath``.

    Every question is answered from the text of the path alone, so that it can be asked while a test runs that patches
    ``os.path``.
    """

    root: str
    test_roots: tuple[str, ...] = ()
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    packages: frozenset[str] = frozenset()
    environments: tuple[str, ...] = ()
    kinds: dict[str, Kind] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def find(
        cls,
        root: str,
        testpaths: Iterable[str] = (),
        python_files: Iterable[str] = ("test_*.py", "*_test.py"),
        pythonpath: Iterable[str] = (),
    ) -> Project:
        """Look at the folders once. Relative `testpaths` (globs allowed) and `pythonpath` start at the root."""
        root = os.path.abspath(root)
        patterns = tuple(python_files)
        importable = dict.fromkeys(
            os.path.normpath(os.path.join(root, entry)) for entry in (".", "src", *map(str, pythonpath))
        )
        found = (
            os.path.normpath(path)
            for entry in testpaths
            for path in sorted(glob.glob(os.path.join(glob.escape(root), str(entry))))
        )
        return cls(
            root=_slashes(root).rstrip("/"),
            test_roots=tuple(_slashes(path) + "/" for path in found if _holds_only_tests(path, tuple(importable))),
            python_files=patterns,
            packages=frozenset(name for entry in importable for name in _top_level_names(entry, patterns)),
            environments=tuple(_environments(root)),
        )

    def is_first_party(self, filename: str) -> bool:
        """The file is the project's own code, not a test of it.

        That is a file below the root outside of every environment, or an installed file whose top-level package also
        lies in the root (a project that is installed into its own tox environment).
        """
        return self._is_own(path := _slashes(filename)) and not self._is_test(path)

    def is_test(self, filename: str) -> bool:
        """The file is one of the project's tests or belongs to them.

        True for ``conftest.py``, for names that match `python_files`, for what lies in `test_roots`, below a folder
        ``tests`` anywhere, or below ``test`` or ``testing`` directly in the root (deeper down these two are usually a
        library's testing support, which is ordinary code).
        """
        return self._is_own(path := _slashes(filename)) and self._is_test(path)

    def is_first_party_module(self, name: str) -> bool:
        """A dotted module name begins with one of the project's packages."""
        return name.partition(".")[0] in self.packages

    def relative(self, filename: str) -> str:
        """The path below the root with forward slashes; ``site-packages/…`` or the bare name for files elsewhere."""
        path = _slashes(filename)
        if tail := _installed_tail(path):
            return "site-packages/" + tail
        if path.startswith(self.root + "/"):
            return path[len(self.root) + 1 :]
        return path.rpartition("/")[2]

    def test_files(self) -> set[str]:
        """The test files below `test_roots`, or below ``tests`` and ``test`` in the root when none are configured."""
        folders = self.test_roots or (f"{self.root}/tests/", f"{self.root}/test/")
        found = (os.path.join(folder, name) for top in folders for folder, _, names in os.walk(top) for name in names)
        return {path for path in found if path.endswith(".py") and self.is_test(path)}

    def kind(self, filename: str) -> Kind:
        """Whose frame this is; remembered for each file.

        ``machinery`` are frames that hand a call on unchanged: mock libraries, generated code, the gate itself.
        """
        known = self.kinds.get(filename)
        if known is None:
            known = self.kinds[filename] = self._classify(_slashes(filename))
        return known

    def _classify(self, path: str) -> Kind:
        if path == "<string>" or path.startswith(_OWN_PACKAGE) or path.endswith(_MACHINERY):
            return "machinery"
        if path.startswith("<doctest "):
            return "test"
        if not self._is_own(path):
            return "foreign"
        return "test" if self._is_test(path) else "first-party"

    def _is_own(self, path: str) -> bool:
        if tail := _installed_tail(path):
            return tail.partition("/")[0].removesuffix(".py") in self.packages
        if not path.startswith(self.root + "/") or path.startswith(self.environments):
            return False
        return _ENVIRONMENTS.isdisjoint(path[len(self.root) + 1 :].split("/")[:-1])

    def _is_test(self, path: str) -> bool:
        *folders, name = (_installed_tail(path) or path[len(self.root) + 1 :]).split("/")
        if name == "conftest.py" or _is_named_as_test(name, self.python_files):
            return True
        return path.startswith(self.test_roots) or "tests" in folders or folders[:1] in (["test"], ["testing"])


def _installed_tail(path: str) -> str:
    """What follows the last ``site-packages/``, empty for files that are not installed."""
    return max((path.rpartition(marker)[2] for marker in _INSTALLED if marker in path), key=len, default="")


def _is_named_as_test(name: str, patterns: tuple[str, ...]) -> bool:
    # `python_files = *.py` is written together with `testpaths`; the name alone then tells nothing.
    return any(fnmatchcase(name, pattern.rpartition("/")[2]) for pattern in patterns if pattern.strip("*") != ".py")


def _holds_only_tests(path: str, importable: tuple[str, ...]) -> bool:
    """A folder of `testpaths` does not also hold the project's code, as ``testpaths = src`` would."""
    if not os.path.isdir(path) or any((entry + os.sep).startswith(path + os.sep) for entry in importable):
        return False
    is_package = os.path.isfile(os.path.join(path, "__init__.py"))
    return not is_package or "test" in os.path.basename(path).lower()


def _top_level_names(folder: str, patterns: tuple[str, ...]) -> Iterable[str]:
    """Modules and packages that can be imported from a folder, without tests."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        stem = name.removesuffix(".py")
        if not stem.isidentifier() or name in _TEST_FOLDERS or name in _ENVIRONMENTS:
            continue
        if stem != name:
            if stem not in ("conftest", "setup") and not _is_named_as_test(name, patterns):
                yield stem
        elif _holds_modules(path):
            yield name


def _holds_modules(path: str) -> bool:
    try:
        return any(name.endswith(".py") for name in os.listdir(path))
    except OSError:
        return False


def _environments(root: str) -> Iterable[str]:
    """Folders of interpreters and virtual environments below the root."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    prefixes.update(map(os.path.dirname, glob.glob(os.path.join(glob.escape(root), "*", "pyvenv.cfg"))))
    for prefix in sorted(map(os.path.abspath, prefixes)):
        if prefix.startswith(root + os.sep):
            yield _slashes(prefix) + "/"
