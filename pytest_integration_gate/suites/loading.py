"""Makes a suite of a file, or says everything that is wrong with it at once, each mistake with its place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytest_integration_gate.strict_yaml import Node, YamlError, read
from pytest_integration_gate.suites.captures import refuse_path
from pytest_integration_gate.suites.description import OF_STEPS, SUITE, step_table, test_table
from pytest_integration_gate.suites.durations import seconds
from pytest_integration_gate.suites.environment import Expansion
from pytest_integration_gate.suites.kinds import KINDS, Kind, kind_of
from pytest_integration_gate.suites.scope import Scope
from pytest_integration_gate.suites.suite import Marks, Ready, Step, Suite, SuiteCommand, SuiteTest
from pytest_integration_gate.yaml_rules import Check, Table, describe, nearest

DEFAULT_HEALTH_TIMEOUT = 5000
HEALTHY: Mapping[str, Any] = {"status": {"gte": 200, "lt": 300}}


def load_suite(file: Path, name: str, *, allow_commands: bool = True) -> Suite:
    """Load and check the file, which messages call `name`; raise `YamlError` with all that is wrong with it."""
    node = read(file, name)
    if not isinstance(node.data, dict):
        raise YamlError([f"{node.place}: a suite is a mapping with `tests`, not {describe(node.data)}."])
    expansion = Expansion({**os.environ, **_own_environment(node)})
    node = expansion.node(node)
    reading = _Reading(node, name, allow_commands)
    reading.check()
    if problems := [*expansion.problems, *reading.problems]:
        raise YamlError(sorted(dict.fromkeys(problems), key=_place))
    source = tuple(file.read_text(encoding="utf-8-sig", errors="replace").splitlines())
    return reading.suite(file, source, frozenset(expansion.secrets))


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


class _Reading:
    """One pass over a suite: first what is wrong with it, then its values."""

    def __init__(self, node: Node, name: str, allow_commands: bool) -> None:
        self.node = node
        self.name = name
        self.allows_commands = allow_commands
        self.problems: list[str] = []

    # -- what is wrong ------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Note every problem of the file."""
        self._follow(self.node, Table(keys=SUITE, required=("tests",)), "")
        scope = Scope(self.node)
        for part in ("setup", "teardown"):
            for number, command in enumerate(_items(self.node, part)):
                self._command(command, f"{part}[{number}]")
                scope.check(command, leave_out=())
        self._marks(self.node)
        for key in ("base_url", "database", "headers", "env"):
            if key in self.node.entries:
                scope.check(self.node.entries[key].value, leave_out=())
        tests = _items(self.node, "tests")
        if self._data.get("tests") == []:
            self.problems.append(f"{self.node.entries['tests'].value.place}: `tests` is empty. Write a test.")
        seen: dict[Any, str] = {}
        for number, test in enumerate(tests):
            self._test(test, f"tests[{number}]", scope.of_test(test, is_alone=self._data.get("order") == "any"), seen)
        self.problems += scope.problems

    @property
    def _data(self) -> Mapping[Any, Any]:
        return self.node.data if isinstance(self.node.data, dict) else {}

    def _follow(self, node: Node, table: Table, name: str) -> None:
        check = Check()
        check.follow(node, table, name)
        self.problems += check.problems

    def _test(self, test: Node, name: str, scope: Scope, seen: dict[Any, str]) -> None:
        if not isinstance(test.data, dict):
            self.problems.append(
                f"{test.place}: `{name}` must be a mapping, like `name: …`, not {describe(test.data)}."
            )
            return
        title, kind = test.data.get("name"), test.data.get("type")
        if isinstance(title, str) and title in seen:
            self.problems.append(
                f"{test.entries['name'].value.place}: `{title}` is the name of a test at {seen[title]} already."
            )
        elif isinstance(title, str):
            seen[title] = test.entries["name"].value.place
        self._marks(test)
        if not isinstance(kind, str) or (kind not in OF_STEPS and kind not in KINDS):
            self._follow(test, test_table("flow") if "verify" not in test.data else test_table("integration"), name)
            return
        self._follow(test, test_table(kind), name)
        for key in ("when", "skip_if") if kind in OF_STEPS else ():
            if key in test.entries:
                scope.check_condition(test.entries[key].value)
        if kind not in OF_STEPS:
            self._step(test, KINDS[kind], name, scope)
            return
        for part in ("steps", "verify"):
            self._steps(test, part, name, scope)

    def _steps(self, owner: Node, part: str, name: str, scope: Scope) -> None:
        entry = owner.entries.get(part)
        if entry is not None and entry.value.data == []:
            self.problems.append(f"{entry.value.place}: `{name}.{part}` is empty, so that nothing is checked.")
        for number, step in enumerate(_items(owner, part)):
            inner = f"{name}.{part}[{number}]"
            if not isinstance(step.data, dict):
                self.problems.append(f"{step.place}: `{inner}` must be a mapping, not {describe(step.data)}.")
                continue
            kind = self._kind(step, inner)
            if kind is None:
                scope.note_captures(step)  # those who use them are not wrong
            else:
                self._follow(step, step_table(kind.name), inner)
                self._step(step, kind, inner, scope)

    def _kind(self, step: Node, name: str) -> Kind | None:
        assert isinstance(step.data, dict)
        named = step.data.get("type")
        if isinstance(named, str):
            if named in KINDS:
                return KINDS[named]
            self.problems.append(
                f"{step.entries['type'].value.place}: `{named}` is no kind of step.{nearest(named, KINDS)}"
            )
            return None
        kind = kind_of(step.data)
        if kind is None:
            hints = [
                f"{entry.key.place}: `{entry.key.data}` is not a key of `{name}`.{nearest(str(entry.key.data), _TELLS)}"
                for entry in step.entries.values()
                if "Did you mean" in nearest(str(entry.key.data), _TELLS)
            ]
            listed = ", ".join(f"`{tell}`" for tell in sorted(_TELLS))
            self.problems += hints or [f"{step.place}: `{name}` says nothing to do. It needs one of {listed}."]
        return kind

    def _step(self, step: Node, kind: Kind, name: str, scope: Scope) -> None:
        for key in ("endpoints", "exchange"):
            if key in kind.keys and key in step.entries and step.entries[key].value.data == []:
                self.problems.append(
                    f"{step.entries[key].value.place}: `{name}.{key}` is empty, so that nothing is checked."
                )
        if kind.library and find_spec(kind.library) is None:
            extra = f"pip install 'pytest-integration-gate[{kind.extra}]'"
            self.problems.append(f"{step.place}: `{name}` needs `{kind.library}`, which is not installed: {extra}.")
        if kind.check is not None:
            self.problems += kind.check(step, name)
        if kind.name == "command":
            self._allow(step)
        scope.check_step(step, kind)
        self.problems += _capture_problems(step)
        if "read_back" in step.entries:
            scope.check(step.entries["read_back"].value, leave_out=())
        if "replay" in step.entries:
            scope.check(step.entries["replay"].value, leave_out=())
        if "then" in kind.keys and "then" in step.entries:
            if not isinstance(step.entries["then"].value.data, list):
                self.problems.append(f"{step.entries['then'].value.place}: `{name}.then` must be a list of steps.")
            self._steps(step, "then", name, scope)

    def _command(self, command: Node, name: str) -> None:
        if not isinstance(command.data, dict):
            return
        self._allow(command)
        background, ready = command.data.get("background") is True, command.entries.get("ready")
        if ready is not None:
            if not background:
                self.problems.append(f"{ready.key.place}: `{name}.ready` is for commands with `background: true`.")
            if isinstance(ready.value.data, dict) and not {"url", "port", "log", "command"} & set(ready.value.data):
                self.problems.append(
                    f"{ready.value.place}: `{name}.ready` needs one of `url`, `port`, `log` or `command`."
                )
        for key in ("wait", "exit_code"):
            if background and key in command.entries:
                self.problems.append(
                    f"{command.entries[key].key.place}: `{name}.{key}` has no meaning for a command in the background. "
                    "Say with `ready` when it can be used."
                )

    def _allow(self, owner: Node) -> None:
        if not self.allows_commands and "command" in owner.entries:
            self.problems.append(
                f"{owner.entries['command'].key.place}: commands are forbidden by `gate_allow_commands = false`."
            )

    def _marks(self, owner: Node) -> None:
        if "fidelity" in owner.entries and "boundary" not in {*owner.entries, *self.node.entries}:
            self.problems.append(f"{owner.entries['fidelity'].key.place}: `fidelity` belongs to a `boundary`.")

    # -- what it says -------------------------------------------------------------------------------------------------

    def suite(self, file: Path, source: tuple[str, ...], secrets: frozenset[str]) -> Suite:
        """Return the values of a file without problems."""
        data = self._data
        return Suite(
            title=data.get("test_suite") or file.name,
            file=file,
            name=self.name,
            source=source,
            tests=tuple(self._read_test(test) for test in _items(self.node, "tests")),
            marks=_read_marks(data),
            base_url=data.get("base_url", ""),
            database=data.get("database", ""),
            setup=tuple(map(_read_command, _items(self.node, "setup"))),
            teardown=tuple(map(_read_command, _items(self.node, "teardown"))),
            is_ordered=data.get("order", "file") == "file",
            variables=data.get("variables", {}),
            ports=data.get("ports", {}),
            env=data.get("env", {}),
            headers=data.get("headers", {}),
            fixtures=tuple(data.get("fixtures", ())),
            app=data.get("app", ""),
            secrets=secrets,
        )

    def _read_test(self, test: Node) -> SuiteTest:
        data: Any = test.data
        is_made_of_steps = data["type"] in OF_STEPS
        if is_made_of_steps:
            parts = [item for part in ("steps", "verify") for item in _items(test, part)]
            steps = [step for part in parts for step in _read_step(part, self._kind(part, ""))]
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


