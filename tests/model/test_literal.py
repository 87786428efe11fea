"""Texts of plain data: the same in every run, and without secrets."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import pathlib
import tempfile
import types
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.literal import TEXT, NotLiteral, value_of
from pytest_integration_gate.model.secrecy import mask, mask_source

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-99, 99)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("abc Ä'", max_size=5)
)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=6,
)

Point = collections.namedtuple("Point", "x y")


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Login:
    user: str
    password: str


def text(value: object, name: str = "") -> str | None:
    return picture(value, name)[1]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({3, 1, 2}, {2, 3, 1}),
        (uuid.UUID(int=1), uuid.UUID(int=2)),
        (f"job {uuid.UUID(int=1 << 99)}", f"job {uuid.UUID(int=2 << 99)}"),
        (datetime.datetime(2026, 1, 1), datetime.datetime(2027, 1, 1)),
        ("at 2026-01-01T10:00:00Z", "at 2026-02-03 11:12:13.5+01:00"),
        ("<X object at 0x7f0000000010>", "<X object at 0x7f0000000020>"),
        ("/tmp/pytest-of-a/pytest-1/test_x0/shop.db", "/tmp/pytest-of-b/pytest-22/popen-gw1/test_y1/shop.db"),
        ("/tmp/tmpab12cd34/f", "/tmp/tmpzz99_abc/f"),
        (pathlib.Path("/tmp/pytest-of-a/pytest-1/test_x0/a"), "/tmp/pytest-of-a/pytest-2/test_y0/a"),
        ("x" * 1000, "x" * 1000),
        ({"token": "a"}, {"token": "b"}),
    ],
)
def test_equal_texts(a: object, b: object) -> None:
    """Order and what differs from run to run do not matter."""
    assert text(a) is not None
    assert text(a) == text(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        ("1", 1),
        ("a", b"a"),
        ([1], (1,)),
        ([1, 2], [2, 1]),
        ({1: "a"}, {"1": "a"}),
        ("x" * 1000, "x" * 999 + "y"),
        ("y" * 5000, "y" * 4999 + "z"),
        (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)),
        ("/tmp/a", "/tmpa"),
        ("2026-01-01", "2026-01-02"),
        (10**400, 10**400 + 1),
        (Point(1, 2), (1, 2)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_different_texts(a: object, b: object) -> None:
    """Other data have other texts."""
    assert None not in (text(a), text(b))
    assert text(a) != text(b)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"id": 1, "tags": ["x"]}, "{'id': 1, 'tags': ['x']}"),
        (frozenset(), "frozenset()"),
        (Point(1, "a"), "Point(x=1, y='a')"),
        (Color.RED, "Color.RED"),
        (types.SimpleNamespace(a=1), "SimpleNamespace(a=1)"),
        (Login("ada", "hunter2"), "Login(user='ada', password=<secret>)"),
        (pathlib.Path(tempfile.gettempdir()) / "shop.db", "'<tmp>/shop.db'"),
        (range(3), "range(0, 3)"),
    ],
)
def test_texts_read_like_literals(value: object, expected: str) -> None:
    """People can read them."""
    assert text(value) == expected


@pytest.mark.parametrize(
    "value",
    [object(), lambda: None, iter([]), [object()], {"a": object()}, Exception(), [1] * 1000, "x" * 100_000, type],
)
def test_what_is_not_small_plain_data_has_none(value: object) -> None:
    """Such an argument equals nothing."""
    assert text(value) is None


SECRET = "hunter2-c0rrect"


@pytest.mark.parametrize(
    "value",
    [
        {"password": SECRET},
        {"Authorization": SECRET},
        {"nested": {"api_key": [SECRET]}},
        {"X-Api-Key": SECRET.encode()},
        [("Cookie", SECRET)],
        ["--token", SECRET],
        [f"--secret={SECRET}"],
        f"Bearer {SECRET}",
        f"basic {SECRET}==",
        f"Authorization: Bearer {SECRET}",
        f"cookie: Token {SECRET}",
        f"https://ada:{SECRET}@db.example/shop",
        f"https://x.example/?page=1&access_token={SECRET}",
        f'{{"user": "ada", "password": "{SECRET}"}}',
        f"sk_live_{SECRET}",
        f"ghp_{SECRET}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        Login("ada", SECRET),
        types.SimpleNamespace(session=SECRET),
    ],
)
def test_secrets_are_masked(value: Any) -> None:
    """A credential is never kept, wherever it stands."""
    shape, written = picture(value)
    assert written is not None
    assert "<secret>" in written
    assert SECRET not in written
    assert SECRET not in repr(shape)


def test_secrets_are_masked_by_parameter() -> None:
    """The parameter's name tells; what is no text under it stays."""
    assert text(SECRET, "password") == text(SECRET, "clientSecret") == "<secret>"
    assert text(5, "max_tokens") == "5"
    assert text("ada", "user") == "'ada'"


