"""What is known of a failure besides its text: enough to recognise it in another run and to look for its cause."""

from __future__ import annotations

import re
from hashlib import sha256

from pytest_integration_gate.values import dataclass

_VOLATILE = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x…"),
    (re.compile(r"\.\.\.[0-9a-fA-F]{3,}\b"), "..."),  # the end of an address in a text that pytest shortened
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:\.\d+)?\b"), "<time>"),
    (re.compile(r"\bpytest-(?:of-[^\s/\\]+|\d+)[/\\][^\s'\"]*"), "<folder>"),
    (re.compile(r"(?:/tmp|/var/folders|\\Temp)[/\\][^\s'\"]*"), "<folder>"),
    (re.compile(r"(?<=:)\d{4,5}\b"), "<port>"),
    (re.compile(r"\b\d{9,}\b"), "<number>"),
    (re.compile(r"\b(?:pid|process|line)[ =]\d+", re.IGNORECASE), "<number>"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|µs|us|ns|s|seconds?|minutes?)\b"), "<duration>"),
)
_SET = re.compile(r"\{([^{}:]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failure of a test, of its fixtures, of a file that cannot be collected, or of a worker.

    `cls` is the qualified name of the exception's class, ``crash`` for a process that died. `place` is file and
    function of the innermost frame in the project. `files` are the files of the project that the traceback goes
    through, the innermost first. `missing` is the module or name that could not be imported. `known_as` is the
    fingerprint where the message is not kept as it was.
    """

    nodeid: str
    cls: str = ""
    place: str = ""
    message: str = ""
    files: tuple[str, ...] = ()
    missing: str = ""
    known_as: str = ""

    @property
    def fingerprint(self) -> str:
        """By what the same failure is known again: class, place and message without what changes from run to run.

        It is a digest, because messages may hold what must not be stored.
        """
        if self.known_as:
            return self.known_as
        text = "\0".join((self.cls, self.place, normalised(self.message)))
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and why one `phase` of a test failed: ``setup``, ``call``, ``teardown`` or ``collect``."""

    phase: str
    file: str
    line: int | None
    reason: str


def normalised(message: str) -> str:
    """Return the telling line of a message without addresses, times, temporary folders and the order of sets."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = lines[:1] + [line for line in lines[1:] if line.startswith("assert ")][:1]
    text = " ".join(telling)
    for pattern, word in _VOLATILE:
        text = pattern.sub(word, text)
    return _SET.sub(lambda found: "{" + ", ".join(sorted(part.strip() for part in found[1].split(","))) + "}", text)
