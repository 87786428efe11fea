"""Reduces a failure that hangs on the order of tests to two tests.

The tests of trials run in a process of their own. A reduction is a generator: it yields an order to try, whose last
test is the one in question, and is sent its outcome. So many reductions can go on side by side, and none knows how
tests are run.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TypeAlias

from pytest_integration_gate.judging.orders import Outcome, Run
from pytest_integration_gate.values import dataclass

Order: TypeAlias = tuple[str, ...]
Reduction: TypeAlias = "Generator[Order, Outcome, Dependence | None]"
Narrowing: TypeAlias = Generator[Order, Outcome, str]

# How pair and lone test are tried again, when every order fits the suspicion and when not. What fails every second or
# third time, wherever it stands, must not keep step with this.
_WHEN_SUSPECTED = (True, False)
_WHEN_NOT = (True, False, False, True, True, True, False, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence:
    """A test whose outcome hangs on another: it fails after its partner, or, when that is `needed`, without it."""

    victim: str
    partner: str
    is_needed: bool

    @property
    def sentence(self) -> str:
        """Say it."""
        verb = "fails unless" if self.is_needed else "fails after"
        end = " ran before it" if self.is_needed else ""
        return f"{self.victim} {verb} {self.partner}{end}."


def reduction(victim: str, runs: Sequence[Run]) -> Reduction:
    """Find the test on which the outcome of `victim` hangs; return None when there is no such test.

    When the victim passes alone, that is the test that makes it fail; when it fails alone, the one that it needs.
    """
    alone = yield (victim,)
    if alone not in ("passed", "failed"):
        return None
    wanted: Outcome = "failed" if alone == "passed" else "passed"
    found = yield from _partner(victim, runs, wanted)
    return Dependence(victim=victim, partner=found, is_needed=alone == "failed") if found else None


def _partner(victim: str, runs: Sequence[Run], wanted: Outcome) -> Narrowing:
    suspects = tuple(suspected(victim, runs, wanted))
    if suspects and (yield (*suspects, victim)) == wanted:
        found = yield from _narrowed(victim, suspects, wanted)
        if found and (yield from _confirmed(found, victim, wanted, _WHEN_SUSPECTED)):
            return found
    for history in _histories(victim, runs, wanted):
        if (yield (*history, victim)) == wanted:
            found = yield from _narrowed(victim, history, wanted)
            return found if found and (yield from _confirmed(found, victim, wanted, _WHEN_NOT)) else ""
    return ""


def suspected(victim: str, runs: Sequence[Run], wanted: Outcome) -> list[str]:
    """Return the tests that explain every outcome of the victim: it had the wanted one exactly when they ran before it.

    Before it in the same process, or, for what does not outlast an order, before it in the same order.
    """
    lasting: set[str] | None = None
    passing: set[str] | None = None
    for run in runs:
        if run.outcomes.get(victim) not in ("passed", "failed"):
            continue
        others = set(run.outcomes) - {victim}
        before = set(run.order[: run.order.index(victim)])
        known = before if run.is_fresh else others
        if run.outcomes[victim] == wanted:
            fits_lasting, fits_passing = known, before
        else:
            fits_lasting, fits_passing = others - known, others - before
        lasting = fits_lasting if lasting is None else lasting & fits_lasting
        passing = fits_passing if passing is None else passing & fits_passing
    return [*sorted(lasting or ()), *sorted((passing or set()) - (lasting or set()))]


def _histories(victim: str, runs: Sequence[Run], wanted: Outcome) -> list[Order]:
    """Return what ran before the victim where it had the wanted outcome, at most twice, the shortest first.

    What came before in earlier orders of the same process is not told apart: then all others may have done it.
    """
    found = []
    for run in runs:
        if run.outcomes.get(victim) == wanted:
            place = run.order.index(victim)
            found.append(run.order[:place] if run.is_fresh else (*run.order[place + 1 :], *run.order[:place]))
    return sorted(dict.fromkeys(history for history in found if history), key=len)[:2]


def _narrowed(victim: str, history: Order, wanted: Outcome) -> Narrowing:
    """Halve what ran before while one half does it alone; return the test that is left, empty when it takes two."""
    while len(history) > 1:
        middle = len(history) // 2
        for half in (history[middle:], history[:middle]):
            if (yield (*half, victim)) == wanted:
                history = half
                break
        else:
            return ""
    return history[0]


def _confirmed(suspect: str, victim: str, wanted: Outcome, pattern: Sequence[bool]) -> Generator[Order, Outcome, bool]:
    """Try pairs (true) and the lone test (false) again: chance does not repeat itself."""
    for is_pair in pattern:
        order = (suspect, victim) if is_pair else (victim,)
        if ((yield order) == wanted) is not is_pair:
            return False
    return True
