"""Contexts: named groups of modules and tests that are worked on as one (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pytest_integration_gate.values import dataclass

ContextKind = Literal["domain", "coordination"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part of a context. `session` says who can take the work on it up again."""

    name: str
    modules: tuple[str, ...]
    owner: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What ``gate.yaml`` says about one context.

    `modules` are dotted names; a package includes what is below it. `public` is the only module through which a
    coordination context may reach this one. `uses` are modules of other contexts that this one may import. `tests` are
    paths below the root directory, with forward slashes.
    """

    name: str
    kind: ContextKind = "domain"
    modules: tuple[str, ...]
    public: str
    uses: tuple[str, ...] = ()
    tests: tuple[str, ...]
    components: tuple[Component, ...] = ()

    def has_module(self, module: str) -> bool:
        """Say whether a module, by its dotted name, belongs to the context."""
        return is_below(module, self.modules)

    def has_test(self, nodeid: str) -> bool:
        """Say whether a test, or a file or folder that could not be collected, belongs to the context."""
        path = nodeid.partition("::")[0]
        return any(path == one or path.startswith(f"{one}/") for one in self.tests)

    def component_of(self, module: str) -> Component | None:
        """Give the component that a module belongs to; of nested ones the inner one."""
        holding = [
            (len(one), component)
            for component in self.components
            for one in component.modules
            if is_below(module, (one,))
        ]
        return max(holding, key=lambda pair: pair[0])[1] if holding else None


def is_below(module: str, packages: Iterable[str]) -> bool:
    """Say whether a module is one of these or lies below one of them."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def context_of(module: str, contexts: Iterable[Context]) -> Context | None:
    """Give the context that a module belongs to, None when it belongs to none."""
    return next((context for context in contexts if context.has_module(module)), None)
