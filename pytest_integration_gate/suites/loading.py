"""Makes a suite of a file, or says everything that is wrong with it at once, each mistake with its place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_integration_gate.durations import seconds
from pytest_integration_gate.strict_yaml import Node, YamlError, read
from pytest_integration_gate.suites.checking import Checking, items
from pytest_integration_gate.suites.checkpoints import Checkpoint, read_checkpoints
from pytest_integration_gate.suites.description import OF_STEPS
from pytest_integration_gate.suites.environment import Expansion
from pytest_integration_gate.suites.kinds import KINDS, Kind, kind_of
from pytest_integration_gate.suites.suite import Marks, Ready, Step, Suite, SuiteCommand, SuiteTest
from pytest_integration_gate.yaml_rules import describe

DEFAULT_HEALTH_TIMEOUT = 5000
_MAX_LOOK = 1_000_000
HEALTHY: Mapping[str, Any] = {"status": {"gte": 200, "lt": 300}}


def load_suite(file: Path, name: str, *, allow_commands: bool = True) -> Suite:
    """Load and check the file, which messages call `name`; raise `YamlError` with all that is wrong with it."""
    node = _read(file, name)
    if not isinstance(node.data, dict):
        raise YamlError([f"{node.place}: a suite is a mapping with `tests`, not {describe(node.data)}."])
    expansion = Expansion({**os.environ, **_own_environment(node)})
    node = expansion.suite(node)
    checking = Checking(node, allow_commands)
    checking.check()
    if problems := [*expansion.problems, *checking.problems]:
        raise YamlError(sorted(dict.fromkeys(problems), key=_place))
    source = tuple(file.read_text(encoding="utf-8-sig", errors="replace").splitlines())
    suite = _read_suite(node, file, name, source, frozenset(expansion.secrets))
    return replace(suite, own_fixtures=tuple(name for name in suite.fixtures if name in checking.fixtures))


def load_checkpoints(file: Path, name: str, *, allow_commands: bool = True) -> tuple[Checkpoint, ...]:
    """Load the checkpoints of a suite and nothing else of it; raise `YamlError` with all that is wrong with them."""
    node = _read(file, name)
    if "checkpoints" not in node.entries:
        return ()
    checking = Checking(node, allow_commands)
    checking.check_checkpoints()
    if checking.problems:
        raise YamlError(sorted(checking.problems, key=_place))
    return read_checkpoints(node.entries["checkpoints"].value)


def _read(file: Path, name: str) -> Node:
    """Load the YAML; a mistake beside double braces is mostly that they are not quoted."""
    try:
        return read(file, name)
    except YamlError as error:
        source = file.read_bytes()[:_MAX_LOOK].decode(errors="replace").splitlines() if file.is_file() else []
        lines = {_place(problem)[0] for problem in error.problems}
        if any("{{" in source[line - 1] for line in lines if 0 < line <= len(source)):
            hint = 'Texts with double braces are quoted: `"{{name}}"`.'
            raise YamlError([*error.problems[:-1], f"{error.problems[-1]} {hint}"]) from None
        raise


def _own_environment(node: Node) -> dict[str, str]:
    """Return what the suite itself puts into the environment, as far as it is written out."""
    env = node.data.get("env") if isinstance(node.data, dict) else None
    return (
        {str(key): str(value) for key, value in env.items() if "${" not in str(value)} if isinstance(env, dict) else {}
    )


def _place(problem: str) -> tuple[int, int]:
    """Order problems as they stand in the file; what names no line comes first."""
    numbers = [part for part in problem.split(": ")[0].split(":")[1:] if part.isdecimal()]
    return (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0) if numbers else (0, 0)


def _read_suite(node: Node, file: Path, name: str, source: tuple[str, ...], secrets: frozenset[str]) -> Suite:
    data: Any = node.data
    return Suite(
        title=data.get("test_suite") or file.name,
        file=file,
        name=name,
        source=source,
        tests=tuple(map(_read_test, items(node, "tests"))),
        marks=_read_marks(data),
        base_url=data.get("base_url", ""),
        database=data.get("database", ""),
        setup=tuple(map(_read_command, items(node, "setup"))),
        teardown=tuple(map(_read_command, items(node, "teardown"))),
        is_ordered=data.get("order", "file") == "file",
        variables=data.get("variables", {}),
        ports=data.get("ports", {}),
        env=data.get("env", {}),
        headers=data.get("headers", {}),
        fixtures=tuple(data.get("fixtures", ())),
        app=data.get("app", ""),
        secrets=secrets,
    )


def _read_test(test: Node) -> SuiteTest:
    data: Any = test.data
    is_made_of_steps = data["type"] in OF_STEPS
    if is_made_of_steps:
        parts = [item for part in ("steps", "verify") for item in items(test, part)]
        steps = [step for part in parts for step in _read_step(part, kind_of(_mapping(part)))]
    else:
        steps = list(_read_step(test, KINDS[data["type"]]))
    return SuiteTest(
        name=data["name"],
        kind=data["type"],
        line=_line(test),
        steps=tuple(steps),
        marks=_read_marks(data),
        fixtures=tuple(data.get("fixtures", ())),
        app=data.get("app", ""),
        database=data.get("database", "") if is_made_of_steps else "",
        when=data.get("when") if is_made_of_steps else None,
        skip_if=data.get("skip_if") if is_made_of_steps else None,
        parameters={name: tuple(values) for name, values in data.get("parametrize", {}).items()},
    )


def _line(node: Node) -> int:
    return int(node.place.rsplit(":", 2)[1])


def _mapping(node: Node) -> Any:
    """Return the data of a node that has been checked to be a mapping."""
    return node.data


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _read_marks(data: Mapping[str, Any]) -> Marks:
    stories = data.get("story") or ()
    stories = stories if isinstance(stories, list) else [stories] if stories else []
    return Marks(
        names=_texts(data.get("marks")),
        boundary=_texts(data.get("boundary")),
        fidelity=data.get("fidelity", "real"),
        requirements=_texts(data.get("requirement")),
        stories=tuple(
            (story, "") if isinstance(story, str) else (story["id"], story.get("criterion", "")) for story in stories
        ),
        stage=data.get("stage", ""),
    )


def _line_of(command: Any) -> str | tuple[str, ...]:
    return command if isinstance(command, str) else tuple(command)


def _read_command(node: Node) -> SuiteCommand:
    data: Any = node.data
    ready = data.get("ready")
    return SuiteCommand(
        command=_line_of(data["command"]),
        line=_line(node),
        wait=seconds(data.get("wait", "60s")),
        background=data.get("background", False),
        ready=None
        if ready is None
        else Ready(
            url=ready.get("url", ""),
            port=ready.get("port"),
            log=ready.get("log", ""),
            command=_line_of(ready.get("command", "")),
            timeout=seconds(ready.get("timeout", "30s")),
            interval=seconds(ready.get("interval", "100ms")),
        ),
        env=data.get("env", {}),
        cwd=data.get("cwd", ""),
        exit_code=data.get("exit_code", 0),
    )


def _read_step(node: Node, kind: Kind | None) -> Iterator[Step]:
    """Read a step with the steps that follow from it: each endpoint, the deliveries again, what is read back."""
    assert kind is not None
    data: Any = node.data
    data = {_OTHER.get(key, key): value for key, value in data.items()}
    own = {key: value for key, value in data.items() if key in kind.keys and key not in kind.lazy}
    line = _line(node)
    name = data.get("action") or (data.get("name") if "type" not in data or kind.name in ("http", "sql") else "") or ""

    derived = {_default_name(own, kind), *own.get("endpoints", ())}

    def step(name: str, data: Mapping[str, Any], kind: str = kind.name) -> Step:
        return Step(kind=kind, name=name, line=line, data=data, is_named=name not in derived)

    if kind.name == "health":
        common = {key: value for key, value in own.items() if key not in ("endpoints", "timeout")}
        timeout = own.get("timeout", DEFAULT_HEALTH_TIMEOUT)
        common = {"expect": HEALTHY, "eventually": {"timeout": timeout, "interval": 200}, "timeout": timeout, **common}
        for endpoint in own["endpoints"]:
            yield step(endpoint, {**common, "endpoint": endpoint}, "http")
        return
    yield step(name or _default_name(own, kind), own)
    if "replay" in data:
        again = {**own, **({"expect": data["replay"]["expect"]} if "expect" in data["replay"] else {})}
        again.pop("capture", None)
        for number in range(data["replay"].get("times", 1)):
            yield step(f"{name or 'deliver'} again ({number + 1})", again)
    if "read_back" in data:
        yield step("read back", data["read_back"], "http")
    for part in items(node, "then"):
        yield from _read_step(part, kind_of(_mapping(part)))


_OTHER = {"expectedOutput": "expected_output", "exitCode": "exit_code"}


def _default_name(data: Mapping[str, Any], kind: Kind) -> str:
    value = data.get(kind.tell)
    if kind.name in ("webhook", "upload", "performance"):
        value = data.get("endpoint")
    if kind.name == "websocket":
        value = data.get("url")
    text = " ".join(str(value if not isinstance(value, list) else " ".join(map(str, value))).split())
    return text if len(text) <= 60 else text[:59] + "…"
