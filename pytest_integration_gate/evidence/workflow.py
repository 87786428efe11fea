"""Where the work on each context stands, kept in the store per account, project and context (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pytest_integration_gate.evidence.lines import change_lines, read_lines
from pytest_integration_gate.judging.workflow import Interaction, State

FILE = "workflow.jsonl"
KIND = "integration-gate workflow"


def state_of(folder: str, context: str, *, account: str | None = None, project: str | None = None) -> State:
    """Return where the work on a context stands, a state without a step when there is none yet.

    None stands for any account or project; of several the one that was worked on last counts. Raises StoreError.
    """
    lines, _ = read_lines(folder, FILE, KIND)
    for line in reversed(lines):
        state = _decoded(line)
        if (
            state is not None
            and state.context == context
            and account in (None, state.account)
            and project in (None, state.project)
        ):
            return state
    return State(context=context, account=account or "", project=project or "")


def keep_states(folder: str, states: Iterable[State]) -> str:
    """Record where the work stands; say why that was not possible, if so."""
    new = {_key(state): state for state in states}

    def changed(lines: list[Any]) -> Iterable[Any]:
        known = [state for line in lines if (state := _decoded(line)) is not None]
        kept = [state for state in known if _key(state) not in new]
        return [asdict(state) for state in (*kept, *new.values())]

    return change_lines(folder, FILE, KIND, changed)


def _key(state: State) -> tuple[str, str, str]:
    return state.account, state.project, state.context


def _decoded(line: Any) -> State | None:
    try:
        interactions = tuple(Interaction(**one) for one in line.pop("interactions", ()))
        return State(**line, interactions=interactions)
    except (AttributeError, TypeError):
        return None
