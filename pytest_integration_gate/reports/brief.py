"""The hand-over for the next step, as Markdown: for a colleague or a coding assistant (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.context import Context
from pytest_integration_gate.model.run_report import OutOfContext, RunReport
from pytest_integration_gate.reports.context_text import steps_of
from pytest_integration_gate.reports.layout import printable

_RULES = {
    "initialize": ("Run `pytest --integration-gate --gate-context {name}` once.",),
    "generate_integration_tests": (
        "Write integration tests of {name} below {tests}, marked `@pytest.mark.boundary(...)`.",
        "Let each use the real collaborators; mocks of the project's own code do not count as evidence.",
        "Prove each acceptance criterion that is not met by a test that runs.",
    ),
    "generate_context": ("Make the modules that `gate.yaml` names for {name}: {modules}.",),
    "run_integration_tests": ("Run the integration tests of {name}; nothing else is judged before they pass.",),
    "fix_integration_test_failures": (
        "Mend the failures below in {modules}; the rest of the suite is held back until they pass.",
        "Do not weaken the tests.",
    ),
    "run_test_suite": ("Run the whole suite, with no test deselected.",),
    "fix_test_failures": (
        "Mend the failures below, those outside of {name} first: the change broke what it should not touch.",
        "Where a shared module is the culprit, keep what its other users rely on.",
        "Failures that were there before are not part of this work.",
    ),
    "validate_acceptance_criteria": ("Judge the acceptance criteria of {name}.",),
    "finalize": ("Run the whole suite once more; the commit is recorded when it passes.",),
}
_BORDERS = {
    "domain": "{name} is a domain context: import only its own modules{uses} and what belongs to no context.",
    "coordination": "{name} is a coordination context: reach other contexts only through their public module.",
}


def brief_text(report: RunReport, active: Sequence[Context], criteria: Iterable[tuple[str, str, str]] = ()) -> str:
    """Write the brief. `criteria` are story, criterion and state of the acceptance criteria that count."""
    return "\n".join(_lines(report, active, list(criteria))) + "\n"


def _lines(report: RunReport, active: Sequence[Context], criteria: list[tuple[str, str, str]]) -> Iterator[str]:
    steps = {step.context: step for step in steps_of(report)}
    names = ", ".join(context.name for context in active) or "no context"
    yield f"# {_plain(report.test_run.project or 'Project')}: {names}"
    yield ""
    at = f" at commit {report.test_run.commit}" if report.test_run.commit else ""
    reasons = f": {', '.join(report.gate.reasons)}" if report.gate.reasons else ""
    yield f"Run of {report.test_run.timestamp}{at}: **{report.test_run.status}**{_plain(reasons)}."
    for context in active:
        yield from _context(context)
        if step := steps.get(context.name):
            yield ""
            yield f"### Next step: {step.next or 'none, the work is complete'}"
            yield ""
            if step.step:
                yield f"Last step: {step.step}, {step.result}."
                yield ""
            yield from _listed(_filled(rule, context) for rule in _RULES.get(step.next or "", ()))
            yield from _listed([_filled(_BORDERS[context.kind], context)])
    yield from _section("Stories", [f"{story} {criterion}: {state}" for story, criterion, state in criteria])
    yield from _section("Failures", _failures(report))
    contexts = report.contexts
    if contexts is not None:
        yield from _section(
            "Borders",
            [f"`{one.at}`: {one.importer} imports {one.imported} ({one.kind})" for one in contexts.violations],
        )
        yield from _section(
            "Continuations",
            [
                f"{_plain(one.fits_in)}. {f'Owner: {one.owner}. ' if one.owner else ''}"
                f"{f'Session: {one.session}. ' if one.session else ''}{counted(len(one.failures), 'failure')}."
                for one in contexts.continuations
            ],
        )
    yield from _section(
        "Mismatches", [f"`{one.claim.at}`: {_plain(one.suggestion or one.target)}" for one in report.mismatches]
    )
    yield from _section(
        "Unverified claims",
        [f"`{one.target}`: {counted(one.claims, 'claim')} at {', '.join(one.at)}" for one in report.unverified],
    )
    yield from _section(
        "Stale claims",
        [
            f"`{one.target}`: {counted(one.claims, 'claim')} at {', '.join(one.at)}: run its boundary tests again"
            for one in report.stale
        ],
    )


def _context(context: Context) -> Iterator[str]:
    yield ""
    yield f"## {context.name}"
    yield ""
    yield from _listed(
        [
            f"kind: {context.kind}",
            f"modules: {_coded(context.modules)}, public `{context.public}`",
            f"tests: {_coded(context.tests)}",
            *([f"may use: {_coded(context.uses)}"] if context.uses else []),
            *(
                f"component {component.name}: {_coded(component.modules)}"
                + (f", owner {component.owner}" if component.owner else "")
                + (f", session {component.session}" if component.session else "")
                for component in context.components
            ),
        ]
    )


def _failures(report: RunReport) -> Iterator[str]:
    broken = {one.nodeid: one for one in report.contexts.out_of_context} if report.contexts else {}
    for test in report.failed_tests:
        yield f"`{test.nodeid}` ({test.category}): {_plain(test.reason)}{_cause(broken.get(test.nodeid))}"


def _cause(broken: OutOfContext | None) -> str:
    if broken is None or broken.culprit is None:
        return ""
    sure = "broken by" if broken.certain else "probably broken by"
    return f" - {sure} `{broken.culprit}` ({' -> '.join(broken.chain)})"


def _section(title: str, entries: Iterable[str]) -> Iterator[str]:
    lines = list(_listed(entries))
    if lines:
        yield ""
        yield f"## {title}"
        yield ""
        yield from lines


def _listed(entries: Iterable[str]) -> Iterator[str]:
    return (f"- {entry}" for entry in entries)


def _filled(rule: str, context: Context) -> str:
    uses = f", {_coded(context.uses)}" if context.uses else ""
    return rule.format(name=context.name, modules=_coded(context.modules), tests=_coded(context.tests), uses=uses)


def _coded(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _plain(text: str) -> str:
    """Keep what a test says from being read as Markdown or HTML."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in printable(text))
