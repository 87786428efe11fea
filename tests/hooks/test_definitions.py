"""Stories, requirements and plan: in gate.yaml, in YAML files, in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.configuration.gate_file import GateFile, read_gate_file
from pytest_integration_gate.model.acceptance import Story
from pytest_integration_gate.strict_yaml import YamlError

STORIES = (
    Story(id="US-7", title="Cancel", context="orders", criteria={"AC-1": "Stock is released", "AC-2": "a | b"}),
    Story(id="US-8", criteria={"AC-1": "It is kept"}),
)
INLINE = """
US-7: {title: Cancel, context: orders, criteria: {AC-1: Stock is released, AC-2: a | b}}
US-8: {criteria: {AC-1: It is kept}}
"""
TABLE = """
# Stories

| Story | Title | Context | Criterion | Text |
|---|---|---|---|---|
| US-7 | Cancel | orders | AC-1 | Stock is released |
|      |        |        | AC-2 | a \\| b |

| User story | Acceptance criteria |
|---|---|

| story | criterion |
|---|---|
| US-8 | AC-1: It is kept |
"""


def read(folder: Path, gate: str, **files: str) -> GateFile:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    (folder / "gate.yaml").write_text(gate)
    return read_gate_file(folder / "gate.yaml", "gate.yaml")


def problems(folder: Path, gate: str, **files: str) -> tuple[str, ...]:
    with pytest.raises(YamlError) as caught:
        read(folder, gate, **files)
    return caught.value.problems


@pytest.mark.parametrize(
    ("gate", "files"),
    [
        ("stories:" + INLINE.replace("\n", "\n  "), {}),
        ("stories: s.yaml", {"s_yaml": INLINE}),
        ("stories: s.yml", {"s_yml": "stories:" + INLINE.replace("\n", "\n  ")}),
        ("stories: s.md", {"s_md": TABLE}),
    ],
    ids=["inline", "yaml", "yaml with its name", "markdown"],
)
def test_stories_mean_the_same_wherever_they_stand(tmp_path: Path, gate: str, files: dict[str, str]) -> None:
    """In Markdown an empty cell belongs to the story above, and one column may hold id and text."""
    assert read(tmp_path, gate, **files).stories == STORIES


@pytest.mark.parametrize(
    ("gate", "files"),
    [
        ("requirements: {FR-01: It reserves}", {}),
        ("requirements: r.yaml", {"r_yaml": "FR-01: It reserves"}),
        ("requirements: r.md", {"r_md": "| ID | Requirement |\n|-|-|\n| **FR-01** | It reserves |\n"}),
        ("requirements: r.md", {"r_md": "Requirement | Text | Owner\n--|--|--\nFR-01 | It reserves\n"}),
    ],
)
def test_requirements_mean_the_same_wherever_they_stand(tmp_path: Path, gate: str, files: dict[str, str]) -> None:
    """The columns are found by their titles, whatever else the table has."""
    assert read(tmp_path, gate, **files).requirements == {"FR-01": "It reserves"}


def test_a_plan_is_read_from_its_file(tmp_path: Path) -> None:
    """The path starts at gate.yaml."""
    (path,) = read(tmp_path, "plan: p.md", p_md="## Seam: A → B\n- works\n").plan
    assert (path.seam, path.path) == ("A → B", "works")


@pytest.mark.parametrize(
    ("gate", "files", "problem"),
    [
        ("requirements: r.md", {"r_md": "nothing"}, "r.md: no table with the columns `Id` and `Text`."),
        (
            "requirements: r.md",
            {"r_md": "| Name | Owner |\n|-|-|\n| a | b |"},
            "r.md: no table with the columns `Id` and `Text`. There is: line 1: Name, Owner.",
        ),
        (
            "requirements: r.md",
            {"r_md": "| ID | Text |\n|-|-|\n"},
            "r.md: the table is empty. Write at least one row.",
        ),
        (
            "requirements: r.md",
            {"r_md": "| ID | Text |\n|-|-|\n| A-1 | a | b |\n| A-2 | b |"},
            r"r.md:3: 3 cells below a head of 2. Write `\|` for a bar in a cell.",
        ),
        (
            "requirements: r.md",
            {"r_md": "| ID | Text |\n|-|-|\n| A-1 | a |\n| A-1 | b |"},
            "r.md:4: `A-1` stands twice. Remove one.",
        ),
        (
            "requirements: r.md",
            {"r_md": "| ID | Text |\n|-|-|\n| A 1 | a |"},
            "r.md:3: `A 1` cannot be an id. Write one word without commas.",
        ),
        ("requirements: r.yaml", {"r_yaml": "- a"}, "r.yaml:1:1: `requirements` must be a mapping, like `key: value`"),
        ("requirements: r.yaml", {"r_yaml": "{}"}, "r.yaml:1:1: no requirements."),
        ("requirements: r.yaml", {"r_yaml": "a: [b\n"}, "r.yaml:2:1: not valid YAML"),
        ("stories: {US-1: {titel: x}}", {}, "gate.yaml:1:18: `titel` is not a key of `stories.US-1`. Did you mean"),
        ("stories: [a]", {}, "gate.yaml:1:10: `stories` must be a mapping, like `key: value`, not a list."),
        ("stories: s.md", {"s_md": "|Story|Criterion|\n|-|-|\n| | AC-1 |"}, "s.md:3: `` cannot be an id."),
        (
            "contexts: {orders: {modules: [a], tests: [t]}}\nstories: {US-1: {context: order, criteria: {A: b}}}",
            {},
            "gate.yaml: story `US-1`: there is no context `order`. Did you mean `orders`?",
        ),
        ("plan: [a]", {}, "gate.yaml:1:7: `plan` must be text, not a list."),
        ("plan: p.md", {"p_md": "# Plan\n"}, "p.md: no seam."),
        ("plan: gone.md", {}, "gate.yaml: `plan`: "),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(tmp_path: Path, gate: str, files: Any, problem: str) -> None:
    """Every mistake names the file, mostly the line, and what to write."""
    (found,) = problems(tmp_path, gate, **files)
    assert found.startswith(problem)


def test_all_files_are_read_before_anything_is_refused(tmp_path: Path) -> None:
    """The mistakes of all files come together."""
    found = problems(tmp_path, "stories: a.md\nrequirements: b.md\nplan: c.md\n")
    assert [line.split(":")[1].strip() for line in found] == ["`stories`", "`requirements`", "`plan`"]


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are no table."""
    (tmp_path / "r.md").write_bytes(b"\xff\xfe")
    (found,) = problems(tmp_path, "requirements: r.md")
    assert "it is not UTF-8. Save it as UTF-8." in found
