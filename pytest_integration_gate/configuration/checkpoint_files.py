"""Finds the suites that a run is about and reads the checkpoints that stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pytest_integration_gate.configuration.suite_names import is_suite
from pytest_integration_gate.errors import GateError, SettingsError
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.suites.checkpoints import Checkpoint
from pytest_integration_gate.suites.loading import load_checkpoints


def checkpoints_of(files: Iterable[Path], root: Path, *, allow_commands: bool = True) -> tuple[Checkpoint, ...]:
    """Return the checkpoints of suites in their order; raise `SettingsError` with all that is wrong with them."""
    found: list[Checkpoint] = []
    problems: list[str] = []
    for file in files:
        name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
        try:
            if _may_have_some(file):
                found += load_checkpoints(file, name, allow_commands=allow_commands)
        except GateError as error:
            problems.append(error.message)
    if problems:
        raise SettingsError("\n".join(problems))
    return tuple(found)


def suites_below(config: pytest.Config) -> Iterator[Path]:
    """Find the suites that the arguments of pytest name, without collecting or importing anything."""
    seen: set[Path] = set()
    for argument in config.args:
        path = config.invocation_params.dir / argument.partition("::")[0]
        for file in _walk(config, path):
            if file not in seen:
                seen.add(file)
                yield file


def _walk(config: pytest.Config, path: Path) -> Iterator[Path]:
    if path.is_file():
        if is_suite(path.name):
            yield path
    elif path.is_dir():
        for entry in sorted(path.iterdir()):
            if (entry.is_dir() or is_suite(entry.name)) and not config.hook.pytest_ignore_collect(
                collection_path=entry, config=config
            ):
                yield from _walk(config, entry)


def _may_have_some(file: Path) -> bool:
    """Whether the word is there at all: most suites have no checkpoints and need not be read once more."""
    try:
        with open_file(file, encoding="utf-8", errors="replace") as stream:
            return "checkpoints" in stream.read()
    except OSError:
        return False
