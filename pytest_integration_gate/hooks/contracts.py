"""Contract tests: one test, run on every implementation of a collaborator (SPEC section 8).

A test with ``@pytest.mark.contract("shop.repository:UserRepo")`` that takes the fixture ``collaborator`` runs on the
real thing, which is evidence, and on each fake that ``gate.yaml`` names for it, which makes claims.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from pytest_integration_gate import fixture_name, provides
from pytest_integration_gate.configuration.gate_file import refuse_collaborator
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.hooks.collection import COLLABORATOR, Implementation
from pytest_integration_gate.hooks.keys import STANDS_FOR
from pytest_integration_gate.reality.boundaries import Boundaries
from pytest_integration_gate.source.naming import address_of, file_of
from pytest_integration_gate.source.project import Project

BOUNDARY = "contract"
"""Where what contract tests see is filed when neither they nor the configuration name a boundary."""


def parametrize(metafunc: pytest.Metafunc, settings: Settings, project: Project, boundaries: Boundaries) -> None:
    """Let a contract test run once for each implementation."""
    mark = metafunc.definition.get_closest_marker("contract")
    if mark is None or _refuse(mark):
        return  # told when everything is collected, with all other mistakes
    target = mark.args[0]
    given = _implementations(target, metafunc.definition, settings, project)
    is_marked = metafunc.definition.get_closest_marker("boundary") is not None
    marks = () if is_marked else (pytest.mark.boundary(boundaries.configured(target) or BOUNDARY),)
    metafunc.parametrize(
        COLLABORATOR,
        [
            pytest.param(one, id=name, marks=marks if one.is_real else ())
            for one, name in zip(given, _names([one.address for one in given]), strict=True)
        ],
        indirect=True,
    )


def _implementations(
    target: str, definition: pytest.Item, settings: Settings, project: Project
) -> list[Implementation]:
    """Return the real thing, what extends it and is given by a fixture, and its fakes."""
    found = {target: True}
    real = _try(target)
    for cls in _descendants(real) if isinstance(real, type) else ():
        address = address_of(cls)
        if _is_provided(address, definition):
            found[address] = not project.is_test(file_of(sys.modules.get(cls.__module__)))
    if len(found) > 1 and is_abstract(real) and not _is_provided(target, definition):
        del found[target]
    for fake in sorted(fake for fake, stands_for in settings.fakes.items() if stands_for == target):
        _try(fake)  # imported now, so that it is known as a double when the first test begins
        found[fake] = False
    given = [Implementation(address=address, is_real=is_real) for address, is_real in found.items()]
    return sorted(given, key=lambda one: (not one.is_real, one.address != target, one.address))


def _descendants(cls: type) -> Iterator[type]:
    children: list[type] = type.__subclasses__(cls)
    for child in children:
        yield child
        yield from _descendants(child)


def _is_provided(address: str, definition: pytest.Item) -> bool:
    """Say whether a test sees a fixture that gives what an address names."""
    return bool(definition.session._fixturemanager.getfixturedefs(fixture_name(provides, address), definition))


def _try(address: str) -> Any:
    """Return what an address names, None when it cannot be had: that is told when the test runs."""
    try:
        return find(address)
    except Exception:
        return None


def problems(items: Sequence[pytest.Item]) -> list[str]:
    """Say what is wrong with the markers ``contract`` and ``given`` of some tests."""
    found: dict[str, None] = {}
    for item in items:
        mark = item.get_closest_marker("contract")
        function = getattr(item, "originalname", None) or item.name
        name = f"{item.nodeid.rpartition('::')[0]}::{function}"
        if mark is not None and (reason := _refuse(mark)):
            found[f"{name}: @pytest.mark.contract {reason}"] = None
        elif mark is not None and COLLABORATOR not in getattr(item, "fixturenames", ()):
            found[f"{name}: a contract test takes the fixture `{COLLABORATOR}`."] = None
        for given in item.iter_markers("given"):
            if given.kwargs or not given.args or not all(isinstance(state, str) for state in given.args):
                found[f'{name}: @pytest.mark.given must name states, for example given("user 42 exists").'] = None
    return list(found)


def states_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the states of the world in which the claims of a test hold, those of the module first."""
    return tuple(dict.fromkeys(state for mark in reversed([*item.iter_markers("given")]) for state in mark.args))


