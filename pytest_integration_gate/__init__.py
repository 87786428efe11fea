"""Checks in every test run that mocks still tell the truth about what they replace."""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which is not imported for it
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["provider_state", "provides"]
__version__ = "0.1.0"


def provides(target: str, *, scope: Any = "function") -> Callable[[Callable[..., Any]], Any]:
    """Make a fixture that gives what an address names, for contract tests and ``--gate-replay``.

    ``@provides("shop.repository:UserRepo")`` stands where ``@pytest.fixture`` would; the function may take other
    fixtures, and yield to clean up. `target` is the real class or an abstract one, or a hand-written fake that
    ``fakes:`` of ``gate.yaml`` names. The nearest to the test counts, as with every fixture.
    """
    return _named_fixture(provides, target, "shop.repository:UserRepo", scope)


def provider_state(state: str, *, scope: Any = "function") -> Callable[[Callable[..., Any]], Any]:
    """Make a fixture that prepares the world in which a claim holds, for ``--gate-replay``.

    ``@provider_state("user 42 exists")`` is used for the claims of tests with ``@pytest.mark.given("user 42 exists")``.
    The function may take other fixtures, and yield to undo what it did.
    """
    return _named_fixture(provider_state, state, "user 42 exists", scope)


def fixture_name(kind: Callable[..., Any], what: str) -> str:
    """Return the name of the fixture that `provides` or `provider_state` makes; no function can take it by accident."""
    return f"{kind.__name__}: {what}"


def _named_fixture(
    kind: Callable[..., Any], what: str, example: str, scope: Any
) -> Callable[[Callable[..., Any]], Any]:
    if not isinstance(what, str) or not what.strip():
        raise TypeError(f"@{kind.__name__} got {what!r}. Write it with a text: @{kind.__name__}({example!r}).")
    import pytest

    return pytest.fixture(name=fixture_name(kind, what), scope=scope)
