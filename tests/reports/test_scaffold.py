"""The text of scaffolded tests: what they assert, how they are called, and the file that they stand in."""

from __future__ import annotations

import ast
import decimal
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.judging.plan import ends
from pytest_integration_gate.judging.rules import broken_docstring, broken_name
from pytest_integration_gate.model.acceptance import PlannedPath
from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Answer, Exchange, Request, Segment
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome, Uses
from pytest_integration_gate.model.shape import ANYTHING, NONE, Object, Scalar, Sequence, Union
from pytest_integration_gate.reports.scaffold import drafts
from pytest_integration_gate.reports.scaffold_file import completed
from pytest_integration_gate.reports.scaffold_text import Draft
from pytest_integration_gate.reports.scaffold_values import assertions

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.binary()
SPECIAL = st.decimals(allow_nan=False) | st.uuids() | st.dates() | st.datetimes()
PLAIN = st.recursive(
    SCALARS | SPECIAL,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(lambda value: SimpleNamespace(name=value, _secret=1), inner)
    ),
    max_leaves=8,
)


def holds(value: Any, lines: list[str]) -> bool:
    """Whether a value passes assertions."""
    try:
        exec("\n".join(lines), {"result": value})
    except (AssertionError, AttributeError, LookupError, TypeError):
        return False
    return True


@given(PLAIN)
def test_what_a_double_gave_passes_its_own_assertions(value: Any) -> None:
    """The assertions about a value's shape hold for that value."""
    lines = assertions(picture(value)[0], "result")
    assert holds(value, lines), lines


@pytest.mark.parametrize(
    ("claimed", "real", "passes"),
    [
        (1, "1", False),
        (1.5, 1, True),
        ({"id": 1}, {"id": 2, "more": None}, True),
        ({"id": 1, "mail": "x"}, {"id": 1, "email": "x"}, False),
        ({"rows": [{"id": 1}]}, {"rows": ({"id": "1"},)}, False),
        ([{"id": 1}], [], True),
        ((1, "x"), (1, "x", 2), False),
        (None, 1, False),
        (uuid.UUID(int=1), "1", False),
        (decimal.Decimal(1), 1.0, False),
        (SimpleNamespace(name="x"), SimpleNamespace(name=1), False),
    ],
)
def test_what_reality_gives_passes_when_it_fits(claimed: object, real: object, passes: bool) -> None:
    """More fields and another kind of sequence are no mismatch, a missing field or another type is."""
    assert holds(real, assertions(picture(claimed)[0], "result")) is passes


def test_only_what_the_code_reads_is_asserted() -> None:
    """What it leaves alone may differ."""
    shape = picture({"id": 1, "owner": {"name": "x", "age": 3}})[0]
    read = Uses(escapes=False, members=(("['owner']", Uses(escapes=False, members=(("['name']", Uses()),))),))
    assert assertions(shape, "result", read) == [
        'assert {"owner"} <= set(result.keys())',
        'assert {"name"} <= set(result["owner"].keys())',
        'assert isinstance(result["owner"]["name"], str)',
    ]
    assert assertions(ANYTHING, "result") == []
    assert assertions(Union((NONE, Scalar("int"))), "result") == []


# -- tests ------------------------------------------------------------------------------------------------------------


def claimed(target: str, outcome: Outcome | None = None, *arguments: object, **changes: Any) -> Finding:
    """An unverified claim about a target."""
    module, _, path = target.partition(":")
    written = tuple(Argument(shape=picture(each)[0], text=picture(each)[1]) for each in arguments)
    claim = Claim(
        root=module,
        path=(f".{path}",),
        action="call",
        arguments=Arguments(positional=written),
        outcome=outcome or Outcome(kind="returned", shape=Scalar("int")),
        at="tests/test_a.py:3",
        **changes,
    )
    return Finding(claim=claim, target=target, verdict="unverified", tests=("tests/test_a.py::test_it",))


def written(*findings: Finding, plan: tuple[PlannedPath, ...] = ()) -> list[Draft]:
    """All tests for these claims."""
    found = drafts(findings, plan, ("database", "http"), {})
    return [one for boundary in sorted(found) for one in found[boundary]]


def lines_of(one: Draft) -> list[str]:
    """What a test does, without comments."""
    body = ast.parse(one.source).body[0]
    assert isinstance(body, ast.FunctionDef)
    return [ast.unparse(statement) for statement in body.body[1:]]


