"""What is configured, from where, and what follows from it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.secrecy import mask

_BECAUSE = {
    "mismatch": "always",
    "acceptance": "stories or requirements are configured",
    "plan": "a plan is configured",
    "out_of_context": "contexts are configured",
    "border": "contexts are configured",
    "flaky": "--gate-repeat was given",
}

_TABLES = {
    "fakes": ("fake",),
    "contexts": ("context",),
    "stories": ("story", "stories"),
    "requirements": ("requirement",),
    "plan": ("path of the plan", "paths of the plan"),
    "checkpoints": ("checkpoint",),
    "waivers": ("waiver",),
}


def configured_rows(config: pytest.Config, settings: Settings) -> Iterator[tuple[str, str]]:
    """Give each setting with its value and where it comes from: options, ini values, then what nobody has written."""
    for name, value in sorted(vars(config.option).items()):
        if (name.startswith("gate_") or name == "integration_gate") and value not in (None, False):
            option = f"--{name.replace('_', '-')}"
            yield option, f"{_shown(value)} ({_source(config, option)})"
    ini = config.inipath.name if config.inipath else "the ini file"
    overridden = {one.partition("=")[0].strip() for one in config.getoption("override_ini") or ()}
    attributes = vars(config)  # the first since pytest 9.2, which warns of the second
    written = attributes.get("_inicfg") or attributes.get("inicfg") or {}
    for name in sorted({*written, *overridden}):
        if name.startswith("gate_") or name == "integration_gate":
            yield name, f"{_ini_value(config, name)} ({'-o' if name in overridden else ini})"
    if settings.gate_file is not None:
        yield (
            "gate.yaml",
            f"{_relative(settings.gate_file, settings.root)}: {', '.join(_tables(settings)) or 'nothing'}",
        )
    yield "report", _relative(settings.report, settings.root)
    yield "store", _relative(settings.store, settings.root)
    yield "the run fails for", _fails_for(settings)
    boundaries = [f"{one.name} ({', '.join((*one.collaborators, *one.urls))})" for one in settings.boundaries]
    yield "boundaries", ", ".join(boundaries) or "those that markers name"
    for note in settings.notes:
        yield "note", note


def _fails_for(settings: Settings) -> str:
    words = sorted(settings.fail_on)
    if not words:
        return "nothing: gate_fail_on is `none`, or gate_mode is `audit`"
    if settings.fail_on_is_explicit:
        return f"{', '.join(words)} (as written)"
    return ", ".join(f"{word} ({_BECAUSE[word]})" if word in _BECAUSE else word for word in words)


def _tables(settings: Settings) -> Iterator[str]:
    for name, nouns in _TABLES.items():
        if number := len(getattr(settings, name)):
            yield counted(number, *nouns)


def _source(config: pytest.Config, option: str) -> str:
    def names(words: list[str]) -> bool:
        return any(word.partition("=")[0] == option for word in words)

    if names([str(word) for word in config.invocation_params.args]):
        return "command line"
    if names(shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))):
        return "PYTEST_ADDOPTS"
    return f"addopts in {config.inipath.name}" if config.inipath else "addopts"


def _ini_value(config: pytest.Config, name: str) -> str:
    try:
        return _shown(config.getini(name))
    except (ValueError, pytest.UsageError):
        return "no setting that this version knows"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return mask(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
