"""The kinds of steps: what may stand in each, and which module does it.

A module that does steps has `run(step, data, world)`, which returns what it saw (`seen.Seen`), and may have
`compare(expect, seen)`, which returns the differences, where expectations are more than a mapping of what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_integration_gate.durations import refuse_duration
from pytest_integration_gate.strict_yaml import Data, Node
from pytest_integration_gate.suites.load_rules import FIGURES, refuse_rate
from pytest_integration_gate.suites.step_checks import (
    check_command,
    check_http,
    check_performance,
    check_sql,
    check_upload,
    check_webhook,
    check_websocket,
)
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.yaml_rules import (
    Choice,
    Either,
    Flag,
    ListOf,
    MapOf,
    Rule,
    Table,
    Text,
    Value,
    Whole,
)

Checker = Callable[[Node, str], Iterator[str]]
"""Says what is wrong with a step beyond its rules; it gets the step and its name in messages."""


def _refuse_scalar(value: Data) -> str | None:
    return "write a single value." if isinstance(value, list | dict) else None


def _refuse_empty(value: Data) -> str | None:
    return "write what shall be done." if value in ("", None) else None


def refuse_blank(text: str) -> str | None:
    """Say why a text may not be blank."""
    return None if text.strip() else "it is empty. Write something, or take the key out."


ANY = Value()
SCALAR = Value(_refuse_scalar, {"type": ["string", "number", "boolean", "null"]})
NAME = Text(refuse_blank)
DURATION = Value(
    refuse_duration,
    {
        "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|h)\s*$|\$\{"},
        ]
    },
)
COMMAND = Either((NAME, ListOf(NAME)))
CONDITION = Value(_refuse_scalar, {"type": ["string", "boolean"]})
HEADERS = MapOf(SCALAR)

COMMON: Mapping[str, Rule] = {
    "action": NAME,
    "description": Text(),
    "when": CONDITION,
    "skip_if": CONDITION,
    "foreach": Either((ListOf(ANY), NAME)),
    "until": NAME,
    "fail_if": NAME,
    "retries": Whole(0),
    "retryable": Flag(),
    "eventually": Either((DURATION, Table(keys={"timeout": DURATION, "interval": DURATION}), Flag())),
}
"""What may stand in every step."""

_HTTP_EXPECT = Table(
    keys={
        "status": ANY,
        "headers": MapOf(ANY),
        "body": ANY,
        "response_time": ANY,
        "exact": Flag(),
    },
    meant={"code": "status", "json": "body", "time": "response_time"},
)
_CAPTURE = MapOf(NAME)
_REQUEST: Mapping[str, Rule] = {
    "endpoint": NAME,
    "headers": HEADERS,
    "params": MapOf(ANY),
    "timeout": DURATION,
    "follow_redirects": Flag(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of step.

    `tell` is the key that tells it from the others inside of a flow; `module` is the name of the module in this room
    that does it; `sees` are the names that expressions, captures and expectations find in what it saw. `library` must
    be installed for it, by the extra of that name. `lazy` are keys that become steps of their own.
    """

    name: str
    tell: str
    module: str
    keys: Mapping[str, Rule]
    required: tuple[str, ...]
    sees: tuple[str, ...]
    check: Checker | None = None
    lazy: tuple[str, ...] = ()
    library: str = ""
    extra: str = "suites"


