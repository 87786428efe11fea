"""Sorting the failures of a run: whose they are, and whether they are new (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from pytest_integration_gate.model.change import Change
from pytest_integration_gate.model.context import Context, context_of
from pytest_integration_gate.model.failure import Failure
from pytest_integration_gate.model.run_report import Contexts
from pytest_integration_gate.values import dataclass

Category = Literal["in_context", "out_of_context", "pre_existing", "flaky", "unclassified"]
Before = Literal["passed", "failed", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How a test, or a file that could not be collected, ended before: its failure's fingerprint if it failed."""

    before: Before = "unknown"
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A failure and where it belongs."""

    failure: Failure
    category: Category
    before: Before


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """What the contexts say about a run: their section of the report, and for each failure its category and how the
    test ended before. `flaky` are the tests that gave both outcomes; `held_back` counts those that did not run because
    the context's own integration tests failed."""

    section: Contexts
    categories: Mapping[str, tuple[Category, Before]]
    flaky: frozenset[str] = frozenset()
    held_back: int = 0


def sort_failures(
    failures: Iterable[Failure],
    active: Sequence[Context],
    past: Mapping[str, Past],
    flaky: Collection[str] = (),
) -> tuple[Sorted, ...]:
    """Sort failures by whose they are.

    `active` are the contexts that are worked on; without any nothing can be said but that a test is flaky. `past` is
    how the tests ended on the base. `flaky` are the tests that gave both outcomes in this run.
    """
    return tuple(
        Sorted(
            failure=failure,
            category=_category(failure, active, past.get(failure.nodeid, Past()), failure.nodeid in flaky),
            before=past.get(failure.nodeid, Past()).before,
        )
        for failure in sorted(failures, key=lambda failure: failure.nodeid)
    )


def _category(failure: Failure, active: Sequence[Context], past: Past, is_flaky: bool) -> Category:
    if is_flaky:
        return "flaky"
    if not active:
        return "unclassified"
    if past.before == "failed" and past.fingerprint == failure.fingerprint:
        return "pre_existing"
    return "in_context" if any(context.has_test(failure.nodeid) for context in active) else "out_of_context"


def changed_contexts(
    contexts: Iterable[Context], changes: Iterable[Change], module_of: Mapping[str, str]
) -> tuple[Context, ...]:
    """Give the contexts of which a module or a test changed. `module_of` has the dotted name of each module's file."""
    paths = {path for change in changes for path in (change.path, change.now) if path}
    contexts = tuple(contexts)
    owners = {context_of(module_of[path], contexts) for path in paths if path in module_of}
    return tuple(context for context in contexts if context in owners or any(map(context.has_test, paths)))
