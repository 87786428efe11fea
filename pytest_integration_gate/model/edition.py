"""Editions: what a collaborator was when a boundary test observed it (SPEC section 9)."""

from __future__ import annotations

from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What stood behind an observed target. `target` and `defined` are those of the observation, `defined` only where
    it is another.

    `source` is the digest of the project's own code there, empty for what has none. `distribution` and `version` name
    the installed package that it belongs to, empty for the project's own code and the standard library.
    """

    target: str
    defined: str = ""
    source: str = ""
    distribution: str = ""
    version: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells which observations it belongs to."""
        return self.target, self.defined


def key_of(observation: Observation) -> tuple[str, str]:
    """Return the key of the edition that an observation belongs to."""
    return observation.target, "" if observation.defined == observation.target else observation.defined
