"""Random orders of tests, and what the outcomes in them say (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import comb
from random import Random
from typing import Literal, TypeAlias

from pytest_integration_gate.model.repetition import Flaky
from pytest_integration_gate.values import dataclass

Outcome = Literal["passed", "failed", "skipped"]
_Tree: TypeAlias = "dict[str, _Tree]"

_CONFIDENCE = 0.95
_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One order that ran, and what its tests came to. `is_fresh`: no other order ran in the process before it."""

    order: tuple[str, ...]
    outcomes: dict[str, Outcome]
    is_fresh: bool


def random_orders(nodeids: Iterable[str], count: int, seed: int, fixed: Collection[str] = ()) -> list[list[str]]:
    """Return `count` orders, the same for the same tests and seed.

    Files are shuffled, then what is in each, then what is in each class, so that fixtures of a wide scope are made no
    more often than they have to. What is in a file that is `fixed` keeps its order.
    """
    tree: _Tree = {}
    for nodeid in nodeids:
        *groups, _ = _steps(nodeid)
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[nodeid] = {}
    random = Random(seed)  # noqa: S311  # not for secrets
    return [list(_shuffled(tree, random, fixed)) for _ in range(count)]


def reversed_order(order: Sequence[str], fixed: Collection[str] = ()) -> list[str]:
    """Return an order backwards; what is in a file that is `fixed` keeps its order."""
    blocks: list[list[str]] = []
    for nodeid in order:
        file = _steps(nodeid)[0]
        if file in fixed and blocks and _steps(blocks[-1][0])[0] == file:
            blocks[-1].append(nodeid)
        else:
            blocks.append([nodeid])
    return [nodeid for block in reversed(blocks) for nodeid in block]


def upper_bound(failed: int, runs: int) -> float:
    """Return the rate that the true rate of failures does not exceed with 95 % confidence, one-sided.

    The bound of Clopper and Pearson: the rate at which so few failures or fewer have a probability of 5 %.
    """
    if failed >= runs:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        few = sum(comb(runs, number) * rate**number * (1 - rate) ** (runs - number) for number in range(failed + 1))
        low, high = (rate, high) if few > 1 - _CONFIDENCE else (low, rate)
    return round(high, _DIGITS)


def flaky_tests(runs: Iterable[Run]) -> tuple[Flaky, ...]:
    """Return the tests that both passed and failed, with their rates."""
    counts: dict[str, list[int]] = {}
    for run in runs:
        for nodeid, outcome in run.outcomes.items():
            count = counts.setdefault(nodeid, [0, 0])
            count[0] += outcome == "passed"
            count[1] += outcome == "failed"
    return tuple(
        Flaky(
            nodeid=nodeid,
            passed=passed,
            failed=failed,
            rate=round(failed / (passed + failed), _DIGITS),
            upper_bound=upper_bound(failed, passed + failed),
        )
        for nodeid, (passed, failed) in sorted(counts.items())
        if passed and failed
    )


def _shuffled(tree: _Tree, random: Random, fixed: Collection[str]) -> Iterable[str]:
    names = list(tree)
    random.shuffle(names)
    for name in names:
        if not tree[name]:
            yield name
        elif name in fixed:
            yield from _kept(tree[name])
        else:
            yield from _shuffled(tree[name], random, ())


def _kept(tree: _Tree) -> Iterable[str]:
    for name, branch in tree.items():
        yield from _kept(branch) if branch else (name,)


def _steps(nodeid: str) -> list[str]:
    """Return file, classes and name; what stands in the brackets of a parametrised test belongs to its name."""
    head, bracket, parameters = nodeid.partition("[")
    steps = head.split("::")
    return [*steps[:-1], steps[-1] + bracket + parameters]
