"""A mismatch in the terminal, written like a failed assertion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from os.path import join
from textwrap import dedent
from typing import TypeAlias

from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.judging.wording import target_name
from pytest_integration_gate.model.finding import Difference, Reality
from pytest_integration_gate.model.run_report import Mismatch
from pytest_integration_gate.model.secrecy import mask_source
from pytest_integration_gate.reports.layout import BOLD, PLAIN, RED, YELLOW, Line, Markup, printable, separator, wrapped

SourceReader: TypeAlias = Callable[[str], Sequence[str]]

_LINES_BEFORE = 2
_TESTS_SHOWN = 5
_TO_MEND = "to mend"


def source_in(root: str, shown: Callable[[str], str] = str) -> SourceReader:
    """Return a reader of source files below a root directory, which gives each line as it may be `shown`; one that
    cannot be read has no lines."""

    @cache
    def lines_of(file: str) -> Sequence[str]:
        try:
            with open_file(join(root, file), encoding="utf-8", errors="replace") as stream:
                return [shown(mask_source(line)) for line in stream.read().splitlines()]
        except OSError:
            return ()

    return lines_of


def mismatch_in_one_line(mismatch: Mismatch) -> Line:
    """Show where a mismatch is, what it is about and where both sides differ, as ``--tb=line`` shows a failure."""
    reality = mismatch.reality.outcome if mismatch.reality else ""
    told = [f"{one.path}: {one.claim}, in reality {one.reality}" for one in mismatch.differences]
    about = "; ".join(told) or " · ".join(filter(None, (mismatch.claim.outcome, reality)))
    return printable(f"{mismatch.claim.at}: {mismatch.verdict}: {_title(mismatch)}: {about}"), PLAIN


def mismatch_lines(mismatch: Mismatch, *, source: SourceReader, width: int, is_short: bool = False) -> Iterator[Line]:
    """Show the line to mend, claim and reality below it, where they differ, and what to do.

    A short one has no lines above that line, and of the rest only how to mend it.
    """
    markup = _markup(mismatch)
    yield separator("_", printable(_title(mismatch)), width), markup
    yield "", PLAIN

    margin = "    "
    for text, is_marked in _excerpt(mismatch.claim.at, source, 0 if is_short else _LINES_BEFORE):
        yield (f">{text[1:]}" if is_marked else text).rstrip(), BOLD if is_marked else PLAIN
        margin = text[: len(text) - len(text.lstrip())]
    yield from _errors(mismatch, "E" + margin[1:], width, markup)
    yield "", PLAIN

    yield from wrapped(
        f"{mismatch.claim.at}: {mismatch.verdict}: {mismatch.target}", width, hanging="    ", markup=BOLD
    )
    for label, text in _remarks(mismatch):
        if label == _TO_MEND or not is_short:
            yield from wrapped(text, width, indent=f"  {label:<11}", hanging=" " * 13)


def _title(mismatch: Mismatch) -> str:
    kind = mismatch.kind or mismatch.verdict
    return f"{target_name(mismatch.target)} ({kind if mismatch.verdict == 'contradicted' else f'{kind}, suspect'})"


def _markup(mismatch: Mismatch) -> Markup:
    return RED if mismatch.verdict == "contradicted" else YELLOW


def _errors(mismatch: Mismatch, start: str, width: int, markup: Markup) -> Iterator[Line]:
    reality = mismatch.reality.outcome if mismatch.reality else ""
    told = [("claim:   ", mismatch.claim.outcome), *([("reality: ", reality)] if reality else [])]
    for label, text in told:
        hanging = start + " " * len(label)
        yield from wrapped(text, width, indent=start + label, hanging=hanging, markup=markup, is_shape=True)
    differences = [d for d in mismatch.differences if not _is_told(d, mismatch.claim.outcome, reality)]
    if differences:
        yield "E", markup
    for difference in differences:
        text = f"{difference.path}: {difference.claim}, in reality {difference.reality}"
        yield from wrapped(text, width, indent=f"{start}  ", hanging=f"{start}      ", markup=markup)


def _is_told(difference: Difference, claim: str, reality: str) -> bool:
    """Say whether a difference of the whole value repeats the lines above it."""
    return difference.path == "$" and claim.endswith(difference.claim) and reality.endswith(difference.reality)


def _excerpt(at: str, source: SourceReader, before: int) -> list[tuple[str, bool]]:
    """Return the line to mend and as many above it, indented by four, and which one it is."""
    file, _, number = at.rpartition(":")
    if not number.isdecimal():
        return []
    lines = source(file)
    last = int(number)
    if not 1 <= last <= len(lines) or not lines[last - 1].strip():
        return []
    first = last
    while first > max(1, last - before) and lines[first - 2].strip():
        first -= 1
    shown = dedent("\n".join(line.expandtabs() for line in lines[first - 1 : last])).split("\n")
    return [(f"    {printable(line)}", number == last) for number, line in enumerate(shown, start=first)]


def _remarks(mismatch: Mismatch) -> Iterator[tuple[str, str]]:
    yield from _listed("claimed by", mismatch.claim.tests)
    if mismatch.claim.inferred:
        yield "known by", mismatch.claim.inferred
    if mismatch.reality is not None:
        yield from _seen(mismatch.reality)
    if mismatch.suggestion:
        yield _TO_MEND, mismatch.suggestion
    if mismatch.waiver:
        yield "to waive", mismatch.waiver


def _seen(reality: Reality) -> Iterator[tuple[str, str]]:
    if reality.source == "declared":
        yield "declared", f"at {reality.at}" if reality.at else "by the real object"
        return
    about = ", ".join(part for part in (reality.fidelity, reality.date, reality.commit) if part)
    yield "observed", f"{f'at {reality.at} ' if reality.at else ''}({about})"
    yield from _listed("in", reality.tests)


def _listed(label: str, tests: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, test in enumerate(tests[:_TESTS_SHOWN]):
        yield label if number == 0 else "", test
    if len(tests) > _TESTS_SHOWN:
        yield "", f"and {len(tests) - _TESTS_SHOWN} more"