_TELLS = [kind.tell for kind in KINDS.values()]


def _items(node: Node, key: str) -> tuple[Node, ...]:
    entry = node.entries.get(key)
    return entry.value.items if entry is not None else ()


def _line(node: Node) -> int:
    return int(node.place.rsplit(":", 2)[1])


def _capture_problems(step: Node) -> Iterator[str]:
    capture = step.entries.get("capture")
    for name, entry in capture.value.entries.items() if capture is not None else ():
        if not str(name).isidentifier():
            yield f"{entry.key.place}: `{name}` cannot name a variable. Write letters, digits and underscores."
        path = entry.value.data
        if isinstance(path, str) and (reason := refuse_path(path)):
            yield f"{entry.value.place}: `{path}` is no path: {reason}"


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
    for part in _items(node, "then"):
        yield from _read_step(part, kind_of(part.data) if isinstance(part.data, dict) else None)


_OTHER = {"expectedOutput": "expected_output", "exitCode": "exit_code"}


def _default_name(data: Mapping[str, Any], kind: Kind) -> str:
    value = data.get(kind.tell)
    if kind.name in ("webhook", "upload"):
        value = data.get("endpoint")
    if kind.name == "websocket":
        value = data.get("url")
    text = " ".join(str(value if not isinstance(value, list) else " ".join(map(str, value))).split())
    return text if len(text) <= 60 else text[:59] + "…"
