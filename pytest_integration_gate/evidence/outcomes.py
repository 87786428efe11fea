"""How the tests of earlier runs ended, by the state of the tree that they ran on (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any

from pytest_integration_gate.evidence.lines import change_lines, read_lines
from pytest_integration_gate.model.change import TreeState
from pytest_integration_gate.values import dataclass

FILE = "outcomes.jsonl"
KIND = "integration-gate outcomes"
_KEPT = 20  # states of the tree
PASSED, MIXED = "passed", "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcomes:
    """How tests ended on one state of the tree, by node id: ``passed``, ``mixed``, or a failure's fingerprint.

    `environment` names the Python and the packages that they ran with. `loose` are files that git does not know, with
    their digests, which are no part of the state.
    """

    state: TreeState
    tests: Mapping[str, str] = field(default_factory=dict)
    environment: str = ""
    loose: Mapping[str, str] = field(default_factory=dict)


def load_outcomes(folder: str) -> tuple[list[RunOutcomes], str]:
    """Read what is recorded, the newest last; say what was wrong with it, if anything. Raises StoreError."""
    lines, warning = read_lines(folder, FILE, KIND)
    try:
        return [_decoded(line) for line in lines], warning
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [], f"Earlier outcomes are not used: {FILE} has a line that cannot be understood ({error!r})."


def keep_outcomes(folder: str, outcomes: RunOutcomes) -> str:
    """Record how the tests of a run ended; say why that was not possible, if so.

    Runs on the same state of the tree are one record: a test that ran again supersedes what is known of it, and one
    that ended in two ways there is ``mixed``. When they had different environments nobody knows it.
    """

    def changed(lines: list[Any]) -> Iterable[Any]:
        known = [line for line in lines if isinstance(line, dict)]
        same = next((line for line in known if line.get("id") == outcomes.state.id), None)
        earlier = _decoded(same) if same else outcomes
        before = earlier.tests if same else {}
        tests = {**before, **outcomes.tests}
        for nodeid in before.keys() & outcomes.tests.keys():
            if PASSED in (before[nodeid], tests[nodeid]) and before[nodeid] != tests[nodeid]:
                tests[nodeid] = MIXED
        environment = outcomes.environment if earlier.environment == outcomes.environment else ""
        merged = _encoded(replace(outcomes, tests=tests, environment=environment))
        return [*(line for line in known if line is not same), merged][-_KEPT:]

    return change_lines(folder, FILE, KIND, changed)


def _encoded(outcomes: RunOutcomes) -> dict[str, Any]:
    state, tests = outcomes.state, outcomes.tests
    return {
        "id": state.id,
        "commit": state.commit,
        "clean": state.is_clean,
        "files": dict(sorted(state.files.items())),
        "passed": sorted(nodeid for nodeid, end in tests.items() if end == PASSED),
        "other": {nodeid: end for nodeid, end in sorted(tests.items()) if end != PASSED},
        "environment": outcomes.environment,
        "loose": dict(sorted(outcomes.loose.items())),
    }


def _decoded(line: Any) -> RunOutcomes:
    state = TreeState(
        id=str(line["id"]), commit=str(line["commit"]), is_clean=bool(line["clean"]), files=dict(line["files"])
    )
    return RunOutcomes(
        state=state,
        tests={**dict.fromkeys(line["passed"], PASSED), **line["other"]},
        environment=str(line.get("environment", "")),
        loose=dict(line.get("loose", {})),
    )
