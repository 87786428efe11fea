"""``gate.yaml`` and the files that it names: whatever stands in them, they are read or refused."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_integration_gate.configuration.context_file import check_contexts
from pytest_integration_gate.configuration.gate_file import GateFile, read_gate_file
from pytest_integration_gate.errors import GateError

WHOLE = {
    "format": 1,
    "project": "shop",
    "account": "acme",
    "boundaries": {
        "payments": {
            "collaborators": ["shop.payments", "stripe:Client"],
            "urls": {"https://api.payments.example": "${PAYMENTS_URL:-http://127.0.0.1:8001}"},
            "compare": "shape",
        }
    },
    "fakes": {"tests.fakes:FakeRepo": "shop.repository:UserRepo"},
    "contexts": {
        "orders": {
            "kind": "domain",
            "modules": ["shop.orders"],
            "public": "shop.orders.api",
            "uses": ["shop.kernel"],
            "tests": ["tests/orders"],
            "components": {"repository": {"modules": ["shop.orders.repository"], "owner": "o", "session": "41"}},
        },
        "billing": {"modules": ["shop.billing"], "tests": ["tests/billing"]},
    },
    "stories": {"US-7": {"title": "Cancel", "context": "orders", "criteria": {"AC-1": "Released", "AC-2": "Told"}}},
    "requirements": {"FR-01": "An order reserves stock"},
    "plan": "TEST_PLAN.md",
    "waivers": [{"target": "shop.a:b", "kind": ["return_shape"], "reason": "soon", "until": "2030-01-31"}],
    "checkpoints": [
        {
            "name": "up",
            "stage": "deploy",
            "tests": [{"command": ["x"], "expected_output": {"json": {"a": 1}}, "retries": 2, "timeout": "5s"}],
            "failureAction": "warn",
        }
    ],
}
TEXTS = ["", " ", "x", "x.y", "a:b", "/", "..", "${", "${NO_SUCH_NAME}", "\0", "http://[", "é" * 300]
ODD = st.sampled_from([*TEXTS, None, True, 0, -1, 1.5, [], [None], [[1]], ["x", "x"], {}, {"x": 1}, {"x": {"y": []}}])
PLAN = "## Seam: API → cache\n\n- hit (priority: high)\n- miss\n"
LINES = """## Seam: API -> cache
## Seam:
# Plan
- hit
- hit (priority: high)
-
  - x
```
---
<!--

| ID | Text |
|----|------|
|-
| FR-1 | a |
| FR-1 |
| a | b | c |
| | |
|Story|Criterion|Text|
FR-1: text
US-1: {criteria: {AC-1: x}}
? [a]
&a [*a]
!!python/object:x {}
\t
\ufeff
\x07""".splitlines()


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths to every value below the top."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in inner for place in ((*path, key), *places(value, (*path, key)))]


def read(folder: Path, data: Any) -> GateFile:
    file = folder / "gate.yaml"
    file.write_text(json.dumps(data), encoding="utf-8")
    return read_gate_file(file, "gate.yaml")


def test_whole(tmp_path: Path) -> None:
    """The file of the tests below has no mistake, and nothing of it is lost."""
    (tmp_path / "TEST_PLAN.md").write_text(PLAN)
    found = read(tmp_path, WHOLE)
    assert [context.name for context in found.contexts] == ["orders", "billing"]
    assert (len(found.checkpoints), len(found.waivers), len(found.stories), len(found.plan)) == (1, 1, 1, 2)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(places(WHOLE)), odd=ODD, is_key=st.booleans())
def test_no_value_breaks_the_check(tmp_path: Path, path: tuple[Any, ...], odd: Any, is_key: bool) -> None:
    """Whatever stands anywhere in gate.yaml, as a value or as a key, it is taken or refused with a sentence."""
    (tmp_path / "TEST_PLAN.md").write_text(PLAN)
    data = json.loads(json.dumps(WHOLE))
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    if is_key and isinstance(holder, dict) and isinstance(odd, str):
        holder[odd] = holder.pop(path[-1])
    else:
        holder[path[-1]] = odd
    with suppress(GateError):
        found = read(tmp_path, data)
        check_contexts(found.contexts, str(tmp_path), known=["shop.orders"], gone=[])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.sampled_from(LINES), max_size=6),
    name=st.sampled_from(["x.md", "x.yaml", "x.txt"]),
    key=st.sampled_from(["stories", "requirements", "plan"]),
)
def test_no_file_of_definitions_breaks_the_check(tmp_path: Path, lines: list[str], name: str, key: str) -> None:
    """Whatever stands in a file of stories, requirements or a plan, it is read or refused with a sentence."""
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    with suppress(GateError):
        assert isinstance(read(tmp_path, {key: name}), GateFile)
