"""From canonical addresses back to what they name in the loaded modules, without importing anything."""

from __future__ import annotations

import sys
from types import ModuleType

from pytest_integration_gate.model.classes import canonical, namespace_of
from pytest_integration_gate.reality.attributes import find


def owner_of(root: str) -> tuple[object, str]:
    """Give the class or module that an address lies in, and the last name. None when it cannot be found."""
    module_name, _, qualname = root.partition(":")
    holder: object = sys.modules.get(module_name)
    *outer, name = qualname.split(".")
    for part in outer:
        if type(holder) is ModuleType:
            holder = holder.__dict__.get(part)
        elif isinstance(holder, type):
            found = find(holder, part)
            holder = found[1] if found else None
    return holder, name


def class_at(address: str) -> type | None:
    """Give the class that a canonical address names in the loaded modules."""
    holder, name = owner_of(address)
    if type(holder) is ModuleType:
        value = holder.__dict__.get(name)
    elif isinstance(holder, type):
        value = namespace_of(holder).get(name)
    else:
        return None
    return value if isinstance(value, type) and canonical(value) == address else None
