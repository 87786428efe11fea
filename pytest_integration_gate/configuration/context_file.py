"""The contexts of ``gate.yaml``: what they say, and what does not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os.path import exists, isdir, join
from typing import Any

from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.model.context import Component, Context
from pytest_integration_gate.strict_yaml import Node
from pytest_integration_gate.yaml_rules import nearest


def read_contexts(node: Node) -> tuple[tuple[Context, ...], list[str]]:
    """Read the checked table `contexts`; give the contexts and what is wrong with them, each with its place."""
    contexts = []
    problems: list[str] = []
    for entry in node.entries.values():
        name, table = str(entry.key.data), entry.value
        for key in ("modules", "tests"):
            if key not in table.entries or not table.entries[key].value.items:
                problems.append(f"{entry.key.place}: context `{name}` has no {key}. Write `{key}: [...]`.")
        if len(problems) == 0 or (_texts(table, "modules") and _texts(table, "tests")):
            contexts.append(_context(name, table))
            problems += _strangers(contexts[-1], table)
    return tuple(contexts), problems + list(_overlaps(contexts, node))


def check_contexts(contexts: Iterable[Context], root: str, known: Iterable[str], gone: Iterable[str]) -> None:
    """Raise `SettingsError` for tests and modules that are not there, all at once.

    `known` are the dotted names of the project's modules, `gone` those that were deleted or renamed since the base.
    What a context uses may also be none of the project's.
    """
    problems: list[str] = []
    modules = {*known, *gone}
    packages = modules | {name.rpartition(".")[0] for name in modules}
    tops = {name.partition(".")[0] for name in modules}
    for context in contexts:
        where = f"gate.yaml: context `{context.name}`"
        problems += [
            f"{where} has no tests at `{path}`. Make them, or name the folder or file that has them."
            for path in context.tests
            if not _has_tests(join(root, path))
        ]
        named = [(context.modules, ""), *((one.modules, f" of component `{one.name}`") for one in context.components)]
        named.append(((context.public,), " to be public"))
        named.append((tuple(one for one in context.uses if one.partition(".")[0] in tops), " to use"))
        problems += [
            f"{where}: there is no module `{module}`{owner}.{_near(module, modules)}"
            for names, owner in named
            for module in names
            if not _is_there(module, packages)
        ]
    if problems:
        raise SettingsError("\n".join(dict.fromkeys(problems)))


def _is_there(module: str, packages: set[str]) -> bool:
    return module in packages or any(name.startswith(f"{module}.") for name in packages)


def _near(module: str, modules: set[str]) -> str:
    hint = nearest(module, modules)
    return hint.partition(" Known:")[0]


def _has_tests(path: str) -> bool:
    if not isdir(path):
        return exists(path)
    from os import walk

    return any(
        name.endswith((".py", ".yaml", ".yml")) and name not in ("__init__.py", "conftest.py")
        for _, _, names in walk(path)
        for name in names
    )


def _texts(table: Node, key: str) -> tuple[str, ...]:
    found: Any = table.entries[key].value.data if key in table.entries else ()
    return tuple(found)


def _text(table: Node, key: str, default: str = "") -> str:
    return str(table.entries[key].value.data) if key in table.entries else default


def _context(name: str, table: Node) -> Context:
    modules = _texts(table, "modules")
    components = table.entries["components"].value.entries.values() if "components" in table.entries else ()
    kind: Any = _text(table, "kind", "domain")
    return Context(
        name=name,
        kind=kind,
        modules=modules,
        public=_text(table, "public", modules[0]),
        uses=_texts(table, "uses"),
        tests=tuple(path.removeprefix("./").rstrip("/") for path in _texts(table, "tests")),
        components=tuple(
            Component(
                name=str(entry.key.data),
                modules=_texts(entry.value, "modules"),
                owner=_text(entry.value, "owner"),
                session=_text(entry.value, "session"),
            )
            for entry in components
        ),
    )


def _strangers(context: Context, table: Node) -> Iterator[str]:
    """What a context calls its own and is not."""
    own = f"It has: {', '.join(context.modules)}."
    if not context.has_module(context.public):
        place = table.entries["public"].value.place
        yield f"{place}: `{context.public}` is no module of context `{context.name}`. {own}"
    owners: dict[str, str] = {}
    for component in context.components:
        entry = table.entries["components"].value.entries[component.name]
        for module in component.modules:
            if (other := owners.setdefault(module, component.name)) != component.name:
                both = f"components `{other}` and `{component.name}` both have `{module}`"
                yield f"{entry.key.place}: {both}. Let one have it."
        if not component.modules:
            yield f"{entry.key.place}: component `{component.name}` has no modules. Write `modules: [...]`."
        for module in component.modules:
            if not context.has_module(module):
                yield (
                    f"{entry.key.place}: component `{component.name}`: `{module}` is no module of context "
                    f"`{context.name}`. {own}"
                )


def _overlaps(contexts: Sequence[Context], node: Node) -> Iterator[str]:
    for number, context in enumerate(contexts):
        for other in contexts[:number]:
            place = node.entries[context.name].key.place
            for module in context.modules:
                if shared := next((one for one in other.modules if _share(module, one, ".")), None):
                    yield _overlap(place, context, module, other, shared, "module")
            for path in context.tests:
                if shared := next((one for one in other.tests if _share(path, one, "/")), None):
                    yield _overlap(place, context, path, other, shared, "test")


def _share(one: str, other: str, separator: str) -> bool:
    return f"{one}{separator}".startswith(f"{other}{separator}") or f"{other}{separator}".startswith(
        f"{one}{separator}"
    )


def _overlap(place: str, context: Context, name: str, other: Context, shared: str, what: str) -> str:
    has = f"has `{shared}`" if shared != name else "has it too"
    return (
        f"{place}: contexts overlap: `{name}` of context `{context.name}`, and `{other.name}` {has}. "
        f"Let each {what} belong to one context."
    )
