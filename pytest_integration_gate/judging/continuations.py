"""Where the work on each failing component goes on, and with whom (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pytest_integration_gate.judging.contexts import Sorted
from pytest_integration_gate.model.context import Component, Context, context_of, is_below
from pytest_integration_gate.model.run_report import Continuation
from pytest_integration_gate.source.import_graph import ImportGraph, is_of_tests

_GONE_ON = ("in_context", "out_of_context")


def continuations(
    sorted_failures: Iterable[Sorted],
    contexts: Sequence[Context],
    graph: ImportGraph,
    culprits: Mapping[str, str],
    reasons: Mapping[str, str],
) -> tuple[Continuation, ...]:
    """Give each component that fails its owner, its session, its failures, and how it fits in.

    A failure belongs to the component of the culprit that was found for it (`culprits`, by node id); else to the
    component of the innermost module of the traceback that has one; else to those that its test imports. `reasons` has
    the first line of each failure.
    """
    failing: dict[tuple[str, str], list[Sorted]] = {}
    for one in sorted_failures:
        if one.category in _GONE_ON:
            for context, component in _components(one, contexts, graph, culprits):
                failing.setdefault((context.name, component.name), []).append(one)
    imports = _imports(graph) if failing else {}
    return tuple(
        Continuation(
            context=context.name,
            component=component.name,
            owner=component.owner,
            session=component.session,
            fits_in=_fits_in(component, context, imports),
            failures=tuple(one.failure.nodeid for one in failing[context.name, component.name]),
            issues=tuple(
                dict.fromkeys(_issue(one, culprits, reasons) for one in failing[context.name, component.name])
            ),
        )
        for context in contexts
        for component in context.components
        if (context.name, component.name) in failing
    )


def _components(
    one: Sorted, contexts: Sequence[Context], graph: ImportGraph, culprits: Mapping[str, str]
) -> list[tuple[Context, Component]]:
    nodeid = one.failure.nodeid
    for module in (culprits.get(nodeid, ""), *map(graph.module, one.failure.files)):
        if found := _component(module, contexts):
            return [found]
    imported = (graph.module(need.path) for need in graph.needs(nodeid.partition("::")[0]))
    return list(dict.fromkeys(found for module in imported if (found := _component(module, contexts))))


def _component(module: str, contexts: Sequence[Context]) -> tuple[Context, Component] | None:
    context = context_of(module, contexts)
    component = context.component_of(module) if context else None
    return (context, component) if context and component else None


def _fits_in(component: Component, context: Context, imports: Mapping[str, frozenset[str]]) -> str:
    """Say in one sentence what a component has, imports, and is imported by."""

    def is_inside(module: str) -> bool:
        return is_below(module, component.modules)

    uses = {name for module, names in imports.items() if is_inside(module) for name in names if not is_inside(name)}
    users = {module for module, names in imports.items() if not is_inside(module) and any(map(is_inside, names))}
    text = f"{component.name} of {context.name} ({context.kind}): {', '.join(component.modules)}"
    for words, names in (("imports", uses), ("is imported by", users)):
        if names:
            text += f"; {words} {', '.join(sorted(names))}"
    return text


def _imports(graph: ImportGraph) -> dict[str, frozenset[str]]:
    return {
        module: frozenset(graph.module(need.path) for need in graph.imports(path))
        for module, path in graph.modules.items()
        if not is_of_tests(path)
    }


def _issue(one: Sorted, culprits: Mapping[str, str], reasons: Mapping[str, str]) -> str:
    reason = reasons.get(one.failure.nodeid) or one.failure.cls or "failed"
    culprit = culprits.get(one.failure.nodeid)
    return f"{one.failure.nodeid}: {reason}" + (f" (changed: {culprit})" if culprit else "")
