"""The kinds of steps: what may stand in each, and which module does it.

A module that does steps has `run(step, data, world)`, which returns what it saw (`seen.Seen`), and may have
`compare(expect, seen)`, which returns the differences, where expectations are more than a mapping of what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_integration_gate.strict_yaml import Data, Node
from pytest_integration_gate.suites.durations import refuse_duration
from pytest_integration_gate.suites.expectations import problems_of, problems_of_output, problems_of_time
from pytest_integration_gate.suites.load_rules import FIGURES, check_load, refuse_rate
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
    }
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


def _check_http(step: Node, name: str) -> Iterator[str]:
    yield from check_endpoint(step, name)
    expect = step.entries.get("expect")
    if expect is not None:
        yield from check_http_expect(expect.value, f"{name}.expect")


def check_endpoint(step: Node, name: str) -> Iterator[str]:
    """Check the endpoint of a step: a path or a URL, with a method before it or without."""
    entry = step.entries.get("endpoint")
    if entry is not None and isinstance(entry.value.data, str):
        words = entry.value.data.split()
        is_right = len(words) == 1 or (len(words) == 2 and words[0].isalpha()) or "{{" in entry.value.data
        if words and not is_right:
            yield (
                f"{entry.value.place}: `{name}.endpoint` is `{entry.value.data}`. Write a method and a path, like "
                "`GET /health`, or a URL."
            )
        elif len(words) == 2 and words[0] != words[0].upper():
            yield f"{entry.value.place}: `{words[0]}` is no method. Write `{words[0].upper()} {words[1]}`."


def check_http_expect(expect: Node, name: str) -> Iterator[str]:
    """Check what is expected of a response."""
    if not isinstance(expect.data, dict):
        return
    exact = expect.data.get("exact") is True
    if not set(expect.data) - {"exact"}:
        yield f"{expect.place}: `{name}` is empty, so that nothing is checked. Write what is expected, or take it out."
    for key, entry in expect.entries.items():
        node, inner = entry.value, f"{name}.{key}"
        if key == "status":
            if isinstance(node.data, list) or (isinstance(node.data, str) and not _is_status(node.data)):
                yield (
                    f"{node.place}: `{inner}` must be a number or a matcher. Several are allowed by "
                    "`{in: [200, 201]}`."
                )
            else:
                yield from problems_of(node, inner, least=100)
        elif key == "response_time":
            yield from problems_of_time(node, inner)
        elif key in ("headers", "body"):
            yield from problems_of(node, inner, exact=exact)


def _is_status(text: str) -> bool:
    return "{{" in text or text in ("integer", "number")


def _check_sql(step: Node, name: str) -> Iterator[str]:
    expect = step.entries.get("expect")
    checks = {"expect", "refused", "capture", "until", "fail_if"} & step.entries.keys()
    if "refused" in step.entries:
        yield from problems_of(step.entries["refused"].value, f"{name}.refused")
        for given in ("expect", "capture", "until", "fail_if"):
            if given in step.entries:
                yield f"{step.entries[given].key.place}: `{name}.{given}`: a statement that is refused gives nothing."
    sql = step.entries.get("sql")
    if not checks and sql is not None and str(sql.value.data).lstrip()[:6].lower() == "select":
        yield f"{step.place}: `{name}` selects rows and checks nothing. Add `expect` or `capture`."
    if expect is None or not isinstance(expect.value.data, dict):
        return
    if not set(expect.value.data) - {"exact"}:
        yield f"{expect.value.place}: `{name}.expect` is empty, so that nothing is checked."
    for key, entry in expect.value.entries.items():
        least = 0 if key == "rows" else None
        if key != "exact":
            yield from problems_of(entry.value, f"{name}.expect.{key}", least=least)


def _check_command(step: Node, name: str) -> Iterator[str]:
    expected = step.entries.get("expected_output") or step.entries.get("expectedOutput")
    if expected is not None:
        yield from problems_of_output(expected.value, f"{name}.expected_output")
    expect = step.entries.get("expect")
    if expect is None or not isinstance(expect.value.data, dict):
        return
    if not expect.value.data:
        yield f"{expect.value.place}: `{name}.expect` is empty, so that nothing is checked."
    for key, entry in expect.value.entries.items():
        yield from problems_of_output(entry.value, f"{name}.expect.{key}")


def _check_websocket(step: Node, name: str) -> Iterator[str]:
    exchange = step.entries.get("exchange")
    parts = exchange.value.items if exchange is not None else ()
    for number, item in enumerate(parts):
        inner = f"{name}.exchange[{number}]"
        for key in ("expect", "closed", "refused"):
            if key in item.entries:
                yield from problems_of(item.entries[key].value, f"{inner}.{key}")
        if isinstance(item.data, dict) and not {"send", "expect", "closed", "refused"} & set(item.data):
            yield f"{item.place}: `{inner}` neither sends nor expects anything."
        is_alone = len(parts) == 1 and not {"send", "expect", "closed"} & item.entries.keys()
        if "refused" in item.entries and not is_alone:
            yield f"{item.place}: `{inner}.refused` stands alone: where the handshake is refused nothing follows."
        if "closed" in item.entries and ("expect" in item.entries or number < len(parts) - 1):
            yield f"{item.place}: `{inner}.closed` is the end of an exchange: nothing is expected beside or behind it."


def _check_upload(step: Node, name: str) -> Iterator[str]:
    yield from _check_http(step, name)
    file = step.entries.get("file")
    if (
        file is not None
        and isinstance(file.value.data, dict)
        and ("path" in file.value.data) == ("content" in file.value.data)
    ):
        yield f"{file.value.place}: `{name}.file` needs either `path` or `content`."
    back = step.entries.get("read_back")
    if back is not None:
        yield from _check_http(back.value, f"{name}.read_back")


def _check_webhook(step: Node, name: str) -> Iterator[str]:
    yield from _check_http(step, name)
    replay = step.entries.get("replay")
    if replay is not None and "expect" in replay.value.entries:
        yield from check_http_expect(replay.value.entries["expect"].value, f"{name}.replay.expect")


def _check_performance(step: Node, name: str) -> Iterator[str]:
    yield from check_endpoint(step, name)
    yield from check_load(step, name)


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
            check=_check_sql,
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
            check=_check_command,
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
            check=_check_websocket,
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
            check=_check_webhook,
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
            check=_check_upload,
            lazy=("read_back",),
        ),
        Kind(
            name="health",
            tell="endpoints",
            module="http",
            keys={**COMMON, "endpoints": ListOf(NAME), "headers": HEADERS, "timeout": DURATION, "expect": _HTTP_EXPECT},
            required=("endpoints",),
            sees=_RESPONSE,
            check=_check_http,
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
            check=_check_performance,
        ),
        Kind(
            name="http",
            tell="endpoint",
            module="http",
            keys={**_WITH_EXPECT, **_REQUEST, "data": ANY, "form": MapOf(SCALAR)},
            required=("endpoint",),
            sees=_RESPONSE,
            check=_check_http,
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