def test_only_the_password_of_an_address_is_masked() -> None:
    """Host and user say which collaborator it is."""
    assert text("postgres://ada:pw@db/shop") == "'postgres://ada:<secret>@db/shop'"


@pytest.mark.parametrize("value", ["the token expired", "basic", "a session of parliament", "key: value"])
def test_plain_words_are_not_masked(value: str) -> None:
    """Talking of secrets is none."""
    assert text(value) == repr(value)


def test_texts_are_bounded() -> None:
    """Long data become their length and hash."""
    written = text(["some words"] * 100)
    assert written is not None
    assert len(written) <= TEXT
    assert "characters" in written


@given(PLAIN)
def test_the_value_of_a_text_is_what_it_was_written_for(value: Any) -> None:
    """Plain data that are small and hold nothing that differs from run to run come back equal."""
    written = text(value)
    assert written is not None
    assert value_of(written) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "is no plain data"),
        ({"password": "hunter2"}, "holds a secret"),
        ("x" * 1000, "was too large"),
        (list(range(150)), "was too large"),
        ([uuid.UUID(int=1)], "differs from run to run"),
        ("at 2026-01-01T10:00:00Z", "differs from run to run"),
        (Color.RED, "is no plain data"),
    ],
)
def test_a_value_that_was_not_kept_is_refused_with_the_reason(value: object, reason: str) -> None:
    """What was masked, shortened or normalised cannot be had back."""
    with pytest.raises(NotLiteral, match=reason):
        value_of(text(value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<a><token>abc</token></a>", "<a><token><secret></token></a>"),
        ('<ns:apiKey id="1">abc</ns:apiKey>', '<ns:apiKey id="1"><secret></ns:apiKey>'),
        ("<tokens><first>abc</first></tokens>", "<tokens><first>abc</first></tokens>"),
        ("https://a.test/b?sig=abc&x=1", "https://a.test/b?sig=<secret>&x=1"),
        ("/b?X-Amz-Signature=abc#c", "/b?X-Amz-Signature=<secret>#c"),
        ("/b?key=k3jhd8fhfkj38hdkjf8&x=1", "/b?key=<secret>&x=1"),
        ("/b?key=name&design=2", "/b?key=name&design=2"),
        ("app_key=abc auth=abc", "app_key=<secret> auth=<secret>"),
        ("author=abc auth_type=abc", "author=abc auth_type=abc"),
    ],
)
def test_secrets_are_known_by_where_they_stand(text: str, shown: str) -> None:
    """In elements of XML, in signed URLs and under telling names; what only reads alike is left."""
    assert mask(text) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("""stub(json={"token": "a'b", 'x': 1})""", """stub(json={"token": "<secret>", 'x': 1})"""),
        ("login(password='abc', user='ada')", """login(password="<secret>", user='ada')"""),
        ('headers.set("Authorization", f"Bearer {x}")', 'headers.set("Authorization", f"<secret>")'),
        ("token = get_token(session)", "token = get_token(session)"),
    ],
)
def test_of_source_the_literals_are_hidden(line: str, shown: str) -> None:
    """Code stays as it is: the names that it passes around are no secrets."""
    assert mask_source(line) == shown
