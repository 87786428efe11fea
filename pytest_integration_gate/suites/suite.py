"""A suite as it is run: frozen values that loading makes of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a test does and checks. `data` is what the file says about it, by key; `line` counts from 1.

    `is_named` says that the file gives the name; otherwise it is what the step does.
    """

    kind: str
    name: str
    line: int
    data: Mapping[str, Any]
    is_named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a suite or a test says about itself to pytest and the gate.

    `stories` are pairs of story and criterion, the second empty when none is named.
    """

    names: tuple[str, ...] = ()
    boundary: tuple[str, ...] = ()
    fidelity: str = "real"
    requirements: tuple[str, ...] = ()
    stories: tuple[tuple[str, str], ...] = ()
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTest:
    """One test of a suite. `parameters` maps names of variables to the values that the test is repeated with."""

    name: str
    kind: str
    line: int
    steps: tuple[Step, ...]
    marks: Marks = Marks()
    fixtures: tuple[str, ...] = ()
    app: str = ""
    database: str = ""
    when: Any = None
    skip_if: Any = None
    parameters: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """When a background command is ready: what is written answers. `timeout` and `interval` are in seconds."""

    url: str = ""
    port: int | str | None = None
    log: str = ""
    command: str | tuple[str, ...] = ""
    timeout: float = 30.0
    interval: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCommand:
    """A command of `setup` or `teardown`. `wait` bounds it, in seconds; `exit_code` is what it must end with."""

    command: str | tuple[str, ...]
    line: int
    wait: float = 60.0
    background: bool = False
    ready: Ready | None = None
    env: Mapping[str, Any] = field(default_factory=dict)
    cwd: str = ""
    exit_code: Any = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite file. `name` is how messages call the file; `ports` maps variables to ports, 0 for a free one.

    `own_fixtures` are those that something outside of the tests uses, so that they live as long as the suite.
    """

    title: str
    file: Path
    name: str
    source: tuple[str, ...]
    tests: tuple[SuiteTest, ...]
    marks: Marks = Marks()
    base_url: str = ""
    database: str = ""
    setup: tuple[SuiteCommand, ...] = ()
    teardown: tuple[SuiteCommand, ...] = ()
    is_ordered: bool = True
    variables: Mapping[str, Any] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    env: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    fixtures: tuple[str, ...] = ()
    own_fixtures: tuple[str, ...] = ()
    app: str = ""
    secrets: frozenset[str] = frozenset()
