"""One sentence for each kind of mismatch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Difference, Kind
from pytest_integration_gate.verdicts.suggestions import suggestion

CLAIM = Claim(root="shop:Repo", path=("()", ".get"), action="call", at="")
NEAR, NEAREST = "absent (nearest: email)", "absent, the nearest is email"


def say(kind: Kind, path: str, claim: str, reality: str, target: str = "shop:Repo.get") -> str:
    """The sentence for one difference."""
    return suggestion(CLAIM, target, kind, (Difference(path=path, claim=claim, reality=reality),))


@pytest.mark.parametrize(
    ("kind", "path", "claim", "reality", "sentence"),
    [
        (
            "return_shape",
            "$.mail",
            "str",
            NEAR,
            "Rename `mail` to `email` in the double and in the code that reads it.",
        ),
        (
            "return_shape",
            "$.x",
            "str",
            "absent",
            "Drop `x` from the double and from the code that reads it: what `Repo.get` really gives has no such part.",
        ),
        (
            "return_shape",
            "$[*]['odd key']",
            "str",
            "int",
            "Let the double give `int` for `odd key`, as `Repo.get` does.",
        ),
        ("return_shape", "$", "str", "[int]", "Let the double give what `Repo.get` really gives: [int]."),
        (
            "return_shape",
            "$",
            "None",
            "User",
            "If `Repo.get` can give None, let a boundary test see it, or say so in the annotation; "
            "else let the double give what it really gives: User.",
        ),
        ("attribute_shape", "$.total", "str", "int", "Let the double give `int` for `total`, as `Repo.get` does."),
        (
            "return_value",
            "$.total",
            "3",
            "4",
            "Let the double give `4` for `total`, as `Repo.get` did for these arguments.",
        ),
        ("return_value", "$", "3", "4", "Let the double give `4`, as `Repo.get` did for these arguments."),
        (
            "missing_attribute",
            "$.mail",
            "exists",
            NEAR,
            "Use `email` in place of `mail` in the double and in the code that uses it.",
        ),
        (
            "missing_attribute",
            "$.mail",
            "exists",
            NEAREST,
            "Use `email` in place of `mail` in the double and in the code that uses it.",
        ),
        (
            "missing_attribute",
            "$.mail",
            "exists",
            "absent",
            "Remove `mail` from the double and from the code that uses it: the real thing has no such attribute.",
        ),
        (
            "signature",
            "$",
            "(int)",
            "(key, limit=10)",
            "Call `Repo.get` as its signature `(key, limit=10)` asks, and make the double strict with `autospec=True`.",
        ),
        ("argument_shape", "$.key", "str", "int", "Pass `int` as `key` to `Repo.get` where the double gets `str`."),
        (
            "sync_async",
            "$",
            "returns int",
            "a coroutine",
            "Use an `AsyncMock` for the double and await `Repo.get` in the code.",
        ),
        (
            "sync_async",
            "$",
            "returns int",
            "returns (awaited) int",
            "Use an `AsyncMock` for the double and await `Repo.get` in the code.",
        ),
        (
            "sync_async",
            "$",
            "returns (awaited) int",
            "a plain value",
            "Use a plain `Mock` for the double and do not await `Repo.get` in the code.",
        ),
        (
            "sync_async",
            "$",
            "returns (awaited) int",
            "an asynchronous generator",
            "Let the double give an asynchronous iterator and use `async for` in the code, as "
            "`Repo.get` is not awaited.",
        ),
        (
            "protocol",
            "$.__enter__",
            "supported",
            "absent",
            "Do without `with` on what `Repo.get` really gives, in the double and in the code.",
        ),
        (
            "protocol",
            "$",
            "called",
            "a property of int",
            "Read `Repo.get` without calling it, in the double and in the code: it is a property of int.",
        ),
        (
            "protocol",
            "$",
            "a value: int",
            "a method",
            "Call `Repo.get`, and let the double be callable: it is a method.",
        ),
        (
            "protocol",
            "$",
            "{id: int}",
            "tuple does not support ['id']",
            "Let the double give what `Repo.get` really gives, and mend the code that relies on more: "
            "tuple does not support ['id'].",
        ),
        (
            "return_annotation",
            "$",
            "str",
            "int",
            "Let the double give `int`, as the annotation of `Repo.get` says, or correct the annotation.",
        ),
        (
            "exception",
            "$",
            "raises KeyError",
            "raises NotFound",
            "Let the double do what `Repo.get` did for these arguments: it raises NotFound.",
        ),
        ("exception", "$.code", "str", "int", "Let the double give `int` for `code`, as `Repo.get` does."),
        ("fake_interface", "$", "()", "(key)", "Give the double the interface of `Repo.get`: (key)."),
    ],
)
def test_each_kind_has_its_sentence(kind: Kind, path: str, claim: str, reality: str, sentence: str) -> None:
    """The sentence names the double's line, what to write, and the real thing."""
    assert say(kind, path, claim, reality) == sentence


def test_a_route_is_named_whole() -> None:
    """A target with an address in it is not cut at the colon."""
    assert "`GET https://api.example.com/users/{}`" in say(
        "http_status", "$", "200", "201", "GET https://api.example.com/users/{}"
    )


def test_the_line_of_the_double_is_named() -> None:
    """Where the double was made stands in the sentence; without a difference there still is one."""
    somewhere = replace(CLAIM, at="t.py:5")
    assert suggestion(somewhere, "shop:Repo.get", "return_shape", ()) == (
        "Let the double at t.py:5 give what `Repo.get` really gives: what was seen."
    )
