"""How long it takes to match claims against observations: `python benchmarks/matching.py [claims] [observations]`.

Every claim and every observation is distinct: 1,000 targets in 100 classes, 100 arguments each, half of the claims
with the arguments of an observation, half without; one target in ten has drifted. In the first mix all outcomes have
one of three shapes, in the second one of a thousand, as in the store of a large project.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.fact import Fact, Parameter, Signature
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome, Site, Uses
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import Field, Object, Record, Scalar
from pytest_integration_gate.verdicts.evidence import EvidenceIndex, Witnessed
from pytest_integration_gate.verdicts.matching import Matcher

INT, STR = Scalar("int"), Scalar("str")
REAL = Record((Field("email", STR), Field("id", INT), Field("name", STR)))
TRUE = Record((Field("email", STR), Field("id", INT)))
FALSE = Record((Field("id", INT), Field("mail", STR)))
READS = Uses(escapes=False, members=(("['email']", Uses()), ("['mail']", Uses())))
SIGNATURE = Signature(parameters=(Parameter(name="key", kind="standard", required=True),))


def target(number: int) -> tuple[str, str]:
    """Return class and method of a target."""
    return f"shop.module{number % 100}:Repo", f"get_{number // 100}"


def varied(record: Record, number: int) -> Record:
    """Make a record of its own for each number; 0 leaves it as it is."""
    return Record((Field(f"also_{number}", INT), *record.fields)) if number else record


def claims(count: int, variety: int = 1) -> list[Claim]:
    """Make distinct claims."""
    made = []
    for number in range(count):
        cls, method = target(number % 1000)
        shape = varied(FALSE if number % 10 == 0 else TRUE, number % variety)
        made.append(
            Claim(
                root=cls,
                path=("()", f".{method}"),
                action="call",
                arguments=Arguments(positional=(Argument(shape=INT, text=str(number // 1000 * 2)),)),
                outcome=Outcome(kind="returned", shape=shape),
                uses=READS,
                at=f"tests/unit/test_{number % 500}.py:{number % 97}",
                site=Site(file="shop/service.py", function="run", call=f"repo.{method}(key)", line=number % 300),
            )
        )
    return made


def records(count: int, variety: int = 1) -> list[Witnessed]:
    """Make the records of boundary tests, 500 observations each."""
    observations = []
    for number in range(count):
        cls, method = target(number % 1000)
        observations.append(
            Observation(
                target=f"{cls}.{method}",
                arguments=Arguments(keywords=(("key", Argument(shape=INT, text=str(number // 1000))),), bound=True),
                outcome=Outcome(kind="returned", shape=varied(REAL, number % variety)),
                at="shop/module.py:1",
            )
        )
    return [
        Witnessed(
            TestRecord(
                nodeid=f"tests/integration/test_{start}.py::test",
                boundaries=("database",),
                observations=tuple(observations[start : start + 500]),
            ),
            "2026-01-01",
            "1a2b3c4",
        )
        for start in range(0, count, 500)
    ]


def facts() -> dict[str, Fact]:
    """Make the facts of all targets."""
    known = {}
    for number in range(1000):
        cls, method = target(number)
        known[cls] = Fact(target=cls, kind="class", returns=Object(cls=cls, complete=False))
        address = f"{cls}.{method}"
        known[address] = Fact(target=address, kind="method", signature=SIGNATURE, asynchronous=False)
    return known


def main() -> None:
    """Time the index and the matching, and say what came out."""
    number, seen = (int(argument) for argument in (*sys.argv[1:], "100000", "100000")[:2])
    for variety in (1, 1000):
        made, witnessed, known = claims(number, variety), records(seen, variety), facts()
        begin = time.process_time()
        matcher = Matcher(known, EvidenceIndex(witnessed))
        indexed = time.process_time()
        verdicts = Counter(matcher.judge(claim, ("tests/unit/test_it.py::test",)).verdict for claim in made)
        end = time.process_time()
        print(f"{number} claims, {seen} observations, {variety} kinds of outcome: {dict(verdicts)}")
        print(
            f"index {indexed - begin:.2f} s, matching {end - indexed:.2f} s, together {end - begin:.2f} s (processor)"
        )


if __name__ == "__main__":
    main()
