"""Matching rules of Pact files, of whatever version: which parts of an example are examples only.

Version 2 writes them flat (``"$.body.items": {"match": "type"}``), later ones by category. Here a rule is found by its
category (``body``, ``path``, ``header``, ``status``) and the steps of its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

from pytest_integration_gate.model.capture import DEPTH, argument_of, shape_of
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.keys import read_as_names
from pytest_integration_gate.model.shape import ANYTHING, NONE, Dictionary, Field, Record, Scalar, Sequence, Shape
from pytest_integration_gate.values import dataclass

Steps: TypeAlias = tuple[str | int, ...]

_STEP = re.compile(r"""\.(?P<name>[^.\[\]]+)|\[(?:(?P<index>\d+)|(?P<star>\*)|'(?P<one>[^']*)'|"(?P<two>[^"]*)")\]""")
_STR = Scalar("str")
_SHAPES: dict[str, Shape] = {
    "boolean": Scalar("bool"),
    "decimal": Scalar("float"),
    "integer": Scalar("int"),
    "number": Scalar("int"),
    "null": NONE,
    **dict.fromkeys(("date", "time", "timestamp", "datetime", "semver"), _STR),
}
_BY_EXAMPLE = frozenset({"type", "equality"})
_OF_VALUES = frozenset({"values", "eachKey", "eachValue"})
_CATEGORIES = {"headers": "header"}
_WORDS = ("0", "4711", "x", "another-word", "00000000-0000-4000-8000-000000000000", "2000-01-01")
"""What is put into the place of a word to see whether a rule means more than that word."""
_NO_TEXTS = (
    "true",
    "false",
    "null",
    "1.5",
    "-1",
    "-1.5",
    *("47114711471147114711"[:length] for length in range(1, 21)),
)
"""What is put into the place of a text to see whether a rule means only texts: it compares the text of any value."""


