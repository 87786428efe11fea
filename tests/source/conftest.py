"""Sources that are written to files and run, so that real frames stand at real positions."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from pytest_integration_gate.model.interaction import Uses
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import callers
from pytest_integration_gate.source.uses import uses_at


class Probe(Exception):
    """Ends the run of a source at the call that is looked at."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose code lies in the temporary folder."""
    return Project(root=str(tmp_path))


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    """Run ``main(f)`` of a source, where `f` is the given collaborator."""
    count = itertools.count()

    def run_source(source: str, collaborator: object) -> Any:
        path = tmp_path / f"module_{next(count)}.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        namespace: dict[str, Any] = {
            "__name__": path.stem,
            **{name: MagicMock() for name in ("K", "logger", "recorder")},
        }
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
        result = namespace["main"](collaborator)
        return asyncio.run(result) if inspect.iscoroutine(result) else result

    return run_source


@pytest.fixture
def uses_in(run: Callable[..., Any], project: Project) -> Callable[[str], Uses]:
    """What a source does with the value that its ``main`` gets from calling ``f``."""

    def find(source: str) -> Uses:
        found: list[Uses] = []

        def f(*_: object, **__: object) -> object:
            found.append(uses_at(callers(sys._getframe(1), project)))
            raise Probe

        with pytest.raises(Probe):
            run(source, f)
        return found[0]

    return find
