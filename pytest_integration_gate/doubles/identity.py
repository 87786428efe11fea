"""What bare mocks stand for, worked out when the test is over (SPEC section 4, bare mocks).

Everything that is said of a mock has to agree: what the places are annotated with that hold it, what the code there
says of it in a ``cast``, what the author of the test says. Where one class descends from another, the more derived one
speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pytest_integration_gate.doubles.inference import Hint
from pytest_integration_gate.doubles.marks import Root
from pytest_integration_gate.model.classes import descends
from pytest_integration_gate.source.declarations import declared_at
from pytest_integration_gate.source.naming import address_of, module_in
from pytest_integration_gate.source.questions import asks_about, told_classes

# From a place (function or class, name, whether it holds a container) to the class of what it is annotated to hold.
HeldClass = Callable[[Any, str, bool], type | None]
# From an annotation and the name of the module that it stands in to the class that it means.
NamedClass = Callable[[str, str], type | None]
# From a class and an attribute to the class and the parameter of the ``__init__`` that fills it.
KeptFrom = Callable[[type, str], tuple[type, str] | None]


class Identities:
    """Says what bare mocks and received fakes stand for; remembers what is known of places."""

    def __init__(
        self,
        is_mock_class: Callable[[type], bool],
        held_class: HeldClass,
        named_class: NamedClass,
        kept_from: KeptFrom,
    ) -> None:
        self._held_class = held_class
        self._named_class = named_class
        self._kept_from = kept_from
        self._is_mock_class = is_mock_class
        self._held: dict[tuple[int, str, bool], tuple[Any, type | None]] = {}

    def bind(self, root: Root) -> None:
        """Let a root stand for the one class that everybody says it is, with the reason."""
        for hint in root.hints:
            if hint.hides:
                root.target, root.real, root.is_inferred = address_of(hint.owner), hint.owner, True
                root.beneath = ("()", f".{hint.name}")
                root.reason = f"it hides the method `{hint.name}` of {root.target}"
                return
        if any(map(_is_ready_for_others, root.hints)):
            return
        found: dict[type, str] = {}
        for cls, reason in self._said_of(root):
            if cls is not None and not self._is_mock_class(cls):
                found.setdefault(cls, reason)
        classes = [cls for cls in found if not any(descends(other, cls) for other in found if other is not cls)]
        if len(classes) == 1:
            cls = classes[0]
            root.target, root.real, root.is_inferred, root.reason = address_of(cls), cls, True, found[cls]
        elif not classes:
            root.places = tuple(dict.fromkeys(filter(None, map(self._parameter_of, root.hints))))

    def _said_of(self, root: Root) -> Iterator[tuple[type | None, str]]:
        for hint in root.hints:
            where = _place(hint)
            yield self._class_at(hint), f"{where} is annotated so"
            if hint.code is not None and not hint.is_element:
                for text in told_classes(hint.code, hint.name):
                    yield self._named_class(text, hint.module), f"the code that gets {where} says so"
        if root.at is not None:
            for text in declared_at(*root.at):
                module = module_in(root.at[0])
                name = module.__name__ if module is not None else ""
                yield self._named_class(text, name), "the test says so where it makes it"

    def _parameter_of(self, hint: Hint) -> tuple[str, str] | None:
        """The function (or class, for its constructor) and the parameter through which a mock came to its place."""
        if hint.is_element or hint.owner is None:
            return None
        if not isinstance(hint.owner, type):
            return address_of(hint.owner), hint.name
        kept = self._kept_from(hint.owner, hint.name)
        return (address_of(kept[0]), kept[1]) if kept is not None else None

    def _class_at(self, hint: Hint) -> type | None:
        key = (id(hint.owner), hint.name, hint.is_element)
        known = self._held.get(key)
        if known is None or known[0] is not hint.owner:
            known = self._held[key] = (hint.owner, self._held_class(hint.owner, hint.name, hint.is_element))
        return known[1]


def _is_ready_for_others(hint: Hint) -> bool:
    """Whether code asks what kind of thing it has: it then works with more than the annotation says.

    An element of a container goes by another name there.
    """
    return hint.code is not None and hint.may_ask and (hint.is_element or asks_about(hint.code, hint.name))


def _place(hint: Hint) -> str:
    owner = address_of(hint.owner) if hint.owner is not None else hint.module
    return f"`{hint.name}` of {owner}"
