"""Takes the Pact files of other projects for claims about this one's services: ``--gate-pact-verify``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.errors import PactError
from pytest_integration_gate.evidence.pact_reading import read_pact
from pytest_integration_gate.hooks.masking import Redaction
from pytest_integration_gate.model.record import TestRecord


def read_foreign(settings: Settings) -> tuple[tuple[TestRecord, ...], tuple[str, ...]]:
    """Return the claims of all files as records of tests, and what to tell; raise one `PactError` for all faults."""
    redaction = Redaction(settings.redact)
    records: list[TestRecord] = []
    told: list[str] = []
    faults: list[PactError] = []
    for path in _files(settings.foreign_pacts):
        name = (path.relative_to(settings.root) if path.is_relative_to(settings.root) else path).as_posix()
        try:
            found, left_out = read_pact(path, name, lambda provider: _base(settings, provider))
        except PactError as fault:
            faults.append(fault)
            continue
        records += [replace(one, claims=tuple(redaction.claim(each, ()) for each in one.claims)) for one in found]
        if left_out:
            told.append(f"{name}: not judged: {', '.join(left_out)}.")
    if faults:
        raise PactError("\n".join(fault.message for fault in faults), remedy=faults[0].remedy)
    return tuple(records), tuple(told)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        files = sorted(path.glob("*.json"))
        if not files:
            raise PactError(f"There is no Pact file in the folder {path}.", remedy="Name another folder, or a file.")
        yield from files


def _base(settings: Settings, provider: str) -> str:
    """Return the URL by which the project knows a provider: that of the boundary of its name, else an invented one."""
    for boundary in settings.boundaries:
        if _plain(boundary.name) == _plain(provider):
            known = [*boundary.urls, *(one for one in boundary.collaborators if "://" in one)]
            if known:
                return known[0]
    return f"http://{_plain(provider) or 'provider'}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
