"""What a large store costs: `python benchmarks/store.py [claims [observations]]`, or `--editions [targets]`.

The first makes a store of that many claims, ten of each unit test, and of observations (a tenth as many) by a boundary
test for ten of them, all of 1,000 targets. It opens the store, merges a run into it, judges a run by it, and merges and
judges an exported file in which all claims are whole. The second digests the code of that many methods, in modules of
twenty.

Each step runs in a process of its own and tells its seconds and the most memory that it held.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pytest_integration_gate.evidence.carrying import CarriedTest, carried, merge, of_store
from pytest_integration_gate.evidence.editions import Editions
from pytest_integration_gate.evidence.export import read_export, write_export
from pytest_integration_gate.evidence.export_merging import merge_exports
from pytest_integration_gate.evidence.merging import lasting
from pytest_integration_gate.evidence.staleness import Staleness
from pytest_integration_gate.evidence.store import load, update
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome, Site
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import Field, Record, Scalar
from pytest_integration_gate.verdicts.evidence import EvidenceIndex, Witnessed
from pytest_integration_gate.verdicts.matching import Matcher

INT, STR = Scalar("int"), Scalar("str")
ROW = Outcome(kind="returned", shape=Record((Field("email", STR), Field("id", INT))))
PER_TEST = 10


def claim(number: int) -> Claim:
    """Make one of many distinct claims about 1,000 targets."""
    return Claim(
        root=f"shop.module{number % 100}:get_{number % 1000 // 100}",
        action="call",
        arguments=Arguments(positional=(Argument(shape=INT, text=str(number)),)),
        outcome=ROW,
        at=f"tests/unit/test_{number % 500}.py:{number % 97}",
        site=Site(file="shop/service.py", function="run", call="repo.get(key)", line=number % 300),
    )


def observation(number: int) -> Observation:
    """Make one of many distinct observations of 1,000 targets."""
    target = f"shop.module{number % 100}:get_{number % 1000 // 100}"
    key = (("key", Argument(shape=INT, text=str(number))),)
    return Observation(target=target, arguments=Arguments(keywords=key, bound=True), outcome=ROW, at="shop/repo.py:9")


def unit_records(claims: int) -> Iterator[TestRecord]:
    """Make what the unit tests of a run contribute."""
    for test in range(claims // PER_TEST):
        numbers = range(test * PER_TEST, (test + 1) * PER_TEST)
        yield TestRecord(nodeid=f"tests/unit/test_{test % 500}.py::test_{test}", claims=tuple(map(claim, numbers)))


def boundary_records(tests: int, each: int) -> Iterator[TestRecord]:
    """Make what the boundary tests of a run contribute."""
    for test in range(tests):
        seen = tuple(map(observation, range(test * each, (test + 1) * each)))
        editions = tuple(Edition(target=one.target, source="0123456789abcdef") for one in seen)
        nodeid = f"tests/integration/test_{test % 50}.py::test_{test}"
        yield TestRecord(nodeid=nodeid, boundaries=("database",), observations=seen, editions=editions)


def records(claims: int, observations: int) -> Iterator[TestRecord]:
    """Make the records of a run as they are stored."""
    tests = claims // PER_TEST // 10
    yield from map(lasting, unit_records(claims))
    yield from map(lasting, boundary_records(tests, observations // tests))


def run(folder: str, claims: int, observations: int) -> str:
    """Put a run into the store."""
    moment = "2026-11-20T10:00:00.000000Z"
    return update(
        folder,
        lambda store: store.updated(
            records(claims, observations), date=moment[:10], commit="1a2b3c4", moment=moment, python="3.13.0"
        ),
    )


def opened(folder: str, claims: int, observations: int) -> str:
    """Open the store."""
    store, damage = load(folder)
    assert not damage, damage
    return f"{len(store.tests)} tests"


def merged(folder: str, claims: int, observations: int) -> str:
    """Merge a run of a hundredth of the tests into the store, which it had opened at its beginning."""
    opened = load(folder)
    warning = run(folder, claims // 100, observations // 100)
    del opened
    return warning


def judged(folder: str, claims: int, observations: int) -> str:
    """Judge the claims of a run of a hundredth of the tests by all stored observations."""
    store, _ = load(folder)
    ageing = Staleness(Editions([folder]), max_age=3650 * 86_400.0, now=time.time())
    witnessed = [one for test in store.tests.values() for one in ageing.witnessed(test)]
    return judge_all(witnessed, unit_records(claims // 100))


def judge_all(witnessed: Iterable[Witnessed], said: Iterable[TestRecord]) -> str:
    """Count the verdicts on claims."""
    matcher = Matcher({}, EvidenceIndex(witnessed))
    counts = Counter(matcher.judge(one, (record.nodeid,)).verdict for record in said for one in record.claims)
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


def exported(folder: str, claims: int, observations: int) -> str:
    """Export the store with a run of all unit tests, whose claims are whole."""
    store, _ = load(folder)
    whole = (CarriedTest(record=one, date="2026-11-21", is_whole=True) for one in unit_records(claims))
    path = Path(folder) / "export.jsonl"
    write_export(path, merge((of_store(store), carried(whole))))
    return f"{path.stat().st_size / 1e6:.0f} MB"


def carried_merged(folder: str, claims: int, observations: int) -> str:
    """Merge the exported file with itself."""
    path, merged = Path(folder) / "export.jsonl", Path(folder) / "merged.jsonl"
    merge_exports((path, path), merged)
    assert merged.stat().st_size == path.stat().st_size
    return f"{merged.stat().st_size / 1e6:.0f} MB"


def carried_judged(folder: str, claims: int, observations: int) -> str:
    """Judge all claims of the exported file."""
    what = merge([read_export(Path(folder) / "export.jsonl")])
    return judge_all(
        [Witnessed(test.record) for test in what.tests.values()], [one.record for one in what.tests.values()]
    )


STEPS: dict[str, Callable[[str, int, int], str]] = {
    "make": run,
    "open": opened,
    "update": merged,
    "judge": judged,
    "export": exported,
    "merge": carried_merged,
    "judge all": carried_judged,
}

MODULE = '''
TABLE_{n} = "users"

class Repo:
    """Rows."""
    table = TABLE_{n}

    def __init__(self, db):
        self.db = db
{methods}
'''
METHOD = '''
    def get_{n}(self, key):
        """Give a row."""
        row = self.db.execute(f"SELECT id, email FROM {{self.table}} WHERE id = ?", (key,)).fetchone()
        if row is None:
            raise LookupError(f"no row {{key!r}} in {{self.table}}")
        if self.is_hidden_{n}(row):  # nobody may see it
            return None
        return {{"id": row[0], "email": row[1], "tags": [tag.strip() for tag in row[1].split(",")]}}

    def is_hidden_{n}(self, row):
        return row[1].startswith("#") or len(row) < 2
'''


def editions(targets: int) -> None:
    """Digest methods."""
    with tempfile.TemporaryDirectory() as folder:
        for module in range(targets // 20):
            methods = "".join(METHOD.format(n=n) for n in range(20))
            Path(folder, f"shop{module}.py").write_text(MODULE.format(n=module, methods=methods))
        seen = [
            Observation(target=f"shop{n // 20}:Repo.get_{n % 20}", arguments=Arguments(), outcome=ROW)
            for n in range(targets)
        ]
        started = time.process_time()
        present = Editions([folder])
        noted = [present.of(one) for one in seen]
        middle = time.process_time()
        assert all(one is not None and not present.change_since(one) for one in noted)
        again = time.process_time() - middle
        print(f"{targets} targets, {targets // 20} files: {middle - started:.2f} s, again {again:.2f} s")


def main() -> None:
    """Run the steps, each in a process of its own."""
    if sys.argv[1:2] == ["--editions"]:
        editions(int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
        return
    if sys.argv[1:2] == ["--step"]:
        step, folder, *size = sys.argv[2:]
        started = time.process_time()
        told = STEPS[step](folder, *map(int, size))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{step:10} {time.process_time() - started:7.1f} s {peak:8.0f} MB  {told}", flush=True)
        return
    claims = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    observations = int(sys.argv[2]) if len(sys.argv) > 2 else claims // 10
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            subprocess.run(
                (sys.executable, __file__, "--step", step, folder, str(claims), str(observations)), check=True
            )
        print(f"evidence.jsonl: {(Path(folder) / 'evidence.jsonl').stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
