"""Holds parts of the project to floors of coverage (``gate_coverage``), from the data of coverage.py."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.isolation import clock
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.source.project import Project

_HOW = "Run `coverage run -m pytest`, or pytest-cov with --cov"


class Floors:
    """Compares floors with what coverage.py has measured in this run."""

    def __init__(self, config: pytest.Config, settings: Settings, project: Project) -> None:
        self._config = config
        self._settings = settings
        self._project = project
        self._started = clock()

    def pytest_integration_gate_judge(self, ended: Ended) -> Contribution:
        """Judge every floor. Without data none is reached."""
        from coverage.exceptions import CoverageException

        try:
            coverage, missing = self._measured()
        except CoverageException as error:
            coverage, missing = None, f"the coverage data cannot be read: {error}"
        if coverage is None:
            return Contribution(causes=(Cause(reason=f"no floor of coverage was reached: {missing}"),))
        causes = []
        for what, floor in self._settings.floors.items():
            files = sorted(self._files(what))
            if not files:
                causes.append(Cause(reason=f"coverage of {what} is unknown: no file of the project belongs to it"))
                continue
            try:
                share = coverage.report(morfs=files, file=StringIO(), ignore_errors=True)
            except CoverageException as error:
                causes.append(Cause(reason=f"coverage of {what} is unknown: {error}"))
                continue
            if share < floor:
                causes.append(Cause(reason=f"coverage of {what} is {_shown(share)} %, its floor is {floor:g} %"))
        return Contribution(causes=tuple(causes))

    def _measured(self) -> tuple[Any, str]:
        """Return the data of coverage.py at work, or what pytest-cov has saved in this run; else why not."""
        from coverage import Coverage

        plugin: Any = self._config.pluginmanager.get_plugin("_cov")
        controller = getattr(plugin, "cov_controller", None)
        current = Coverage.current()
        if controller is None and current is not None:
            if current.get_data().measured_files():
                return current, ""
            return None, f"coverage.py has measured nothing. {_HOW}"
        options = self._config.option
        saved = Coverage(config_file=getattr(options, "cov_config", None) or True)
        path = Path(saved.config.data_file)
        path = path if path.is_absolute() else self._config.invocation_params.dir / path
        if not path.is_file():
            return None, f"there are no coverage data. {_HOW}"
        if path.stat().st_mtime < self._started:
            return None, f"the data in {path.name} are older than this run. {_HOW}"
        saved = Coverage(data_file=str(path), config_file=getattr(options, "cov_config", None) or True)
        saved.load()
        return saved, ""

    def _files(self, what: str) -> Iterator[str]:
        """Give the files of a context, or those that a pattern names; a folder means all that is in it."""
        patterns = self._patterns(what)
        for folder, folders, names in os.walk(self._settings.root):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
            for name in names:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, self._settings.root).replace(os.sep, "/")
                is_meant = any(fnmatchcase(relative, pattern) for pattern in patterns)
                if name.endswith(".py") and is_meant and self._project.is_first_party(path):
                    yield path

    def _patterns(self, what: str) -> Sequence[str]:
        modules = context_modules(self._settings, what)
        if modules:
            paths = [module.replace(".", "/") for module in modules]
            return [pattern for path in paths for end in (f"{path}.py", f"{path}/*") for pattern in (end, f"src/{end}")]
        plain = what.removeprefix("./").rstrip("/")
        return [plain, f"{plain}/*"]


def context_modules(settings: Settings, name: str) -> Sequence[str]:
    """Return the modules of a context, none when there is no context of this name."""
    contexts = {context.name: context for context in getattr(settings, "contexts", ())}
    return contexts[name].modules if name in contexts else ()


def _shown(share: float) -> str:
    """Round downwards: what is below a floor never reads as the floor."""
    return f"{int(share * 10) / 10:g}"
