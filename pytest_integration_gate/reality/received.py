"""The classes of what first-party code was handed in boundary tests: what a mock at the same parameter stands for."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.shape import Object
from pytest_integration_gate.reality.addresses import class_at
from pytest_integration_gate.reality.attributes import is_python_class
from pytest_integration_gate.source.naming import file_of, home_of
from pytest_integration_gate.source.project import Project


def received_classes(observations: Iterable[Observation], project: Project) -> list[type]:
    """Return the real classes, none that tests define, whose instances were arguments of first-party functions."""
    addresses = {
        argument.shape.cls
        for observation in observations
        if observation.first_party and not observation.contaminated
        for _, argument in observation.arguments.keywords
        if isinstance(argument.shape, Object) and not argument.shape.duck
    }
    classes = (class_at(address) for address in sorted(addresses))
    return [
        cls
        for cls in classes
        if cls is not None and is_python_class(cls) and not project.is_test(file_of(home_of(cls)))
    ]
