"""Reads an event log, also of a run that was killed (SPEC section 12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from json import loads
from pathlib import Path
from typing import Any

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.carrying import Carried, CarriedEnd, CarriedRun, CarriedTest, carried
from pytest_integration_gate.evidence.event_log import FORMAT, KIND, PARTS
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.codec import from_data
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.failure import Failure, Place
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import CheckpointResult, RunReport, TestOutcome
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.verdicts.target_waivers import TargetWaiver

_CLASSES: dict[str, Any] = {"claim": Claim, "observation": Observation, "fact": Fact}


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """What an event log tells of its run.

    `what` has the tests that ended. `running` are those that were at work when the log ends, `not_run` those that had
    not begun. `options` are the gate's options that the run was started with. `report` is what the run came to, None
    when it did not get that far; `exit_status` is there when pytest ended by itself, and `told` the job of GitHub
    Actions that it told. `began` is when it began, in UTC with microseconds.

    `links` is what tests say that they prove, with all tests that were collected, None when none had run. `expected`
    are those that were to fail and did. `failures` has the first failure of each test, `places` where it failed in the
    end, `ways` all its ends (``passed``, ``failed``). `checkpoints` are their results so far, and `definitions` what
    they are.
    """

    what: Carried
    running: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    report: RunReport | None = None
    exit_status: int | None = None
    began: str = ""
    told: str = ""
    links: Mapping[str, Any] | None = None
    expected: frozenset[str] = frozenset()
    failures: tuple[Failure, ...] = ()
    places: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    ways: Mapping[str, frozenset[str]] = field(default_factory=dict)
    checkpoints: tuple[CheckpointResult, ...] = ()
    definitions: tuple[Any, ...] = ()

    @property
    def outcomes(self) -> tuple[TestOutcome, ...]:
        """How the tests ended."""
        return tuple(end.outcome for end in self.what.ends.values())


class DamagedLog(StoreError):
    """An event log with a line in its middle that cannot be understood."""


def read_events(path: Path) -> LoggedRun:
    """Read an event log; raise StoreError when it cannot be used. The file stays as it is.

    A last line that was cut off is left out: the run was killed while it wrote it.
    """
    try:
        with open_file(path, "rb") as stream:
            return _Reading().read(stream, path)
    except OSError as error:
        raise StoreError(
            f"The event log {path} cannot be read: {error.strerror or error}.",
            remedy="Name the file that --gate-events or gate_events has named.",
        ) from None


class _Reading:
    """One pass over a log."""

    def __init__(self) -> None:
        self.run: dict[str, Any] = {}
        self.parts: dict[str, list[Any]] = {name: [] for name in _CLASSES}
        self.collected: dict[str, None] = {}
        self.running: dict[str, None] = {}
        self.began: set[str] = set()
        self.outcomes: dict[str, TestOutcome] = {}
        self.records: dict[str, TestRecord] = {}
        self.waivers: dict[str, tuple[TargetWaiver, ...]] = {}
        self.workers: set[str] = set()
        self.warnings: list[str] = []
        self.report: RunReport | None = None
        self.exit_status: int | None = None
        self.told = ""
        self.links: dict[str, Any] | None = None
        self.expected: set[str] = set()
        self.failures: dict[str, Failure] = {}
        self.places: dict[str, list[Place]] = {}
        self.ways: dict[str, set[str]] = {}
        self.checkpoints: dict[str, CheckpointResult] = {}
        self.definitions: tuple[Any, ...] = ()
        self.at = ""

    def read(self, lines: Iterable[bytes], path: Path) -> LoggedRun:
        numbered = iter(enumerate(lines, start=1))
        number, line = next(numbered, (1, b""))
        _check_header(line, path)
        cut = ""
        for number, line in numbered:
            if cut:
                raise DamagedLog(f"The event log {path} is damaged: {cut}.", remedy="The file was not changed.")
            try:
                entry = loads(line)
                getattr(self, f"on_{entry['event']}")(entry)
            except Exception as error:  # whatever a foreign line makes the decoder do
                cut = f"line {number} cannot be understood: {type(error).__name__}: {error!s:.100}"
        return self.logged()

    def logged(self) -> LoggedRun:
        ended = self.outcomes.keys() - self.running.keys()
        day = self.at.partition("T")[0]
        skipped = {nodeid for nodeid in ended if self.outcomes[nodeid].outcome == "skipped"}
        tests = (
            CarriedTest(
                record=record,
                date=day,
                commit=self.run.get("commit", ""),
                moment=self.at,
                python=self.run.get("python", ""),
                is_whole=True,
                is_skipped=nodeid in skipped,
            )
            for nodeid, record in self.records.items()
            if nodeid not in self.running
        )
        ends = (
            CarriedEnd(outcome=outcome, moment=self.at, waivers=self.waivers.get(nodeid, ()))
            for nodeid, outcome in self.outcomes.items()
            if nodeid in ended
        )
        return LoggedRun(
            carried(tests, ends, self.runs()),
            running=tuple(self.running),
            not_run=tuple(one for one in self.collected if one not in self.began and one not in ended),
            options=tuple(self.run.get("options", ())),
            report=self.report,
            exit_status=self.exit_status,
            began=self.run.get("at", ""),
            told=self.told,
            links=self.links,
            expected=frozenset(self.expected),
            failures=tuple(self.failures.values()),
            places=self.places,
            ways={nodeid: frozenset(ways) for nodeid, ways in self.ways.items()},
            checkpoints=tuple(self.checkpoints.values()),
            definitions=self.definitions,
        )

    def runs(self) -> tuple[CarriedRun, ...]:
        if not self.run:
            return ()
        began, ended = datetime.fromisoformat(self.run["at"]), datetime.fromisoformat(self.at)
        return (
            CarriedRun(
                moment=self.at,
                started=f"{self.run['at'].partition('.')[0]}Z",
                seconds=round((ended - began).total_seconds(), 1),
                commit=self.run["commit"],
                python=self.run["python"],
                pytest=self.run["pytest"],
                workers=len(self.workers),
                seed=self.run["seed"],
                warnings=tuple(sorted({*self.warnings})),
            ),
        )

    # -- one method for each event ----------------------------------------------------------------------------------

    def on_run(self, entry: dict[str, Any]) -> None:
        self.run = entry
        self.at = entry["at"]

    def on_collected(self, entry: dict[str, Any]) -> None:
        self.collected.update(dict.fromkeys(entry["tests"]))

    def on_began(self, entry: dict[str, Any]) -> None:
        self.running[entry["test"]] = None
        self.began.add(entry["test"])
        self.at = entry["at"]

    def on_left(self, entry: dict[str, Any]) -> None:
        self.running.pop(entry["test"], None)
        self.began.discard(entry["test"])

    def on_outcome(self, entry: dict[str, Any]) -> None:
        outcome = from_data(TestOutcome, entry["outcome"])
        self.outcomes[outcome.nodeid] = outcome

    def on_claim(self, entry: dict[str, Any]) -> None:
        name = entry["event"]
        self.parts[name].append(from_data(_CLASSES[name], entry["data"]))

    on_observation = on_fact = on_claim

    def on_ended(self, entry: dict[str, Any]) -> None:
        nodeid = entry["test"]
        self.at = entry["at"]
        self.running.pop(nodeid, None)
        self.workers |= {entry["worker"]} if "worker" in entry else set()
        if "record" in entry:
            bare = from_data(TestRecord, entry["record"])
            found: dict[str, Any] = {
                name: tuple(self.parts[event][number] for number in entry[name]) for name, event in PARTS.items()
            }
            self.records[nodeid] = replace(bare, **found)
        self.ways.setdefault(nodeid, set()).add("failed" if nodeid in self.places else "passed")
        self.waivers[nodeid] = tuple(from_data(TargetWaiver, data) for data in entry.get("waivers", ()))

    def on_failed(self, entry: dict[str, Any]) -> None:
        nodeid = entry["test"]
        self.failures.setdefault(nodeid, from_data(Failure, entry["failure"]))
        self.places.setdefault(nodeid, []).append(from_data(Place, entry["place"]))
        if entry.get("again"):  # it runs once more
            self.ways.setdefault(nodeid, set()).add("failed")
            del self.places[nodeid]

    def on_expected(self, entry: dict[str, Any]) -> None:
        self.expected.add(entry["test"])

    def on_links(self, entry: dict[str, Any]) -> None:
        known = self.links or {"links": {}, "collected": []}
        self.links = {
            "links": known["links"] | entry["links"],
            "collected": [*{*known["collected"], *entry["collected"]}],
        }

    def on_checkpoints(self, entry: dict[str, Any]) -> None:
        self.definitions = tuple(entry["definitions"])

    def on_checkpoint(self, entry: dict[str, Any]) -> None:
        result = from_data(CheckpointResult, entry["result"])
        self.checkpoints[result.name] = result

    def on_warning(self, entry: dict[str, Any]) -> None:
        self.warnings.append(entry["text"])

    def on_judged(self, entry: dict[str, Any]) -> None:
        self.report = from_data(RunReport, entry["report"])

    def on_finished(self, entry: dict[str, Any]) -> None:
        self.exit_status = int(entry["exit_status"])
        self.told = entry.get("told", "")
        self.at = entry["at"]


def _check_header(line: bytes, path: Path) -> None:
    try:
        header = loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("kind") != KIND or type(header.get("format")) is not int:
        raise StoreError(
            f"{path} is no event log of the gate: its first line does not say so.",
            remedy="Name a file that --gate-events has written, or a new one. This one was not changed.",
        )
    if header["format"] > FORMAT:
        raise StoreError(
            f"{path} has format {header['format']}; this version reads up to {FORMAT}.",
            remedy="Upgrade pytest-integration-gate. The file was not changed.",
        )