@pytest.mark.parametrize(
    ("target", "fixture", "name", "call"),
    [
        ("shop.repo:UserRepo.get", "real_user_repo", "test_user_repo_get_gives_int", "real_user_repo.get('x')"),
        ("shop.prices:fetch", "real_prices", "test_prices_fetch_gives_int", "real_prices.fetch('x')"),
        ("shop.pay:Client", "real_pay", "test_pay_client_gives_int", "real_pay.Client('x')"),
        (
            "shop.plugins:HANDLERS['csv']",
            "real_plugins",
            "test_plugins_handlers_csv_gives_int",
            "real_plugins.HANDLERS['csv']('x')",
        ),
        (
            "sqlite3:connect().cursor().execute",
            "real_cursor",
            "test_cursor_execute_gives_int",
            "real_cursor.execute('x')",
        ),
    ],
)
def test_a_target_is_used_through_what_holds_it(target: str, fixture: str, name: str, call: str) -> None:
    """An instance of its class, its module, or what another call gives."""
    (one,) = written(claimed(target, None, "x"))
    assert (one.fixture, one.name) == (fixture, name)
    assert lines_of(one)[0] == f"result = {call}"


@pytest.mark.parametrize(
    ("outcome", "first"),
    [
        (Outcome(kind="awaited", shape=Scalar("int")), "result = asyncio.run(real_prices.fetch())"),
        (Outcome(kind="returned", shape=Sequence("generator", Scalar("int"))), "result = list(real_prices.fetch())"),
        (Outcome(kind="unconfigured"), "real_prices.fetch()"),
        (
            Outcome(kind="raised", shape=Object("builtins:KeyError")),
            "with pytest.raises(KeyError) as raised:\n    real_prices.fetch()",
        ),
        (
            Outcome(kind="raised", shape=Object("shop:Conflict")),
            "with pytest.raises(Exception) as raised:\n    real_prices.fetch()",
        ),
        (
            Outcome(kind="returned", shape=Sequence("async generator", Scalar("int"))),
            "async def collect():\n    return [each async for each in real_prices.fetch()]",
        ),
    ],
)
def test_an_outcome_is_had_as_the_code_would_have_it(outcome: Outcome, first: str) -> None:
    """Awaited, iterated, or expected to be raised."""
    (one,) = written(claimed("shop.prices:fetch", outcome))
    assert lines_of(one)[0] == first


def test_an_attribute_is_read() -> None:
    """One with a value is looked at, one without is asked for."""
    said = Claim(
        root="shop.pay:Receipt",
        path=("()", ".total"),
        action="read",
        outcome=Outcome(kind="returned", shape=Scalar("int")),
        at="t:1",
    )
    bare = Claim(root="shop.pay:Receipt", path=("()", ".total"), action="read", at="t:1")
    first, second = written(
        *(Finding(claim=one, target="shop.pay:Receipt.total", verdict="unverified") for one in (said, bare))
    )
    assert (first.name, lines_of(first)) == (
        "test_receipt_total_gives_int",
        ["result = real_receipt.total", "assert isinstance(result, int)"],
    )
    assert (second.name, lines_of(second)) == (
        "test_receipt_total_is_there",
        ["is_there = hasattr(real_receipt, 'total')", "assert is_there"],
    )


def test_long_lines_are_folded() -> None:
    """As a formatter would: the arguments together on the next line, else each on its own."""
    (one,) = written(claimed("shop.prices:fetch_the_rate", None, "a" * 40, "b" * 10))
    assert f'    result = real_prices.fetch_the_rate(\n        "{"a" * 40}", "{"b" * 10}"\n    )\n' in one.source
    (one,) = written(claimed("shop.prices:fetch_the_rate", None, "a" * 50, b"b" * 50))
    assert f'(\n        "{"a" * 50}",\n        b"{"b" * 50}",\n    )\n' in one.source
    (one,) = written(claimed("shop.prices:" + "fetch_" * 12))
    assert "(\n    real_prices,\n):\n" in one.source


def test_claims_that_read_the_same_share_a_test_and_others_do_not() -> None:
    """Different outcomes of one target are different tests, with different names."""
    first = claimed("shop.prices:fetch", Outcome(kind="returned", shape=picture({"a": 1})[0]), 1)
    same = claimed("shop.prices:fetch", Outcome(kind="returned", shape=picture({"a": 2})[0]), 2)
    other = claimed("shop.prices:fetch", Outcome(kind="returned", shape=picture({"b": 1})[0]), 1)
    assert [one.name for one in written(first, same, other)] == [
        "test_prices_fetch_gives_mapping",
        "test_prices_fetch_gives_mapping_2",
    ]


