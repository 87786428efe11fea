"""What is asked of the project, and what a run says of it: stories with acceptance criteria, requirements, the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal

from pytest_integration_gate.model.claim import Hygiene
from pytest_integration_gate.values import dataclass

State = Literal["met", "failed", "not_run", "gap", "mock_only", "changed"]
"""Only ``met`` is good. ``mock_only``: proven by nothing but claims that no evidence supports. ``changed``: the text is
another one than when it was last met, and no test has changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A user story. `criteria` maps ids of criteria to their texts. Without a `context` it counts everywhere."""

    id: str
    title: str = ""
    context: str = ""
    criteria: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """An acceptance criterion, judged. A story without criteria is judged as one whose `criterion` is empty."""

    story: str
    criterion: str
    text: str
    state: State
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A requirement, judged."""

    id: str
    text: str
    state: State
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPath:
    """A critical path of the test plan: covered, or a gap that no test fills."""

    seam: str
    path: str
    priority: str = ""
    state: Literal["covered", "gap"] = "gap"
    tests: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What one test says that it proves, and what is untidy about it.

    `criteria` are pairs of story and criterion, `paths` pairs of seam and path as the plan writes them. `digest` stands
    for the source of the test. `notes` are sentences for the user.
    """

    criteria: tuple[tuple[str, str], ...] = ()
    requirements: tuple[str, ...] = ()
    paths: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    untidy: tuple[Hygiene, ...] = ()
    notes: tuple[str, ...] = ()


def concerning(context: str, stories: Iterable[Story], criteria: Iterable[Criterion]) -> tuple[Criterion, ...]:
    """Return the criteria that count for a context: those of its own stories and of stories without a context."""
    counting = {story.id for story in stories if story.context in ("", context)}
    return tuple(criterion for criterion in criteria if criterion.story in counting)
