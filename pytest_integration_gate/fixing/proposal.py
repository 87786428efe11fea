"""What can be mended of the mismatches of a run, and what is left alone and why."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from pytest_integration_gate.fixing.knowledge import Knowledge
from pytest_integration_gate.fixing.mending import mend
from pytest_integration_gate.fixing.source import Left, Source
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A file with its text before and after."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """A mismatch that is left alone, and why."""

    at: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Files by their paths from the root directory, how many places change in them, and what stays as it is."""

    files: Mapping[str, Mended]
    places: int
    untouched: tuple[Untouched, ...]


def propose(findings: Iterable[Finding], knowledge: Knowledge, read: Callable[[str], bytes]) -> Proposal:
    """Mend what can be mended for certain of the mismatches in `findings`.

    `read` gives the content of a file by its path from the root directory; it raises `Left` for one that is not to be
    touched.
    """
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_file[finding.claim.at.rpartition(":")[0]].append(finding)
    files: dict[str, Mended] = {}
    untouched: list[Untouched] = []
    places: set[tuple[str, str]] = set()
    for name in sorted(by_file):
        mismatches = sorted(by_file[name], key=_order)
        try:
            source = Source(read(name))
            mended, left = _mend_all(source, knowledge, mismatches)
            text = source.after()
            ast.parse(text.encode())  # as bytes, for the mark of the byte order
        except (Left, SyntaxError) as error:
            left = [(one, str(error)) for one in mismatches]
        else:
            places |= mended
            if text != source.before:
                files[name] = Mended(before=source.before, after=text)
        untouched += [Untouched(at=one.claim.at, target=one.target, reason=why) for one, why in left]
    return Proposal(files=files, places=len(places), untouched=tuple(dict.fromkeys(untouched)))


def _order(finding: Finding) -> tuple[int, str, str, str]:
    line = finding.claim.at.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0, finding.target, finding.kind or "", repr(finding.differences)


def _mend_all(
    source: Source, knowledge: Knowledge, findings: list[Finding]
) -> tuple[set[tuple[str, str]], list[tuple[Finding, str]]]:
    mended: set[tuple[str, str]] = set()
    left: list[tuple[Finding, str]] = []
    done: set[object] = set()
    for finding in findings:
        key = (finding.claim.at, finding.target, finding.kind, finding.differences)
        if key in done:
            continue  # other values under the same lie, as in a parametrised test
        done.add(key)
        place = (finding.claim.at, finding.target)
        before = source.state
        try:
            with source.undoing():
                if finding.verdict != "contradicted":
                    raise Left("the evidence is not conclusive")
                mend(source, knowledge, finding)
        except Left as reason:
            left.append((finding, str(reason)))
            continue
        except Exception as error:  # source that nobody foresaw must not keep the others from being mended
            left.append((finding, f"it could not be read ({type(error).__name__}: {error})"))
            continue
        if source.state != before or place in mended:
            mended.add(place)
        else:
            left.append((finding, "the place already says what reality does"))
    return mended, left
