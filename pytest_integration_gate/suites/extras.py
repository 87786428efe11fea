"""Optional dependencies: a feature whose library is missing says what to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytest_integration_gate.errors import GateError


class MissingExtra(GateError):
    """A feature is used whose library is not installed."""

    slug = "extra"


@contextmanager
def needs(extra: str, feature: str) -> Iterator[None]:
    """Import in this block what `feature` needs; raise `MissingExtra` when it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"{feature} needs the library `{error.name}`, which is not installed."
        raise MissingExtra(message, remedy=f"pip install 'pytest-integration-gate[{extra}]'") from None
