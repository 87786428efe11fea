"""Reading `Uses`: what is done with which part of a value."""

from __future__ import annotations

from dataclasses import replace

from pytest_integration_gate.model.interaction import ASKED, EVERYTHING, Uses

_IDLE = ASKED | {"__await__"}
_LOOSE = _IDLE | {"__format__"}


def is_idle(uses: Uses) -> bool:
    """Whether the value is dropped, or only tested for truth: its kind makes no difference."""
    return not uses.escapes and not uses.members and uses.operations <= _IDLE


def is_loose(uses: Uses) -> bool:
    """Whether the value is at most printed besides: values of many kinds make the same text."""
    return not uses.escapes and not uses.members and uses.operations <= _LOOSE


def is_named(uses: Uses, key: str) -> bool:
    """Whether the code reads this very key, or may do so."""
    return uses.escapes or any(name == f"[{key!r}]" for name, _ in uses.members)


def part_of(uses: Uses, name: str) -> Uses | None:
    """What is done with one part; a part of something that escapes escapes too."""
    found = uses.of(name)
    return replace(found, escapes=True) if found is not None and uses.escapes and not found.escapes else found


def parts_of(uses: Uses, names: tuple[str, ...] | None) -> Uses | None:
    """What is done with the parts of these names or with any element; all elements when there are no names."""
    parts = [
        part
        for name, part in uses.members
        if name == "[*]" or (name in names if names is not None else name.startswith("["))
    ]
    if not parts:
        return EVERYTHING if uses.escapes else None
    return Uses(
        escapes=uses.escapes or any(part.escapes for part in parts),
        operations=frozenset().union(*(part.operations for part in parts)),
        members=tuple(member for part in parts for member in part.members),
    )
