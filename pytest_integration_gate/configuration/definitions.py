"""Reads what is asked of the project: stories, requirements, plan, in ``gate.yaml`` or in files that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_integration_gate.configuration.gate_file import REQUIREMENTS, STORIES, refuse_id
from pytest_integration_gate.judging.plan import read_plan
from pytest_integration_gate.model.acceptance import PlannedPath, Story
from pytest_integration_gate.source.markdown import Table as MarkdownTable
from pytest_integration_gate.source.markdown import tables
from pytest_integration_gate.strict_yaml import Node, YamlError, load
from pytest_integration_gate.yaml_rules import Check, Rule

Row = tuple[str, Mapping[str, str]]


_STORY_COLUMNS = {
    "story": ("story", "story id", "user story", "id"),
    "criterion": ("criterion", "criterion id", "ac", "ac id"),
    "text": ("text", "description", "criterion text", "acceptance criterion", "acceptance criteria"),
    "title": ("title", "story title"),
    "context": ("context",),
}
_REQUIREMENT_COLUMNS = {
    "id": ("id", "requirement id", "req", "req id", "requirement"),
    "text": ("text", "description", "statement", "requirement"),
}


def read_definitions(data: Mapping[Any, Any], folder: Path, name: str) -> dict[str, Any]:
    """Read the definitions that ``gate.yaml`` has, which messages call `name`; its paths start in `folder`.

    Returns `stories`, `requirements` and `plan` of `GateFile`. Raises `YamlError` with all that is wrong.
    """
    reading = _Reading(folder, name)
    stories = reading.table("stories", data.get("stories", {}), STORIES, _stories_of)
    requirements = reading.table("requirements", data.get("requirements", {}), REQUIREMENTS, _requirements_of)
    plan = reading.plan(data["plan"]) if "plan" in data else ()
    if reading.problems:
        raise YamlError(reading.problems)
    return {"stories": tuple(_story(*story) for story in stories.items()), "requirements": requirements, "plan": plan}


def _story(identity: str, table: Mapping[str, Any]) -> Story:
    return Story(
        id=identity,
        title=table.get("title", ""),
        context=table.get("context", ""),
        criteria=table.get("criteria", {}),
    )


class _Reading:
    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.problems: list[str] = []

    def table(
        self,
        key: str,
        written: Mapping[str, Any] | str,
        rule: Rule,
        of_tables: Callable[[Sequence[MarkdownTable], str, list[str]], dict[str, Any]],
    ) -> Mapping[str, Any]:
        """Give a mapping that stands in ``gate.yaml`` itself, in a YAML file or in Markdown tables."""
        if not isinstance(written, str):
            return written
        text = self.text(key, written)
        if text is None:
            return {}
        if not written.lower().endswith((".yaml", ".yml", ".json")):
            return of_tables(tables(text), written, self.problems)
        try:
            node = load(text, written)
        except YamlError as error:
            self.problems += error.problems
            return {}
        if set(node.entries) == {key}:  # the file may say what it is
            node = node.entries[key].value
        return self.checked(node, rule, key)

    def checked(self, node: Node, rule: Rule, key: str) -> Mapping[str, Any]:
        check = Check()
        check.follow(node, rule, key)
        self.problems += check.problems
        data: Any = node.data
        if not check.problems and not data:
            self.problems.append(f"{node.place}: no {key}. Write them down, or take the setting out.")
        return {} if check.problems else data

    def plan(self, written: str) -> tuple[PlannedPath, ...]:
        text = self.text("plan", written)
        if text is None:
            return ()
        paths, problems = read_plan(text, written)
        self.problems += problems
        return paths

    def text(self, key: str, written: str) -> str | None:
        path = self.folder / written
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            reason = "it is not UTF-8. Save it as UTF-8"
        except (OSError, ValueError) as error:
            reason = f"{getattr(error, 'strerror', None) or error}. Make the file, or take the setting out"
        self.problems.append(f"{self.name}: `{key}`: {path} cannot be read: {reason}.")
        return None


def _stories_of(found: Sequence[MarkdownTable], name: str, problems: list[str]) -> dict[str, Any]:
    stories: dict[str, Any] = {}
    current = ""
    for place, row in _rows(found, name, _STORY_COLUMNS, ("story", "criterion"), problems):
        current = row["story"] or current  # an empty cell belongs to the story above it
        identity, text = row["criterion"], row.get("text", "")
        if "text" not in row and ":" in identity:  # one column for both: `AC-1: The stock is released`
            identity, _, text = (part.strip() for part in identity.partition(":"))
        refused = [reason for reason in (refuse_id(current), refuse_id(identity)) if reason]
        problems += [f"{place}: {reason}" for reason in refused]
        story = stories.setdefault(current, {"title": "", "context": "", "criteria": {}})
        if identity in story["criteria"]:
            problems.append(f"{place}: `{identity}` of `{current}` stands twice. Remove one.")
        story["criteria"][identity] = text
        for key in ("title", "context"):
            story[key] = story[key] or row.get(key, "")
    return stories


def _requirements_of(found: Sequence[MarkdownTable], name: str, problems: list[str]) -> dict[str, str]:
    requirements: dict[str, str] = {}
    for place, row in _rows(found, name, _REQUIREMENT_COLUMNS, ("id", "text"), problems):
        identity = row["id"]
        if reason := refuse_id(identity):
            problems.append(f"{place}: {reason}")
        if identity in requirements:
            problems.append(f"{place}: `{identity}` stands twice. Remove one.")
        requirements[identity] = row["text"]
    return requirements


def _rows(
    found: Sequence[MarkdownTable],
    name: str,
    columns: Mapping[str, Sequence[str]],
    needed: Sequence[str],
    problems: list[str],
) -> list[Row]:
    """Return the rows of every table that has the needed columns, each with its place."""
    rows: list[Row] = []
    fits = False
    for table in found:
        places = _places(table.head, columns)
        if not set(needed) <= places.keys():
            continue
        fits = True
        for line, cells in table.rows:
            if len(cells) > len(table.head):
                hint = r"Write `\|` for a bar in a cell."
                problems.append(f"{name}:{line}: {len(cells)} cells below a head of {len(table.head)}. {hint}")
                continue
            padded = (*cells, *[""] * (len(table.head) - len(cells)))
            rows.append((f"{name}:{line}", {key: padded[place] for key, place in places.items()}))
    wanted = " and ".join(f"`{columns[key][0].capitalize()}`" for key in needed)
    if not fits:
        heads = "; ".join(f"line {table.line}: {', '.join(table.head)}" for table in found)
        there = f" There is: {heads}." if heads else ""
        problems.append(f"{name}: no table with the columns {wanted}.{there}")
    elif not rows:
        problems.append(f"{name}: the table is empty. Write at least one row.")
    return rows


def _places(head: Iterable[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Find the columns by their titles; none stands for two things."""
    titles = [title.casefold() for title in head]
    places: dict[str, int] = {}
    for key, names in columns.items():
        place = next(
            (titles.index(one) for one in names if one in titles and titles.index(one) not in places.values()), None
        )
        if place is not None:
            places[key] = place
    return places
