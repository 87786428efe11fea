"""What receivers are told, how it is signed, and how lines of `gate_notify` are read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.reports.notification import Receiver, message_of, read_receiver


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("https://host", Receiver(name="https://host", place="https://host", is_url=True)),
        (
            "failed: https://user:pass@host:8000/T00/B00?key=1",
            Receiver(
                name="https://host:8000/…",
                place="https://user:pass@host:8000/T00/B00?key=1",
                is_url=True,
                events=("failed",),
            ),
        ),
        (
            "failed, start:   ./notify.sh 'a b'",
            Receiver(name="./notify.sh", place="./notify.sh 'a b'", is_url=False, events=("start", "failed")),
        ),
        ("${HOOK}", Receiver(name="${HOOK}", place="http://hook/secret", is_url=True)),
        (
            "complete: https://host/${TOKEN}",
            Receiver(name="https://host/${TOKEN}", place="https://host/abc", is_url=True, events=("complete",)),
        ),
    ],
)
def test_a_line_names_events_and_a_receiver(line: str, expected: Receiver) -> None:
    """URLs are shown without what may be secret; variables stay unread in what is shown."""
    assert read_receiver(line, environ={"HOOK": "http://hook/secret", "TOKEN": "abc"}) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("finish: https://host", "`finish` is no event. Known: start, complete, failed."),
        ("", "`` names no receiver. Write a URL or a command."),
        ("https://", "`https://` is no URL. Write `https://host/path`."),
        ("https://host/${NOPE}", "`https://host/${NOPE}` is not told: the environment lacks `NOPE`. Set it."),
        ("${WRONG}", "`${WRONG}` is no URL. Write `https://host/path`."),
        ("say 'it", "`say 'it` is no command: No closing quotation. Close what is quoted."),
    ],
)
def test_a_line_that_cannot_be_read(line: str, said: str) -> None:
    """The error says what is wrong and what to write."""
    with pytest.raises(SettingsError) as raised:
        read_receiver(line, environ={"WRONG": "ftp://host"})
    assert f"{raised.value.message} {raised.value.remedy}" == said


def test_the_message_is_json() -> None:
    """Event and id come first; what is not known is left out."""
    message = message_of("failed", id="1", commit=None, reason="käse", testsPass=3)
    assert message.body.decode() == '{"event": "failed", "id": "1", "reason": "käse", "testsPass": 3}'


def test_without_a_secret_nothing_is_signed() -> None:
    """The key by which a receiver knows a message again is there all the same."""
    assert message_of("start", id="7").signed(1674087231, "") == {
        "Content-Type": "application/json",
        "Idempotency-Key": "7",
        "webhook-id": "7",
        "webhook-timestamp": "1674087231",
    }


@given(st.binary(min_size=1), st.integers(0, 2**40), st.text())
def test_a_receiver_can_check_the_signature(key: bytes, moment: int, reason: str) -> None:
    """HMAC-SHA256 of id, time and body with dots between them, in Base64; the secret may be in Base64, too."""
    message = message_of("failed", id="msg_1", reason=reason)
    expected = hmac.new(key, b"msg_1." + str(moment).encode() + b"." + message.body, hashlib.sha256).digest()
    secret = f"whsec_{base64.b64encode(key).decode()}"
    version, signature = message.signed(moment, secret)["webhook-signature"].split(",")
    assert (version, base64.b64decode(signature)) == ("v1", expected)


def test_a_plain_secret_is_its_own_key() -> None:
    """So is one that only looks encoded."""
    message = message_of("start", id="1")
    for secret in ("hush", "whsec_%%%"):
        content = b"1.5." + message.body
        digest = hmac.new(secret.encode(), content, hashlib.sha256).digest()
        assert message.signed(5, secret)["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert json.loads(message.body) == {"event": "start", "id": "1"}
