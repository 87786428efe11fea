"""The record of one test: everything the gate heard and saw while it ran."""

from __future__ import annotations

from pytest_integration_gate.model.claim import Claim, Hygiene, Unbound
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Fidelity
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRecord:
    """What one test contributes; it rides on the test's teardown report.

    `boundaries` and `fidelity` come from the ``boundary`` marker; a test without the marker has no boundaries.
    `editions` say what the observed targets were; they are noted at the end of the run.
    """

    __test__ = False  # not a test class, whatever its name says

    nodeid: str
    boundaries: tuple[str, ...] = ()
    fidelity: Fidelity = "real"
    claims: tuple[Claim, ...] = ()
    observations: tuple[Observation, ...] = ()
    editions: tuple[Edition, ...] = ()
    facts: tuple[Fact, ...] = ()
    unbound: tuple[Unbound, ...] = ()
    hygiene: tuple[Hygiene, ...] = ()
    warnings: tuple[str, ...] = ()

    def fidelity_of(self, observation: Observation) -> Fidelity:
        """Return how real an observation is: as the marker says, but for answers of an application in the process."""
        is_emulated = observation.exchange is not None and observation.exchange.is_emulated
        return "emulated" if is_emulated else self.fidelity
