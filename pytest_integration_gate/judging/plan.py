"""The test plan: seams and their critical paths, and what of them has a test (SPEC section 11)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pytest_integration_gate.model.acceptance import PlannedPath
from pytest_integration_gate.source.markdown import outline, plain

_SEAM = re.compile(r"seam\s*:\s*(.+)", re.IGNORECASE)
_ARROW = re.compile(r"\s*(?:→|⟶|➔|->|=>)\s*")
_PRIORITY = re.compile(r"\s*\(\s*priority\s*:\s*([^)]*?)\s*\)", re.IGNORECASE)
_ANY = 10_000  # any indentation


def read_plan(text: str, name: str) -> tuple[tuple[PlannedPath, ...], list[str]]:
    """Read a plan: ``## Seam: A → B`` with a list of critical paths below it. Return the paths, and what is wrong.

    Items that are indented below another explain it and are no paths of their own.
    """
    paths: dict[tuple[tuple[str, ...], str], PlannedPath] = {}
    problems: list[str] = []
    seam, level, indent = "", 0, 0
    empty: dict[str, str] = {}
    for part in outline(text):
        place = f"{name}:{part.line}"
        if part.kind == "heading":
            found = _SEAM.fullmatch(part.text)
            if found:
                seam, level, indent = " ".join(found[1].split()), part.level, _ANY
                empty[seam] = place
                if len(ends(seam)) < 2:
                    problems.append(f"{place}: the seam `{seam}` needs two ends. Write `## Seam: A → B`.")
            elif part.level <= level:
                seam = ""
        elif seam and part.level <= indent:
            indent = part.level
            empty.pop(seam, None)
            priority = _PRIORITY.search(part.text)
            path = " ".join(plain(_PRIORITY.sub("", part.text)).split())
            key = (ends(seam), path.casefold())
            if not path:
                problems.append(f"{place}: a critical path without a name. Say what happens on it.")
            elif key in paths:
                problems.append(f"{place}: the path `{path}` of `{seam}` stands twice. Remove one.")
            paths[key] = PlannedPath(seam=seam, path=path, priority=priority[1].lower() if priority else "")
    problems += [f"{place}: the seam `{seam}` has no critical path. Add a list item." for seam, place in empty.items()]
    if not paths and not problems:
        problems.append(f"{name}: no seam. Write `## Seam: A → B` and below it a list of critical paths.")
    return tuple(paths.values()), problems


def ends(seam: str) -> tuple[str, ...]:
    """Return what a seam joins, from one end to the other, ready to be compared."""
    return tuple(part for part in (" ".join(part.split()).casefold() for part in _ARROW.split(seam)) if part)


def seams_named(seam: str, plan: Iterable[PlannedPath]) -> tuple[str, ...]:
    """Return the seams of the plan that a text names: whole, else by their ends; case and arrow do not matter."""
    known = dict.fromkeys(path.seam for path in plan)
    written = ends(seam)
    whole = tuple(one for one in known if ends(one) == written)
    return whole or tuple(one for one in known if len(written) == 2 and (ends(one)[0], ends(one)[-1]) == written)


def paths_named(seam: str, path: str, plan: Sequence[PlannedPath]) -> tuple[PlannedPath, ...]:
    """Return the planned paths that a marker names. Without a path that is the only one of the seam, if it has one."""
    seams = seams_named(seam, plan)
    there = [one for one in plan if one.seam in seams]
    if not path:
        return tuple(there) if len(there) == 1 else ()
    wanted = " ".join(path.split()).casefold()
    return tuple(one for one in there if one.path.casefold() == wanted)


def covered(
    plan: Sequence[PlannedPath], linked: Mapping[tuple[str, str], Sequence[str]], skipped: Iterable[str] = ()
) -> tuple[PlannedPath, ...]:
    """Judge the plan. `linked` has the tests of each seam and path; a test that was skipped covers nothing."""
    idle = set(skipped)
    judged = []
    for path in plan:
        tests = tuple(sorted(set(linked.get((path.seam, path.path), ())) - idle))
        judged.append(replace(path, state="covered" if tests else "gap", tests=tests))
    return tuple(judged)