_WITH_EXPECT: Mapping[str, Rule] = {**COMMON, "expect": _HTTP_EXPECT, "capture": _CAPTURE}
_RESPONSE = ("status", "headers", "body", "response_time")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="sql",
            tell="sql",
            module="sql",
            keys={
                **COMMON,
                "sql": NAME,
                "params": MapOf(ANY),
                "database": NAME,
                "expect": MapOf(ANY),
                "refused": ANY,
                "capture": _CAPTURE,
            },
            required=("sql",),
            sees=("rows", "first", "count"),
            check=check_sql,
            library="sqlalchemy",
        ),
        Kind(
            name="command",
            tell="command",
            module="shell",
            keys={
                **COMMON,
                "command": COMMAND,
                "expected_output": ANY,
                "exit_code": ANY,
                "expect": Table(keys={"exit_code": ANY, "output": ANY, "stderr": ANY, "json": ANY}),
                "timeout": DURATION,
                "env": MapOf(SCALAR),
                "cwd": NAME,
                "capture": _CAPTURE,
            },
            required=("command",),
            sees=("exit_code", "output", "stderr", "json"),
            check=check_command,
        ),
        Kind(
            name="websocket",
            tell="exchange",
            module="websocket",
            keys={
                **COMMON,
                "url": NAME,
                "headers": HEADERS,
                "timeout": DURATION,
                "exchange": ListOf(
                    Table(
                        keys={
                            "send": Value(_refuse_empty),
                            "expect": ANY,
                            "closed": ANY,
                            "refused": ANY,
                            "timeout": DURATION,
                        }
                    )
                ),
                "capture": _CAPTURE,
            },
            required=("url", "exchange"),
            sees=("messages",),
            check=check_websocket,
            library="websockets",
            extra="websocket",
        ),
        Kind(
            name="webhook",
            tell="payload",
            module="webhook",
            keys={
                **_WITH_EXPECT,
                **_REQUEST,
                "payload": ANY,
                "sign": Table(
                    keys={
                        "header": NAME,
                        "secret": NAME,
                        "algorithm": Choice(("sha256", "sha1", "sha512")),
                        "prefix": Text(),
                    },
                    required=("header", "secret"),
                ),
                "replay": Table(keys={"times": Whole(1), "expect": _HTTP_EXPECT}),
                "then": ANY,
            },
            required=("endpoint", "payload"),
            sees=_RESPONSE,
            check=check_webhook,
            lazy=("then", "replay"),
        ),
        Kind(
            name="upload",
            tell="file",
            module="upload",
            keys={
                **_WITH_EXPECT,
                **_REQUEST,
                "file": Table(
                    keys={"field": NAME, "path": NAME, "content": Text(), "filename": NAME, "content_type": NAME},
                ),
                "data": MapOf(SCALAR),
                "form": MapOf(SCALAR),
                "read_back": Table(keys={**_REQUEST, "expect": _HTTP_EXPECT}, required=("endpoint", "expect")),
            },
            required=("endpoint", "file"),
            sees=_RESPONSE,
            check=check_upload,
            lazy=("read_back",),
        ),
        Kind(
            name="health",
            tell="endpoints",
            module="http",
            keys={**COMMON, "endpoints": ListOf(NAME), "headers": HEADERS, "timeout": DURATION, "expect": _HTTP_EXPECT},
            required=("endpoints",),
            sees=_RESPONSE,
            check=check_http,
        ),
        Kind(
            name="performance",
            tell="concurrent_requests",
            module="performance",
            keys={
                **COMMON,
                "endpoint": NAME,
                "headers": HEADERS,
                "data": ANY,
                "timeout": DURATION,
                "concurrent_requests": Whole(1),
                "requests": Whole(1),
                "rate": Value(refuse_rate, {"type": "number", "exclusiveMinimum": 0}),
                "duration": DURATION,
                "warmup": DURATION,
                "expect": MapOf(ANY),
                "capture": _CAPTURE,
            },
            required=("endpoint", "expect"),
            library="aiohttp",
            extra="load",
            sees=FIGURES,
            check=check_performance,
        ),
        Kind(
            name="http",
            tell="endpoint",
            module="http",
            keys={**_WITH_EXPECT, **_REQUEST, "data": ANY, "form": MapOf(SCALAR)},
            required=("endpoint",),
            sees=_RESPONSE,
            check=check_http,
        ),
    )
}
"""Every kind of step by its name. The first whose `tell` stands in a step is its kind."""


def kind_of(step: Mapping[Any, object]) -> Kind | None:
    """Tell the kind of a step of a flow: by its type if it names one, else by its keys."""
    named = step.get("type")
    if isinstance(named, str):
        return KINDS.get(named)
    return next((kind for kind in KINDS.values() if kind.tell in step), None)
