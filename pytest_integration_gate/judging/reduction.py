"""Reduces a failure that hangs on the order of tests to the fewest tests: mostly two.

The tests of trials run in a process of their own. A reduction is a generator: it yields an order to try, whose last
test is the one in question, and is sent its outcome. So many reductions can go on side by side, and none knows how
tests are run.

In the words of the literature the test in question is a victim when it passes alone and a brittle test when it fails
alone; what it hangs on is a polluter or a state setter, and what undoes that in between is a cleaner.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TypeAlias

from pytest_integration_gate.judging.orders import Outcome, Run
from pytest_integration_gate.values import dataclass

Order: TypeAlias = tuple[str, ...]
Reduction: TypeAlias = "Generator[Order, Outcome, Dependence | None]"
Narrowing: TypeAlias = Generator[Order, Outcome, Order]

# How the tests found and the lone test are tried again, when every order fits the suspicion and when not. What fails
# every second or third time, wherever it stands, must not keep step with this.
_WHEN_SUSPECTED = (True, False)
_WHEN_NOT = (True, False, False, True, True, True, False, False)

_HISTORIES = 3
"""So many of what ran before a wanted outcome are tried, the shortest first."""
_MOST_PARTNERS = 3
"""A test that hangs on more tests at once is not examined further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence:
    """A test whose outcome hangs on others: it fails after its partners, or, when they are `needed`, without them.

    There is mostly one partner; several do it only together. `undone_by` is a test that undoes it in between.
    """

    victim: str
    partners: tuple[str, ...]
    is_needed: bool
    undone_by: str = ""

    @property
    def sentence(self) -> str:
        """Say it."""
        verb = "fails unless" if self.is_needed else "fails after"
        end = " ran before it" if self.is_needed else " together" if len(self.partners) > 1 else ""
        undone = f" {self.undone_by} in between undoes it." if self.undone_by else ""
        return f"{self.victim} {verb} {' and '.join(self.partners)}{end}.{undone}"


def reduction(victim: str, runs: Sequence[Run]) -> Reduction:
    """Find the tests on which the outcome of `victim` hangs; return None when there are no such tests.

    When the victim passes alone, those are what makes it fail; when it fails alone, those that it needs.
    """
    alone = yield (victim,)
    if alone not in ("passed", "failed"):
        return None
    wanted: Outcome = "failed" if alone == "passed" else "passed"
    found = yield from _partners(victim, runs, wanted)
    if not found:
        return None
    undone_by = yield from _undoing(found, victim, runs, alone)
    return Dependence(victim=victim, partners=found, is_needed=alone == "failed", undone_by=undone_by)


def _partners(victim: str, runs: Sequence[Run], wanted: Outcome) -> Narrowing:
    suspects = tuple(suspected(victim, runs, wanted))
    if suspects and (yield (*suspects, victim)) == wanted:
        found = yield from _narrowed((), suspects, victim, wanted)
        if found and (yield from _confirmed(found, victim, wanted, _WHEN_SUSPECTED)):
            return found
    for history in _histories(victim, runs, wanted):
        if (yield (*history, victim)) == wanted:
            found = yield from _narrowed((), history, victim, wanted)
            return found if found and (yield from _confirmed(found, victim, wanted, _WHEN_NOT)) else ()
    return ()


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
    """Return what ran before the victim where it had the wanted outcome, some times, the shortest first.

    Where other orders ran in the process before, each other test stands where it ran for the last time.
    """
    found = []
    for number, run in enumerate(runs):
        if run.outcomes.get(victim) == wanted:
            now = run.order[: run.order.index(victim)]
            apart = {victim, *now}
            earlier = () if run.is_fresh else runs[number - 1].order
            found.append((*(test for test in earlier if test not in apart), *now))
    return sorted(dict.fromkeys(history for history in found if history), key=len)[:_HISTORIES]


def _narrowed(before: Order, history: Order, victim: str, wanted: Outcome) -> Narrowing:
    """Halve what ran between `before` and the victim while one half does it; return what is left, if that is little."""
    while len(history) > 1:
        middle = len(history) // 2
        for half in (history[middle:], history[:middle]):
            if (yield (*before, *half, victim)) == wanted:
                history = half
                break
        else:
            if before or (yield (*history, victim)) != wanted:  # it was chance
                return ()
            found = yield from _fewest((), history, (), victim, wanted)
            return found if len(found) <= _MOST_PARTNERS else ()
    return history


def _fewest(before: Order, tests: Order, after: Order, victim: str, wanted: Outcome) -> Narrowing:
    """Return the fewest of some tests that do it with those before and after them; they keep their order.

    Each half is reduced beside the whole other half, then the other half beside what is left of it (QuickXplain).
    """
    if len(tests) == 1:
        return tests
    middle = len(tests) // 2
    first, second = tests[:middle], tests[middle:]
    if (yield (*before, *first, *after, victim)) == wanted:
        return (yield from _fewest(before, first, after, victim, wanted))
    late = yield from _fewest((*before, *first), second, after, victim, wanted)
    if (yield (*before, *late, *after, victim)) == wanted:
        return late
    early = yield from _fewest(before, first, (*late, *after), victim, wanted)
    return (*early, *late)


def _undoing(partners: Order, victim: str, runs: Sequence[Run], alone: Outcome) -> Generator[Order, Outcome, str]:
    """Return a test that undoes between partners and victim what the partners do, empty when none is known to."""
    for run in runs:
        if run.outcomes.get(victim) == alone and {*partners} <= {*run.order}:
            places = [run.order.index(partner) for partner in partners]
            between = run.order[max(places) + 1 : run.order.index(victim)]
            if between and (yield (*partners, *between, victim)) == alone:
                found = yield from _narrowed(partners, between, victim, alone)
                if found and (yield (*partners, victim)) != alone and (yield (*partners, *found, victim)) == alone:
                    return found[0]
                return ""
    return ""


def _confirmed(found: Order, victim: str, wanted: Outcome, pattern: Sequence[bool]) -> Generator[Order, Outcome, bool]:
    """Try all of them (true) and the lone test (false) again: chance does not repeat itself."""
    for is_whole in pattern:
        order = (*found, victim) if is_whole else (victim,)
        if ((yield order) == wanted) is not is_whole:
            return False
    return True
