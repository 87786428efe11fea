"""Observations: what boundary tests saw the real collaborators do (SPEC section 5)."""

from __future__ import annotations

from pytest_integration_gate.model.exchange import Exchange
from pytest_integration_gate.model.interaction import Arguments, Outcome, Site
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One call of a real collaborator in a boundary test.

    `target` is the callable as it was reached (``shop.repo:TrackRepo.get`` also when ``Repo`` defines ``get``); a
    constructor is the class (``shop.pay:Client``), and its outcome is the instance that it made. `defined` is the
    address where the code stands, the same as `target` unless inherited. A property has its own target; reading it is
    a call without arguments.
    `at` is ``file:line`` of the real code. `contaminated` says which double was reached underneath; such an
    observation is listed and never counts as evidence. An observed HTTP request has an `exchange`, a route as target
    and the parsed body (or the exception) as outcome.
    """

    target: str
    arguments: Arguments
    outcome: Outcome
    defined: str = ""
    at: str = ""
    site: Site | None = None
    first_party: bool = True
    contaminated: str = ""
    exchange: Exchange | None = None
