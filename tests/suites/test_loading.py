"""Suites are loaded strictly: everything that is wrong with a file is said at once, with its place."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_integration_gate.strict_yaml import YamlError, load
from pytest_integration_gate.suites.json_schema import suite_schema
from pytest_integration_gate.suites.loading import load_suite
from pytest_integration_gate.suites.suite import Suite

ASSET = Path(__file__).parent.parent / "assets" / "auth_service" / "tests" / "test_auth.gate.yaml"

COMMAND = "{name: x, type: command, command: 'true'}"


@pytest.fixture
def suite(tmp_path: Path) -> Any:
    """Load a suite of a text, or bytes."""

    def load_text(text: str | bytes, **options: Any) -> Suite:
        file = tmp_path / "test_x.gate.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_suite(file, "x", **options)

    return load_text


def problems(suite: Any, text: str | bytes, **options: Any) -> tuple[str, ...]:
    with pytest.raises(YamlError) as caught:
        suite(text, **options)
    return caught.value.problems


def in_step(step: str, more: str = "") -> str:
    return f"{more}\ntests:\n- name: t\n  type: flow\n  steps:\n  - {step}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "x:1:1: a suite is a mapping with `tests`, not empty."),
        ("[1]", "x:1:1: a suite is a mapping with `tests`, not a list."),
        ("a: 1\na: 2", "x:2:1: the key `a` stands twice, first at x:1:1. Remove one."),
        (
            "tests: !!python/object:os.system []",
            "x:1:8: the tag `!!python/object:os.system` does not belong here. Remove it.",
        ),
        (
            "tests:\n\t- x",
            "x:2:1: not valid YAML: while scanning for the next token, found character that cannot start any token. "
            "Indent with spaces: here stands a tab.",
        ),
        (b"tests: [\xff]", "x:1: not UTF-8. Save the file as UTF-8."),
        ("{test_suite: x}", "x:1:1: `the file` lacks `tests`."),
        ("tests: []", "x:1:8: `tests` is empty. Write a test."),
        ("tests: x", "x:1:8: `tests` must be a list, like `[a, b]`, not `x`."),
        ("tests: [x]", "x:1:9: `tests[0]` must be a mapping, like `name: …`, not `x`."),
        (
            "setup: [rm x]\ntests: [{name: a, type: health, endpoints: [/x]}]",
            "x:1:9: `setup[0]` must be a mapping, like `command: …`, not `rm x`.",
        ),
    ],
)
def test_files(suite: Any, text: str | bytes, problem: str) -> None:
    """A file that is no suite is one clear mistake."""
    assert problems(suite, text) == (problem,)


@pytest.mark.parametrize("line", ["id: {{note}}", "headers: {Authorization: Bearer {{token}}}"])
def test_braces_without_quotes(suite: Any, line: str) -> None:
    """A template that YAML takes for a mapping is told to be quoted."""
    assert problems(suite, f"a: 1\n{line}\n")[-1].endswith('Texts with double braces are quoted: `"{{name}}"`.')


def test_limits(suite: Any) -> None:
    """Bombs of aliases, of nesting and of size are refused."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
    )
    assert "the aliases of this file repeat more than" in problems(suite, bomb)[0]
    assert "nested more than" in problems(suite, "tests: " + "[" * 100)[0]
    assert "larger than 10 MB" in problems(suite, "#" * 10_000_001)[0]


def test_byte_order_mark(suite: Any) -> None:
    """A byte order mark is no mistake, and lines are numbered without it."""
    assert suite(f"\ufefftests: [{COMMAND}]").source[0].startswith("tests")


