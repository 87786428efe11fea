"""Binding arguments to parameters as the interpreter does."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_integration_gate.model.fact import Parameter, Signature
from pytest_integration_gate.model.interaction import Argument, Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What became of the arguments: a `problem` in words, or the pairs of parameter and argument."""

    problem: str = ""
    pairs: tuple[tuple[Parameter, Argument], ...] = ()


def bind(signature: Signature, arguments: Arguments) -> Binding:
    """Bind the arguments of a call; the first thing that a real call would refuse is the problem."""
    parameters = signature.parameters
    places = [p for p in parameters if p.kind in ("positional", "standard")]
    rest = next((p for p in parameters if p.kind == "args"), None)
    extra = next((p for p in parameters if p.kind == "kwargs"), None)
    pairs = list(zip(places, arguments.positional, strict=False))
    surplus = arguments.positional[len(places) :]
    if surplus and rest is None:
        return Binding(problem=f"takes {_count(len(places))}, not {len(arguments.positional)}")
    pairs += [(rest, argument) for argument in surplus if rest is not None]
    filled = {parameter.name for parameter, _ in pairs if parameter.kind != "args"}
    named = {p.name: p for p in parameters if p.kind in ("standard", "keyword")}
    for name, argument in arguments.keywords:
        parameter = named.get(name)
        if parameter is None:
            if extra is None:
                return Binding(problem=f"has no parameter {name}")
            pairs.append((extra, argument))
        elif name in filled:
            return Binding(problem=f"gets {name} twice")
        else:
            filled.add(name)
            pairs.append((parameter, argument))
    missing = [p.name for p in parameters if p.required and p.name not in filled]
    if missing:
        return Binding(problem=f"also needs {', '.join(missing)}")
    return Binding(pairs=tuple(pairs))


def _count(number: int) -> str:
    return f"{number} positional argument" + ("" if number == 1 else "s")


def text_of_signature(signature: Signature) -> str:
    """Print parameters as source would: ``(account, cents, *, currency='EUR')``."""
    parts: list[str] = []
    parameters = signature.parameters
    for index, parameter in enumerate(parameters):
        before = parameters[index - 1].kind if index else None
        if before == "positional" and parameter.kind != "positional":
            parts.append("/")
        if parameter.kind == "keyword" and before not in ("keyword", "args"):
            parts.append("*")
        star = {"args": "*", "kwargs": "**"}.get(parameter.kind, "")
        default = (
            "" if parameter.required or star else f"={parameter.default if parameter.default is not None else '…'}"
        )
        parts.append(f"{star}{parameter.name}{default}")
    if parameters and parameters[-1].kind == "positional":
        parts.append("/")
    return f"({', '.join(parts)})"
