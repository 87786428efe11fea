"""Lets our own modules be imported as any others are.

pytest rewrites the assertions of every plugin that has an entry point, module by module. Ours are no tests and hold no
assertions for users to read; going past that halves the cost of switching the gate on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder

_OURS = f"{__package__}."


class Finder:
    """Finds the modules of this package where Python itself finds them (see `importlib.abc.MetaPathFinder`)."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return where a module of ours stands; None leaves the name to the finders behind this one."""
        return PathFinder.find_spec(name, path) if name.startswith(_OURS) else None


def go_first() -> Callable[[], None]:
    """Put a finder before all others, and return what takes it away."""
    finder = Finder()
    sys.meta_path.insert(0, finder)

    def step_back() -> None:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)

    return step_back
