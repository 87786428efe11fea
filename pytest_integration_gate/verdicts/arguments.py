"""When two calls had equal arguments (SPEC section 7, evidence of kind 2)."""

from __future__ import annotations

from collections.abc import Hashable

from pytest_integration_gate.model.fact import Signature
from pytest_integration_gate.model.interaction import Arguments

_SOME_OBJECT = "<default>"
_NOT_GIVEN = "<none>"


class Fingerprints:
    """Turns the arguments of calls into what is equal for equal arguments.

    With a signature the way of writing does not matter: ``get(1)`` is ``get(user_id=1)``, and a default that is
    written out is the default. What was seen inside the callee (`Arguments.bound`) knows its parameters already.
    """

    def __init__(self, signature: Signature | None) -> None:
        parameters = [each for each in signature.parameters if each.kind not in ("args", "kwargs")] if signature else []
        self._places = [each.name for each in parameters if each.kind != "keyword"]
        self._defaults: list[tuple[str, str | None]] = []
        for each in parameters:
            # A default that is no plain data has no text, and stands only for itself.
            default = _NOT_GIVEN if each.required else _SOME_OBJECT if each.default is None else each.default
            self._defaults.append((each.name, default))

    def of(self, arguments: Arguments) -> Hashable:
        """Return the fingerprint of a call, None when an argument equals nothing."""
        texts = {name: argument.text for name, argument in arguments.keywords}
        rest = [argument.text for argument in arguments.positional]
        if rest and not arguments.bound:
            free = [name for name in self._places if name not in texts]
            texts.update(zip(free, rest, strict=False))
            del rest[: len(free)]
        for name, default in self._defaults:
            text = texts.pop(name, default)
            rest.append(_SOME_OBJECT if text is None and default is _SOME_OBJECT else text)
        if texts:
            rest += [f"{name}={text}" if text is not None else None for name, text in sorted(texts.items())]
        return None if None in rest else tuple(rest)
