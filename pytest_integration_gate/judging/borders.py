"""Borders between contexts: what a context imports that it should not (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_integration_gate.model.context import Context, context_of, is_below
from pytest_integration_gate.model.run_report import Violation
from pytest_integration_gate.source.import_graph import ImportGraph


def violations(contexts: Sequence[Context], graph: ImportGraph) -> tuple[Violation, ...]:
    """List the imports that cross a border where they must not, each where it stands first in its file.

    A domain context imports itself, what it declares, and what belongs to no context. A coordination context also
    reaches the others, but only through the public module of each. An import by name is one, where the name is spelled.
    """
    found = [
        Violation(
            kind="domain_border" if context.kind == "domain" else "coordination_border",
            importer=module,
            imported=imported,
            at=f"{path}:{line}",
        )
        for module, path in graph.modules.items()
        if (context := context_of(module, contexts)) is not None
        for imported, line in _imported(path, graph)
        if _is_forbidden(context, imported, contexts)
    ]
    return tuple(sorted(found, key=lambda one: (one.importer, one.imported)))


def _imported(path: str, graph: ImportGraph) -> Iterable[tuple[str, int]]:
    lines: dict[str, int] = {}
    for need in graph.imports(path):
        name = graph.module(need.path)
        lines[name] = min(need.line, lines.get(name, need.line))
    return lines.items()


def _is_forbidden(context: Context, imported: str, contexts: Sequence[Context]) -> bool:
    other = context_of(imported, contexts)
    if other is None or other is context or is_below(imported, context.uses):
        return False
    return context.kind == "domain" or imported != other.public
