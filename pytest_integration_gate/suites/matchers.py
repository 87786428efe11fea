"""Compares what was seen with what a suite expects (SPEC section 10, "Matchers").

An expectation is plain data. A type word stands for every value of its type; a mapping all of whose keys are names of
matchers is a matcher; another mapping names the keys that must be there; a list is ordered and complete; everything
else is a literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from operator import ge, gt, le, lt
from typing import Any
from uuid import UUID

from pytest_integration_gate.values import dataclass


class _Absent:
    """Stands for what is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path on which the seen differs from the expected. `hint` says more where the two values do not tell it all.

    `path` starts at ``$``. Either side is `ABSENT` when the path does not exist or must not exist.
    """

    path: str
    expected: Any
    actual: Any
    hint: str = ""


def differences(expected: Any, actual: Any, *, path: str = "$", exact: bool = False) -> tuple[Difference, ...]:
    """Return every path on which `actual` is not what is expected; `exact` forbids keys that are not named."""
    return tuple(_compare(expected, actual, path, exact))


def is_matcher(expected: Any) -> bool:
    """Whether an expectation is a mapping that only has names of matchers as keys.

    No type is a mapping: ``{type: {eq: x}}`` speaks of data with a key `type`.
    """
    if not isinstance(expected, Mapping) or isinstance(expected.get("type"), Mapping):
        return False
    return bool(expected) and all(key in MATCHERS for key in expected)


def below(path: str, key: object) -> str:
    """Return the path of a key below another path."""
    return f"{path}.{key}" if re.fullmatch(r"[\w-]+", str(key)) else f'{path}["{key}"]'


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same data: numbers by value, true is not 1, lists by element, mappings by key."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if _is_number(one) and _is_number(other):
        return bool(_comparable(one) == _comparable(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if _is_list(one) and _is_list(other):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


# -- types ------------------------------------------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _comparable(number: Any) -> Any:
    """Let decimals of a database meet the floats of a file as they are written: 1.1 is 1.1."""
    return Decimal(repr(number)) if isinstance(number, float) else number


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_datetime(value: Any) -> bool:
    if isinstance(value, datetime):
        return True
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#]+\S*")


def _is_text(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": _is_list,
    "object": lambda value: isinstance(value, Mapping),
    "uuid": lambda value: isinstance(value, UUID) or _is_text(_UUID)(value),
    "datetime": _is_datetime,
    "email": _is_text(_EMAIL),
    "url": _is_text(_URL),
}
"""The words that stand for every value of a type."""


def is_type_word(expected: Any) -> bool:
    """Whether an expectation is a type word."""
    return isinstance(expected, str) and expected in TYPES


# -- comparison -------------------------------------------------------------------------------------------------------


def _compare(expected: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if actual is ABSENT and is_matcher(expected) and not {"absent", "optional", "exact"} & expected.keys():
        yield Difference(path=path, expected=expected, actual=ABSENT)
    elif is_matcher(expected):
        for name, operand in expected.items():
            yield from MATCHERS[name](operand, actual, path, exact)
    elif actual is ABSENT or (is_type_word(expected) and not TYPES[expected](actual)):
        yield Difference(path=path, expected=expected, actual=actual)
    elif isinstance(expected, Mapping):
        yield from _mapping(expected, actual, path, exact, _compare)
    elif _is_list(expected):
        yield from _list(expected, actual, path, exact, _compare)
    elif not is_type_word(expected) and not equal(expected, actual):
        yield Difference(path=path, expected=expected, actual=actual, hint=_look(expected, actual))


_Compare = Callable[[Any, Any, str, bool], Iterator[Difference]]


def _mapping(expected: Mapping[Any, Any], actual: Any, path: str, exact: bool, inner: _Compare) -> Iterator[Difference]:
    if not isinstance(actual, Mapping):
        yield Difference(path=path, expected=expected, actual=actual)
        return
    keys = {str(key): key for key in actual}
    for key, value in expected.items():
        found = actual[keys[str(key)]] if str(key) in keys else ABSENT
        for difference in inner(value, found, below(path, key), exact):
            is_missing = found is ABSENT and difference.expected is not ABSENT
            yield _with_nearest(difference, str(key), keys) if is_missing else difference
    if exact:
        named = {str(key) for key in expected}
        for key, original in keys.items():
            if key not in named:
                yield Difference(path=below(path, key), expected=ABSENT, actual=actual[original])


def _list(expected: Sequence[Any], actual: Any, path: str, exact: bool, inner: _Compare) -> Iterator[Difference]:
    if not _is_list(actual):
        yield Difference(path=path, expected=expected, actual=actual)
        return
    for index in range(max(len(expected), len(actual))):
        place = f"{path}[{index}]"
        if index >= len(expected):
            yield Difference(path=place, expected=ABSENT, actual=actual[index])
        else:
            yield from inner(expected[index], actual[index] if index < len(actual) else ABSENT, place, exact)


def _literally(expected: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    """Compare without meaning: words and names of matchers stand for themselves, nothing may be added."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        yield from _mapping(expected, actual, path, True, _literally)
    elif _is_list(expected) and _is_list(actual):
        yield from _list(expected, actual, path, True, _literally)
    elif actual is ABSENT or not equal(expected, actual):
        yield Difference(path=path, expected=expected, actual=actual, hint=_look(expected, actual))


