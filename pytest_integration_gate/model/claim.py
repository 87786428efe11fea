"""Claims: what doubles say about reality (SPEC section 4)."""

from __future__ import annotations

from typing import Literal

from pytest_integration_gate.model.exchange import Exchange
from pytest_integration_gate.model.interaction import EVERYTHING, Arguments, Outcome, Site, Uses
from pytest_integration_gate.values import dataclass

Action = Literal["call", "read", "replace"]
DoubleKind = Literal["mock", "replacement", "fake", "stub", "pact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that a test says about a collaborator by using a double.

    `root` is the canonical address of what the outermost double stands for (``shop.repository:UserRepo``), and `path`
    the way from there to what was used: ``()`` for a call, ``.name`` for an attribute. ``Mock(spec=UserRepo)`` stands
    for an instance, so its paths start with ``()``. The path of a called double does not hold the final call.

    `action` is ``call`` (with `arguments` and `outcome`), ``read`` (an attribute that a test set by hand or that the
    code read; `outcome` has its shape when the test gave a value) or ``replace`` (the name itself was patched, which
    claims that it exists; made once for each patch).

    `at` is ``file:line`` where the double was configured, the line to mend. `site` is where project code used it.
    `takes_self` says that the double was called with the instance as first argument (autospecced functions on a class),
    `on_class` that the code calls a method on the class itself, so that nobody passes the instance for it. `owner` is
    the class of the object that the last step is taken on, where only the calls of the double tell it (a file by the
    mode in which it was opened).
    `inferred` says why a bare double is taken for what it stands for, empty where the test itself says it.
    `is_told` says that an HTTP claim tells what this one is about: it is judged by facts alone, and is not counted.
    `double` tells mock objects, functions patched in, hand-written fakes, HTTP stubs and foreign Pact files apart.

    A claim about an HTTP service has an `exchange`; its `root` is then the route (``GET https://api.example.com/users/{}``)
    and its `outcome` what came of the request, the parsed body or an exception.
    """

    root: str
    path: tuple[str, ...] = ()
    action: Action
    arguments: Arguments | None = None
    outcome: Outcome | None = None
    uses: Uses = EVERYTHING
    at: str
    site: Site | None = None
    takes_self: bool = False
    on_class: bool = False
    owner: str = ""
    inferred: str = ""
    is_told: bool = False
    double: DoubleKind = "mock"
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbound:
    """A double that was used and stands for nothing that is known. `at` is the line that made it.

    `received` are the functions (classes, for their constructors) and parameters that it was handed to, `claims` what
    it says of a class that a boundary test shows there; their `root` is empty, their `path` starts at an instance.
    """

    at: str
    names: tuple[str, ...] = ()
    received: tuple[tuple[str, str], ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hygiene:
    """Something untidy that contradicts nothing: `kind` is ``dead_double``, ``internal_mock`` …"""

    kind: str
    at: str
    detail: str = ""