def test_all_at_once(suite: Any) -> None:
    """Every mistake is told, in the order of the file."""
    found = problems(
        suite,
        "boundry: http\nsetup: [{comand: x}]\ntests:\n- {name: a, type: flow, steps: []}\n- {name: a, type: flw}\n"
        "- {name: b, type: flow, steps: [{endpont: /}, {endpoint: '/{{tokn}}', expect: {}}]}\n",
    )
    assert [re.sub(r" Known: .*", "", problem) for problem in found] == [
        "x:1:1: `boundry` is not a key. Did you mean `boundary`?",
        "x:2:9: `setup[0]` lacks `command`.",
        "x:2:10: `comand` is not a key of `setup[0]`. Did you mean `command`?",
        "x:4:32: `tests[0].steps` is empty, so that nothing is checked.",
        "x:5:3: `tests[1]` lacks `steps`.",
        "x:5:10: `a` is the name of a test at x:4:10 already.",
        "x:5:19: `tests[1].type` must be `flow`, `integration`, `performance`, `health`, `upload`, `webhook`, "
        "`websocket` or `command`, not `flw`.",
        "x:6:34: `endpont` is not a key of `tests[2].steps[0]`. Did you mean `endpoint`?",
        "x:6:58: the variable `tokn` is not defined.",
        "x:6:79: `tests[2].steps[1].expect` is empty, so that nothing is checked. Write what is expected, or take it "
        "out.",
    ]


def test_tests_without_a_type(suite: Any) -> None:
    """A test of no type, or of one that is none, is checked by its keys: its other mistakes are told as well."""
    found = problems(
        suite,
        "tests:\n- {name: a, steps: [{endpoint: /, expct: {}}]}\n- {name: b, type: sql, sql: SELECT 1, expect: {}}\n"
        "- {name: c, endpoints: []}\n- {name: d, type: http, endpoint: /, timeout: 5 parsecs}\n",
    )
    assert [problem.partition(". Did")[0].partition(" Known:")[0].partition(" must be")[0] for problem in found] == [
        "x:2:3: `tests[0]` lacks `type`.",
        "x:2:35: `expct` is not a key of `tests[0].steps[0]`",
        "x:3:19: `tests[1].type`",
        "x:3:47: `tests[1].expect` is empty, so that nothing is checked.",
        "x:4:3: `tests[2]` lacks `type`.",
        "x:4:24: `tests[2].endpoints` is empty, so that nothing is checked.",
        "x:5:19: `tests[3].type`",
        "x:5:47: `tests[3].timeout` is `5 parsecs`: write milliseconds as a whole number above 0, or a text with its "
        'unit, like `"250ms"`, `"4s"` or `"2m"`.',
    ]


