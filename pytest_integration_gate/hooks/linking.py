"""Which test proves what: reads markers and docstrings at collection, checks their ids, and tells the controller."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from textwrap import dedent
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.hooks.collection import refuse
from pytest_integration_gate.hooks.keys import LINKS
from pytest_integration_gate.judging.plan import paths_named, seams_named
from pytest_integration_gate.judging.rules import broken_docstring, broken_name, private_state
from pytest_integration_gate.model.acceptance import Links
from pytest_integration_gate.model.claim import Hygiene
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.yaml_rules import nearest

_VALIDATES = re.compile(r"^[ \t]*Validates:[ \t]*(.+)$", re.MULTILINE)
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.]*-[\w.-]*\d[\w.-]*(?:/[\w.-]+)?")


class Linking:
    """Reads what each test says that it proves. `links` has the tests that say something, by node id."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.links: dict[str, Links] = {}
        self.collected: set[str] = set()
        self._config = config
        self._settings = settings
        self._stories = {story.id: story for story in settings.stories}
        self._output: dict[str, Any] | None = getattr(config, "workeroutput", None)
        self._is_untold = settings.events is not None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read every test before some are deselected. All unknown ids are told at once."""
        problems: dict[str, None] = {}
        for item in items:
            self.collected.add(item.nodeid)
            reading = _Reading(item, self._settings, self._stories)
            links = reading.links()
            if links != Links():
                self.links[item.nodeid] = links
            problems.update(dict.fromkeys(reading.problems))
        if problems:
            refuse(items, SettingsError("\n".join(problems)), self._output)
        elif self._output is not None:
            self._output[LINKS] = self._told()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Let the first report of a process carry what was read: a run that is killed says no more than its log."""
        if self._is_untold and self.collected:
            self._is_untold = False
            setattr(report, LINKS, self._told())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of xdist ended and says what it has read."""
        self.hear(getattr(node, "workeroutput", {}).get(LINKS))

    def hear(self, told: Mapping[str, Any] | None) -> None:
        """Take in what another process has read."""
        if told:
            self.collected.update(told["collected"])
            self.links.update((nodeid, from_data(Links, data)) for nodeid, data in told["links"].items())

    def _told(self) -> dict[str, Any]:
        return {
            "links": {nodeid: to_data(links) for nodeid, links in self.links.items()},
            "collected": sorted(self.collected),
        }


class _Reading:
    """One test: what its markers and docstrings say. `problems` say what is wrong with it."""

    def __init__(self, item: pytest.Item, settings: Settings, stories: dict[str, Any]) -> None:
        self.item = item
        self.settings = settings
        self.stories = stories
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.criteria: dict[tuple[str, str], None] = {}
        self.requirements: dict[str, None] = {}
        self.paths: dict[tuple[str, str], None] = {}
        self.seams: dict[str, None] = {}

    def links(self) -> Links:
        if self.stories:
            for mark in self.item.iter_markers("story"):
                self.story(mark)
        if self.settings.requirements:
            for mark in self.item.iter_markers("requirement"):
                self.requirement(mark)
        if self.stories or self.settings.requirements:
            self.validated()
        for mark in self.item.iter_markers("seam"):
            self.seam(mark)
        proves = self.criteria or self.requirements or self.paths
        return Links(
            criteria=tuple(self.criteria),
            requirements=tuple(self.requirements),
            paths=tuple(self.paths),
            digest=self.digest() if proves else "",
            untidy=tuple(self.untidy()),
            notes=tuple(self.notes),
        )

    # -- what a test proves ------------------------------------------------------------------------------------------

    def story(self, mark: pytest.Mark) -> None:
        written = mark.kwargs.get("criterion") or ()
        criteria = (written,) if isinstance(written, str) else written
        fits = isinstance(criteria, list | tuple) and all(isinstance(one, str) for one in criteria)
        if len(mark.args) != 1 or not isinstance(mark.args[0], str) or set(mark.kwargs) - {"criterion"} or not fits:
            self.wrong(mark, 'must name one story, for example @pytest.mark.story("US-7", criterion="AC-2")')
        elif criteria:
            for criterion in criteria:
                self.criterion(mark.args[0], criterion)
        else:
            identity = mark.args[0]
            story, _, criterion = identity.partition("/")  # as docstrings write it
            self.criterion(*(identity, "") if identity in self.stories else (story, criterion))

    def criterion(self, identity: str, criterion: str) -> None:
        """Link a criterion. A test that names only the story proves its criterion when there is but one."""
        story = self.stories.get(identity)
        if story is None:
            self.unknown("story", identity, self.stories)
        elif criterion and criterion not in story.criteria:
            self.unknown(f"criterion of {identity}", criterion, story.criteria)
        elif criterion or len(story.criteria) < 2:
            self.criteria[identity, criterion or next(iter(story.criteria), "")] = None
        else:
            known = ", ".join(story.criteria)
            self.notes.append(f"{self.item.nodeid} names {identity} and no criterion of it: it proves none of {known}.")

    def requirement(self, mark: pytest.Mark) -> None:
        if not mark.args or mark.kwargs or not all(isinstance(one, str) for one in mark.args):
            self.wrong(mark, 'must name requirements, for example @pytest.mark.requirement("FR-01")')
            return
        for identity in mark.args:
            if identity in self.settings.requirements:
                self.requirements[identity] = None
            else:
                self.unknown("requirement", identity, self.settings.requirements)

    def validated(self) -> None:
        """Link what docstrings of the test, its class and its module name behind ``Validates:``."""
        for node in self.item.listchain():
            if isinstance(node, pytest.Item | pytest.Class | pytest.Module):
                for line in _VALIDATES.findall(_docstring(node) or ""):
                    self.listed([word for part in re.split(r"[\s,;&]+", line) if (word := part.strip(".()")) != "and"])

    def listed(self, words: list[str]) -> None:
        """Link the ids among some words: of requirements, ``US-7/AC-2`` or ``US-7 AC-2``, or of a story.

        An id that nobody knows is a mistake, except in prose (``ISO-8601 dates``) when no known id begins like it.
        """
        known = [*self.settings.requirements, *self.stories]
        is_prose = any(word and word not in known and not _ID.fullmatch(word) for word in words)
        kinds = {one.partition("-")[0] for one in known}
        for place, word in enumerate(words):
            story, _, criterion = word.partition("/")
            follower = words[place + 1] if place + 1 < len(words) else ""
            if word in self.settings.requirements:
                self.requirements[word] = None
            elif word in self.stories and follower in self.stories[word].criteria:
                self.criterion(word, follower)
            elif story in self.stories:
                self.criterion(story, criterion)
            elif place and words[place - 1] in self.stories and word in self.stories[words[place - 1]].criteria:
                continue
            elif _ID.fullmatch(word) and (not is_prose or word.partition("-")[0] in kinds):
                self.unknown("requirement or story", word, known)

    def seam(self, mark: pytest.Mark) -> None:
        path = mark.kwargs.get("path", "")
        if (
            len(mark.args) != 1
            or set(mark.kwargs) - {"path"}
            or not all(isinstance(x, str) for x in (*mark.args, path))
        ):
            self.wrong(mark, 'must name one seam, for example @pytest.mark.seam("API → cache", path="cache hit")')
            return
        plan = self.settings.plan
        seams = seams_named(mark.args[0], plan)
        self.seams.update(dict.fromkeys(seams or mark.args))
        if not plan:
            return
        named = paths_named(mark.args[0], path, plan)
        if not seams:
            self.unknown("seam", mark.args[0], dict.fromkeys(one.seam for one in plan))
        elif path and not named:
            self.unknown(f"path of {' or '.join(seams)}", path, [one.path for one in plan if one.seam in seams])
        elif len({one.seam for one in named}) > 1:
            self.wrong(mark, f"fits several seams: {', '.join(one.seam for one in named)}. Write the seam whole")
        elif not named:
            known = ", ".join(one.path for one in plan if one.seam in seams)
            self.notes.append(
                f"{self.item.nodeid} names the seam {seams[0]} and no path of it: it covers none of {known}."
            )
        self.paths.update(dict.fromkeys((one.seam, one.path) for one in named))

    def unknown(self, kind: str, written: str, known: Any) -> None:
        self.problems.append(f"{self.item.nodeid}: there is no {kind} `{written}`.{nearest(written, known)}")

    def wrong(self, mark: pytest.Mark, reason: str) -> None:
        arguments = [repr(one) for one in mark.args] + [f"{name}={value!r}" for name, value in mark.kwargs.items()]
        self.problems.append(f"{self.item.nodeid}: @pytest.mark.{mark.name}({', '.join(arguments)}) {reason}.")

    def digest(self) -> str:
        try:
            source = inspect.getsource(inspect.unwrap(self.function))
        except (OSError, TypeError):
            return ""
        return sha256(source.encode("utf-8", "backslashreplace")).hexdigest()[:16]

    @property
    def function(self) -> Any:
        return getattr(self.item, "function", None)

    # -- how a boundary test is written ------------------------------------------------------------------------------

    def untidy(self) -> Iterator[Hygiene]:
        levels = rule_levels(self.settings)
        if self.function is None or not levels or next(self.item.iter_markers("boundary"), None) is None:
            return
        if self.item.path.suffix != ".py":  # a YAML suite, whose tests are named in plain words
            return
        file, line, _ = self.item.location
        at = f"{file.replace(chr(92), '/')}:{(line or 0) + 1}"
        if levels["name"] != "off" and (reason := broken_name(self.function.__name__)):
            yield Hygiene(kind="name", at=at, detail=reason)
        if levels["docstring"] != "off":
            seams = self.seams or dict.fromkeys(path.seam for path in self.settings.plan)
            if reason := broken_docstring(self.function.__doc__, seams):
                yield Hygiene(kind="docstring", at=at, detail=reason)
        if levels["private_state"] != "off":
            for number, reason in self.private_state():
                yield Hygiene(kind="private_state", at=f"{at.rpartition(':')[0]}:{number}", detail=reason)

    def private_state(self) -> Iterator[tuple[int, str]]:
        try:
            lines, first = inspect.getsourcelines(inspect.unwrap(self.function))
            tree = ast.parse(dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError):
            return
        for line, reason in private_state(tree):
            yield first + line - 1, reason


def rule_levels(settings: Settings) -> dict[str, str]:
    """Return the level of every rule for boundary tests, nothing when none is asked for.

    A plan asks for all of them, as warnings; ``gate_rules`` says otherwise. Doubles of internals are always told.
    """
    if not settings.plan and not settings.rules:
        return {}
    default = "warning" if settings.plan else "off"
    levels = dict.fromkeys(("docstring", "name", "order_dependence", "private_state"), default)
    return {**levels, "internal_mock": "warning", **settings.rules}


def _docstring(node: pytest.Item | pytest.Class | pytest.Module) -> str | None:
    found = getattr(getattr(node, "obj", None), "__doc__", None)
    return found if isinstance(found, str) else None
