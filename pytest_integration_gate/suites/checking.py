"""Says everything that is wrong with a suite file, each mistake with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from pytest_integration_gate.strict_yaml import Node
from pytest_integration_gate.suites.captures import refuse_path
from pytest_integration_gate.suites.checkpoints import check_checkpoints
from pytest_integration_gate.suites.description import OF_STEPS, SUITE, step_table, test_table
from pytest_integration_gate.suites.kinds import ANY, KINDS, Kind, kind_of
from pytest_integration_gate.suites.scope import Scope, refused_variables
from pytest_integration_gate.yaml_rules import Check, Table, describe, nearest

_TELLS = [kind.tell for kind in KINDS.values()]


class Checking:
    """One pass over a suite. `problems` are sentences, each with its place.

    `fixtures` are those that the suite itself uses, outside of its tests.
    """

    def __init__(self, node: Node, allow_commands: bool) -> None:
        self.node = node
        self.allows_commands = allow_commands
        self.problems: list[str] = []
        self.fixtures: frozenset[str] = frozenset()

    def check(self) -> None:
        """Note every problem of the file."""
        self._follow(self.node, Table(keys={**SUITE, "checkpoints": ANY}, required=("tests",)), "")
        self.check_checkpoints()
        scope = Scope.of_suite(self.node)
        for part in ("setup", "teardown"):
            for number, command in enumerate(items(self.node, part)):
                self._command(command, f"{part}[{number}]")
                scope.check(command, leave_out=(), extra=scope.captures if part == "teardown" else frozenset())
        self._marks(self.node)
        for key in ("base_url", "database", "headers", "env"):
            if key in self.node.entries:
                scope.check(self.node.entries[key].value, leave_out=())
        self.fixtures = frozenset(scope.used_fixtures)
        tests = items(self.node, "tests")
        if self._data.get("tests") == []:
            self.problems.append(f"{self.node.entries['tests'].value.place}: `tests` is empty. Write a test.")
        seen: dict[Any, str] = {}
        for number, test in enumerate(tests):
            self._test(test, f"tests[{number}]", scope.of_test(test, self.node), seen)
        self.problems += scope.problems

    def check_checkpoints(self) -> None:
        """Note every problem of the suite's checkpoints, which know nothing of its variables."""
        entry = self.node.entries.get("checkpoints")
        if entry is None:
            return
        check = Check()
        check_checkpoints(entry.value, check)
        self.problems += check.problems
        for checkpoint in entry.value.items:
            for test in items(checkpoint, "tests"):
                self._allow(test)
        self.problems += refused_variables(entry.value, self.node)

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
            kind = _likely_type(test.data)
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
        for number, step in enumerate(items(owner, part)):
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
        kind, named = kind_of(step.data), step.data.get("type")
        if kind is None and isinstance(named, str):
            place = step.entries["type"].value.place
            self.problems.append(f"{place}: `{named}` is no kind of step.{nearest(named, KINDS)}")
            return None
        if kind is None:
            hints = [
                f"{entry.key.place}: `{entry.key.data}` is not a key of `{name}`.{nearest(str(entry.key.data), _TELLS)}"
                for entry in step.entries.values()
                if "Did you mean" in nearest(str(entry.key.data), _TELLS)
            ]
            listed = ", ".join(f"`{tell}`" for tell in sorted(_TELLS))
            needed = f"It needs one of {listed}; a request is `endpoint: GET /path`."
            self.problems += hints or [f"{step.place}: `{name}` says nothing to do. {needed}"]
        return kind

    def _step(self, step: Node, kind: Kind, name: str, scope: Scope) -> None:
        for key in ("endpoints", "exchange", "foreach"):
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


def _likely_type(test: Mapping[Any, Any]) -> str:
    """Tell the type of a test that names none by its keys, so that its other mistakes are told at the same time."""
    if "steps" in test or "verify" in test:
        return "flow" if "steps" in test else "integration"
    kind = kind_of({**test, "type": None})
    return kind.name if kind is not None else "flow"


def items(node: Node, key: str) -> tuple[Node, ...]:
    """Return the elements of the list below a key, none when there is no list."""
    entry = node.entries.get(key)
    return entry.value.items if entry is not None else ()


def _capture_problems(step: Node) -> Iterator[str]:
    capture = step.entries.get("capture")
    for name, entry in capture.value.entries.items() if capture is not None else ():
        if not str(name).isidentifier():
            yield f"{entry.key.place}: `{name}` cannot name a variable. Write letters, digits and underscores."
        path = entry.value.data
        if isinstance(path, str) and (reason := refuse_path(path)):
            yield f"{entry.value.place}: `{path}` is no path: {reason}"