@pytest.mark.parametrize(
    ("step", "fragment"),
    [
        ("{endpoint: 'get /'}", "`get` is no method. Write `GET /`."),
        ("{endpoint: 'GET / HTTP'}", "Write a method and a path"),
        ("{endpoint: /, expect: {status: [200, 201]}}", "must be a number or a matcher"),
        ("{endpoint: /, expect: {status: {gte: 100}}}", "always holds"),
        ("{endpoint: /, expect: {response_time: {gte: 0}}}", "always holds"),
        ("{endpoint: /, expect: {response_time: {gte: 0ms}}}", "gte: 0` always holds"),
        ("{endpoint: /, expect: {response_time: {lt: soon}}}", "a number is not compared with a text"),
        ("{concurrent_requests: 1, endpoint: /, expect: {p95: {lt: 5 parsecs}}}", "is not compared with a text"),
        ("{concurrent_requests: 1, endpoint: /, expect: {memory_mb: {process: x}}}", "names a process and no bound"),
        ("{concurrent_requests: 1, endpoint: /, expect: {cpu_percent: {process: x, gte: 0}}}", "always holds"),
        ("{endpoint: /, expect: {body: {}}}", "which every mapping fits"),
        ("{endpoint: /, expect: {exact: true}}", "is empty, so that nothing is checked"),
        ("{endpoint: /, expect: {stats: 1}}", "Did you mean `status`?"),
        ("{endpoint: /, expect: {code: 1}}", "Did you mean `status`?"),
        ("{endpoint: /, json: {a: 1}}", "`json` is not a key of `tests[0].steps[0]`. Did you mean `data`?"),
        ("{endpoint: /, query: {a: 1}}", "Did you mean `params`?"),
        ("{url: /, exchange: [{refused: 403}, {send: x}]}", "`tests[0].steps[0].exchange[0].refused` stands alone"),
        ("{url: /, exchange: [{closed: 1000}, {send: x}]}", "`tests[0].steps[0].exchange[0].closed` is the end"),
        ("{url: /, exchange: [{timeout: 1s}]}", "neither sends nor expects anything"),
        ("{sql: SELECT 1, refused: string, expect: {rows: 1}}", "a statement that is refused gives nothing"),
        ("{sql: SELECT 1, refused: {contains: ''}}", "is empty, so that it always holds"),
        ("{command: x, expect: {}}", "is empty, so that nothing is checked"),
        ("{command: x, expect: {output: {contains: ''}}}", "is empty, so that it always holds"),
        ("{command: x, expect: {json: {}}}", "which every mapping fits"),
        ("{endpoint: /, timeout: 5 parsecs}", 'or a text with its unit, like `"250ms"`'),
        ("{endpoint: /, timeout: 0}", "a whole number above 0"),
        ("{endpoint: /, retries: 1.5}", "a whole number, 0 or more, not `1.5`"),
        ("{endpoint: /, capture: {x: body..y}}", "is no path: jmespath stumbles at column 5"),
        ("{endpoint: /, capture: {a b: body}}", "cannot name a variable"),
        ("{endpoint: /, until: 'true'}", "is the same whatever happens"),
        ("{endpoint: /, fail_if: 1 > 2}", "is the same whatever happens"),
        ("{endpoint: /, until: stats == 1}", "the variable `stats` is not defined. Did you mean `status`?"),
        ("{endpoint: /, when: status == 1}", "the variable `status` is not defined"),
        ("{endpoint: /, until: 'status =='}", "is no expression"),
        ("{endpoint: '/{{item}}'}", "the variable `item` is not defined"),
        ("{endpoint: '/{{'}", "the closing braces are missing"),
        ("{endpoint: /, foreach: 5}", "must be text, not `5`"),
        ("{endpoint: /, foreach: []}", "`tests[0].steps[0].foreach` is empty, so that nothing is checked"),
        ("{sql: SELECT 1}", "selects rows and checks nothing"),
        ("{sql: SELECT 1, expect: {}}", "is empty, so that nothing is checked"),
        ("{sql: SELECT 1, expect: {rows: {gte: 0}}}", "always holds"),
        ("{command: x, expected_output: {matches: '('}}", "no regular expression"),
        ("{command: x, expected_output: {json: {a: {length: -1}}}}", "must be a whole number"),
        ("{url: /, exchange: []}", "is empty, so that nothing is checked"),
        ("{url: /, exchange: [{timeout: 5}]}", "neither sends nor expects"),
        ("{endpoint: /, file: {field: x}}", "needs either `path` or `content`"),
        ("{endpoint: /, payload: 1, sign: {header: x}}", "lacks `secret`"),
        ("{endpoint: /, payload: 1, then: []}", "is empty, so that nothing is checked"),
        ("{endpoint: /, payload: 1, then: [{}]}", "says nothing to do"),
        ("{type: sqll}", "`sqll` is no kind of step. Did you mean `sql`?"),
        ("{action: x}", "says nothing to do. It needs one of"),
    ],
)
def test_steps(suite: Any, step: str, fragment: str) -> None:
    """A step that cannot be meant, or that can never fail, is refused."""
    found = problems(suite, in_step(step))
    assert len(found) == 1
    assert fragment in found[0]


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        (f"setup: [{{command: x, ready: {{port: 1}}}}]\ntests: [{COMMAND}]", "is for commands with `background: true`"),
        (f"setup: [{{command: x, background: true, ready: {{}}}}]\ntests: [{COMMAND}]", "needs one of `url`, `port`"),
        (f"setup: [{{command: x, background: true, wait: 5}}]\ntests: [{COMMAND}]", "has no meaning for a command in"),
        (f"setup: [{{command: ''}}]\ntests: [{COMMAND}]", "it is empty"),
        (f"setup: [{{command: 5}}]\ntests: [{COMMAND}]", "must be text, not `5`"),
        (f"ports: {{web: 70000}}\ntests: [{COMMAND}]", "write a port, or 0 for one that is free"),
        (f"fixtures: [a-b]\ntests: [{COMMAND}]", "cannot name a variable"),
        (f"order: random\ntests: [{COMMAND}]", "must be `file` or `any`"),
        (f"fidelity: emulated\ntests: [{COMMAND}]", "belongs to a `boundary`"),
        (f"base_url: 127.0.0.1:8010\ntests: [{COMMAND}]", "`127.0.0.1:8010` is no address"),
        (f"base_url: http://x:y\ntests: [{COMMAND}]", "`http://x:y` is no address"),
        (f"base_url: '{{{{host}}}}'\ntests: [{COMMAND}]", "the variable `host` is not defined"),
        ("tests: [{name: 'a::b', type: command, command: x}]", "cannot name a test"),
        ("tests: [{name: __name__, type: command, command: x}]", "cannot name a test"),
        ("tests: [{name: x, type: health, endpoints: []}]", "is empty, so that nothing is checked"),
        ("tests: [{name: x, type: integration, verify: []}]", "is empty, so that nothing is checked"),
    ],
)
def test_suites(suite: Any, text: str, fragment: str) -> None:
    """What stands around the tests is checked as strictly."""
    found = problems(suite, text)
    assert len(found) == 1
    assert fragment in found[0]


