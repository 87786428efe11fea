"""Small projects and libraries on disk, and watching what they do."""

from __future__ import annotations

import importlib
import sys
import textwrap

import pytest

from pytest_integration_gate.reality.watching import Watcher
from pytest_integration_gate.source.project import Project


class Workshop:
    """A project folder and a folder of libraries. `see` runs a function under watch and gives what was seen."""

    def __init__(self, root, libraries):
        self.root = root
        self.libraries = libraries
        self.names = set()

    def write(self, name, source):
        """Write a module of the project and import it."""
        return self._module(self.root, name, source)

    def library(self, name, source):
        """Write a module of somebody else and import it."""
        return self._module(self.libraries, name, source)

    def watcher(self, named=()):
        return Watcher(Project.find(str(self.root), testpaths=["tests"]), named)

    def see(self, function, named=(), watcher=None):
        """Give the observations by target, in the order of their ends; none of them contaminated."""
        watcher = watcher or self.watcher(named)
        watcher.start()
        try:
            function()
        finally:
            watched = watcher.stop()
        assert watcher.warnings == []
        by_target = {}
        for observation in watched.observations:
            assert not observation.contaminated
            by_target.setdefault(observation.target, []).append(observation)
        return by_target

    def _module(self, folder, name, source):
        (folder / f"{name}.py").write_text(textwrap.dedent(source))
        self.names.add(name)
        importlib.invalidate_caches()
        return importlib.import_module(name)


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    root, libraries = tmp_path / "project", tmp_path / "libraries"
    for folder in (root / "tests", libraries):
        folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(root)
    monkeypatch.syspath_prepend(libraries)
    made = Workshop(root, libraries)
    yield made
    for name in made.names:
        sys.modules.pop(name, None)
