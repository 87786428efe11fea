"""Notifications that could not be delivered: kept beside the store until somebody sends them again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from pytest_integration_gate.evidence.store import prepare
from pytest_integration_gate.files import write_text
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.reports.notification import Message, Receiver
from pytest_integration_gate.values import dataclass

FILE = "undelivered.jsonl"
_LOCK_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One line of the file: a message, and whom it was for. Of the receiver only a digest and a name are kept."""

    line: str
    address: str
    name: str
    message: Message


def keep_letters(store: Path, message: Message, failed: Iterable[tuple[Receiver, str]]) -> str:
    """Append what was not delivered, and say where it is, or why it is not."""
    path = store / FILE
    body = json.loads(message.body)
    lines = [
        json.dumps({"receiver": one.name, "address": one.address, "why": why, "message": body}, ensure_ascii=False)
        for one, why in failed
    ]
    try:
        with _locked(store), open_file(path, "a", encoding="utf-8", newline="\n") as stream:
            stream.write("".join(f"{line}\n" for line in lines))
    except OSError as error:  # a lock that is held for too long is one, too
        return f"It could not be kept in {path} either: {error.strerror or error}."
    return f"It is kept in {path}; `integration-gate resend` sends it again."


def read_letters(store: Path) -> tuple[list[Letter], int]:
    """Return what was not delivered, the oldest first, and how many lines cannot be understood."""
    letters, damaged = [], 0
    for line in _lines(store / FILE):
        try:
            entry: dict[str, Any] = json.loads(line)
            body = json.dumps(entry["message"], ensure_ascii=False).encode()
            message = Message(id=entry["message"]["id"], event=entry["message"]["event"], body=body)
            letter = Letter(line=line, address=entry.get("address", ""), name=entry["receiver"], message=message)
        except (ValueError, KeyError, TypeError, AttributeError):
            damaged += 1
        else:
            letters.append(letter)
    return letters, damaged


def forget_letters(store: Path, delivered: Collection[Letter]) -> None:
    """Take out what was delivered; what was added meanwhile stays. Raises OSError."""
    gone = Counter(letter.line for letter in delivered)
    with _locked(store):
        left = []
        for line in _lines(store / FILE):
            if gone[line]:
                gone[line] -= 1
            else:
                left.append(line)
        write_text(store / FILE, "".join(f"{line}\n" for line in left))


def _lines(path: Path) -> list[str]:
    try:
        with open_file(path, encoding="utf-8") as stream:
            return [line for text in stream if (line := text.rstrip("\n"))]
    except FileNotFoundError:
        return []


def _locked(store: Path) -> Any:
    from filelock import FileLock  # only runs that could not deliver need it

    prepare(str(store))
    return FileLock(f"{store / FILE}.lock", timeout=_LOCK_TIMEOUT)
