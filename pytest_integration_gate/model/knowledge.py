"""What is known of a collaborator, and who claims what about it: what ``integration-gate show`` prints."""

from __future__ import annotations

from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Fidelity, Verdict
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One outcome that boundary tests observed, with everybody who saw it.

    `arguments` are the distinct ones of its calls. Date, commit, Python and `edition`, the installed distribution, are
    those of the newest run; they are empty where an earlier version stored it. `stale` says why it no longer counts,
    `contaminated` which double was reached underneath.
    """

    outcome: str
    arguments: tuple[str, ...]
    times: int
    at: str
    tests: tuple[str, ...]
    boundaries: tuple[str, ...]
    fidelity: Fidelity
    date: str
    commit: str = ""
    python: str = ""
    edition: str = ""
    stale: str = ""
    contaminated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What doubles say. `at` are the lines that configure them, none where only a store tells that they exist: it keeps
    what claims are about, not what they say. `verdict` is then empty."""

    outcome: str
    arguments: str
    verdict: Verdict | None
    at: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All that is known of one target; `fact` is None when nobody looked at it."""

    target: str
    fact: Fact | None = None
    sightings: tuple[Sighting, ...] = ()
    sayings: tuple[Saying, ...] = ()
