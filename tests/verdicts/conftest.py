"""Claims and observations made from plain values, and the findings about them."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.fact import Fact, Parameter, Signature
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Arguments, Outcome, Site, Uses
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import ANYTHING, Object, Shape
from pytest_integration_gate.verdicts.evidence import EvidenceIndex, Witnessed
from pytest_integration_gate.verdicts.matching import Matcher

GET = "shop:Repo.get"
SERVICE = Site(file="shop/service.py", function="greet", call="repo.get(key)", line=7)


def arguments(*positional: Any, **keywords: Any) -> Arguments:
    """Arguments as a caller writes them."""
    return Arguments(
        positional=tuple(argument(value) for value in positional),
        keywords=tuple(sorted((name, argument(value)) for name, value in keywords.items())),
    )


def argument(value: object) -> Argument:
    """One argument."""
    shape, text = picture(value)
    return Argument(shape=shape, text=text)


def outcome(value: Any, kind: Any = "returned") -> Outcome:
    """What came of a call: an exception counts as raised, an `Outcome` as itself, a type of the model as a shape."""
    if isinstance(value, Outcome):
        return value
    shape, text = picture(value)
    if isinstance(value, BaseException):
        return Outcome(kind="raised", shape=shape)
    return Outcome(kind=kind, shape=shape, text=text)


def reads(*members: str, **parts: Uses) -> Uses:
    """Uses that read these keys or attributes and no others."""
    return Uses(escapes=False, members=(*((name, EVERYTHING) for name in members), *parts.items()))


class Shop:
    """What is known of a shop; `claim` gives the finding about one claim."""

    service = SERVICE
    reads = staticmethod(reads)

    def __init__(self) -> None:
        self.facts: dict[str, Fact] = {}
        self.records: list[Witnessed] = []
        self.compared_boundaries: set[str] = set()

    def know(
        self,
        target: str,
        kind: Any = "method",
        *,
        returns: Shape = ANYTHING,
        parameters: tuple[str, ...] | None = None,
        **more: Any,
    ) -> None:
        """Add a fact; parameters with a value are optional (``"limit=10"``)."""
        signature = None
        if parameters is not None:
            split = [text.partition("=") for text in parameters]
            signature = Signature(
                parameters=tuple(
                    Parameter(
                        name=name.lstrip("*"),
                        kind="kwargs" if name[:2] == "**" else "args" if name[:1] == "*" else "standard",
                        required=not equals and name[:1] != "*",
                        default=default or None,
                    )
                    for name, equals, default in split
                )
            )
        if kind == "class" and returns == ANYTHING:
            returns = Object(cls=target, complete=False)
        self.facts[target] = Fact(target=target, kind=kind, returns=returns, signature=signature, **more)

    def see(
        self,
        gives: Any,
        *args: Any,
        target: str = GET,
        kind: Any = "returned",
        test: str = "tests/integration/test_repo.py::test_get",
        fidelity: Any = "real",
        first_party: bool = True,
        site: Site | None = None,
        contaminated: str = "",
        defined: str = "",
        date: str = "2026-01-01",
        **keywords: Any,
    ) -> None:
        """Add what a boundary test saw of a call."""
        made = Observation(
            target=target,
            arguments=arguments(*args, **keywords),
            outcome=outcome(gives, kind),
            first_party=first_party,
            site=site,
            contaminated=contaminated,
            defined=defined,
            at="shop.py:3",
        )
        record = TestRecord(nodeid=test, boundaries=("database",), fidelity=fidelity, observations=(made,))
        self.records.append(Witnessed(record, date, "1a2b3c4"))

    def claim(
        self,
        gives: Any,
        *args: Any,
        root: str = "shop:Repo",
        path: tuple[str, ...] = ("()", ".get"),
        action: Any = "call",
        kind: Any = "returned",
        uses: Uses = EVERYTHING,
        site: Site | None = None,
        **keywords: Any,
    ) -> Finding:
        """Give the finding about a claim."""
        made = Claim(
            root=root,
            path=path,
            action=action,
            arguments=arguments(*args, **keywords) if action == "call" else None,
            outcome=outcome(gives, kind) if gives is not ... else None,
            uses=uses,
            site=site,
            at="tests/unit/test_service.py:5",
        )
        return self.matcher().judge(made, ("tests/unit/test_service.py::test_greets",))

    def matcher(self) -> Matcher:
        """Give a matcher over everything that is known."""
        return Matcher(
            self.facts,
            EvidenceIndex(self.records),
            boundary_of=lambda target: "database",
            compares_values=self.compared_boundaries.__contains__,
        )


@pytest.fixture
def shop() -> Shop:
    """A shop with a class `Repo` whose method `get` takes a key."""
    made = Shop()
    made.know("shop:Repo", "class")
    made.know(GET, parameters=("key",))
    return made
