"""What facts and observations tell of the real things that doubles stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.interaction import Outcome
from pytest_integration_gate.model.joining import options_of
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Dictionary,
    Object,
    Record,
    Sequence,
    Shape,
    Tuple,
)
from pytest_integration_gate.values import dataclass

_CALLED = ("function", "method", "classmethod", "staticmethod")
_ALIKE = 0.75
"""How alike two names are, from 0 to 1, of which one may be taken for the new spelling of the other."""


@dataclass(frozen=True, slots=True)
class Member:
    """One name that a real thing has: what it gives when it is read or called, and whether it is called."""

    gives: Shape
    is_called: bool


class Knowledge:
    """Everything that the records of tests say of real things."""

    def __init__(self, records: Iterable[TestRecord]) -> None:
        self.facts: dict[str, Fact] = {}
        self._seen: dict[str, list[Outcome]] = defaultdict(list)
        for record in records:
            self.facts.update((fact.target, fact) for fact in record.facts)
            for observation in record.observations:
                if not observation.contaminated:
                    self._seen[observation.target].append(observation.outcome)

    def texts(self, target: str) -> set[str]:
        """Return the literals of what calls of a target were seen to give."""
        return {outcome.text for outcome in self._seen.get(target, ()) if outcome.text is not None}

    def members(self, owner: str) -> dict[str, Member]:
        """Return the public names of a class or a module, as far as they are known."""
        found: dict[str, Member] = {}
        for target, fact in self.facts.items():
            name = _name_in(target, owner)
            if name and fact.kind not in ("missing", "unknown"):
                found[name] = Member(fact.returns, fact.kind in _CALLED)
        for shape in self._pictures(owner):
            for field in shape.fields:
                if not field.name.startswith("_"):
                    found[field.name] = Member(field.shape, is_called=False)
        for target, outcomes in self._seen.items():
            name = _name_in(target, owner)
            given = [one.shape for one in outcomes if one.kind in ("returned", "awaited")]
            if name and given:
                known = found.get(name)
                found[name] = Member(given[0], is_called=known is None or known.is_called)
        return found

    def _pictures(self, owner: str) -> Iterator[Object]:
        shapes = [outcome.shape for outcomes in self._seen.values() for outcome in outcomes]
        for shape in (*shapes, *(fact.returns for fact in self.facts.values())):
            for option in options_of(shape):
                if isinstance(option, Object) and option.cls == owner:
                    yield option


def _name_in(target: str, owner: str) -> str:
    """Return the public name of a target directly below an owner, a class or a module; empty for others."""
    for separator in (".", ":"):
        head = owner + separator
        if target.startswith(head):
            name = target[len(head) :]
            return "" if name.startswith("_") or "." in name or ":" in name or "(" in name else name
    return ""


def successor(old: str, value: Shape, candidates: dict[str, Shape], *, nearest: str = "", is_last: bool = True) -> str:
    """Return the name that took the place of one that is gone, empty when that cannot be told.

    `value` is what the double has under the old name, `candidates` are the real names that the double lacks. The
    `nearest` that the verdict knows wins, then the only one of which the name is alike, then the only one there is,
    but that only when nothing else of the double is gone too (`is_last`). What it holds has to suit.
    """
    if nearest in candidates:
        return nearest
    suitable = [name for name, shape in candidates.items() if _resembles(value, shape)]
    alike = [name for name in suitable if _is_alike(old, name)]
    if len(alike) == 1:
        return alike[0]
    return suitable[0] if is_last and len(suitable) == 1 and suitable == [*candidates] else ""


def only_suitable(value: Shape, candidates: dict[str, Shape]) -> str:
    """Return the only one of some names that was seen to give such a value, which must be no plain scalar."""
    if not isinstance(value, Record | Sequence | Object | Tuple):
        return ""
    found = [name for name, shape in candidates.items() if shape != ANYTHING and _resembles(value, shape)]
    return found[0] if len(found) == 1 else ""


def _is_alike(old: str, new: str) -> bool:
    first, second = old.lower().replace("_", ""), new.lower().replace("_", "")
    return first in second or second in first or SequenceMatcher(None, first, second).ratio() >= _ALIKE


def _resembles(value: Shape, shape: Shape) -> bool:
    """Say whether a value could be what reality gives: of the same kind, with no parts of which it knows nothing."""
    match value, shape:
        case (Record(fields=fields), Record(fields=real)):
            there = {field.name: field.shape for field in real}
            return all(field.name in there and _resembles(field.shape, there[field.name]) for field in fields)
        case (Sequence(element=element), Sequence(element=real_element)):
            return _resembles(element, real_element)
        case (Record(), Dictionary()) | (Sequence(), Tuple()) | (Tuple(), Sequence()):
            return True
    is_plain = not isinstance(shape, Record | Dictionary | Sequence | Tuple)
    return is_plain and not fit(value, shape)
