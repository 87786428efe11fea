"""What the contexts say about a run, in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.run_report import Contexts, OutOfContext, RunReport, Violation, WorkflowStep
from pytest_integration_gate.reports.layout import BOLD, PLAIN, RED, YELLOW, Line, printable, separator, wrapped

_SHOWN = 5
_CATEGORIES = {
    "in_context": "in context",
    "out_of_context": "out of context",
    "pre_existing": "pre-existing",
    "flaky": "flaky",
    "unclassified": "unclassified",
}


def context_lines(contexts: Contexts, width: int) -> Iterator[Line]:
    """Show what broke the tests of others, one part for each culprit, and the imports that cross a border."""
    for _, group in groupby(sorted(contexts.out_of_context, key=_by_culprit), key=_by_culprit):
        yield from _culprit_lines([*group], contexts, width)
        yield "", PLAIN
    if contexts.violations:
        yield separator("_", counted(len(contexts.violations), "border violation"), width), RED
        yield "", PLAIN
        for violation in contexts.violations:
            yield from wrapped(_violation_text(violation), width, hanging="    ")
        yield "", PLAIN


def counts_lines(report: RunReport, width: int) -> Iterator[Line]:
    """Say in a line each how the failures are sorted, what did not run, and which step is next."""
    contexts = report.contexts
    if contexts is not None:
        numbers = Counter(test.category for test in report.failed_tests)
        sorted_in = [f"{numbers[name]} {word}" for name, word in _CATEGORIES.items() if numbers[name]]
        against = f"compared with {contexts.base}" if contexts.base else "no earlier run to compare with"
        named = _names(contexts.active)
        if named:
            text = f"{'contexts' if len(named) > 1 else 'context'} {', '.join(named)}, {against}"
            text += f": {', '.join(sorted_in) or 'no failures'}"
        else:
            text = "no context is worked on (--gate-context or --gate-base says which)"
            text += f": {', '.join(sorted_in)}" if sorted_in else ""
        yield from wrapped(text, width, hanging="    ")
    if report.summary.not_run:
        tests = counted(report.summary.not_run, "test")
        why = "the context's own integration tests come first, and they failed"
        why = why if report.contexts is not None else "the run ended before them"
        yield from wrapped(f"{tests} not run: {why}", width, hanging="    ", markup=YELLOW)
    for step in steps_of(report):
        following = f"next is {step.next}" if step.next else "the work on it is complete"
        done = f"{step.step} {step.result}" if step.step else "not begun"
        yield from wrapped(f"workflow of {step.context}: {done}, {following}", width, hanging="    ")


def steps_of(report: RunReport) -> tuple[WorkflowStep, ...]:
    """Return the steps that the run took, one for each active context."""
    if report.workflow is None:
        return ()
    return report.workflow if isinstance(report.workflow, tuple) else (report.workflow,)


def _names(active: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (active,) if isinstance(active, str) else active or ()


def _by_culprit(failure: OutOfContext) -> tuple[bool, str]:
    return failure.culprit is None, failure.culprit or ""


def _culprit_lines(group: Sequence[OutOfContext], contexts: Contexts, width: int) -> Iterator[Line]:
    group = sorted(group, key=lambda failure: (not failure.certain, failure.nodeid))
    first = group[0]
    name = first.culprit or "no culprit found"
    kind = "out of context, architectural" if any(one.architectural for one in group) else "out of context"
    yield separator("_", printable(f"{name} ({kind})"), width), RED if first.certain else YELLOW
    yield "", PLAIN
    tests = counted(len(group), "test")
    named = " and ".join(_names(contexts.active))
    if first.culprit is None:
        text = f"{tests} outside of {named} failed, and none of the changed files is within reach."
    else:
        did = "broke" if first.certain else "probably broke"
        text = f"The change of {first.culprit} {did} {tests} outside of {named}."
    yield from wrapped(text, width, markup=BOLD)
    for number, failure in enumerate(group[:_SHOWN]):
        yield from _remark("" if number else "broken", failure.nodeid + _doubt(failure, first), width)
    if len(group) > _SHOWN:
        yield from _remark("", f"and {len(group) - _SHOWN} more", width)
    if first.culprit is not None:
        yield from _remark("chain", " -> ".join(first.chain), width)
    if first.others:
        yield from _remark("changed too", ", ".join(first.others), width)


def _doubt(failure: OutOfContext, first: OutOfContext) -> str:
    doubts = ["probably"] if first.certain and not failure.certain else []
    doubts += [f"before: {failure.before}"] if failure.before != "passed" else []
    return f" ({', '.join(doubts)})" if doubts else ""


def _remark(label: str, text: str, width: int) -> Iterator[Line]:
    yield from wrapped(text, width, indent=f"  {label:<12}", hanging=" " * 14)


def _violation_text(violation: Violation) -> str:
    return f"{violation.at}: {violation.kind}: {violation.importer} imports {violation.imported}"
