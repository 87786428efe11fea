"""The OpenAPI documents that ``gate.yaml`` names, read before the first test runs."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_integration_gate.errors import OpenapiError
from pytest_integration_gate.evidence.openapi import read_api
from pytest_integration_gate.hooks.settings import Settings
from pytest_integration_gate.model.api import Api


def read_apis(settings: Settings) -> Mapping[str, Api]:
    """Read the documents of all boundaries; raise one `OpenapiError` with the faults of all that cannot be used."""
    apis: dict[str, Api] = {}
    broken: list[OpenapiError] = []
    for boundary in settings.boundaries:
        path = boundary.openapi
        if path is None:
            continue
        name = path.relative_to(settings.root) if path.is_relative_to(settings.root) else path
        try:
            apis[boundary.name] = read_api(
                str(path),
                name=name.as_posix(),
                boundary=boundary.name,
                cache=str(settings.store),
                urls=boundary.urls,
                origins=[each for each in boundary.collaborators if "://" in each],
            )
        except OpenapiError as error:
            broken.append(error)
    if len(broken) > 1:
        problems = [line for error in broken for line in error.message.splitlines()]
        raise OpenapiError(f"{len(broken)} OpenAPI documents cannot be used:", tuple(problems), remedy=broken[0].remedy)
    if broken:
        raise broken[0]
    return apis
