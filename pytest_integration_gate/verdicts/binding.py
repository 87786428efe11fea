"""Binding arguments to parameters as the interpreter does."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_integration_gate.model.fact import Parameter, Signature
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.interaction import Argument, Arguments
from pytest_integration_gate.model.shape import NONE, Scalar, Shape, Union
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.values import dataclass

# Parameters are judged by these kinds of scalars only: within one, Python code seldom minds.
_GROUPS = {
    "str": "text", "bytes": "bytes", "bytearray": "bytes",
    "bool": "number", "int": "number", "float": "number", "complex": "number",
    "Decimal": "number", "Fraction": "number",
}  # fmt: skip


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


def text_of_call(arguments: Arguments) -> str:
    """Print the shapes of arguments as a call would write them."""
    parts = [text_of(argument.shape) for argument in arguments.positional]
    parts += [f"{name}={text_of(argument.shape)}" for name, argument in arguments.keywords]
    return f"({', '.join(parts)})"


def wrong_arguments(bound: Binding) -> Iterator[Difference]:
    """Give the arguments whose kind of scalar their parameter's annotation rules out. None, as a dummy, is let pass."""
    for parameter, argument in bound.pairs:
        allowed = _groups_of(parameter.annotation)
        given = _groups_of(argument.shape)
        if allowed and given and not given & allowed and given != {"None"}:
            yield Difference(
                path=f"$.{parameter.name}", claim=text_of(argument.shape), reality=text_of(parameter.annotation)
            )


def _groups_of(shape: Shape) -> frozenset[str]:
    """The kinds of scalars that a shape allows; empty when it allows anything that has no such kind."""
    options = shape.options if isinstance(shape, Union) else (shape,)
    groups = {
        "None" if option == NONE else _GROUPS.get(option.name) if isinstance(option, Scalar) else None
        for option in options
    }
    return frozenset() if None in groups else frozenset(group for group in groups if group is not None)
