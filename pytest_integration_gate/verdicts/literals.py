"""Comparing values where a boundary says ``compare: value``: only what the code reads of them."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator
from typing import Any

from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Uses
from pytest_integration_gate.model.unsupported import step
from pytest_integration_gate.model.using import is_idle, parts_of


def different_values(said: str, seen: str, uses: Uses) -> tuple[Difference, ...]:
    """Return where two literals differ in what is read. More keys in reality are information, a lack is its shape's."""
    if said == seen:
        return ()
    try:
        return tuple(_compare(literal_eval(said), literal_eval(seen), uses, "$"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # No plain Python: an object, or a part that was cut or masked. As a whole it is compared if it is all read.
        return (Difference(path="$", claim=said, reality=seen),) if uses.escapes else ()


def _compare(said: Any, seen: Any, uses: Uses, path: str) -> Iterator[Difference]:
    if isinstance(said, dict) and isinstance(seen, dict):
        for key, value in said.items():
            part = parts_of(uses, (f"[{key!r}]",))
            if part is not None and key in seen:
                yield from _compare(
                    value,
                    seen[key],
                    part,
                    f"{path}{step(key) if isinstance(key, str) else f'[{key!r}]'}",
                )
    elif isinstance(said, list | tuple) and isinstance(seen, list | tuple) and len(said) == len(seen):
        for index, (left, right) in enumerate(zip(said, seen, strict=True)):
            part = parts_of(uses, (f"[{index}]", f"[{index - len(said)}]"))
            if part is not None:
                yield from _compare(left, right, part, f"{path}[{index}]")
    elif said != seen and not is_idle(uses):
        yield Difference(path=path, claim=repr(said), reality=repr(seen))
