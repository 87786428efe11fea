"""One claim against several observations: does it fit one of them, and if not, do they bind it?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import Record, Shape
from pytest_integration_gate.verdicts.evidence import Evidence
from pytest_integration_gate.verdicts.observed import Differing, Reason, differences_of

_NEAREST = re.compile(r" \(nearest: .*\)$")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a claim stands to a group of observations.

    `fits` names one that it fits. Otherwise `differences` are those to the nearest observation, and `is_binding` says
    whether all observations agree with each other on at least one path on which the claim differs (SPEC 7, kind 4).
    """

    fits: Evidence | None = None
    nearest: Evidence | None = None
    differences: tuple[Difference, ...] = ()
    reason: Reason = "shape"
    is_binding: bool = False


def agreement(claim: Claim, group: Sequence[Evidence]) -> Agreement:
    """Compare a claim with each observation of a group (at least one)."""
    compared: list[tuple[Evidence, tuple[Differing, ...]]] = []
    for evidence in group:
        found = differences_of(claim, evidence.observation.outcome, evidence.shape)
        if not found:
            return Agreement(fits=evidence)
        compared.append((evidence, found))
    nearest, differing = min(compared, key=lambda pair: len(pair[1]))
    binding = _binding_paths([found for _, found in compared], [evidence.shape for evidence in group])
    chosen = [pair for pair in differing if pair[0].path in binding] or list(differing)
    return Agreement(
        nearest=nearest,
        differences=tuple(difference for difference, _ in chosen),
        reason=chosen[0][1],
        is_binding=bool(binding),
    )


def _binding_paths(compared: list[tuple[Differing, ...]], shapes: list[Shape]) -> set[str]:
    """Return the paths on which every observation says the same and the claim says something else."""
    realities: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for found in compared:
        for difference, _ in found:
            realities[difference.path].add(_NEAREST.sub("", difference.reality))
            # Saying that a value is missing simulates a state; other arguments may well show it.
            counts[difference.path] += difference.claim != "None"
    whole = join_all(shapes)
    return {
        path
        for path, texts in realities.items()
        if len(texts) == 1
        and counts[path] == len(compared)
        and not (texts == {"absent"} and _is_polymorphic(whole, path))
    }


def _is_polymorphic(whole: Shape, path: str) -> bool:
    """Whether the record that should hold `path` had other keys each time, so that an unseen key proves little."""
    return "." not in path[2:] and isinstance(whole, Record) and any(not field.required for field in whole.fields)
