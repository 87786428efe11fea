"""What is wrong with a step beyond the rules of its keys: checks that cannot fail, parts that do not go together."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_integration_gate.strict_yaml import Node
from pytest_integration_gate.suites.expectations import problems_of, problems_of_output, problems_of_time
from pytest_integration_gate.suites.load_rules import check_load


def check_http(step: Node, name: str) -> Iterator[str]:
    """Check a request and what is expected of its answer."""
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


def check_sql(step: Node, name: str) -> Iterator[str]:
    """Check a statement: one that selects is looked at, one that is refused gives nothing."""
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


def check_command(step: Node, name: str) -> Iterator[str]:
    """Check what is expected of a command."""
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


def check_websocket(step: Node, name: str) -> Iterator[str]:
    """Check each part of an exchange: a closed or refused websocket says nothing more."""
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


def check_upload(step: Node, name: str) -> Iterator[str]:
    """Check an upload: its file is on the disk or written out."""
    yield from check_http(step, name)
    file = step.entries.get("file")
    if (
        file is not None
        and isinstance(file.value.data, dict)
        and ("path" in file.value.data) == ("content" in file.value.data)
    ):
        yield f"{file.value.place}: `{name}.file` needs either `path` or `content`."
    back = step.entries.get("read_back")
    if back is not None:
        yield from check_http(back.value, f"{name}.read_back")


def check_webhook(step: Node, name: str) -> Iterator[str]:
    """Check a delivery and what is expected of the same one again."""
    yield from check_http(step, name)
    replay = step.entries.get("replay")
    if replay is not None and "expect" in replay.value.entries:
        yield from check_http_expect(replay.value.entries["expect"].value, f"{name}.replay.expect")


def check_performance(step: Node, name: str) -> Iterator[str]:
    """Check a load."""
    yield from check_endpoint(step, name)
    yield from check_load(step, name)
