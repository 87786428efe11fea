"""The test plan: how it is read, which names its paths have, what covers them."""

from __future__ import annotations

import pytest

from pytest_integration_gate.judging.plan import covered, paths_named, read_plan, seams_named

PLAN = """\
# Test plan

Words about it.

## Seam: API → order service → database

### Critical paths

- **order placed** (priority: High)
  with two items
    - a remark below it
- stock  is empty

## Notes

- no path

## seam: API -> cache
1. cache hit (Priority: low)
"""


def test_seams_with_their_paths_are_read() -> None:
    """A heading of the same level ends a seam; deeper headings and deeper items do not count."""
    paths, problems = read_plan(PLAN, "TEST_PLAN.md")
    assert problems == []
    assert [(path.seam, path.path, path.priority) for path in paths] == [
        ("API → order service → database", "**order placed** with two items", "high"),
        ("API → order service → database", "stock is empty", ""),
        ("API -> cache", "cache hit", "low"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "plan.md: no seam. Write `## Seam: A → B` and below it a list of critical paths."),
        ("## Seams\n- a\n", "plan.md: no seam. Write `## Seam: A → B` and below it a list of critical paths."),
        ("## Seam: API\n- a\n", "plan.md:1: the seam `API` needs two ends. Write `## Seam: A → B`."),
        ("## Seam: A → B\ntext\n", "plan.md:1: the seam `A → B` has no critical path. Add a list item."),
        ("## Seam: A → B\n- x\n- X\n", "plan.md:3: the path `X` of `A → B` stands twice. Remove one."),
        ("## Seam: A → B\n- (priority: high)\n", "plan.md:2: a critical path without a name. Say what happens on it."),
    ],
)
def test_a_plan_that_says_too_little_is_refused(text: str, problem: str) -> None:
    """Each mistake has its line and says what to write."""
    assert read_plan(text, "plan.md")[1] == [problem]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("API → order service → database", "API → order service → database"),
        ("api -> ORDER  service => database", "API → order service → database"),
        ("api → database", "API → order service → database"),
        ("API → Cache", "API -> cache"),
        ("database → API", None),
        ("API → order service", None),
        ("API", None),
    ],
)
def test_a_seam_is_named_whole_or_by_its_ends(written: str, found: str | None) -> None:
    """Neither case nor the kind of arrow nor spaces matter; the direction does."""
    assert seams_named(written, read_plan(PLAN, "")[0]) == ((found,) if found else ())


def test_a_path_is_named_with_its_seam() -> None:
    """Without a path the only one is meant; where there are several, none is."""
    plan = read_plan(PLAN, "")[0]
    assert [path.path for path in paths_named("api → database", "Stock is EMPTY", plan)] == ["stock is empty"]
    assert [path.path for path in paths_named("api → cache", "", plan)] == ["cache hit"]
    assert paths_named("api → database", "", plan) == ()
    assert paths_named("api → cache", "stock is empty", plan) == ()


def test_tests_cover_paths_and_skipped_ones_do_not() -> None:
    """A path with a test is covered; one whose tests were skipped, or without any, is a gap."""
    plan = read_plan("## Seam: A → B\n- one\n- two\n- three\n", "")[0]
    linked = {("A → B", "one"): ["t::b", "t::a"], ("A → B", "two"): ["t::c"]}
    assert [(path.path, path.state, path.tests) for path in covered(plan, linked, ["t::c"])] == [
        ("one", "covered", ("t::a", "t::b")),
        ("two", "gap", ()),
        ("three", "gap", ()),
    ]