def collaborator(request: pytest.FixtureRequest) -> object:
    """Give one implementation to a test; skip with what has to be written where it cannot be made.

    Without the gate nothing knows the fakes, and the test runs on the real thing alone.
    """
    given = getattr(request, "param", None)
    if not isinstance(given, Implementation):
        mark = request.node.get_closest_marker("contract")
        if mark is None or _refuse(mark):
            pytest.fail(
                f'`{COLLABORATOR}` needs @pytest.mark.contract("package.module:Name") on the test.', pytrace=False
            )
        given = Implementation(address=mark.args[0], is_real=True)
    found = _object(given.address, request)
    if given.is_real:
        keep_class(request.node, request.node.get_closest_marker("contract").args[0], found)
    return found


def keep_class(item: pytest.Item, address: str, given: object) -> None:
    """Let what a test sees of an object be evidence about the class that it was asked for."""
    item.stash[STANDS_FOR] = address, address_of(type(given))


def _object(address: str, request: pytest.FixtureRequest) -> object:
    name = fixture_name(provides, address)
    try:
        return request.getfixturevalue(name)
    except pytest.FixtureLookupError as error:
        if error.argname != name:
            raise
    try:
        found = find(address)
    except (ImportError, AttributeError) as error:
        pytest.skip(f"{address} cannot be found: {error}. {advice(address)}")
    if not isinstance(found, type):
        return found
    if is_abstract(found):
        pytest.skip(f"{address} is abstract. {advice(address)}")
    if needs := _arguments_of(found):
        pytest.skip(f"{address} is made with {needs}. {advice(address)}")
    return found()


def advice(address: str) -> str:
    """Say what a project writes so that the gate can have an object."""
    return (
        f"Write in a conftest.py: `from pytest_integration_gate import provides` and "
        f'`@provides("{address}")` above a function that returns one.'
    )


def is_abstract(found: Any) -> bool:
    """Say whether no object can be made of a class because it only says what others have."""
    return inspect.isabstract(found) or bool(getattr(found, "_is_protocol", False))


def find(address: str) -> Any:
    """Return what an address names; raise ImportError or AttributeError when there is no such thing."""
    module, _, qualname = address.partition(":")
    found: Any = _module(module)
    for name in filter(None, qualname.split(".")):
        found = getattr(found, name)
    return found


def _module(name: str) -> Any:
    """Return a module. A test file may be known without the folder that the configuration names, or with it."""
    if name not in sys.modules:
        for known, module in list(sys.modules.items()):
            if (known.endswith(f".{name}") or name.endswith(f".{known}")) and _is_same_file(name, module):
                return module
    return import_module(name)


def _is_same_file(name: str, module: Any) -> bool:
    """Whether importing the name would load the file of a module once more, or find nothing."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    file = getattr(module, "__file__", None)
    if spec is not None and spec.origin is not None:
        return file is not None and os.path.realpath(spec.origin) == os.path.realpath(file)
    return file is not None and "-packages" not in file


def _refuse(mark: pytest.Mark) -> str:
    """Say why a marker names nothing, empty when it does."""
    if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], str):
        return 'must name one collaborator, for example contract("shop.repository:UserRepo").'
    if "://" in mark.args[0] or (reason := refuse_collaborator(mark.args[0])):
        return f"names no Python object: `{mark.args[0]}`. Write `package.module:Name`."
    return reason or ""


def _names(addresses: Sequence[str]) -> Iterator[str]:
    """Give the shortest name of each that no other has."""
    short = [address.rpartition(":")[2].rpartition(".")[2] or address for address in addresses]
    count = Counter(short)
    return (name if count[name] == 1 else address for name, address in zip(short, addresses, strict=True))


def _arguments_of(cls: type) -> str:
    """Name the arguments without which a class cannot be made, empty when there are none."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return ""
    flexible = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return ", ".join(f"`{one.name}`" for one in parameters if one.default is one.empty and one.kind not in flexible)
