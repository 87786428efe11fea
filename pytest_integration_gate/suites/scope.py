"""Which variables a text in a suite can use: undefined ones are found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_integration_gate.strict_yaml import Node
from pytest_integration_gate.suites.kinds import Kind
from pytest_integration_gate.suites.templates import TemplateError, names_in, names_of
from pytest_integration_gate.yaml_rules import nearest

BUILT_IN = ("base_url", "port", "unique")
"""Variables that every suite has: where it sends requests, the port of that, and a text that is new in every run."""

_CONDITIONS = ("when", "skip_if")
_ENDS = ("until", "fail_if")
_APART = (*_CONDITIONS, *_ENDS, "foreach", "capture", "then", "read_back", "replay")


class Scope:
    """The variables that have a value at a place of the file. `problems` collects those that are used without one."""

    def __init__(self, known: set[str], later: Mapping[str, str], problems: list[str]) -> None:
        self._known = known
        self._later = later
        self._fixtures: frozenset[str] = frozenset()
        self.problems = problems
        self.used_fixtures: set[str] = set()

    @classmethod
    def of_suite(cls, suite: Node) -> Scope:
        """Return the variables that the suite itself defines, and its fixtures."""
        data: Any = suite.data
        scope = cls({*BUILT_IN, *_names(data.get("ports"))}, dict(_captured(suite)), [])
        scope._fixtures = frozenset(_names(data.get("fixtures")))
        for name, entry in suite.entries["variables"].value.entries.items() if "variables" in suite.entries else ():
            scope.check(entry.value, leave_out=())
            scope._known.add(str(name))
        return scope

    @property
    def captures(self) -> frozenset[str]:
        """Everything that any step of the suite captures: the teardown may use it."""
        return frozenset(self._later)

    def of_test(self, test: Node, suite: Node) -> Scope:
        """Return the variables of a test. Captures of earlier tests count, unless the order of tests is free."""
        own, outer = (node.data if isinstance(node.data, dict) else {} for node in (test, suite))
        scope = Scope(set(self._known) if outer.get("order") == "any" else self._known, self._later, self.problems)
        scope._fixtures = frozenset(
            (*_names(outer.get("fixtures")), *_names(own.get("fixtures")), *_names(own.get("parametrize")))
        )
        return scope

    def check(self, node: Node, *, leave_out: tuple[str, ...], extra: frozenset[str] = frozenset()) -> None:
        """Check every text below a node, except below keys that are left out."""
        if isinstance(node.data, str):
            if "{{" in node.data:
                self._check_names(node, node.data, names_in, extra)
            return
        for item in node.items:
            self.check(item, leave_out=(), extra=extra)
        for key, entry in node.entries.items():
            if key not in leave_out:
                self.check(entry.key, leave_out=(), extra=extra)
                self.check(entry.value, leave_out=(), extra=extra)

    def check_step(self, step: Node, kind: Kind) -> None:
        """Check a step, then count what it captures."""
        entries = step.entries
        extra: frozenset[str] = frozenset()
        if "foreach" in entries:
            node = entries["foreach"].value
            if isinstance(node.data, str):
                self._check_names(node, node.data, names_of, extra)
            else:
                self.check(node, leave_out=())
            extra = frozenset(("item", "index"))
        for key in _CONDITIONS:
            if key in entries:
                self.check_condition(entries[key].value, extra)
        for key in _ENDS:
            if key in entries:
                self.check_condition(entries[key].value, extra | frozenset(kind.sees), must_vary=True)
        self.check(step, leave_out=_APART, extra=extra)
        self.note_captures(step)

    def note_captures(self, step: Node) -> None:
        """Count what a step captures among the variables that are known from here on."""
        if "capture" in step.entries:
            self._known.update(str(name) for name in step.entries["capture"].value.entries)

    def check_condition(self, node: Node, extra: frozenset[str] = frozenset(), *, must_vary: bool = False) -> None:
        """Check the expression of a condition."""
        if not isinstance(node.data, str):
            return
        names = self._check_names(node, node.data, names_of, extra)
        if must_vary and names is not None and not names:
            self.problems.append(f"{node.place}: `{node.data}` is the same whatever happens. Name what it looks at.")

    def _check_names(self, node: Node, text: str, find: Any, extra: frozenset[str]) -> set[str] | None:
        try:
            names: set[str] = find(text)
        except TemplateError as error:
            self.problems.append(f"{node.place}: {error.message}")
            return None
        self.used_fixtures |= names & self._fixtures - self._known
        known = self._known | self._fixtures | extra
        for name in sorted(names - known):
            is_later = name in self._later
            hint = f" It is captured only at {self._later[name]}." if is_later else nearest(name, known)
            self.problems.append(f"{node.place}: the variable `{name}` is not defined.{hint}")
        return names


def refused_variables(node: Node, suite: Node) -> Iterator[str]:
    """Say where checkpoints use a variable of their suite. Braces that mean something else are left to the command."""
    data: Any = suite.data
    written = (name for key in ("ports", "variables", "fixtures") for name in _names(data.get(key)))
    known = {*BUILT_IN, *written, *dict(_captured(suite))}
    for text in _texts(node):
        try:
            names = names_in(str(text.data))
        except TemplateError:
            continue
        for name in sorted(names & known):
            yield (
                f"{text.place}: `{name}` has no value here: checkpoints run before the suite begins. Write the value, "
                "or read the environment: `${NAME:-default}`."
            )


def _texts(node: Node) -> Iterator[Node]:
    """Give every text below a node that has double braces."""
    if isinstance(node.data, str):
        if "{{" in node.data:
            yield node
        return
    for part in (*node.items, *(entry.value for entry in node.entries.values())):
        yield from _texts(part)


def _names(value: Any) -> Iterator[str]:
    return (name for name in value if isinstance(name, str)) if isinstance(value, list | dict) else iter(())


def _captured(node: Node) -> Iterator[tuple[str, str]]:
    """Find every capture of a file with its place."""
    for item in node.items:
        yield from _captured(item)
    for key, entry in node.entries.items():
        if key == "capture":
            yield from ((str(name), capture.key.place) for name, capture in entry.value.entries.items())
        elif key in ("tests", "steps", "verify", "then"):
            yield from _captured(entry.value)
