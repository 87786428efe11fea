"""What may stand in a suite file (SPEC section 10): one description for the check and for the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_integration_gate.strict_yaml import Data
from pytest_integration_gate.suites.checkpoints import RULE as CHECKPOINTS
from pytest_integration_gate.suites.kinds import (
    ANY,
    COMMAND,
    CONDITION,
    DURATION,
    KINDS,
    NAME,
    SCALAR,
    refuse_blank,
)
from pytest_integration_gate.yaml_rules import Choice, Either, Flag, ListOf, MapOf, Rule, Table, Text, Value

OF_STEPS = ("flow", "integration")
"""Types of tests that are made of steps."""

INNER = ("http", "sql")
"""Kinds of steps that are no type of test of their own."""


def _refuse_variable(text: str) -> str | None:
    if re.fullmatch(r"[A-Za-z_]\w*", text):
        return None
    return f"`{text}` cannot name a variable. Write letters, digits and underscores."


def _refuse_test_name(text: str) -> str | None:
    if refuse_blank(text):
        return refuse_blank(text)
    if "::" in text or text.startswith("__") or "\n" in text:
        return f"`{text}` cannot name a test: pytest uses `::`, and Python names that begin with `__`."
    return None


_URL = re.compile(r"https?://(\[[0-9a-fA-F:]+\]|[^\s/:\[\]]+(:[^\s/:]*@[^\s/:]+)?)(:\d{1,5})?(/\S*)?")


def _refuse_url(text: str) -> str | None:
    if "{{" in text or "${" in text or _URL.fullmatch(text):
        return None
    return f"`{text}` is no address. Write it like `http://127.0.0.1:8010`, with port 0 for a free one."


def _refuse_port(value: Data) -> str | None:
    if type(value) is int and 0 <= value <= 65535:
        return None
    return "write a port, or 0 for one that is free."


def _refuse_ready_port(value: Data) -> str | None:
    is_template = isinstance(value, str) and "{{" in value
    return None if is_template or (type(value) is int and 0 < value <= 65535) else "write the port that must answer."


VARIABLE = Text(_refuse_variable)
NAMES = Either((NAME, ListOf(NAME)))

_STORY = Either((NAME, Table(keys={"id": NAME, "criterion": NAME}, required=("id",))))

MARKS: Mapping[str, Rule] = {
    "marks": NAMES,
    "boundary": NAMES,
    "fidelity": Choice(("real", "emulated")),
    "requirement": NAMES,
    "story": Either((NAME, Table(keys={"id": NAME, "criterion": NAME}, required=("id",)), ListOf(_STORY))),
    "stage": NAME,
}
"""What suites and tests alike say about themselves."""

_READY = Table(
    keys={
        "url": NAME,
        "port": Value(_refuse_ready_port, {"type": ["integer", "string"]}),
        "log": NAME,
        "command": COMMAND,
        "timeout": DURATION,
        "interval": DURATION,
    }
)

SUITE_COMMAND = Table(
    keys={
        "command": COMMAND,
        "wait": DURATION,
        "background": Flag(),
        "ready": _READY,
        "env": MapOf(SCALAR),
        "cwd": NAME,
        "exit_code": ANY,
        "description": Text(),
    },
    required=("command",),
)

TEST: Mapping[str, Rule] = {
    **MARKS,
    "name": Text(_refuse_test_name),
    "type": Choice((*OF_STEPS, *(name for name in reversed(list(KINDS)) if name not in INNER))),
    "description": Text(),
    "fixtures": ListOf(VARIABLE),
    "app": VARIABLE,
    "parametrize": MapOf(ListOf(ANY), VARIABLE),
}
"""What may stand in every test, whatever its type."""

STEPS: Mapping[str, Rule] = {
    "steps": ListOf(ANY),
    "verify": ListOf(ANY),
    "database": NAME,
    "when": CONDITION,
    "skip_if": CONDITION,
}
"""What may stand in a test that is made of steps, besides `TEST`. Each step is checked by its kind."""

SUITE: Mapping[str, Rule] = {
    **MARKS,
    "test_suite": Text(refuse_blank),
    "description": Text(),
    "base_url": Text(_refuse_url),
    "database": NAME,
    "variables": MapOf(ANY, VARIABLE),
    "ports": MapOf(Value(_refuse_port, {"type": "integer", "minimum": 0, "maximum": 65535}), VARIABLE),
    "env": MapOf(SCALAR),
    "headers": MapOf(SCALAR),
    "fixtures": ListOf(VARIABLE),
    "app": VARIABLE,
    "order": Choice(("file", "any")),
    "setup": ListOf(SUITE_COMMAND),
    "teardown": ListOf(SUITE_COMMAND),
    "checkpoints": CHECKPOINTS,
    "tests": ListOf(ANY),
}
"""What may stand in a suite; each test is checked by its type."""


def test_table(kind: str) -> Table:
    """Return what may stand in a test of a type."""
    if kind in OF_STEPS:
        needed = "steps" if kind == "flow" else "verify"
        return Table(keys={**TEST, **STEPS}, required=("name", "type", needed))
    return Table(
        keys={**TEST, **KINDS[kind].keys},
        required=("name", "type", *KINDS[kind].required),
        other_names=OTHER_NAMES,
        meant=MEANT,
    )


def step_table(kind: str) -> Table:
    """Return what may stand in a step of a kind."""
    keys = {**KINDS[kind].keys, "type": Choice((kind,)), "name": NAME}
    return Table(keys=keys, required=KINDS[kind].required, other_names=OTHER_NAMES, meant=MEANT)


OTHER_NAMES = {"expectedOutput": "expected_output", "exitCode": "exit_code"}
"""Spellings that are accepted too."""

MEANT = {"json": "data", "body": "data", "query": "params", "concurrency": "concurrent_requests"}
"""What other tools call the keys of a step."""
