"""What GitHub Actions shows beside the changed lines: workflow commands for mismatches, failures and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pytest_integration_gate.judging.wording import counted, target_name
from pytest_integration_gate.model.failure import Place
from pytest_integration_gate.model.run_report import Mismatch, RunReport
from pytest_integration_gate.reports.places import file_and_line
from pytest_integration_gate.values import dataclass

Level = Literal["error", "warning", "notice"]
_LEVELS: tuple[Level, ...] = ("error", "warning", "notice")

MOST = 10
"""GitHub shows so many annotations of each kind for one step, and drops the others in silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One annotation. Without a file it belongs to the run."""

    level: Level
    title: str
    message: str
    file: str = ""
    line: int | None = None


def annotate(report: RunReport, places: Mapping[str, Sequence[Place]]) -> Iterator[Annotation]:
    """Give the annotations of a run, the worst first. `places` are those where tests failed, by node id."""
    for test in report.failed_tests:
        level: Level = "warning" if test.category == "pre_existing" else "error"
        default = Place(phase="call", file=test.nodeid.partition("::")[0], line=None, reason=test.reason)
        for place in places.get(test.nodeid) or (default,):
            phase = {"call": "failed", "collect": "could not be collected"}.get(place.phase, f"failed in {place.phase}")
            yield Annotation(
                level=level, title=f"{test.name} {phase}", message=place.reason, file=place.file, line=place.line
            )
    for mismatch in report.mismatches:
        yield _of_mismatch(mismatch)
    for border in report.contexts.violations if report.contexts else ():
        text = f"{border.importer} imports {border.imported}"
        yield _at(border.at, level="warning", title="Import across a border of contexts", message=text)
    for one in report.flaky:
        text = f"failed in {one.failed} of {counted(one.failed + one.passed, 'run')}"
        yield _at(one.nodeid.partition("::")[0], level="warning", title=f"{one.nodeid} is flaky", message=text)
    for warning in report.warnings:
        yield Annotation(level="warning", title="Integration gate", message=warning)
    for entry in report.hygiene:
        title = entry.kind.replace("_", " ").capitalize()
        yield _at(entry.at, level="notice", title=title, message=f"{entry.test} {entry.detail}".rstrip())


def of_run(text: str) -> Annotation:
    """Make an annotation of what kept a run from being judged."""
    return Annotation(level="error", title="Integration gate", message=text)


def commands(told: Iterable[Annotation]) -> Iterator[str]:
    """Write annotations as workflow commands, at most `MOST` of each kind; the last one says what is left out."""
    by_level: dict[Level, list[Annotation]] = {level: [] for level in _LEVELS}
    for one in told:
        by_level[one.level].append(one)
    for level, ones in by_level.items():
        shown = ones if len(ones) <= MOST else ones[: MOST - 1]
        yield from map(_command, shown)
        if left := len(ones) - len(shown):
            text = f"and {counted(left, f'more {level}')}: see the summary of this step and the report."
            yield _command(Annotation(level=level, title="Integration gate", message=text))


def _of_mismatch(mismatch: Mismatch) -> Annotation:
    lines = [f"{mismatch.target}: the double {mismatch.claim.outcome}"]
    if mismatch.reality is not None:
        at = f" ({mismatch.reality.at})" if mismatch.reality.at else ""
        lines.append(f"in reality it {mismatch.reality.outcome}{at}")
    lines += [f"{one.path}: {one.claim}, in reality {one.reality}" for one in mismatch.differences]
    lines += [mismatch.suggestion] if mismatch.suggestion else []
    title = f"{target_name(mismatch.target)}: {(mismatch.kind or mismatch.verdict).replace('_', ' ')}"
    level: Level = "error" if mismatch.verdict == "contradicted" else "warning"
    return _at(mismatch.claim.at, level=level, title=title, message="\n".join(lines))


def _at(at: str, *, level: Level, title: str, message: str) -> Annotation:
    file, line = file_and_line(at)
    return Annotation(level=level, title=title, message=message, file=file, line=line)


def _command(one: Annotation) -> str:
    properties = {"file": one.file, "line": str(one.line) if one.file and one.line else "", "title": one.title}
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{one.level} {told}::{_data(one.message)}"


def _data(text: str) -> str:
    """Escape a message as actions/toolkit does; no line break is left that could begin another command."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return whole.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
