"""The steps in which the work on a context goes on: what there is, where it stands, what is next."""

from __future__ import annotations

from os import PathLike, fspath
from os.path import join

from pytest_integration_gate.evidence.workflow import state_of
from pytest_integration_gate.judging.workflow import (
    Interaction,
    InvalidInteraction,
    SessionComplete,
    State,
    next_step,
    steps,
)

__all__ = ["Interaction", "InvalidInteraction", "SessionComplete", "State", "load", "next_step", "steps"]


def load(root: str | PathLike[str], context: str, *, store: str | PathLike[str] = ".integration_gate") -> State:
    """Return where the work on a context stands.

    `root` is the project's root directory; `store` is the folder that ``gate_store`` names, relative to it. A context
    on which no run has worked has a state without a step. Raises `StoreError` when the store cannot be read.
    """
    return state_of(join(fspath(root), fspath(store)), context)
