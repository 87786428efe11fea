"""Words for claims, targets and numbers, the same in every report."""

from __future__ import annotations

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Exchange, text_of_answer
from pytest_integration_gate.model.finding import Kind
from pytest_integration_gate.model.interaction import Argument, Arguments
from pytest_integration_gate.model.text import text_of, text_of_outcome

_ABOUT_ARGUMENTS = frozenset({"signature", "argument_shape", "fake_interface"})


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 claim``, ``2 claims``, ``2 mismatches``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def target_name(target: str) -> str:
    """Return the part of a target that people call it by: ``UserRepo.get``, ``prices.fetch``, a whole HTTP route."""
    module, colon, path = target.partition(":")
    if not colon or " " in module:
        return target
    is_in_class = "." in path.partition("(")[0]
    return path if is_in_class else f"{module.rpartition('.')[2]}.{path}"


def claim_text(claim: Claim, kind: Kind | None) -> str:
    """Say what a double claims, as far as it concerns one kind of mismatch."""
    if claim.exchange is not None:
        return _exchange_text(claim.exchange, kind)
    if kind == "missing_attribute" or claim.action == "replace":
        return "exists"
    if claim.action == "read":
        return "is read" if claim.outcome is None else f"is {text_of(claim.outcome.shape)}"
    if claim.arguments is not None and kind in _ABOUT_ARGUMENTS:
        return f"is called with {arguments_text(claim.arguments)}"
    if claim.outcome is None:
        return "is called"
    if kind == "return_value" and claim.outcome.text is not None:
        return f"returns {claim.outcome.text}"
    return text_of_outcome(claim.outcome)


def _exchange_text(exchange: Exchange, kind: Kind | None) -> str:
    if kind == "http_request":
        body = exchange.request.body
        return "is accepted as it is" if body is None else f"is accepted with {text_of(body.shape)}"
    return text_of_answer(exchange.answer, exchange.error)


def arguments_text(arguments: Arguments) -> str:
    """Write the arguments of a call as the call would be written: ``(42, currency='EUR')``."""
    positional = [_argument_text(argument) for argument in arguments.positional]
    keywords = [f"{name}={_argument_text(argument)}" for name, argument in arguments.keywords]
    return f"({', '.join(positional + keywords)})"


def _argument_text(argument: Argument) -> str:
    return text_of(argument.shape) if argument.text is None else argument.text
