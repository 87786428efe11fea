"""The verdict on claims that only evidence speaks about which no longer counts (SPEC section 7, ``stale``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_integration_gate.model.finding import Finding


def with_stale(fresh: Finding, judge_stale: Callable[[], Finding]) -> Finding:
    """Return the verdict on a claim when there is stale evidence besides the fresh.

    What fresh observations decide stands, and so does what facts say, unless the stale evidence had disproved it: an
    annotation that is wrong does not become right when evidence grows old. `judge_stale` judges by stale evidence.
    """
    is_said = fresh.reality is not None and fresh.reality.source == "declared"
    if fresh.verdict != "unverified" and not is_said:
        return fresh
    old = judge_stale()
    if old.verdict == "unverified":
        return old if is_said else fresh
    if old.reality is None or not old.reality.stale:
        return fresh
    return replace(old, verdict="stale", would_be=old.verdict, kind=None, suggestion="")
