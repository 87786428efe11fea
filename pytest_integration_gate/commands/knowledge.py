"""Shows what is known of a collaborator: ``integration-gate show``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from warnings import catch_warnings

import pytest
from _pytest.config import _prepareconfig  # what `pytest` itself calls; it reads the ini file and runs nothing

from pytest_integration_gate.configuration.reading import read_settings
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.ageing import staleness
from pytest_integration_gate.controller.comparing import compare
from pytest_integration_gate.controller.journal import adopt_left_over
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.evidence.carrying import CarriedTest, merge
from pytest_integration_gate.evidence.export import read_export
from pytest_integration_gate.evidence.knowledge import knowledge_of
from pytest_integration_gate.evidence.merging import StoredTest
from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.reports.knowledge_text import knowledge_lines


def show(target: str, files: Sequence[Path]) -> int:
    """Print what the store of the current folder, or exported files, know of a collaborator.

    Return 1 when that is nothing. Raises GateError for settings or files that cannot be used.
    """
    try:
        with catch_warnings(action="ignore"):  # those of other plugins are told by runs
            config = _prepareconfig(["-s", "--noconftest", "-p", "pytest_integration_gate.plugin"])
    except pytest.UsageError as error:
        raise SettingsError(str(error)) from None
    try:
        settings = read_settings(config)
        tests = _tests(settings, files)
        ageing = staleness(config, settings)
    finally:
        config._ensure_unconfigure()
    witnessed = [one for test in tests for one in ageing.witnessed(test)]
    boundaries = Boundaries.of({one.name: (*one.collaborators, *one.urls) for one in settings.boundaries})
    findings, _ = compare(settings, boundaries, (), witnessed)
    known = knowledge_of(target, tests, findings, ageing)
    if not known:
        sys.stderr.write(f"Nothing is known of `{target}`.{_near(target, tests, findings)}\n")
        return 1
    for line in knowledge_lines(known):
        sys.stdout.write(f"{line}\n")
    return 0


def _tests(settings: Settings, files: Sequence[Path]) -> Sequence[StoredTest | CarriedTest]:
    if files:
        found: dict[str, CarriedTest] = {}
        for (nodeid, is_skipped), test in merge(map(read_export, files)).tests.items():
            if not is_skipped or nodeid not in found:
                found[nodeid] = test
        return list(found.values())
    told = adopt_left_over(str(settings.store))
    store, damage = load(str(settings.store))
    for line in filter(None, (*told, damage)):
        sys.stderr.write(f"{line}\n")
    return list(store.tests.values())


def _near(target: str, tests: Sequence[StoredTest | CarriedTest], findings: Sequence[Finding]) -> str:
    """Name the known targets that may be meant."""
    known = {one.target for test in tests for one in test.record.observations} | {one.target for one in findings}
    if not known:
        return " There is no evidence yet."
    known |= {one.partition(":")[0] for one in known}
    close = get_close_matches(target, sorted(known), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(f'`{one}`' for one in close)}?" if close else ""
