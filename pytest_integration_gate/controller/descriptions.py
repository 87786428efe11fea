"""The OpenAPI documents that ``gate.yaml`` names: checked before the first test runs, read when claims are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict

from pytest_integration_gate.configuration.gate_file import BoundarySettings
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.errors import OpenapiError
from pytest_integration_gate.evidence.openapi import check_document, read_api
from pytest_integration_gate.model.api import Api


class _Where(TypedDict):
    path: str
    name: str
    boundary: str
    cache: str


def check_documents(settings: Settings) -> None:
    """Raise one `OpenapiError` with the faults of all documents that cannot be used."""
    broken: list[OpenapiError] = []
    for _, where in _documents(settings):
        try:
            check_document(**where)
        except OpenapiError as error:
            broken.append(error)
    if len(broken) > 1:
        problems = tuple(line for error in broken for line in error.message.splitlines())
        raise OpenapiError(f"{len(broken)} OpenAPI documents cannot be used:", problems, remedy=broken[0].remedy)
    if broken:
        raise broken[0]


def read_apis(settings: Settings) -> Mapping[str, Api]:
    """Give the services behind the boundaries that have a document, by the name of the boundary.

    Raises `OpenapiError` when a document has changed since it was checked and cannot be used any more.
    """
    return {
        boundary.name: read_api(
            **where, urls=boundary.urls, origins=[each for each in boundary.collaborators if "://" in each]
        )
        for boundary, where in _documents(settings)
    }


def _documents(settings: Settings) -> Iterator[tuple[BoundarySettings, _Where]]:
    for boundary in settings.boundaries:
        path = boundary.openapi
        if path is not None:
            name = path.relative_to(settings.root) if path.is_relative_to(settings.root) else path
            cache = str(settings.store)
            yield boundary, _Where(path=str(path), name=name.as_posix(), boundary=boundary.name, cache=cache)
