"""What implementations of the gate's hooks write with (see `hookspecs`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.model.capture import argument_of, picture
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Arguments, Outcome, Site
from pytest_integration_gate.model.run_report import RunReport, TestOutcome, Untidy
from pytest_integration_gate.values import dataclass

if TYPE_CHECKING:
    import pytest

__all__ = [
    "Call",
    "Cause",
    "Contribution",
    "Ended",
    "Finding",
    "Replayed",
    "RunReport",
    "TestOutcome",
    "Untidy",
    "called",
]

_TARGET = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")
_NOT_SAID: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a collaborator, as a double answered it or as the real one did; made by `called`.

    `at` is ``file:line``: where the double was configured, or where the real code stands.
    """

    target: str
    arguments: Arguments
    outcome: Outcome
    at: str = ""


def called(
    target: str,
    positional: Sequence[Any] = (),
    keywords: Mapping[str, Any] | None = None,
    *,
    returned: Any = _NOT_SAID,
    awaited: Any = _NOT_SAID,
    raised: BaseException | None = None,
    at: str = "",
) -> Call:
    """Picture a call while its values are what they were; secrets are masked and no value is kept.

    `target` is the canonical address, ``package.module:Class.method``. Arguments stand without ``self``. The outcome
    is one of `returned`, `awaited` (what awaiting the call gave) and `raised`; with none of them nothing is said of it.

    Raises ValueError for a target of another form, and for more than one outcome.
    """
    if not _TARGET.fullmatch(target):
        raise ValueError(f"{target!r} is no address of a callable. Write 'package.module:Class.method'.")
    if (returned is not _NOT_SAID) + (awaited is not _NOT_SAID) + (raised is not None) > 1:
        raise ValueError(f"A call of {target} has one outcome: returned, awaited or raised.")
    if raised is not None:
        outcome = Outcome(kind="raised", shape=picture(raised)[0])
    elif returned is not _NOT_SAID:
        shape, text = picture(returned)
        outcome = Outcome(kind="returned", shape=shape, text=text)
    elif awaited is not _NOT_SAID:
        shape, text = picture(awaited)
        outcome = Outcome(kind="awaited", shape=shape, text=text, awaiting=True)
    else:
        outcome = Outcome(kind="unconfigured")
    arguments = Arguments(
        positional=tuple(argument_of(value) for value in positional),
        keywords=tuple(sorted((name, argument_of(value, name)) for name, value in (keywords or {}).items())),
    )
    return Call(target=target, arguments=arguments, outcome=outcome, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One call or request that asks the real thing what a double claims of it. Equal ones are asked once.

    `name` is what the item is called, `act` what it does (``call shop.prices:fetch('EUR')``), `boundary` where the
    answer is filed, `key` what tells it from others with the same name, `tests` those that claim it. `provided` is the
    class of which a registered object is needed, empty when none is. `refused` says why it cannot be asked. `site` is
    the project's call that it stands for; `is_trouble` that the claim simulates a failure. `states` are those of the
    world in which it is asked.
    `ask` gets the ``request`` of a test item that has the marker ``boundary``: what it does is observed as in every
    boundary test. It returns why the answer may come from another world than the one that the claim is about, empty
    when nothing says so.
    """

    name: str
    act: str
    boundary: str
    key: object = None
    provided: str = ""
    refused: str = ""
    states: tuple[str, ...] = ()
    tests: tuple[str, ...] = field(default=(), compare=False)
    is_trouble: bool = field(default=False, compare=False)
    site: Site | None = field(default=None, compare=False)
    ask: Callable[[pytest.FixtureRequest], str] = field(default=lambda request: "", compare=False)
