"""Inline waivers: ``# gate: ignore[return_shape] known, see #12 until=2027-01-31`` (SPEC section 9).

A waiver names one or several kinds, says why, and ends on a date. It covers what the statement that configures the
double claims, from any of its lines or from the line above.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import replace
from datetime import date
from typing import get_args

from pytest_integration_gate.model.finding import Finding, Kind
from pytest_integration_gate.values import dataclass

_WAIVER = re.compile(r"#\s*gate:\s*(?P<word>\w*)\s*(?:\[(?P<kinds>[^\]]*)\])?\s*(?P<rest>.*)$")
_UNTIL = re.compile(r"\buntil\s*=\s*(\S+)")
_KINDS = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One comment: where it stands, which kinds it covers, why, and its last day (ISO 8601)."""

    file: str
    line: int
    kinds: tuple[str, ...]
    reason: str
    until: str

    def covers(self, finding: Finding, span: tuple[int, int]) -> bool:
        """Whether a finding on the statement with these lines is covered."""
        return finding.kind in self.kinds and self.stands_at(span)

    def stands_at(self, span: tuple[int, int]) -> bool:
        """Whether the comment stands on one of these lines or on the line above."""
        first, last = span
        return first - 1 <= self.line <= last


def waivers_in(source: str, file: str) -> tuple[tuple[Waiver, ...], tuple[str, ...]]:
    """Read the waivers of a source file, and say in one sentence each what is wrong with the others."""
    waivers, problems = [], []
    for line, comment in _comments(source):
        found = _WAIVER.match(comment)
        if found is None:
            continue
        read = _read(found, file, line)
        if isinstance(read, Waiver):
            waivers.append(read)
        else:
            problems.append(f"{file}:{line}: {read}")
    return tuple(waivers), tuple(problems)


def waived(finding: Finding) -> Finding:
    """Return the finding as one that a waiver covers."""
    return replace(finding, verdict="waived")


def _comments(source: str) -> list[tuple[int, str]]:
    if "gate:" not in source:
        return []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def _read(found: re.Match[str], file: str, line: int) -> Waiver | str:
    if found["word"] != "ignore":
        return f"`{found[0].strip()}` is no waiver. Write `# gate: ignore[kind] <reason> until=YYYY-MM-DD`."
    kinds = tuple(kind.strip() for kind in (found["kinds"] or "").split(",") if kind.strip())
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if not kinds or unknown:
        what = f"`{unknown[0]}` is no kind" if unknown else "the waiver names no kind"
        return f"{what}. Known kinds: {', '.join(_KINDS)}."
    until = _UNTIL.search(found["rest"])
    if until is None or not is_date(until[1]):
        return "the waiver has no end. Write the last day on which it holds: until=YYYY-MM-DD."
    reason = _UNTIL.sub("", found["rest"]).strip()
    if not reason:
        return "the waiver gives no reason. Say in a few words why the mismatch is accepted."
    return Waiver(file=file, line=line, kinds=kinds, reason=reason, until=until[1])


def is_date(text: str) -> bool:
    """Whether a text is a day as `YYYY-MM-DD`."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2027-01-31")