def _with_nearest(difference: Difference, key: str, keys: Mapping[str, Any]) -> Difference:
    near = get_close_matches(key, keys, n=1, cutoff=0.6) or [other for other in keys if key in other or other in key]
    if not near or difference.hint:
        return difference
    return Difference(path=difference.path, expected=difference.expected, actual=ABSENT, hint=f"nearest: {near[0]}")


def _look(expected: Any, actual: Any) -> str:
    """Explain two values that look alike when they are printed."""
    if actual is ABSENT or type(expected) is type(actual) or str(expected).lower() != str(actual).lower():
        return ""
    return f"{_kind(expected)} is expected, {_kind(actual)} was given"


def _kind(value: Any) -> str:
    words = ("boolean", "integer", "number", "string", "null", "array", "object")
    name = next((word for word in words if TYPES[word](value)), type(value).__name__)
    return f"{'an' if name[0] in 'aio' else 'a'} {name}"


# -- matchers ---------------------------------------------------------------------------------------------------------


def _eq(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    return _literally(operand, actual, path, True)


def _ne(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if actual is ABSENT or equal(operand, actual):
        yield Difference(path=path, expected={"ne": operand}, actual=actual)


def _bound(name: str, holds: Callable[[Any, Any], bool]) -> _Compare:
    def compare(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
        expected = {name: operand}
        if _is_number(operand) and _is_number(actual):
            if not holds(_comparable(actual), _comparable(operand)):
                yield Difference(path=path, expected=expected, actual=actual)
        elif isinstance(operand, str) and isinstance(actual, str):
            if not holds(actual, operand):
                yield Difference(path=path, expected=expected, actual=actual)
        else:
            hint = "" if actual is ABSENT else f"{_kind(actual)} cannot be compared with {_kind(operand)}"
            yield Difference(path=path, expected=expected, actual=actual, hint=hint)

    return compare


def _in(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if actual is ABSENT or not any(equal(one, actual) for one in _listed(operand)):
        yield Difference(path=path, expected={"in": operand}, actual=actual, hint=_no_list(operand))


def _not_in(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if actual is ABSENT or not _is_list(operand) or any(equal(one, actual) for one in operand):
        yield Difference(path=path, expected={"not_in": operand}, actual=actual, hint=_no_list(operand))


def _listed(operand: Any) -> Sequence[Any]:
    return operand if _is_list(operand) else ()


def _no_list(operand: Any) -> str:
    return "" if _is_list(operand) else f"a list is needed, {_kind(operand)} was given"


def _contains(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if isinstance(actual, str):
        holds = isinstance(operand, str) and operand in actual
    elif _is_list(actual):
        holds = any(not differences(operand, element, exact=exact) for element in actual)
    elif isinstance(actual, Mapping) and isinstance(operand, Mapping):
        yield from _mapping(operand, actual, path, False, _compare)
        return
    else:
        holds = isinstance(actual, Mapping) and str(operand) in map(str, actual)
    if not holds:
        yield Difference(path=path, expected={"contains": operand}, actual=actual)


def _matches(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    hint = ""
    try:
        if isinstance(actual, str) and re.search(operand, actual) is not None:
            return
    except (TypeError, re.error) as error:
        hint = f"no regular expression: {error}"
    yield Difference(path=path, expected={"matches": operand}, actual=actual, hint=hint)


def _length(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if not isinstance(actual, str | Mapping) and not _is_list(actual):
        yield Difference(path=path, expected={"length": operand}, actual=actual)
    elif any(_compare(operand, len(actual), path, exact)):
        yield Difference(path=path, expected={"length": operand}, actual=actual, hint=f"its length is {len(actual)}")


def _each(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if not _is_list(actual):
        yield Difference(path=path, expected={"each": operand}, actual=actual)
        return
    for index, element in enumerate(actual):
        yield from _compare(operand, element, f"{path}[{index}]", exact)


def _any(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if not _is_list(actual) or not any(not differences(operand, element, exact=exact) for element in actual):
        yield Difference(path=path, expected={"any": operand}, actual=actual)


def _absent(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if operand and actual is not ABSENT:
        yield Difference(path=path, expected=ABSENT, actual=actual)
    elif not operand and actual is ABSENT:
        yield Difference(path=path, expected={"absent": False}, actual=ABSENT)


def _type(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    words = ["null" if word is None else word for word in (operand if _is_list(operand) else [operand])]
    unknown = [word for word in words if not is_type_word(word)]
    if actual is ABSENT or unknown or not any(TYPES[word](actual) for word in words):
        hint = f"{unknown[0]!r} is no type" if unknown else ""
        yield Difference(path=path, expected={"type": operand}, actual=actual, hint=hint)


def _optional(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    if actual is not ABSENT:
        yield from _compare(operand, actual, path, exact)


def _exact(operand: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    return _compare(operand, actual, path, True)


MATCHERS: Mapping[Any, _Compare] = {
    "eq": _eq,
    "ne": _ne,
    "lt": _bound("lt", lt),
    "lte": _bound("lte", le),
    "gt": _bound("gt", gt),
    "gte": _bound("gte", ge),
    "in": _in,
    "not_in": _not_in,
    "contains": _contains,
    "matches": _matches,
    "length": _length,
    "each": _each,
    "any": _any,
    "absent": _absent,
    "type": _type,
    "optional": _optional,
    "exact": _exact,
}
"""What each matcher does with its operand."""
