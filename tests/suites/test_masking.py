"""Secrets of a suite are hidden wherever they turn up again."""

from __future__ import annotations

import pytest

from pytest_integration_gate.suites.masking import ANSWERED, Secrets


@pytest.fixture
def secrets() -> Secrets:
    """Some secrets that a suite has met."""
    known = Secrets({"from-the-environment"}, ["ssn"])
    known.learn(
        {"headers": {"Authorization": "Bearer abcdef"}, "data": {"user": {"password": 'q"uoted'}, "ssn": 123456}}
    )
    return known


@pytest.mark.parametrize("secret", ["from-the-environment", "abcdef", 'q"uoted', 'q\\"uoted', "123456"])
def test_known_values(secrets: Secrets, secret: str) -> None:
    """A value that stood under the name of a secret is hidden in every text, also as JSON writes it."""
    assert secret not in secrets.text(f"before {secret} after")
    assert secret not in secrets.known(f"x: {secret}")


def test_names(secrets: Secrets) -> None:
    """Values under telling names are hidden, at every depth; others stay."""
    data = {"token": "x", "list": [{"Password": 5}], "ssn": "y", "name": "ada", "secret": None}
    assert secrets.hide(data) == {
        "token": "<secret>",
        "list": [{"Password": "<secret>"}],
        "ssn": "<secret>",
        "name": "ada",
        "secret": None,
    }


def test_what_is_no_secret(secrets: Secrets) -> None:
    """Schemes, short words and flags are not looked for: they would hide half of the text."""
    secrets.learn({"token": "bearer", "password": "abc", "session": True})
    assert secrets.text("the bearer of abc is True") == "the bearer of abc is True"


def test_answers(secrets: Secrets) -> None:
    """Of what a service answers only longer values are looked for elsewhere."""
    secrets.learn({"token_type": "mac", "password_hint": "mother", "token": "0123456789"}, shortest=ANSWERED)
    assert secrets.text("mother 0123456789") == "mother <secret>"


def test_templates_and_type_words_in_the_suite(secrets: Secrets) -> None:
    """Lines of a suite keep what stands under telling names, unless the value is known or looks like a credential."""
    line = 'headers: {Authorization: "Bearer {{token}}"}, expect: {body: {token: string}}'
    assert secrets.known(line) == line
    assert "eyJhbGciOi" not in secrets.known("token: eyJhbGciOi.eyJzdWIi.x")
