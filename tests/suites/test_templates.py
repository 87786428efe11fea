"""What stands in double braces, and what is taken out of an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.durations import refuse_duration, seconds, shown
from pytest_integration_gate.suites.captures import NothingThere, refuse_path, take
from pytest_integration_gate.suites.templates import (
    TemplateError,
    UndefinedVariable,
    evaluate,
    names_in,
    names_of,
    render,
)

VARIABLES: dict[str, Any] = {
    "n": 5,
    "none": None,
    "yes": True,
    "user": {"id": 7, "items": [1, 2], "name": "ada"},
    "rows": [{"id": 1}],
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{n}}", 5),
        ("{{ n }}", 5),
        ("{{none}}", None),
        ("{{user}}", VARIABLES["user"]),
        ("n={{n}}, {{yes}}, {{none}}", "n=5, true, null"),
        ("{{user}}!", '{"id": 7, "items": [1, 2], "name": "ada"}!'),
        ("{{user.items}}", [1, 2]),
        ("{{user.items | length}}", 2),
        ("{{rows[0].id + n}}", 6),
        ("{{ {'a': {'b': n}} }}", {"a": {"b": 5}}),
        ("{{ '{{' }}", "{{"),
        ("{% if %} {# no comment #}", "{% if %} {# no comment #}"),
        ({"{{user.name}}": ["{{n}}", 1]}, {"ada": [5, 1]}),
        ("", ""),
        (3, 3),
    ],
)
def test_render(template: Any, value: Any) -> None:
    """A template as a whole keeps the type; inside of a text it becomes text; nothing else has a meaning."""
    rendered = render(template, VARIABLES)
    assert rendered == value
    assert type(rendered) is type(value)


@pytest.mark.parametrize("template", ["{{gone}}", "{{gone.x}}", "a {{gone + 1}}"])
def test_undefined(template: str) -> None:
    """A variable without a value is an error, never empty."""
    with pytest.raises(UndefinedVariable, match="`gone` has no value"):
        render(template, VARIABLES)


@pytest.mark.parametrize(
    "template",
    [
        "{{user.gone}}",
        "{{rows[3]}}",
        "{{n / 0}}",
        "{{n",
        "{{n +}}",
        "{{''.__class__.__mro__}}",
        "{{n.__class__.__base__.__subclasses__()}}",
        "{{range(10)}}",
    ],
)
def test_what_cannot_be_rendered(template: str) -> None:
    """Everything else that goes wrong is an error of the template; the sandbox holds."""
    with pytest.raises(TemplateError):
        render(template, VARIABLES)


@given(st.text().filter(lambda text: "{{" not in text))
def test_texts_without_braces(text: str) -> None:
    """A text without double braces stays as it is."""
    assert render(text, {}) == text


@pytest.mark.parametrize(
    ("expression", "value"),
    [("n > 3", True), ("{{n}} > 3 and yes", True), ("user.name == 'eve'", False), ("'x' in user.items", False)],
)
def test_evaluate(expression: str, value: Any) -> None:
    """Conditions are expressions, with braces or without."""
    assert evaluate(expression, VARIABLES) is value


def test_names() -> None:
    """The variables of a text are those in its braces; words of the language are none."""
    assert names_in("a {{b}} {{c.d + e | length}} f") == {"b", "c", "e"}
    assert names_of("status == 200 and not none and body.x in true") == {"status", "body"}


SEEN = {"status": 200, "headers": {"X-Count": "3"}, "body": {"a": None, "items": [{"id": 1}, {"id": 2}], "a b": 5}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", 200),
        ("body.items[1].id", 2),
        ("body.items[*].id", [1, 2]),
        ("body.items[?id > `1`] | [0]", {"id": 2}),
        ("headers.X-Count", "3"),
        ('body."a b"', 5),
        ("body.a", None),
        ("length(body.items)", 2),
    ],
)
def test_take(path: str, value: Any) -> None:
    """Paths are jmespath's; an explicit null is a value; names of headers need no quotes."""
    assert take(path, SEEN) == value


@pytest.mark.parametrize("path", ["body.gone", "body.a.b", "gone", "body.items[7].id"])
def test_take_nothing(path: str) -> None:
    """A path that leads nowhere is an error."""
    with pytest.raises(NothingThere):
        take(path, SEEN)


def test_paths_that_are_none() -> None:
    """A path that cannot be read is refused with the place where it goes wrong."""
    assert refuse_path("body.items[0].id") is None
    assert refuse_path("body..x") == 'jmespath stumbles at column 5, token ".". Write it like `body.items[0].id`.'


@pytest.mark.parametrize(
    ("written", "length"), [(2000, 2.0), ("250ms", 0.25), ("4s", 4.0), ("2m", 120.0), ("1.5 s", 1.5), ("1h", 3600.0)]
)
def test_durations(written: Any, length: float) -> None:
    """Whole numbers are milliseconds, texts carry a unit."""
    assert refuse_duration(written) is None
    assert seconds(written) == length


@pytest.mark.parametrize("written", [0, -5, 1.5, True, None, "5", "s", "0s", "5 parsecs", "-1s", [1]])
def test_no_durations(written: Any) -> None:
    """What is no length of time is refused with how it is written."""
    assert "whole number above 0" in str(refuse_duration(written))


def test_durations_for_people() -> None:
    """Short ones are milliseconds."""
    assert [shown(length) for length in (0.0123, 0.2, 1, 2.5, 120)] == ["12 ms", "200 ms", "1 s", "2.5 s", "120 s"]