class UnknownPath(ValueError):
    """A path of a rule that cannot be understood; the text is that path."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one request or one response: matchers by category and steps; `any_of` are the places where one of
    several matchers is enough."""

    matchers: Mapping[tuple[str, Steps], tuple[Mapping[str, Any], ...]]
    any_of: frozenset[tuple[str, Steps]]

    @classmethod
    def of(cls, data: Any) -> Rules:
        """Read ``matchingRules``; raise `UnknownPath` for a place that cannot be understood."""
        matchers, any_of = {}, set()
        for (category, steps), rule in _flat(data if isinstance(data, dict) else {}):
            key = (category, tuple(str(step).lower() for step in steps) if category == "header" else steps)
            matchers[key] = tuple(each for each in rule.get("matchers", (rule,)) if isinstance(each, dict))
            if str(rule.get("combine", "AND")).upper() == "OR":
                any_of.add(key)
        return cls(matchers, frozenset(any_of))

    def at(self, category: str, steps: Steps = ()) -> tuple[Mapping[str, Any], ...]:
        """Return the matchers of a place, those of the rule that names it most exactly; none where there is no rule."""
        key = self._key(category, steps)
        return self.matchers[key] if key is not None else ()

    def speaks_of(self, category: str) -> bool:
        """Whether there is any rule of a category."""
        return any(name == category for name, _ in self.matchers)

    def picture(self, example: Any) -> Argument:
        """Picture a JSON body. It has a text, to be compared as a value, only where no rule makes it an example."""
        text = None if self.speaks_of("body") else argument_of(example).text
        return Argument(shape=self._shape(example, ()), text=text)

    def words_filled_in(self, words: list[str]) -> frozenset[int]:
        """Return the places in a path, cut at its slashes, where the rule of the path accepts other words."""
        forms = [str(each["regex"]) for each in self.at("path") if "regex" in each]
        enough = any if self._key("path", ()) in self.any_of else all
        return frozenset(
            index
            for index, own in enumerate(words if forms else ())
            for word in _WORDS
            if word != own and enough(_accepts(form, [*words[:index], word, *words[index + 1 :]]) for form in forms)
        )

    def is_status_open(self) -> bool:
        """Whether another status than that of the example is as good."""
        return any(each.get("match") != "equality" for each in self.at("status"))

    def _key(self, category: str, steps: Steps) -> tuple[str, Steps] | None:
        found = [
            (sum(one == other for one, other in zip(rule, steps, strict=True)), rule)
            for name, rule in self.matchers
            if name == category and len(rule) == len(steps) and all(map(_is_step, rule, steps))
        ]
        return (category, max(found, key=lambda one: one[0])[1]) if found else None

    def _shape(self, example: Any, steps: Steps) -> Shape:
        if len(steps) > DEPTH:  # reality is not pictured deeper either
            return ANYTHING
        shapes = [self._ruled(matcher, example, steps) for matcher in self.at("body", steps)]
        if not shapes:
            return self._by_example(example, steps)
        if self._key("body", steps) in self.any_of and any(one != other for one, other in pairwise(shapes)):
            return ANYTHING
        own = self._by_example(example, steps)
        return next((shape for shape in shapes if shape != own), own)

    def _ruled(self, matcher: Mapping[str, Any], example: Any, steps: Steps) -> Shape:
        name = str(matcher.get("match", "regex" if "regex" in matcher else "type"))
        if name in _BY_EXAMPLE:
            return self._by_example(example, steps)
        if name in _OF_VALUES and isinstance(example, dict):
            return Dictionary(_STR, self._of_values(example, steps))
        if name == "arrayContains" and isinstance(example, list):
            return Sequence("list", ANYTHING)
        if name in ("regex", "include"):
            return _of_text(str(matcher.get("regex", "")) if name == "regex" else re.escape(str(matcher.get("value"))))
        return _SHAPES.get(name, ANYTHING)

    def _by_example(self, example: Any, steps: Steps) -> Shape:
        match example:
            case dict() if example and (self._key("body", (*steps, "")) is not None or not read_as_names([*example])):
                return Dictionary(_STR, self._of_values(example, steps))  # a rule for keys of any name, or data as keys
            case dict() if example:
                fields = (Field(key, self._shape(value, (*steps, key))) for key, value in sorted(example.items()))
                return Record(tuple(fields))
            case list() if example:
                return Sequence("list", join_all(self._shape(each, (*steps, at)) for at, each in enumerate(example)))
        return shape_of(example)

    def _of_values(self, example: Mapping[str, Any], steps: Steps) -> Shape:
        return join_all(self._shape(value, (*steps, key)) for key, value in example.items()) if example else ANYTHING


def _flat(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, Steps], Mapping[str, Any]]]:
    for name, rule in data.items():
        if not isinstance(rule, dict):
            raise UnknownPath(name)
        if name.startswith("$"):
            category, *steps = steps_of(name) or ("body",)
            yield (_CATEGORIES.get(str(category), str(category)), tuple(steps)), rule
        elif "matchers" in rule:
            yield (name, ()), rule
        else:
            for place, inner in rule.items():
                if not isinstance(inner, dict):
                    raise UnknownPath(f"{name} {place}")
                yield (name, steps_of(place) if place.startswith("$") else (place,) * bool(place)), inner


def steps_of(path: str) -> Steps:
    """Cut a path expression into its steps, ``*`` for those that may be any; raise `UnknownPath`."""
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise UnknownPath(path)
        at = found.end()
        name, index, star, one, two = found.group("name", "index", "star", "one", "two")
        steps.append(
            int(index) if index else "*" if star else next(part for part in (name, one, two) if part is not None)
        )
    return tuple(steps)


def _is_step(rule: str | int, step: str | int) -> bool:
    return rule in ("*", step)


def _of_text(form: str) -> Shape:
    """Return what a value is whose text has a form: a text, if no number and no other literal has it."""
    try:
        return ANYTHING if any(re.search(form, word) for word in _NO_TEXTS) else _STR
    except re.error:  # other languages write other regular expressions
        return ANYTHING


def _accepts(form: str, words: Iterable[str]) -> bool:
    try:
        return re.fullmatch(form, f"/{'/'.join(words)}") is not None
    except re.error:  # other languages write other regular expressions
        return False