def test_environment(suite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of the environment and their defaults are read at once; one that is missing is found then."""
    monkeypatch.setenv("WHERE", "http://example.com")
    monkeypatch.delenv("GONE", raising=False)
    text = (
        f"base_url: ${{WHERE}}/${{GONE:-x}}\ndatabase: ${{GONE:-sqlite:///a.db}}\nenv: {{OWN: o}}\ntests: [{COMMAND}]"
    )
    loaded = suite(text)
    assert (loaded.base_url, loaded.database) == ("http://example.com/x", "sqlite:///a.db")
    assert problems(suite, f"base_url: ${{GONE}}\ntests: [{COMMAND}]") == (
        "x:1:11: the environment lacks `GONE`. Set it, or write a default: `${GONE:-…}`. What is meant for the shell "
        "is written `$${…}`.",
    )
    command = "tests: [{name: x, type: command, command: 'echo $${HOME} $HOME ${OWN}'}]\nenv: {OWN: o}"
    assert suite(command).tests[0].steps[0].data["command"] == "echo ${HOME} $HOME o"


def test_captures_in_order(suite: Any) -> None:
    """A capture can be used after it, also in later tests; before it the place of the capture is told."""
    steps = "{name: %s, type: flow, steps: [{endpoint: %s, capture: {%s: body}}]}"
    early, late = steps % ("a", "/x", "one"), steps % ("b", "'/{{one}}'", "two")
    suite(f"tests: [{early}, {late}]")
    found = problems(suite, f"tests: [{late}, {early}]")
    assert found[0].endswith("the variable `one` is not defined. It is captured only at x:1:142.")


def test_teardown_knows_captures(suite: Any) -> None:
    """A teardown may use what tests capture; a setup may not."""
    tests = "tests: [{name: t, type: flow, steps: [{endpoint: /x, capture: {one: body}}]}]"
    assert suite(f"teardown: [{{command: 'echo {{{{one}}}}'}}]\n{tests}").teardown
    assert "`one` is not defined" in problems(suite, f"setup: [{{command: 'echo {{{{one}}}}'}}]\n{tests}")[0]


def test_any_order(suite: Any) -> None:
    """Where the order is free, a test cannot use what another one captures."""
    flow = "{name: %s, type: flow, steps: [{endpoint: %s, capture: {%s: body}}]}"
    text = f"order: any\ntests: [{flow % ('a', '/x', 'one')}, {flow % ('b', '/{{one}}', 'two')}]"
    assert "the variable `one` is not defined" in problems(suite, text.replace("/{{one}}", "'/{{one}}'"))[0]


def test_forbidden_commands(suite: Any) -> None:
    """Where commands are forbidden, each is told with its place."""
    text = f"setup: [{{command: x}}]\ntests:\n- {COMMAND}\n- {{name: y, type: integration, verify: [{{command: x}}]}}"
    found = problems(suite, text, allow_commands=False)
    assert [problem.split(": ")[0] for problem in found] == [
        "x:1:10",
        "x:3:28",
        "x:4:42",
    ]


def test_schema_accepts_what_the_gate_accepts() -> None:
    """The suite of the specification follows the JSON Schema, which is one."""
    schema = suite_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(load(ASSET.read_text(), "x").data, schema)


@pytest.mark.parametrize(
    "text",
    [
        "tests: []",
        "{test_suite: x}",
        "tests: [{name: x, type: flw}]",
        "tests: [{name: x, type: flow, steps: [{endpont: /x}]}]",
        "tests: [{name: x, type: health, endpoints: [/x], timout: 5}]",
        "tests: [{name: x, type: command, command: x, timeout: soon}]",
    ],
)
def test_schema_refuses_what_the_gate_refuses(text: str) -> None:
    """Editors are told about unknown keys, missing ones and wrong types."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(load(text, "x").data, suite_schema())


WHOLE = {
    "base_url": "http://x",
    "ports": {"p": 0},
    "env": {"A": "b"},
    "fixtures": ["app"],
    "app": "app",
    "story": [{"id": "US-1", "criterion": "AC-1"}],
    "setup": [{"command": ["x"], "background": True, "ready": {"port": 1}}, {"command": "y", "wait": "2s"}],
    "checkpoints": [
        {"name": "up", "stage": "x", "tests": [{"command": ["x"], "expectedOutput": {"json": 1}, "backoff": 5}]}
    ],
    "tests": [
        {"name": "f", "type": "flow", "steps": [{"endpoint": "GET /{{p}}", "expect": {"body": {"a": {"gte": 1}}}}]},
        {"name": "s", "type": "integration", "verify": [{"sql": "SELECT 1", "expect": {"rows": [{"a": "string"}]}}]},
        {"name": "h", "type": "health", "endpoints": ["/x"], "eventually": {"timeout": 5}},
        {
            "name": "w",
            "type": "webhook",
            "endpoint": "/h",
            "payload": 1,
            "then": [{"command": "x"}],
            "replay": {"times": 1},
        },
        {"name": "u", "type": "upload", "endpoint": "/h", "file": {"field": "x", "content": "y"}},
        {"name": "k", "type": "websocket", "url": "/h", "exchange": [{"send": 1, "expect": {"any": "string"}}]},
        {"name": "c", "type": "command", "command": "x", "expected_output": {"json": {"a": 1}}, "foreach": [1]},
    ],
}

ODD = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "{{p}}", "{{", [], [None], [[1]], {}, {"x": 1}, {"gte": []}, {"type": 5}]
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths to every value below the top."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in inner for place in ((*path, key), *places(value, (*path, key)))]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(places(WHOLE)), odd=ODD)
def test_no_value_breaks_the_check(suite: Any, path: tuple[Any, ...], odd: Any) -> None:
    """Whatever stands anywhere in a suite, it is loaded or refused, and never breaks the check."""
    data = json.loads(json.dumps(WHOLE))
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = odd
    with suppress(YamlError):
        assert suite(json.dumps(data)).tests


def test_whole(suite: Any) -> None:
    """The suite of the test above has no mistake."""
    assert len(suite(json.dumps(WHOLE)).tests) == 7
