"""What implementations of the gate's hooks write with (see `hookspecs`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.model.capture import argument_of, picture
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.model.run_report import RunReport, TestOutcome, Untidy
from pytest_integration_gate.values import dataclass

__all__ = ["Call", "Cause", "Contribution", "Ended", "RunReport", "TestOutcome", "Untidy", "called"]

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
