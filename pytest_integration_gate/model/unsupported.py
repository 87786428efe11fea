"""What code is known to do with a value and reality does not support."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, TypeAlias

from pytest_integration_gate.model.abilities import ROW, WORDS, ability_of
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Uses
from pytest_integration_gate.model.joining import options_of
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Anything,
    Dictionary,
    Double,
    Field,
    Object,
    Record,
    Scalar,
    Shape,
)
from pytest_integration_gate.model.text import is_word, text_of

Reason: TypeAlias = Literal["shape", "protocol", "attribute", "async"]
Found: TypeAlias = list[tuple[Difference, Reason]]


def unsupported(claim: Shape, reality: Shape, uses: Uses, path: str) -> Found:
    """The operations and attributes that the code is known to use, the claim has and reality lacks."""
    able = ability_of(reality)
    if able is None:
        return []
    known = ability_of(claim)
    words: list[str] = []
    by_method = any(name in (".get", ".pop", ".setdefault") for name, _ in uses.members)
    for operation in sorted(uses.operations & WORDS.keys() - able.operations):
        if known is None or operation in known.operations:
            words.append(WORDS[operation])
    for name, _ in uses.members:
        if name.startswith(("['", '["')):
            if not able.keyed and not by_method and (known is None or known.keyed):
                words.append(name)
        elif name.startswith("[") and name != "[*]" and (known is None or "__getitem__" in known.operations):
            words += [name] if "__getitem__" not in able.operations or not _may_have_index(claim, reality) else []
    if not words:
        return missing_attributes(claim, reality, uses, path)
    text = f"{able.name} does not support {', '.join(dict.fromkeys(words))}"
    return [(Difference(path=path, claim=text_of(claim), reality=text), "protocol")]


def _may_have_index(claim: Shape, reality: Shape) -> bool:
    """Whether a number can be an index of reality; the keys of a record are names."""
    if isinstance(claim, Record | Dictionary):
        return True
    if isinstance(reality, Dictionary):
        return any(key in (ANYTHING, Scalar("int")) for key in options_of(reality.key))
    return not isinstance(reality, Record) or reality.cls == ROW


def missing_attributes(claim: Shape, reality: Shape, uses: Uses, path: str) -> Found:
    """Attributes and methods that the code reads and the class behind the claim has, but reality has not."""
    able, known = ability_of(reality), ability_of(claim)
    configured = {field.name for field in claim.fields} if isinstance(claim, Object | Double) else set()
    if able is None or able.attributes is None or (isinstance(claim, Double) and not claim.spec):
        return []
    found: Found = []
    for member, _ in uses.members:
        name = member[1:]
        if not member.startswith(".") or not is_public(name) or name in able.attributes:
            continue
        if known is not None and known.attributes is not None and name not in known.attributes:
            continue
        if name in configured and isinstance(reality, Object):
            continue  # compared with the attributes
        found.append((absent(Field(name, ANYTHING), f"{path}{step(name)}", able.attributes, able.name), "attribute"))
    return found


def absent(field: Field, path: str, names: Iterable[str], owner: str = "", *, renamed: str = "") -> Difference:
    """A field that reality does not have, with the nearest name that it has: `renamed`, else the one spelled alike."""
    near = [renamed] if renamed else get_close_matches(field.name, sorted(names), 1, 0.6)
    claim = "attribute" if owner and isinstance(field.shape, Anything) else text_of(field.shape)
    of = f" from {owner}" if owner else ""
    return Difference(path=path, claim=claim, reality=f"absent{of} (nearest: {near[0]})" if near else f"absent{of}")


def step(name: str) -> str:
    """A name as a step of a path: ``.email``, ``['odd key']``."""
    return f".{name}" if is_word(name) else f"[{name!r}]"


def is_public(name: str) -> bool:
    """Whether shapes hold attributes of this name."""
    return not name.startswith("_")
