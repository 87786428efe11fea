"""Equal arguments, however they are written."""

from __future__ import annotations

import pytest

from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.fact import Parameter, ParameterKind, Signature
from pytest_integration_gate.model.interaction import Argument, Arguments
from pytest_integration_gate.verdicts.arguments import Fingerprints


def call(*positional: object, bound: bool = False, **keywords: object) -> Arguments:
    """Arguments of one call."""

    def seen(value: object) -> Argument:
        shape, text = picture(value)
        return Argument(shape=shape, text=text)

    return Arguments(
        positional=tuple(map(seen, positional)),
        keywords=tuple((name, seen(value)) for name, value in keywords.items()),
        bound=bound,
    )


def parameter(name: str, kind: ParameterKind = "standard", default: str | None = "-") -> Parameter:
    """A parameter; ``-`` for the default makes it required."""
    return Parameter(name=name, kind=kind, required=default == "-", default=None if default == "-" else default)


FIND = Signature(parameters=(parameter("table"), parameter("limit", default="10")))
"""def find(table, limit=10)"""
LOG = Signature(parameters=(parameter("level"), parameter("parts", "args"), parameter("extra", "kwargs")))
"""def log(level, *parts, **extra)"""
OPEN = Signature(parameters=(parameter("path", "positional"), parameter("clock", "keyword", default=None)))
"""def open(path, /, *, clock=SYSTEM_CLOCK)"""


def equal(signature: Signature | None, one: Arguments, other: Arguments) -> bool:
    """Whether two calls had equal arguments."""
    of = Fingerprints(signature).of
    return of(one) is not None and of(one) == of(other)


@pytest.mark.parametrize(
    ("signature", "one", "other"),
    [
        (FIND, call("a"), call(table="a")),
        (FIND, call("a", 10), call("a")),
        (FIND, call("a", limit=10), call(table="a", limit=10, bound=True)),
        (FIND, call(limit=3, table="a"), call("a", 3)),
        (LOG, call("info", 1, 2), call(1, 2, level="info", bound=True)),
        (LOG, call("info", user="a"), call(user="a", level="info", bound=True)),
        (OPEN, call("x"), call(path="x", clock=object(), bound=True)),
        (None, call(1, a=2), call(1, a=2)),
    ],
    ids=str,
)
def test_equal_arguments_have_one_fingerprint(signature: Signature | None, one: Arguments, other: Arguments) -> None:
    """By name or place, with a default or without, inside or outside of the callee."""
    assert equal(signature, one, other)


@pytest.mark.parametrize(
    ("signature", "one", "other"),
    [
        (FIND, call("a"), call("b")),
        (FIND, call("a", 10), call("a", 11)),
        (FIND, call("1"), call(1)),
        (LOG, call("info", 1, 2), call("info", 2, 1)),
        (LOG, call("info", 1), call("info")),
        (LOG, call("info", user="a"), call("info", name="a")),
        (LOG, call("info", "user='a'"), call("info", user="a")),
        (None, call(1), call(a=1)),
        (FIND, call(object()), call(object())),
    ],
    ids=str,
)
def test_other_arguments_have_other_fingerprints(signature: Signature | None, one: Arguments, other: Arguments) -> None:
    """Another value, type, order, number or name; an object that is no plain data equals nothing."""
    assert not equal(signature, one, other)