def test_two_collaborators_of_one_name_have_two_fixtures() -> None:
    """In one boundary, each gives its own."""
    first, second = written(claimed("shop.a:Repo.get"), claimed("shop.b:Repo.get"))
    assert (first.fixture, second.fixture) == ("real_repo", "real_repo_2")
    assert "shop.b:Repo" in second.fixture_source
    assert "def test_repo_get_gives_int_2(real_repo_2):" in second.source


@pytest.mark.parametrize(
    "finding",
    [
        claimed("shop:fetch", Outcome(kind="real")),
        Finding(
            claim=Claim(root="shop:fetch", action="replace", at="tests/test_a.py:1"),
            target="shop:fetch",
            verdict="unverified",
        ),
        Finding(claim=claimed("shop:fetch").claim, target="shop:fetch", verdict="verified"),
        Finding(claim=claimed("shop:fetch").claim, target="shop:fetch", verdict="contradicted"),
    ],
)
def test_what_no_test_could_see_has_none(finding: Finding) -> None:
    """Calls that were passed on, names that were patched and never used, and what is judged already."""
    assert written(finding) == []


def test_simulated_trouble_of_a_service_has_no_test() -> None:
    """A 503 cannot be had from a real service; a 404 can."""

    def answered(status: int) -> Finding:
        request = Request(
            method="GET", origin="https://api.example", path=(Segment(text="users"), Segment(text="7", is_id=True))
        )
        exchange = Exchange(request=request, answer=Answer(status=status))
        claim = Claim(root="r", action="call", at="tests/test_a.py:1", double="stub", exchange=exchange)
        return Finding(claim=claim, target="GET https://api.example/users/{}", verdict="unverified")

    assert written(answered(503)) == []
    (one,) = written(answered(404))
    assert one.name == "test_get_users_answers_404"
    assert lines_of(one)[0] == "response = requests.request('GET', real_api_example + '/users/7', timeout=10)"


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
ENDS = WORDS.filter(lambda text: len(ends(f"{text} → x")) == 2)  # what reading a plan lets through


@given(ENDS, ENDS, WORDS)
def test_whatever_things_are_called_the_tests_keep_the_rules(first: str, second: str, third: str) -> None:
    """Every test is a program with a name, a docstring with a seam, and no word of the project gets loose in it."""
    plan = (PlannedPath(seam=f"{first} → {second}", path=third, priority=first),)
    for one in written(claimed(f"shop:{first}.{second}", None, third), claimed("shop:it", None, first), plan=plan):
        body = ast.parse(one.source).body
        assert len(body) == 1
        (function,) = body
        assert isinstance(function, ast.FunctionDef)
        assert broken_name(one.name) == ""
        assert broken_docstring(ast.get_docstring(function), ()) == ""
        assert len(ast.parse(one.fixture_source).body) == 1
        for mark in function.decorator_list[1:]:
            assert isinstance(mark, ast.Call)
            assert ast.literal_eval(mark.args[0]) == plan[0].seam


# -- files ------------------------------------------------------------------------------------------------------------


def test_completing_a_file_twice_changes_nothing_more() -> None:
    """A new file is whole, and a second time has nothing to add."""
    tests = written(
        claimed("shop.prices:fetch", Outcome(kind="awaited", shape=Scalar("int"))), claimed("shop.prices:all")
    )
    text, names = completed("", "prices", tests)
    assert text.startswith(
        '"""What doubles claim of the boundary prices, and what is planned for it."""\n\n'
        "import asyncio\n\nimport pytest\n"
    )
    assert len(names) == 2
    assert text.count("def real_prices():") == 1
    assert completed(text, "prices", tests) == (text, ())


@pytest.mark.parametrize(
    "text",
    [
        "import pytest\n",
        '"""Words."""\n',
        "from __future__ import annotations\n",
        "x = 1",
        "import pytest\r\n\r\nx = 1\r\n",
    ],
)
def test_every_line_of_a_file_stays(text: str) -> None:
    """Only imports that are missing stand between them, and tests behind."""
    (test,) = written(claimed("shop.prices:fetch"))
    made, _ = completed(text, "prices", [test])
    kept = [line for line in made.splitlines(keepends=True) if line in text.splitlines(keepends=True)]
    assert "".join(kept).startswith(text) or kept == [f"{text}\n"] or made.startswith(f"import pytest\n{text}\n")
    assert ("\r\n" in text) is ("\r\n" in made)
    assert made.count("import pytest") == 1
    ast.parse(made)
