"""What checkpoints mean for the run (SPEC section 10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_integration_gate.judging.gate import Cause, Contribution
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.run_report import CheckpointResult


def judge_checkpoints(results: Sequence[CheckpointResult], warnings: Sequence[str] = ()) -> Contribution:
    """A failed checkpoint that stops the run fails it in any case, the others under ``checkpoint``."""
    sections = {"checkpoints": tuple(results)}
    told = [
        f"Checkpoint `{one.name}` failed: {one.reason}"
        for one in results
        if one.status == "failed" and one.failure_action == "warn"
    ]
    return Contribution(causes=tuple(_causes(results)), sections=sections, warnings=(*warnings, *told))


def _causes(results: Sequence[CheckpointResult]) -> Iterator[Cause]:
    failed = [one for one in results if one.status == "failed"]
    for one in failed:
        if one.failure_action == "stop":
            yield Cause(reason=f"checkpoint {one.name} failed", always=True)
    passable = sum(one.failure_action != "stop" for one in failed)
    if passable:
        yield Cause(word="checkpoint", reason=counted(passable, "failed checkpoint"))
