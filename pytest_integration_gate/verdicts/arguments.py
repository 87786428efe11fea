"""When two calls had equal arguments (SPEC section 7, evidence of kind 2)."""

from __future__ import annotations

from pytest_integration_gate.model.fact import Parameter, Signature
from pytest_integration_gate.model.interaction import Argument, Arguments


def fingerprint(arguments: Arguments, signature: Signature | None) -> str | None:
    """Return a text that is equal for calls with equal arguments, None when an argument equals nothing.

    With a signature the way of writing does not matter: ``get(1)`` is ``get(user_id=1)``, and a default that is
    written out is the default. What was seen inside the callee (`Arguments.bound`) knows its parameters already.
    """
    named: dict[str, Argument] = dict(arguments.keywords)
    rest = list(arguments.positional)
    if signature is not None and not arguments.bound:
        for parameter in signature.parameters:
            if parameter.kind in ("positional", "standard") and rest and parameter.name not in named:
                named[parameter.name] = rest.pop(0)
    texts = {name: argument.text for name, argument in named.items()}
    if signature is not None:
        for parameter in signature.parameters:
            _fill_default(texts, parameter)
    written = [argument.text for argument in rest]
    if None in written or None in texts.values():
        return None
    return repr((written, sorted(texts.items())))


def _fill_default(texts: dict[str, str | None], parameter: Parameter) -> None:
    if parameter.required or parameter.kind in ("args", "kwargs"):
        return
    if parameter.name not in texts:
        texts[parameter.name] = parameter.default
    # A default that is no plain data has no text, and stands only for itself.
    if texts[parameter.name] is None and parameter.default is None:
        texts[parameter.name] = "<default>"
